"""One sample company for all of these tests, and its files as DuckDB tables."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest

from providers.sample import SampleFolder
from providers.sample.write import write

AS_OF = date(2026, 11, 18)
PARQUET, CSV = "billing/aws/*/*.parquet", "billing/azure/*/*.csv.gz"
COSTS = ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost", "ListUnitPrice", "ContractedUnitPrice")


@pytest.fixture(scope="session")
def apex(tmp_path_factory: pytest.TempPathFactory) -> SampleFolder:
    return write(tmp_path_factory.mktemp("apex") / "company", as_of=AS_OF)


@pytest.fixture(scope="session")
def billed(apex: SampleFolder) -> Iterator[duckdb.DuckDBPyConnection]:
    """The table ``billed``: every row of both clouds, costs as decimals, moments as UTC texts, ``team`` of the tags."""
    with duckdb.connect() as connection:
        connection.execute("SET GLOBAL TimeZone = 'UTC'")
        load(connection, apex.root)
        yield connection


def load(connection: duckdb.DuckDBPyConnection, root: Path) -> None:
    """Make the table ``billed`` of the files as anyone would read them, and the view ``running`` of it."""
    moments = ("BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd")
    texts = ", ".join(f"strftime({name}, '%Y-%m-%dT%H:%M:%SZ') AS {name}" for name in moments)
    numbers = (*COSTS, "PricingQuantity", "ConsumedQuantity", "CommitmentDiscountQuantity")
    casts = ", ".join(f"CAST({name} AS DECIMAL(28,10)) AS {name}" for name in numbers)
    connection.execute(
        f"""
        CREATE TABLE billed AS
        SELECT * EXCLUDE (Tags) REPLACE ({texts}, {casts}), Tags['team'] AS team, CAST(Tags AS VARCHAR) AS Tags
        FROM read_parquet('{root / PARQUET}')
        UNION ALL BY NAME
        SELECT * EXCLUDE (Tags) REPLACE ({casts}), Tags->>'$.team' AS team, Tags
        FROM read_csv('{root / CSV}', all_varchar = true)
        """
    )
    connection.execute("CREATE VIEW running AS SELECT * FROM billed WHERE ChargeCategory IN ('Usage', 'Purchase')")
