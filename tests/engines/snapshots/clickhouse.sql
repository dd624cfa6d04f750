-- what a month cost
SELECT
  SUM("t1"."EffectiveCost") AS "Cost"
FROM (
  SELECT
    "t0"."BillingCurrency" AS "BillingCurrency",
    "t0"."ChargeCategory" AS "ChargeCategory",
    "t0"."Day" AS "Day",
    "t0"."EffectiveCost" AS "EffectiveCost"
  FROM "mart" AS "t0"
  WHERE
    "t0"."Day" >= toDate('2026-10-01')
    AND "t0"."Day" < toDate('2026-11-01')
    AND "t0"."BillingCurrency" = 'USD'
    AND "t0"."ChargeCategory" IN ('Usage', 'Purchase')
) AS "t1";

-- each day of a service
SELECT
  *
FROM (
  SELECT
    "t1"."Day" AS "Day",
    SUM("t1"."EffectiveCost") AS "Cost"
  FROM (
    SELECT
      "t0"."BillingCurrency" AS "BillingCurrency",
      "t0"."ChargeCategory" AS "ChargeCategory",
      "t0"."EffectiveCost" AS "EffectiveCost",
      "t0"."ServiceName" AS "ServiceName",
      "t0"."Day" AS "Day"
    FROM "mart" AS "t0"
    WHERE
      "t0"."Day" >= toDate('2026-10-01')
      AND "t0"."Day" < toDate('2026-11-01')
      AND "t0"."BillingCurrency" = 'USD'
      AND "t0"."ChargeCategory" IN ('Usage', 'Purchase')
      AND "t0"."ServiceName" IN ('Amazon S3')
  ) AS "t1"
  GROUP BY
    "t1"."Day"
) AS "t2"
ORDER BY
  "t2"."Day" ASC;

-- each month of a commitment
SELECT
  *
FROM (
  SELECT
    "t1"."Month" AS "Month",
    "t1"."CommitmentDiscountId" AS "CommitmentDiscountId",
    SUM("t1"."EffectiveCost") AS "Cost"
  FROM (
    SELECT
      "t0"."BillingCurrency" AS "BillingCurrency",
      "t0"."ChargeCategory" AS "ChargeCategory",
      "t0"."ChargePeriodStart" AS "ChargePeriodStart",
      "t0"."CommitmentDiscountId" AS "CommitmentDiscountId",
      "t0"."EffectiveCost" AS "EffectiveCost",
      dateTrunc('MONTH', toDate("t0"."ChargePeriodStart")) AS "Month"
    FROM "rows" AS "t0"
    WHERE
      "t0"."ChargePeriodStart" >= parseDateTimeBestEffort('2026-10-01T00:00:00')
      AND "t0"."ChargePeriodStart" < parseDateTimeBestEffort('2026-11-01T00:00:00')
      AND "t0"."BillingCurrency" = 'USD'
      AND "t0"."ChargeCategory" IN ('Usage', 'Purchase')
      AND "t0"."CommitmentDiscountId" IN ('ri-1')
  ) AS "t1"
  GROUP BY
    "t1"."Month",
    "t1"."CommitmentDiscountId"
) AS "t2"
ORDER BY
  "t2"."Month" ASC,
  "t2"."CommitmentDiscountId" ASC;

-- who pays for what
SELECT
  *
FROM (
  SELECT
    "t1"."Tags/7465616d" AS "Tags/7465616d",
    "t1"."Tags/5465616d" AS "Tags/5465616d",
    "t1"."ServiceName" AS "ServiceName",
    SUM("t1"."EffectiveCost") AS "Cost"
  FROM (
    SELECT
      "t0"."BillingCurrency" AS "BillingCurrency",
      "t0"."ChargeCategory" AS "ChargeCategory",
      "t0"."Day" AS "Day",
      "t0"."EffectiveCost" AS "EffectiveCost",
      "t0"."ServiceName" AS "ServiceName",
      CASE WHEN mapContains("t0"."Tags", 'Team') THEN "t0"."Tags"['Team'] ELSE NULL END AS "Tags/5465616d",
      CASE WHEN mapContains("t0"."Tags", 'team') THEN "t0"."Tags"['team'] ELSE NULL END AS "Tags/7465616d"
    FROM "mart" AS "t0"
    WHERE
      "t0"."Day" >= toDate('2026-10-01')
      AND "t0"."Day" < toDate('2026-11-01')
      AND "t0"."BillingCurrency" = 'USD'
      AND "t0"."ChargeCategory" IN ('Usage', 'Purchase')
  ) AS "t1"
  GROUP BY
    "t1"."Tags/7465616d",
    "t1"."Tags/5465616d",
    "t1"."ServiceName"
) AS "t2"
ORDER BY
  "t2"."Tags/7465616d" ASC,
  "t2"."Tags/5465616d" ASC,
  "t2"."ServiceName" ASC;

