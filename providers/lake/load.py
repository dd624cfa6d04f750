"""Loading: exports become partitions, one account and billing period each, replaced whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import blake2b
from pathlib import Path
from uuid import uuid4

import duckdb

from analysis.errors import BadData
from providers.focus.reader import literal, reading, rejected
from providers.lake.shelf import Partition, Shelf
from providers.provider import Export, Progress

MOST_BAD_ROWS = Decimal("0.01")
MOST_BAD_COST = Decimal("0.005")
QUARANTINE = "quarantine"
MART_DIMENSIONS = (
    "BillingCurrency",
    "ProviderName",
    "BillingAccountId",
    "SubAccountId",
    "SubAccountName",
    "ServiceCategory",
    "ServiceName",
    "RegionId",
    "ChargeCategory",
    "CommitmentDiscountStatus",
    "PricingCategory",
)
MART_TAGS = 12  # keys; the rest of the tags is asked of the rows
MART_TAG_VALUES = 200  # a key with more is no dimension of a company but an id


@dataclass(frozen=True, slots=True)
class Loaded:
    """What one ingest did."""

    partitions: tuple[str, ...] = ()
    rows: int = 0
    quarantined: int = 0
    unchanged: int = 0
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of an export may be unreadable before all of it is refused: shares of its rows and of its cost."""

    rows: Decimal = MOST_BAD_ROWS
    cost: Decimal = MOST_BAD_COST


def load(
    folder: Path, exports: Sequence[Export], now: datetime, *, limits: Limits, progress: Progress
) -> tuple[Shelf, Loaded]:
    """Load what is new and put it on the shelf in one step; what fails leaves everything as it was.

    Raises:
        BadData: a file cannot be read, lacks a column, or too many of its rows are bad.
    """
    before = Shelf.read(folder)
    shelf, done, warnings = before, Loaded(), list[str]()
    ordered = sorted(exports, key=lambda export: (export.made_at, export.name))
    for number, export in enumerate(ordered):
        progress(number / len(ordered), f"reading {export.name}")
        digest = digest_of(export.files)
        if digest in shelf.digests:
            done = _more(done, unchanged=1)
            continue
        partitions, rows, bad, said = _load_one(folder, export, limits)
        newer = {key: one for key, one in partitions.items() if _is_newer(one, shelf.partitions.get(key))}
        shelf = shelf.with_load(newer, digests={**shelf.digests, digest: export.provider})
        warnings += said
        done = _more(done, partitions=tuple(newer), rows=rows, quarantined=bad, warnings=said)
    if shelf is not before:
        shelf = shelf.with_load({}, loaded_at=now.astimezone(UTC).isoformat(), warnings=tuple(dict.fromkeys(warnings)))
        shelf.put(folder)
        shelf.swept(folder, before=before)
    return shelf, done


def digest_of(files: Iterable[Path]) -> str:
    """The content of some files as one word, whatever they are called."""
    total = blake2b(digest_size=20)
    for file in sorted(files):
        with file.open("rb") as opened:
            while chunk := opened.read(1 << 20):
                total.update(chunk)
        total.update(b"\x1f")
    return total.hexdigest()


def connect() -> duckdb.DuckDBPyConnection:
    """A DuckDB in memory whose days are UTC days wherever it runs."""
    connection = duckdb.connect()
    connection.execute("SET GLOBAL TimeZone = 'UTC'")
    connection.execute("SET preserve_insertion_order = true")
    return connection


def _load_one(folder: Path, export: Export, limits: Limits) -> tuple[dict[str, Partition], int, int, tuple[str, ...]]:
    """Write one export's partitions beside the present ones."""
    name = f"load-{uuid4().hex[:12]}"
    with connect() as connection:
        readings = [reading(connection, file) for file in export.files]
        union = " UNION ALL BY NAME ".join(f"({one.sql})" for one in readings)
        part = (
            "CASE WHEN _problem IS NOT NULL THEN 'bad' ELSE"
            " left(md5(BillingAccountId), 12) || '_' || strftime(BillingPeriodStart, '%Y-%m') END"
        )
        target = folder / name
        target.mkdir(parents=True)
        connection.execute(
            f"COPY (SELECT *, {part} AS _part FROM ({union})) TO {literal(target)}"
            " (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (_part), FILENAME_PATTERN 'part-{i}')"
        )
        bad = _judged(connection, export, target, limits)
        partitions, rows = _partitions(connection, folder, export, target)
    warnings = tuple(dict.fromkeys(warning for one in readings for warning in one.warnings))
    told = (f"{export.name}: {bad} of {rows + bad} rows are quarantined",) if bad else ()
    return partitions, rows, bad, (*warnings, *told)


