"""Small bills made up for tests: FOCUS rows as CSV, CSV.gz or Parquet, and exports of them."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from providers.provider import Export

NOW = datetime(2026, 3, 31, 6, tzinfo=UTC)
SAMPLE = Path(__file__).parents[1] / "data" / "focus_sample.csv"
Row = Mapping[str, str]


def row(day: str = "2026-03-01", cost: str = "1.5", **others: str) -> dict[str, str]:
    """One row of usage on one day; ``others`` replaces or adds columns."""
    made = {
        "BilledCost": cost,
        "EffectiveCost": cost,
        "ListCost": cost,
        "ContractedCost": cost,
        "BillingCurrency": "USD",
        "BillingAccountId": "1",
        "BillingPeriodStart": f"{day[:7]}-01T00:00:00Z",
        "ChargePeriodStart": f"{day}T00:00:00Z",
        "ChargePeriodEnd": f"{day}T23:00:00Z",
        "ChargeCategory": "Usage",
        "ProviderName": "AWS",
        "ServiceName": "Compute",
        "ResourceId": "i-1",
        "CommitmentDiscountStatus": "",
        "Tags": '{"team": "web"}',
    }
    return made | others


def without(name: str, rows: Iterable[Row]) -> list[dict[str, str]]:
    """The rows without a column."""
    return [{key: value for key, value in one.items() if key != name} for one in rows]


def text(rows: Iterable[Row]) -> str:
    """Rows as CSV, under a heading of their columns."""
    listed = list(rows)
    written = io.StringIO()
    writer = csv.DictWriter(written, list(listed[0]), lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows(listed)
    return written.getvalue()


def write(path: Path, rows: Iterable[Row] | str) -> Path:
    """Write rows, or CSV as it stands, into the file that the path names."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = rows if isinstance(rows, str) else text(rows)
    if path.name.endswith(".gz"):
        path.write_bytes(gzip.compress(content.encode()))
    else:
        path.write_text(content, "utf-8")
    return path


def parquet(path: Path, query: str) -> Path:
    """Write a query's rows as Parquet."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet)")
    return path


def export(*files: Path, hour: int = 1, name: str = "", provider: str = "focus", way: str = "") -> Export:
    """Files as one export; a later hour is a newer one."""
    made = datetime(2026, 3, 31, hour, tzinfo=UTC)
    return Export(name or files[0].stem, files, made, provider, way)
