"""Loading: exports become partitions, one account and billing period each, replaced whole or not at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import blake2b
from pathlib import Path
from shutil import copyfile, rmtree
from uuid import uuid4

import duckdb

from analysis.errors import BadData
from providers.focus.bulk import Bulk, refuse_bomb
from providers.focus.columns import COSTS, LARGEST_COST
from providers.focus.reader import Reading, literal, reading, rejected, together
from providers.lake.shelf import Partition, Shelf, synced, writing
from providers.provider import Export, Progress

MOST_BAD_ROWS = Decimal("0.01")
MOST_BAD_COST = Decimal("0.005")
QUARANTINE = "quarantine"
ROWS, MART = "rows.parquet", "mart.parquet"
KEPT = "bill"  # the folder of a load whose Parquet files were sound, and are read as they came
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
SIDE_BY_SIDE = 3  # exports: the one is written while the other is summed up
MART_TAGS = 12  # keys; the rest of the tags is asked of the rows
MART_TAG_VALUES = 200  # a key with more is no dimension of a company but an id
ENOUGH_TO_TELL = 100  # rows of a provider before "all of them are whole numbers" means anything


@dataclass(frozen=True, slots=True)
class Loaded:
    """What one ingest did: partitions replaced, rows that count now, rows put aside, exports known already."""

    partitions: tuple[str, ...] = ()
    rows: int = 0
    quarantined: int = 0
    unchanged: int = 0
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of an export may be unreadable before all of it is refused (shares of rows and of cost), and its bulk.

    The cost of a row is known only where its BilledCost can be read.
    """

    rows: Decimal = MOST_BAD_ROWS
    cost: Decimal = MOST_BAD_COST
    bulk: Bulk = field(default_factory=Bulk)
    memory: str = ""  # what a load may hold (``4GB``): beyond it, it spills


@dataclass(frozen=True, slots=True)
class One:
    """What one export came to, written beside the present rows."""

    export: Export
    partitions: dict[str, Partition]
    quarantined: int


def load(
    folder: Path, exports: Sequence[Export], now: datetime, *, limits: Limits, progress: Progress
) -> tuple[Shelf, Loaded]:
    """Load what is new and put it on the shelf in one step; what fails leaves everything as it was.

    Raises:
        BadData: a file cannot be read, lacks a column, or too many of its rows are bad.
    """
    with writing(folder):
        before = Shelf.read(folder)
        try:
            shelf, done = _loaded(folder, before, exports, limits, progress)
        except BaseException:
            before.swept(folder, before=before)
            raise
        if shelf is not before:
            shelf = replace(shelf, loaded_at=now.astimezone(UTC).isoformat())
            shelf.put(folder)
            shelf.swept(folder, before=before)
        return shelf, done


def _loaded(
    folder: Path, shelf: Shelf, exports: Sequence[Export], limits: Limits, progress: Progress
) -> tuple[Shelf, Loaded]:
    bad = 0
    brought: dict[str, Partition] = {}
    warnings: list[str] = []
    ordered = sorted(exports, key=lambda export: (export.made_at, export.name))
    shelf = shelf.by_one_way({export.provider: export.way for export in ordered})
    with (
        connect(folder, limits.memory) as database,
        ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="lake") as pool,
    ):
        fresh: dict[str, Export] = {}
        for digest, export in zip(pool.map(lambda one: digest_of(one.files), ordered), ordered, strict=True):
            if digest not in shelf.digests:
                fresh.setdefault(digest, export)
        loaded = pool.map(lambda export: _load_one(database.cursor(), folder, export, limits), fresh.values())
        for number, (digest, export) in enumerate(fresh.items()):
            progress(number / len(fresh), f"reading {number + 1} of {len(fresh)} exports, {export.name}")
            one = next(loaded)
            newer = {key: part for key, part in one.partitions.items() if _is_newer(part, shelf.partitions.get(key))}
            if len(newer) < len(one.partitions):
                newer = {key: replace(part, shared=True) for key, part in newer.items()}
            warnings += [
                f"{_said(key)} is in {brought[key].export} and in {export.name}: the newer, {export.name}, counts"
                for key in newer
                if key in brought
            ]
            shelf = shelf.with_load(newer, {digest: export.provider})
            brought |= newer
            bad += one.quarantined
    warnings += [said for part in brought.values() for said in part.warnings]
    rows = sum(part.count for part in brought.values())
    return shelf, Loaded(tuple(brought), rows, bad, len(ordered) - len(fresh), tuple(dict.fromkeys(warnings)))


