-- what a month cost
SELECT
  SUM(`t1`.`EffectiveCost`) AS `Cost`
FROM (
  SELECT
    `t0`.`BillingCurrency`,
    `t0`.`ChargeCategory`,
    `t0`.`Day`,
    `t0`.`EffectiveCost`
  FROM `mart` AS `t0`
  WHERE
    `t0`.`Day` >= MAKE_DATE(2026, 10, 1)
    AND `t0`.`Day` < MAKE_DATE(2026, 11, 1)
    AND `t0`.`BillingCurrency` = 'USD'
    AND `t0`.`ChargeCategory` IN ('Usage', 'Purchase')
) AS `t1`;

-- each day of a service
SELECT
  *
FROM (
  SELECT
    `t1`.`Day`,
    SUM(`t1`.`EffectiveCost`) AS `Cost`
  FROM (
    SELECT
      `t0`.`BillingCurrency`,
      `t0`.`ChargeCategory`,
      `t0`.`EffectiveCost`,
      `t0`.`ServiceName`,
      `t0`.`Day`
    FROM `mart` AS `t0`
    WHERE
      `t0`.`Day` >= MAKE_DATE(2026, 10, 1)
      AND `t0`.`Day` < MAKE_DATE(2026, 11, 1)
      AND `t0`.`BillingCurrency` = 'USD'
      AND `t0`.`ChargeCategory` IN ('Usage', 'Purchase')
      AND `t0`.`ServiceName` IN ('Amazon S3')
  ) AS `t1`
  GROUP BY
    1
) AS `t2`
ORDER BY
  `t2`.`Day` ASC NULLS LAST;

-- each month of a commitment
SELECT
  *
FROM (
  SELECT
    `t1`.`Month`,
    `t1`.`CommitmentDiscountId`,
    SUM(`t1`.`EffectiveCost`) AS `Cost`
  FROM (
    SELECT
      `t0`.`BillingCurrency`,
      `t0`.`ChargeCategory`,
      `t0`.`ChargePeriodStart`,
      `t0`.`CommitmentDiscountId`,
      `t0`.`EffectiveCost`,
      DATE_TRUNC('month', CAST(`t0`.`ChargePeriodStart` AS DATE)) AS `Month`
    FROM `rows` AS `t0`
    WHERE
      `t0`.`ChargePeriodStart` >= CAST('2026-10-01T00:00:00' AS TIMESTAMP)
      AND `t0`.`ChargePeriodStart` < CAST('2026-11-01T00:00:00' AS TIMESTAMP)
      AND `t0`.`BillingCurrency` = 'USD'
      AND `t0`.`ChargeCategory` IN ('Usage', 'Purchase')
      AND `t0`.`CommitmentDiscountId` IN ('ri-1')
  ) AS `t1`
  GROUP BY
    1,
    2
) AS `t2`
ORDER BY
  `t2`.`Month` ASC NULLS LAST,
  `t2`.`CommitmentDiscountId` ASC NULLS LAST;

-- who pays for what
SELECT
  *
FROM (
  SELECT
    `t1`.`Tags/7465616d`,
    `t1`.`Tags/5465616d`,
    `t1`.`ServiceName`,
    SUM(`t1`.`EffectiveCost`) AS `Cost`
  FROM (
    SELECT
      `t0`.`BillingCurrency`,
      `t0`.`ChargeCategory`,
      `t0`.`Day`,
      `t0`.`EffectiveCost`,
      `t0`.`ServiceName`,
      IF(MAP_CONTAINS_KEY(`t0`.`Tags`, 'Team'), `t0`.`Tags`['Team'], NULL) AS `Tags/5465616d`,
      IF(MAP_CONTAINS_KEY(`t0`.`Tags`, 'team'), `t0`.`Tags`['team'], NULL) AS `Tags/7465616d`
    FROM `mart` AS `t0`
    WHERE
      `t0`.`Day` >= MAKE_DATE(2026, 10, 1)
      AND `t0`.`Day` < MAKE_DATE(2026, 11, 1)
      AND `t0`.`BillingCurrency` = 'USD'
      AND `t0`.`ChargeCategory` IN ('Usage', 'Purchase')
  ) AS `t1`
  GROUP BY
    1,
    2,
    3
) AS `t2`
ORDER BY
  `t2`.`Tags/7465616d` ASC NULLS LAST,
  `t2`.`Tags/5465616d` ASC NULLS LAST,
  `t2`.`ServiceName` ASC NULLS LAST;