-- what nobody has tagged
SELECT
  *
FROM (
  SELECT
    "t1"."ServiceName" AS "ServiceName",
    SUM("t1"."EffectiveCost") AS "Cost"
  FROM (
    SELECT
      "t0"."BillingCurrency" AS "BillingCurrency",
      "t0"."ChargeCategory" AS "ChargeCategory",
      "t0"."Day" AS "Day",
      "t0"."EffectiveCost" AS "EffectiveCost",
      "t0"."ServiceName" AS "ServiceName",
      CASE WHEN mapContains("t0"."Tags", 'team') THEN "t0"."Tags"['team'] ELSE NULL END AS "Tags/7465616d"
    FROM "mart" AS "t0"
    WHERE
      "t0"."Day" >= toDate('2026-10-01')
      AND "t0"."Day" < toDate('2026-11-01')
      AND "t0"."BillingCurrency" = 'USD'
      AND "t0"."ChargeCategory" IN ('Usage', 'Purchase')
      AND (
        CASE WHEN mapContains("t0"."Tags", 'team') THEN "t0"."Tags"['team'] ELSE NULL END IN ('it''s')
        OR isNull(
          CASE WHEN mapContains("t0"."Tags", 'team') THEN "t0"."Tags"['team'] ELSE NULL END
        )
      )
  ) AS "t1"
  GROUP BY
    "t1"."ServiceName"
) AS "t2"
ORDER BY
  "t2"."ServiceName" ASC;

-- what is billed in an invoice
SELECT
  *
FROM (
  SELECT
    "t1"."BillingAccountId" AS "BillingAccountId",
    "t1"."BillingPeriod" AS "BillingPeriod",
    SUM("t1"."BilledCost") AS "Cost"
  FROM (
    SELECT
      "t0"."BilledCost" AS "BilledCost",
      "t0"."BillingAccountId" AS "BillingAccountId",
      "t0"."BillingCurrency" AS "BillingCurrency",
      "t0"."ChargeCategory" AS "ChargeCategory",
      "t0"."Day" AS "Day",
      "t0"."BillingPeriod" AS "BillingPeriod"
    FROM "mart" AS "t0"
    WHERE
      "t0"."Day" >= toDate('2026-10-01')
      AND "t0"."Day" < toDate('2026-11-01')
      AND "t0"."BillingCurrency" = 'USD'
      AND "t0"."ChargeCategory" IN ('Usage', 'Purchase', 'Tax', 'Credit', 'Adjustment')
      AND formatDateTime("t0"."BillingPeriod", '%Y-%m-%d') IN ('2026-10-01')
  ) AS "t1"
  GROUP BY
    "t1"."BillingAccountId",
    "t1"."BillingPeriod"
) AS "t2"
ORDER BY
  "t2"."BillingAccountId" ASC,
  "t2"."BillingPeriod" ASC;

-- a resource, whatever its case
SELECT
  *
FROM (
  SELECT
    "t1"."ResourceId" AS "ResourceId",
    "t1"."Day" AS "Day",
    SUM("t1"."EffectiveCost") AS "Cost"
  FROM (
    SELECT
      "t0"."BillingCurrency" AS "BillingCurrency",
      "t0"."ChargeCategory" AS "ChargeCategory",
      "t0"."ChargePeriodStart" AS "ChargePeriodStart",
      "t0"."EffectiveCost" AS "EffectiveCost",
      "t0"."ResourceId" AS "ResourceId",
      toDate("t0"."ChargePeriodStart") AS "Day"
    FROM "rows" AS "t0"
    WHERE
      "t0"."ChargePeriodStart" >= parseDateTimeBestEffort('2026-10-01T00:00:00')
      AND "t0"."ChargePeriodStart" < parseDateTimeBestEffort('2026-11-01T00:00:00')
      AND "t0"."BillingCurrency" = 'USD'
      AND "t0"."ChargeCategory" IN ('Usage', 'Purchase')
      AND LOWER("t0"."ResourceId") IN ('i-0a')
  ) AS "t1"
  GROUP BY
    "t1"."ResourceId",
    "t1"."Day"
) AS "t2"
ORDER BY
  "t2"."ResourceId" ASC,
  "t2"."Day" ASC;

-- whose a resource is
SELECT
  *