def digest_of(files: Iterable[Path]) -> str:
    """The content of some files as one word, whatever they are called.

    Raises:
        BadData: one of them cannot be opened.
    """
    total = blake2b(digest_size=20)
    for file in sorted(files):
        try:
            with file.open("rb") as opened:
                while chunk := opened.read(1 << 20):
                    total.update(chunk)
        except OSError as error:
            raise BadData(f"{file}: cannot be opened: {error.strerror}") from None
        total.update(b"\x1f")
    return total.hexdigest()


def connect(folder: Path, memory: str = "") -> duckdb.DuckDBPyConnection:
    """A DuckDB in memory whose days are UTC days wherever it runs, and which spills into ``folder``."""
    connection = duckdb.connect()
    connection.execute("SET GLOBAL TimeZone = 'UTC'")
    connection.execute("SET preserve_insertion_order = false")
    connection.execute(f"SET GLOBAL temp_directory = {literal(folder / '.spill')}")
    if memory:
        connection.execute(f"SET GLOBAL memory_limit = {literal(memory)}")
    return connection


def _load_one(database: duckdb.DuckDBPyConnection, folder: Path, export: Export, limits: Limits) -> One:
    """Write one export's partitions beside the present ones.

    Raises:
        BadData: a file cannot be read, lacks a column, or too many of its rows are bad.
    """
    target = folder / f"load-{uuid4().hex[:12]}"
    target.mkdir()
    with database as connection:
        for file in export.files:
            refuse_bomb(connection, file, limits.bulk)
        readings = [reading(connection, file) for file in export.files]
        try:
            if not _kept(connection, export, target):
                _write(connection, readings, target)
                connection.execute(_summed(f"read_parquet({literal(target / ROWS)})"))
            bad, total = _judged(connection, export, readings, target, limits)
            told = [f"{export.name}: {bad} of {total} rows are quarantined"] if bad else []
            said = (*told, *_warnings(connection, export, readings, target))
            known, others = _tag_keys(connection)
            connection.execute(_mart(target, known, as_it_is=not others and _unmixed(connection)))
            made = export.made_at.astimezone(UTC).isoformat()
            common = (export.name, export.provider, made)
            partitions = {
                key: Partition(target.name, bad > 0, *common, count, known, others, said, export.way)
                for key, count in _counts(connection)
            }
        except duckdb.Error as error:
            raise BadData(f"export {export.name} cannot be read: {str(error).splitlines()[0]}") from None
    for path in (*target.rglob("*.parquet"), *target.glob(KEPT), target):
        synced(path)
    return One(export, partitions, bad)


def _kept(connection: duckdb.DuckDBPyConnection, export: Export, target: Path) -> bool:
    """Keep the files as they came and sum them up, if all of them are Parquet and every row is sound.

    Writing the rows anew takes ten times as long as summing them up, and helps nobody.
    """
    if any(file.suffix != ".parquet" for file in export.files):
        return False
    aside = target / KEPT
    aside.mkdir()
    for number, file in enumerate(export.files):
        copyfile(file, aside / f"{number:05}.parquet")
    connection.execute(_summed(together(connection, sorted(aside.iterdir()))))
    if connection.execute("SELECT 1 FROM summed WHERE _problem IS NOT NULL LIMIT 1").fetchall():
        connection.execute("DROP TABLE summed")
        rmtree(aside)
        return False
    return True


def _write(connection: duckdb.DuckDBPyConnection, readings: Sequence[Reading], target: Path) -> None:
    """Write all rows, the bad ones too, into one file."""
    union = " UNION ALL BY NAME ".join(f"({one.sql})" for one in readings)
    connection.execute(f"COPY ({union}) TO {literal(target / ROWS)} (FORMAT parquet, COMPRESSION zstd)")