-- what nobody has tagged
SELECT
  *
FROM (
  SELECT
    `t1`.`ServiceName`,
    SUM(`t1`.`EffectiveCost`) AS `Cost`
  FROM (
    SELECT
      `t0`.`BillingCurrency`,
      `t0`.`ChargeCategory`,
      `t0`.`Day`,
      `t0`.`EffectiveCost`,
      `t0`.`ServiceName`,
      IF(MAP_CONTAINS_KEY(`t0`.`Tags`, 'team'), `t0`.`Tags`['team'], NULL) AS `Tags/7465616d`
    FROM `mart` AS `t0`
    WHERE
      `t0`.`Day` >= MAKE_DATE(2026, 10, 1)
      AND `t0`.`Day` < MAKE_DATE(2026, 11, 1)
      AND `t0`.`BillingCurrency` = 'USD'
      AND `t0`.`ChargeCategory` IN ('Usage', 'Purchase')
      AND (
        IF(MAP_CONTAINS_KEY(`t0`.`Tags`, 'team'), `t0`.`Tags`['team'], NULL) IN ('it\'s')
        OR (
          IF(MAP_CONTAINS_KEY(`t0`.`Tags`, 'team'), `t0`.`Tags`['team'], NULL) IS NULL
        )
      )
  ) AS `t1`
  GROUP BY
    1
) AS `t2`
ORDER BY
  `t2`.`ServiceName` ASC NULLS LAST;

-- what is billed in an invoice
SELECT
  *
FROM (
  SELECT
    `t1`.`BillingAccountId`,
    `t1`.`BillingPeriod`,
    SUM(`t1`.`BilledCost`) AS `Cost`
  FROM (
    SELECT
      `t0`.`BilledCost`,
      `t0`.`BillingAccountId`,
      `t0`.`BillingCurrency`,
      `t0`.`ChargeCategory`,
      `t0`.`Day`,
      `t0`.`BillingPeriod`
    FROM `mart` AS `t0`
    WHERE
      `t0`.`Day` >= MAKE_DATE(2026, 10, 1)
      AND `t0`.`Day` < MAKE_DATE(2026, 11, 1)
      AND `t0`.`BillingCurrency` = 'USD'
      AND `t0`.`ChargeCategory` IN ('Usage', 'Purchase', 'Tax', 'Credit', 'Adjustment')
      AND DATE_FORMAT(`t0`.`BillingPeriod`, 'yyyy-MM-dd') IN ('2026-10-01')
  ) AS `t1`
  GROUP BY
    1,
    2
) AS `t2`
ORDER BY
  `t2`.`BillingAccountId` ASC NULLS LAST,
  `t2`.`BillingPeriod` ASC NULLS LAST;

-- a resource, whatever its case
SELECT
  *
FROM (
  SELECT
    `t1`.`ResourceId`,
    `t1`.`Day`,
    SUM(`t1`.`EffectiveCost`) AS `Cost`
  FROM (
    SELECT
      `t0`.`BillingCurrency`,
      `t0`.`ChargeCategory`,
      `t0`.`ChargePeriodStart`,
      `t0`.`EffectiveCost`,
      `t0`.`ResourceId`,
      CAST(`t0`.`ChargePeriodStart` AS DATE) AS `Day`
    FROM `rows` AS `t0`
    WHERE
      `t0`.`ChargePeriodStart` >= CAST('2026-10-01T00:00:00' AS TIMESTAMP)
      AND `t0`.`ChargePeriodStart` < CAST('2026-11-01T00:00:00' AS TIMESTAMP)
      AND `t0`.`BillingCurrency` = 'USD'
      AND `t0`.`ChargeCategory` IN ('Usage', 'Purchase')
      AND LOWER(`t0`.`ResourceId`) IN ('i-0a')
  ) AS `t1`
  GROUP BY
    1,
    2
) AS `t2`
ORDER BY
  `t2`.`ResourceId` ASC NULLS LAST,
  `t2`.`Day` ASC NULLS LAST;

-- whose a resource is
SELECT
  *