FROM (
  SELECT
    "t1"."ResourceId" AS "ResourceId",
    "t1"."Tags/7465616d" AS "Tags/7465616d",
    SUM("t1"."EffectiveCost") AS "Cost"
  FROM (
    SELECT
      "t0"."BillingCurrency" AS "BillingCurrency",
      "t0"."ChargeCategory" AS "ChargeCategory",
      "t0"."ChargePeriodStart" AS "ChargePeriodStart",
      "t0"."EffectiveCost" AS "EffectiveCost",
      "t0"."ResourceId" AS "ResourceId",
      CASE WHEN mapContains("t0"."Tags", 'team') THEN "t0"."Tags"['team'] ELSE NULL END AS "Tags/7465616d"
    FROM "rows" AS "t0"
    WHERE
      "t0"."ChargePeriodStart" >= parseDateTimeBestEffort('2026-10-01T00:00:00')
      AND "t0"."ChargePeriodStart" < parseDateTimeBestEffort('2026-11-01T00:00:00')
      AND "t0"."BillingCurrency" = 'USD'
      AND "t0"."ChargeCategory" IN ('Usage', 'Purchase')
      AND LOWER("t0"."ResourceId") IN ('i-0a')
  ) AS "t1"
  GROUP BY
    "t1"."ResourceId",
    "t1"."Tags/7465616d"
) AS "t2"
ORDER BY
  "t2"."ResourceId" ASC,
  "t2"."Tags/7465616d" ASC;

-- one of a long list
SELECT
  *
FROM (
  SELECT
    "t4"."ServiceName" AS "ServiceName",
    SUM("t4"."EffectiveCost") AS "Cost"
  FROM (
    SELECT
      *
    FROM (
      SELECT
        "t0"."BillingCurrency" AS "BillingCurrency",
        "t0"."ChargeCategory" AS "ChargeCategory",
        "t0"."Day" AS "Day",
        "t0"."EffectiveCost" AS "EffectiveCost",
        "t0"."ServiceName" AS "ServiceName"
      FROM "mart" AS "t0"
    ) AS "t1"
    WHERE
      "t1"."Day" >= toDate('2026-10-01')
      AND "t1"."Day" < toDate('2026-11-01')
      AND "t1"."BillingCurrency" = 'USD'
      AND "t1"."ChargeCategory" IN ('Usage', 'Purchase')
      AND CAST("t1"."ServiceName" IN (
        SELECT
          *
        FROM (
          SELECT
            arrayJoin(
              splitByString(
                '',
                CAST('Amazon S3it''s 0it''s 1it''s 2it''s 3it''s 4it''s 5it''s 6it''s 7it''s 8it''s 9it''s 10it''s 11it''s 12it''s 13it''s 14it''s 15it''s 16it''s 17it''s 18it''s 19it''s 20it''s 21it''s 22it''s 23it''s 24it''s 25it''s 26it''s 27it''s 28it''s 29it''s 30it''s 31it''s 32it''s 33it''s 34it''s 35it''s 36it''s 37it''s 38it''s 39it''s 40it''s 41it''s 42it''s 43it''s 44it''s 45it''s 46it''s 47it''s 48it''s 49' AS String)
              )
            ) AS "value"
        ) AS "t2"
      ) AS Nullable(Bool))
  ) AS "t4"
  GROUP BY
    "t4"."ServiceName"
) AS "t5"
ORDER BY
  "t5"."ServiceName" ASC;

-- how much was used
SELECT
  *
FROM (
  SELECT
    "t1"."SkuId" AS "SkuId",
    "t1"."PricingUnit" AS "PricingUnit",
    SUM("t1"."PricingQuantity") AS "Cost"
  FROM (
    SELECT
      "t0"."BillingCurrency" AS "BillingCurrency",
      "t0"."ChargeCategory" AS "ChargeCategory",
      "t0"."ChargePeriodStart" AS "ChargePeriodStart",
      "t0"."PricingQuantity" AS "PricingQuantity",
      "t0"."PricingUnit" AS "PricingUnit",
      "t0"."SkuId" AS "SkuId"
    FROM "rows" AS "t0"
    WHERE
      "t0"."ChargePeriodStart" >= parseDateTimeBestEffort('2026-10-01T00:00:00')
      AND "t0"."ChargePeriodStart" < parseDateTimeBestEffort('2026-11-01T00:00:00')
      AND "t0"."BillingCurrency" = 'USD'
      AND "t0"."ChargeCategory" IN ('Usage', 'Purchase')
  ) AS "t1"
  GROUP BY
    "t1"."SkuId",
    "t1"."PricingUnit"
) AS "t2"
ORDER BY
  "t2"."SkuId" ASC,
  "t2"."PricingUnit" ASC;

-- what was used, and what it cost
SELECT
  *