def _summed(rows: str) -> str:
    """The statement that makes ``summed``: daily sums of all rows, by what is said of them and what is wrong."""
    sums = ", ".join(f"sum(CASE WHEN _problem IS NULL THEN {name} END) AS {name}" for name in COSTS)
    return (
        "CREATE TEMP TABLE summed AS SELECT CAST(date_trunc('month', BillingPeriodStart) AS DATE) AS BillingPeriod,"
        f" CAST(ChargePeriodStart AS DATE) AS Day, {', '.join(MART_DIMENSIONS)}, Tags, _note, _problem,"
        f" {sums}, count(*) AS Rows FROM ({rows}) GROUP BY ALL"
    )


def rows_of(connection: duckdb.DuckDBPyConnection, load: Path) -> str:
    """The query of all rows of a load."""
    kept = sorted((load / KEPT).glob("*.parquet"))
    return together(connection, kept) if kept else f"FROM read_parquet({literal(load / ROWS)})"


def _judged(
    connection: duckdb.DuckDBPyConnection, export: Export, readings: Sequence[Reading], target: Path, limits: Limits
) -> tuple[int, int]:
    """Enter bad rows into the quarantine, or refuse the export for having too many; how many of how many rows.

    Raises:
        BadData: too many; names the first of them.
    """
    [(rows, unsound)] = connection.execute(
        "SELECT coalesce(sum(Rows) FILTER (_problem IS NULL), 0), count(_problem) FROM summed"
    ).fetchall()
    ragged = rejected(connection)
    if not ragged and not unsound:
        return 0, int(rows)
    [(total,)] = connection.execute(
        f"SELECT coalesce(sum(abs(BilledCost)), 0) FROM ({rows_of(connection, target)}) WHERE _problem IS NULL"
    ).fetchall()
    _find_bad(connection, readings, ragged)
    [(bad, cost)] = connection.execute("SELECT count(*), coalesce(sum(abs(cost)), 0) FROM bad").fetchall()
    if bad > limits.rows * (rows + bad) or cost > limits.cost * (total + cost):
        first = connection.execute('SELECT file, "row", reason FROM bad ORDER BY ALL LIMIT 3').fetchall()
        shown = "; ".join(f"{file}, row {row}: {reason}" for file, row, reason in first)
        raise BadData(
            f"export {export.name}: {bad} of {rows + bad} rows cannot be read ({shown}); nothing of it was loaded,"
            " and the former rows stay"
        )
    shelf = target.parent / QUARANTINE
    shelf.mkdir(exist_ok=True)
    connection.execute(f"COPY (FROM bad ORDER BY ALL) TO {literal(shelf / f'{target.name}.parquet')} (FORMAT parquet)")
    return int(bad), int(rows + bad)


def _find_bad(
    connection: duckdb.DuckDBPyConnection, readings: Sequence[Reading], ragged: Sequence[tuple[str, int, str]]
) -> None:
    """Make the table ``bad``: every row that does not count, with its file, its number there, why, and its cost.

    Rows were numbered without the ragged ones, which are put back: the ``i``-th of these (from 0), with the number
    ``row``, comes before the ``k``-th other row where ``row - i <= k``.
    """
    connection.execute("SET preserve_insertion_order = true")
    connection.execute('CREATE TEMP TABLE ragged (file VARCHAR, "row" BIGINT, reason VARCHAR)')
    if ragged:
        connection.executemany("INSERT INTO ragged VALUES (?, ?, ?)", ragged)
    cost = f"CASE WHEN abs(BilledCost) < {LARGEST_COST} THEN BilledCost END AS cost"
    judged = " UNION ALL ".join(
        f"SELECT _file, _row, _problem, {cost} FROM ({one.numbered}) WHERE _problem IS NOT NULL" for one in readings
    )
    connection.execute(
        f"CREATE TEMP TABLE bad AS WITH told AS ({judged}),"
        ' gaps AS (SELECT file, "row" - row_number() OVER (PARTITION BY file ORDER BY "row") + 1 AS after FROM ragged)'
        ' SELECT _file AS file, _row + (SELECT count(*) FROM gaps WHERE gaps.file = _file AND after <= _row) AS "row",'
        " _problem AS reason, cost FROM told UNION ALL"
        ' SELECT file, "row", reason, NULL FROM ragged'
    )