FROM (
  SELECT
    `t1`.`ResourceId`,
    `t1`.`Tags/7465616d`,
    SUM(`t1`.`EffectiveCost`) AS `Cost`
  FROM (
    SELECT
      `t0`.`BillingCurrency`,
      `t0`.`ChargeCategory`,
      `t0`.`ChargePeriodStart`,
      `t0`.`EffectiveCost`,
      `t0`.`ResourceId`,
      IF(MAP_CONTAINS_KEY(`t0`.`Tags`, 'team'), `t0`.`Tags`['team'], NULL) AS `Tags/7465616d`
    FROM `rows` AS `t0`
    WHERE
      `t0`.`ChargePeriodStart` >= CAST('2026-10-01T00:00:00' AS TIMESTAMP)
      AND `t0`.`ChargePeriodStart` < CAST('2026-11-01T00:00:00' AS TIMESTAMP)
      AND `t0`.`BillingCurrency` = 'USD'
      AND `t0`.`ChargeCategory` IN ('Usage', 'Purchase')
      AND LOWER(`t0`.`ResourceId`) IN ('i-0a')
  ) AS `t1`
  GROUP BY
    1,
    2
) AS `t2`
ORDER BY
  `t2`.`ResourceId` ASC NULLS LAST,
  `t2`.`Tags/7465616d` ASC NULLS LAST;

-- one of a long list
SELECT
  *
FROM (
  SELECT
    `t4`.`ServiceName`,
    SUM(`t4`.`EffectiveCost`) AS `Cost`
  FROM (
    SELECT
      *
    FROM (
      SELECT
        `t0`.`BillingCurrency`,
        `t0`.`ChargeCategory`,
        `t0`.`Day`,
        `t0`.`EffectiveCost`,
        `t0`.`ServiceName`
      FROM `mart` AS `t0`
    ) AS `t1`
    WHERE
      `t1`.`Day` >= MAKE_DATE(2026, 10, 1)
      AND `t1`.`Day` < MAKE_DATE(2026, 11, 1)
      AND `t1`.`BillingCurrency` = 'USD'
      AND `t1`.`ChargeCategory` IN ('Usage', 'Purchase')
      AND `t1`.`ServiceName` IN (
        SELECT
          *
        FROM (
          SELECT
            EXPLODE(
              SPLIT(
                'Amazon S3it\'s 0it\'s 1it\'s 2it\'s 3it\'s 4it\'s 5it\'s 6it\'s 7it\'s 8it\'s 9it\'s 10it\'s 11it\'s 12it\'s 13it\'s 14it\'s 15it\'s 16it\'s 17it\'s 18it\'s 19it\'s 20it\'s 21it\'s 22it\'s 23it\'s 24it\'s 25it\'s 26it\'s 27it\'s 28it\'s 29it\'s 30it\'s 31it\'s 32it\'s 33it\'s 34it\'s 35it\'s 36it\'s 37it\'s 38it\'s 39it\'s 40it\'s 41it\'s 42it\'s 43it\'s 44it\'s 45it\'s 46it\'s 47it\'s 48it\'s 49',
                ''
              )
            ) AS `value`
        ) AS `t2`
      )
  ) AS `t4`
  GROUP BY
    1
) AS `t5`
ORDER BY
  `t5`.`ServiceName` ASC NULLS LAST;

-- how much was used
SELECT
  *
FROM (
  SELECT
    `t1`.`SkuId`,
    `t1`.`PricingUnit`,
    SUM(`t1`.`PricingQuantity`) AS `Cost`
  FROM (
    SELECT
      `t0`.`BillingCurrency`,
      `t0`.`ChargeCategory`,
      `t0`.`ChargePeriodStart`,
      `t0`.`PricingQuantity`,
      `t0`.`PricingUnit`,
      `t0`.`SkuId`
    FROM `rows` AS `t0`
    WHERE
      `t0`.`ChargePeriodStart` >= CAST('2026-10-01T00:00:00' AS TIMESTAMP)
      AND `t0`.`ChargePeriodStart` < CAST('2026-11-01T00:00:00' AS TIMESTAMP)
      AND `t0`.`BillingCurrency` = 'USD'
      AND `t0`.`ChargeCategory` IN ('Usage', 'Purchase')
  ) AS `t1`
  GROUP BY
    1,
    2
) AS `t2`
ORDER BY
  `t2`.`SkuId` ASC NULLS LAST,
  `t2`.`PricingUnit` ASC NULLS LAST;

-- what was used, and what it cost
SELECT
  *