def _judged(connection: duckdb.DuckDBPyConnection, export: Export, target: Path, limits: Limits) -> int:
    """Move bad rows into the quarantine, or refuse the export for having too many; how many they are.

    Raises:
        BadData: too many; names the first of them.
    """
    ragged = rejected(connection)
    connection.execute("CREATE TABLE bad (file VARCHAR, row BIGINT, reason VARCHAR, cost VARCHAR)")
    if ragged:
        connection.executemany("INSERT INTO bad VALUES (?, ?, ?, NULL)", ragged)
    if any(target.glob("_part=bad/*.parquet")):
        connection.execute(
            f"INSERT INTO bad SELECT _file, _row, _problem, CAST(BilledCost AS VARCHAR)"
            f" FROM read_parquet({literal(target / '_part=bad/*.parquet')})"
        )
    [(bad, cost)] = connection.execute(
        "SELECT count(*), coalesce(sum(abs(TRY_CAST(cost AS DECIMAL(38,12)))), 0) FROM bad"
    ).fetchall()
    if not bad:
        return 0
    good = [file for file in target.glob("_part=*/*.parquet") if file.parent.name != "_part=bad"]
    rows, total = 0, Decimal(0)
    if good:
        [(rows, total)] = connection.execute(
            f"SELECT count(*), coalesce(sum(abs(BilledCost)), 0) FROM read_parquet({[str(file) for file in good]})"
        ).fetchall()
    if bad > limits.rows * (rows + bad) or cost > limits.cost * (total + cost):
        first = connection.execute("SELECT file, row, reason FROM bad ORDER BY file, row LIMIT 3").fetchall()
        shown = "; ".join(f"{file}, row {row}: {reason}" for file, row, reason in first)
        raise BadData(
            f"export {export.name}: {bad} of {rows + bad} rows cannot be read ({shown}); nothing of it was loaded,"
            " and the former rows stay"
        )
    shelf = target.parent / QUARANTINE
    shelf.mkdir(exist_ok=True)
    connection.execute(
        f"COPY (SELECT file, row, reason FROM bad ORDER BY file, row) TO {literal(shelf / f'{target.name}.csv')}"
    )
    return int(bad)


def _partitions(
    connection: duckdb.DuckDBPyConnection, folder: Path, export: Export, target: Path
) -> tuple[dict[str, Partition], int]:
    """Sum each partition into its mart, and name it by its account and period."""
    keys = _tag_keys(connection, target)
    found: dict[str, Partition] = {}
    total = 0
    for path in sorted(target.glob("_part=*")):
        if path.name == "_part=bad":
            continue
        mart = target / f"mart-{path.name.removeprefix('_part=')}.parquet"
        connection.execute(_mart(path / "*.parquet", mart, keys))
        [(account, period, count)] = connection.execute(
            f"SELECT any_value(BillingAccountId), any_value(strftime(BillingPeriodStart, '%Y-%m')), count(*)"
            f" FROM read_parquet({literal(path / '*.parquet')})"
        ).fetchall()
        rows = f"{path.relative_to(folder)}/*.parquet"
        made = export.made_at.astimezone(UTC).isoformat()
        found[f"{account}|{period}"] = Partition(
            rows, str(mart.relative_to(folder)), export.name, export.provider, made, int(count)
        )
        total += int(count)
    return found, total


def _tag_keys(connection: duckdb.DuckDBPyConnection, target: Path) -> list[str]:
    """The tag keys that are dimensions: those with few values, the most used first."""
    if not any(file.parent.name != "_part=bad" for file in target.glob("_part=*/*.parquet")):
        return []
    rows = connection.execute(
        f"SELECT key, count(*) AS uses FROM (SELECT unnest(map_keys(Tags)) AS key, unnest(map_values(Tags)) AS value"
        f" FROM read_parquet({literal(target / '_part=*/*.parquet')}, hive_partitioning = true) WHERE _part <> 'bad')"
        f" GROUP BY key HAVING count(DISTINCT value) <= {MART_TAG_VALUES} ORDER BY uses DESC, key LIMIT {MART_TAGS}"
    ).fetchall()
    return sorted(str(key) for key, _ in rows)


def _mart(rows: Path, mart: Path, keys: Sequence[str]) -> str:
    """The statement that writes the daily sums of one partition."""
    listed = "[" + ", ".join(map(literal, keys)) + "]::VARCHAR[]"
    tags = f"map_from_entries(list_filter(map_entries(Tags), lambda entry: list_contains({listed}, entry.key)))"
    sums = ", ".join(f"sum({name}) AS {name}" for name in ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost"))
    columns = ", ".join(MART_DIMENSIONS)
    return (
        f"COPY (SELECT CAST(ChargePeriodStart AS DATE) AS Day, {columns}, {tags} AS Tags, {listed} AS TagKeys, {sums}"
        f" FROM read_parquet({literal(rows)}) GROUP BY ALL ORDER BY ALL) TO {literal(mart)}"
        " (FORMAT parquet, COMPRESSION zstd)"
    )


def _is_newer(one: Partition, other: Partition | None) -> bool:
    return other is None or one.made_at >= other.made_at


def _more(done: Loaded, **more: object) -> Loaded:
    """The report with something added to it."""
    now = {name: getattr(done, name) + value for name, value in more.items()}
    return Loaded(**{**{name: getattr(done, name) for name in done.__slots__}, **now})