def _warnings(
    connection: duckdb.DuckDBPyConnection, export: Export, readings: Sequence[Reading], target: Path
) -> Iterator[str]:
    """What had to be put right, or cannot be, in words."""
    for name, count in sorted(Counter(name for one in readings for name in one.stood_in).items()):
        yield f"{export.name} has no {name} in {count} of {len(readings)} files: BilledCost stands in for it"
    notes = connection.execute(
        "SELECT _note, sum(Rows) FROM summed WHERE _note IS NOT NULL AND _problem IS NULL GROUP BY 1 ORDER BY 1"
    )
    for note, count in notes.fetchall():
        yield f"{export.name}: {note} ({count} rows)"
    whole = (  # the sums of whole numbers are whole: only where they are must the rows be looked at
        "SELECT ProviderName FROM {} WHERE _problem IS NULL GROUP BY 1"
        " HAVING bool_and(EffectiveCost = trunc(EffectiveCost)) AND bool_or(EffectiveCost <> 0){} ORDER BY 1"
    )
    if not connection.execute(whole.format("summed", "")).fetchall():
        return
    fractions = f" AND count(*) FILTER (BilledCost <> trunc(BilledCost)) >= {ENOUGH_TO_TELL}"
    rounded = connection.execute(whole.format(f"({rows_of(connection, target)})", fractions))
    for (provider,) in rounded.fetchall():
        yield (
            f"{export.name}: each EffectiveCost of {provider} is a whole number while BilledCost is not;"
            " it was rounded before it came here, so ask for BilledCost"
        )


def _counts(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, int]]:
    """The partitions of a load, ``<billing account>|<period>``, with their numbers of rows."""
    rows = connection.execute(
        "SELECT BillingAccountId, strftime(BillingPeriod, '%Y-%m'), sum(Rows)"
        " FROM summed WHERE _problem IS NULL GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    return [(f"{account}|{period}", int(count)) for account, period, count in rows]


def _tag_keys(connection: duckdb.DuckDBPyConnection) -> tuple[list[str], list[str]]:
    """The tag keys that are dimensions (those with few values, the most used first), and all others."""
    rows = connection.execute(
        "SELECT pair.key, count(DISTINCT pair.value) AS meanings, sum(uses) AS uses FROM ("
        " SELECT unnest(map_entries(Tags)) AS pair, uses FROM"
        " (SELECT Tags, sum(Rows) AS uses FROM summed WHERE Tags IS NOT NULL AND _problem IS NULL GROUP BY Tags)"
        ") GROUP BY 1 ORDER BY uses DESC, 1"
    ).fetchall()
    few = [str(key) for key, meanings, _ in rows if meanings <= MART_TAG_VALUES][:MART_TAGS]
    return sorted(few), sorted({str(key) for key, *_ in rows} - set(few))


def _unmixed(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether nothing was said of any row: then each row of ``summed`` is one of the daily sums already."""
    said = "SELECT 1 FROM summed WHERE _note IS NOT NULL OR _problem IS NOT NULL LIMIT 1"
    return not connection.execute(said).fetchall()


def _mart(target: Path, keys: Sequence[str], *, as_it_is: bool) -> str:
    """The statement that writes the daily sums of a load; ``as_it_is``: ``summed`` holds them, whole."""
    if as_it_is:
        sums = f"Tags, {', '.join(COSTS)}, Rows FROM summed"
    else:
        listed = "[" + ", ".join(map(literal, keys)) + "]::VARCHAR[]"
        tags = f"map_from_entries(list_filter(map_entries(Tags), lambda entry: list_contains({listed}, entry.key)))"
        added = ", ".join(f"sum({name}) AS {name}" for name in COSTS)
        sums = f"{tags} AS Tags, {added}, sum(Rows) AS Rows FROM summed WHERE _problem IS NULL GROUP BY ALL"
    return (
        f"COPY (SELECT BillingPeriod, Day, {', '.join(MART_DIMENSIONS)}, {sums} ORDER BY Day)"
        f" TO {literal(target / MART)} (FORMAT parquet, COMPRESSION zstd)"
    )


def _is_newer(one: Partition, other: Partition | None) -> bool:
    return other is None or one.made_at >= other.made_at


def _said(key: str) -> str:
    account, _, period = key.rpartition("|")
    return f"{period} of billing account {account}"