FROM (
  SELECT
    `t1`.`SkuId`,
    `t1`.`PricingUnit`,
    SUM(`t1`.`EffectiveCost`) AS `Cost`,
    SUM(`t1`.`PricingQuantity`) AS `PricingQuantity`
  FROM (
    SELECT
      `t0`.`BillingCurrency`,
      `t0`.`ChargeCategory`,
      `t0`.`ChargePeriodStart`,
      `t0`.`EffectiveCost`,
      `t0`.`PricingQuantity`,
      `t0`.`PricingUnit`,
      `t0`.`SkuId`
    FROM `rows` AS `t0`
    WHERE
      `t0`.`ChargePeriodStart` >= CAST('2026-10-01T00:00:00' AS TIMESTAMP)
      AND `t0`.`ChargePeriodStart` < CAST('2026-11-01T00:00:00' AS TIMESTAMP)
      AND `t0`.`BillingCurrency` = 'USD'
      AND `t0`.`ChargeCategory` IN ('Usage', 'Purchase')
  ) AS `t1`
  GROUP BY
    1,
    2
) AS `t2`
ORDER BY
  `t2`.`SkuId` ASC NULLS LAST,
  `t2`.`PricingUnit` ASC NULLS LAST;

-- how far the rows reach
SELECT
  `t0`.`ProviderName`,
  MIN(`t0`.`Day`) AS `first`,
  MAX(`t0`.`Day`) AS `last`
FROM `mart` AS `t0`
GROUP BY
  1;

-- where anything was billed
SELECT DISTINCT
  `t0`.`SubAccountId`,
  `t0`.`RegionId`,
  `t0`.`ServiceName`
FROM `mart` AS `t0`
WHERE
  `t0`.`Day` >= MAKE_DATE(2026, 10, 1) AND `t0`.`Day` < MAKE_DATE(2026, 11, 1);

-- what each resource is billed a month
WITH `t1` AS (
  SELECT
    *
  FROM `rows` AS `t0`
  WHERE
    `t0`.`ChargePeriodStart` >= CAST('2026-09-01T00:00:00' AS TIMESTAMP)
    AND `t0`.`ChargePeriodStart` < CAST('2026-11-01T00:00:00' AS TIMESTAMP)
    AND `t0`.`ChargeCategory` = 'Usage'
    AND `t0`.`ResourceId` IS NOT NULL
)
SELECT
  *
FROM (
  SELECT
    `t5`.`resource`,
    `t5`.`currency`,
    `t5`.`meter`,
    `t5`.`effective`,
    `t5`.`covered`,
    `t7`.`first`,
    `t7`.`days`
  FROM (
    SELECT
      LOWER(`t2`.`ResourceId`) AS `resource`,
      `t2`.`BillingCurrency` AS `currency`,
      `t2`.`SkuMeter` AS `meter`,
      SUM(
        IF(
          `t2`.`ChargePeriodStart` >= CAST('2026-10-01T00:00:00' AS TIMESTAMP),
          `t2`.`EffectiveCost`,
          NULL
        )
      ) AS `effective`,
      SUM(
        IF(
          (
            `t2`.`ChargePeriodStart` >= CAST('2026-10-01T00:00:00' AS TIMESTAMP)
          )
          AND (
            `t2`.`CommitmentDiscountStatus` = 'Used'
          ),
          `t2`.`EffectiveCost`,
          NULL
        )
      ) AS `covered`
    FROM `t1` AS `t2`
    GROUP BY
      1,
      2,
      3
  ) AS `t5`
  INNER JOIN (
    SELECT
      *
    FROM (
      SELECT
        LOWER(`t2`.`ResourceId`) AS `resource`,
        `t2`.`BillingCurrency` AS `currency`,
        MIN(CAST(`t2`.`ChargePeriodStart` AS DATE)) AS `first`,
        COUNT(
          DISTINCT IF(
            `t2`.`ChargePeriodStart` >= CAST('2026-10-01T00:00:00' AS TIMESTAMP),
            CAST(`t2`.`ChargePeriodStart` AS DATE),
            NULL
          )
        ) AS `days`
      FROM `t1` AS `t2`
      GROUP BY
        1,
        2
    ) AS `t3`
    WHERE
      `t3`.`days` > 0
  ) AS `t7`
    ON `t5`.`resource` = `t7`.`resource` AND `t5`.`currency` = `t7`.`currency`
) AS `t8`
WHERE
  `t8`.`effective` IS NOT NULL;
