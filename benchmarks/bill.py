"""A large bill, made here: machines and disks of many accounts over thirteen months, as FOCUS 1.2 in Parquet."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import duckdb

NOW = datetime(2026, 11, 18, 9, tzinfo=UTC)
ACCOUNTS, MACHINES, DISKS, METERS = 50, 60, 40, 5
RESOURCES = MACHINES + DISKS  # an account
MONTHS = tuple((2025 + (10 + number) // 12, (10 + number) % 12 + 1) for number in range(13))
TEAMS = ("search", "checkout", "data", "mobile", "platform", "fulfilment")
PAYER = "100000000000"


def account_id(number: int) -> str:
    """The account with this number, from 0."""
    return f"2000000{number:05}"


def months(folder: Path, rows: int = 10_000_000) -> Mapping[str, Path]:
    """Write about so many rows, a file a month, by ``2025-11`` and so on.

    A disk without a machine, ``vol-…0``, stands in every account; a row is a resource's day by one of its meters. The
    number of rows grows by the meters.
    """
    folder.mkdir(parents=True, exist_ok=True)
    days = (NOW.date() - datetime(*MONTHS[0], 1, tzinfo=UTC).date()).days
    meters = max(1, round(rows / (ACCOUNTS * RESOURCES * days)))
    made: dict[str, Path] = {}
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET enable_progress_bar = false")
        for year, month in MONTHS:
            name = f"{year}-{month:02}"
            made[name] = folder / f"{name}.parquet"
            connection.execute(_month(name, meters, made[name]))
    return made


def _month(name: str, meters: int, file: Path) -> str:
    first, team = f"TIMESTAMPTZ '{name}-01'", f"list_extract({list(TEAMS)}, 1 + (account * 7 + number) % {len(TEAMS)})"
    cost = "(0.05 + (hash(account, number, meter, day) % 1000) / 10000)::DECIMAL(28,10)"
    return f"""
COPY (
  SELECT '{PAYER}' AS BillingAccountId, 'payer' AS BillingAccountName, 'USD' AS BillingCurrency,
    {first} AS BillingPeriodStart, {first} + INTERVAL 1 MONTH AS BillingPeriodEnd,
    day AS ChargePeriodStart, day + INTERVAL 1 DAY AS ChargePeriodEnd,
    'Usage' AS ChargeCategory, 'Usage-Based' AS ChargeFrequency,
    {cost} AS BilledCost, {cost} AS EffectiveCost, {cost} AS ListCost, {cost} AS ContractedCost,
    'AWS' AS ProviderName, 'Compute' AS ServiceCategory, 'Amazon Elastic Compute Cloud' AS ServiceName,
    '2000000' || lpad(account::VARCHAR, 5, '0') AS SubAccountId, 'team-' || account AS SubAccountName,
    'us-east-1' AS RegionId, 'Standard' AS PricingCategory,
    CASE WHEN number < {MACHINES} THEN 'i-' ELSE 'vol-' END
      || lpad((account * 1000 + CASE WHEN number < {MACHINES} THEN number ELSE number - {MACHINES} END)::VARCHAR,
              17, '0') AS ResourceId,
    'meter-' || meter AS SkuMeter, 'sku-' || meter AS SkuId, 'Hrs' AS PricingUnit, 24::DECIMAL(28,4) AS PricingQuantity,
    MAP {{'team': {team}, 'env': CASE WHEN number % 3 = 0 THEN 'prod' ELSE 'dev' END}} AS Tags
  FROM range({ACCOUNTS}) a(account), range({RESOURCES}) r(number), range({meters}) m(meter),
    range({first}, least({first} + INTERVAL 1 MONTH, TIMESTAMPTZ '{NOW:%Y-%m-%d}'), INTERVAL 1 DAY) d(day)
  ORDER BY day, hash(account, number, meter)
) TO '{file}' (FORMAT parquet, COMPRESSION zstd)
"""