FROM (
  SELECT
    "t1"."SkuId" AS "SkuId",
    "t1"."PricingUnit" AS "PricingUnit",
    SUM("t1"."EffectiveCost") AS "Cost",
    SUM("t1"."PricingQuantity") AS "PricingQuantity"
  FROM (
    SELECT
      "t0"."BillingCurrency" AS "BillingCurrency",
      "t0"."ChargeCategory" AS "ChargeCategory",
      "t0"."ChargePeriodStart" AS "ChargePeriodStart",
      "t0"."EffectiveCost" AS "EffectiveCost",
      "t0"."PricingQuantity" AS "PricingQuantity",
      "t0"."PricingUnit" AS "PricingUnit",
      "t0"."SkuId" AS "SkuId"
    FROM "rows" AS "t0"
    WHERE
      "t0"."ChargePeriodStart" >= parseDateTimeBestEffort('2026-10-01T00:00:00')
      AND "t0"."ChargePeriodStart" < parseDateTimeBestEffort('2026-11-01T00:00:00')
      AND "t0"."BillingCurrency" = 'USD'
      AND "t0"."ChargeCategory" IN ('Usage', 'Purchase')
  ) AS "t1"
  GROUP BY
    "t1"."SkuId",
    "t1"."PricingUnit"
) AS "t2"
ORDER BY
  "t2"."SkuId" ASC,
  "t2"."PricingUnit" ASC;

-- how far the rows reach
SELECT
  "t0"."ProviderName" AS "ProviderName",
  MIN("t0"."Day") AS "first",
  MAX("t0"."Day") AS "last"
FROM "mart" AS "t0"
GROUP BY
  "t0"."ProviderName";

-- where anything was billed
SELECT DISTINCT
  "t0"."SubAccountId" AS "SubAccountId",
  "t0"."RegionId" AS "RegionId",
  "t0"."ServiceName" AS "ServiceName"
FROM "mart" AS "t0"
WHERE
  "t0"."Day" >= toDate('2026-10-01') AND "t0"."Day" < toDate('2026-11-01');

-- what each resource is billed a month
WITH "t1" AS (
  SELECT
    *
  FROM "rows" AS "t0"
  WHERE
    "t0"."ChargePeriodStart" >= parseDateTimeBestEffort('2026-09-01T00:00:00')
    AND "t0"."ChargePeriodStart" < parseDateTimeBestEffort('2026-11-01T00:00:00')
    AND "t0"."ChargeCategory" = 'Usage'
    AND isNotNull("t0"."ResourceId")
)
SELECT
  *
FROM (
  SELECT
    "t5"."resource" AS "resource",
    "t5"."currency" AS "currency",
    "t5"."meter" AS "meter",
    "t5"."effective" AS "effective",
    "t5"."covered" AS "covered",
    "t7"."first" AS "first",
    "t7"."days" AS "days"
  FROM (
    SELECT
      LOWER("t2"."ResourceId") AS "resource",
      "t2"."BillingCurrency" AS "currency",
      "t2"."SkuMeter" AS "meter",
      sumIf(
        "t2"."EffectiveCost",
        "t2"."ChargePeriodStart" >= parseDateTimeBestEffort('2026-10-01T00:00:00')
      ) AS "effective",
      sumIf(
        "t2"."EffectiveCost",
        (
          "t2"."ChargePeriodStart" >= parseDateTimeBestEffort('2026-10-01T00:00:00')
        )
        AND (
          "t2"."CommitmentDiscountStatus" = 'Used'
        )
      ) AS "covered"
    FROM "t1" AS "t2"
    GROUP BY
      LOWER("t2"."ResourceId"),
      "t2"."BillingCurrency",
      "t2"."SkuMeter"
  ) AS "t5"
  INNER JOIN (
    SELECT
      *
    FROM (
      SELECT
        LOWER("t2"."ResourceId") AS "resource",
        "t2"."BillingCurrency" AS "currency",
        MIN(toDate("t2"."ChargePeriodStart")) AS "first",
        uniqIf(
          toDate("t2"."ChargePeriodStart"),
          "t2"."ChargePeriodStart" >= parseDateTimeBestEffort('2026-10-01T00:00:00')
        ) AS "days"
      FROM "t1" AS "t2"
      GROUP BY
        LOWER("t2"."ResourceId"),
        "t2"."BillingCurrency"
    ) AS "t3"
    WHERE
      "t3"."days" > 0
  ) AS "t7"
    ON "t5"."resource" = "t7"."resource" AND "t5"."currency" = "t7"."currency"
) AS "t8"
WHERE
  isNotNull("t8"."effective");
