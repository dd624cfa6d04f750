"""Loading: exports become partitions, one account and billing period each, replaced whole or not at all."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import file_digest, sha256
from pathlib import Path
from shutil import copyfile, rmtree
from uuid import uuid4

import duckdb

from analysis.errors import BadData
from providers.focus.bulk import refuse_bombs
from providers.focus.columns import COSTS
from providers.focus.reader import reading, rejected
from providers.focus.together import Rows, alike, together
from providers.lake.limits import Limits
from providers.lake.quarantine import put_aside
from providers.lake.shelf import FORMAT, Partition, Shelf, synced, writing
from providers.lake.sums import Part, Sums
from providers.provider import Export, Progress
from providers.sql import literal

ROWS, MART = "rows.parquet", "mart.parquet"
KEPT = "bill"  # the folder of a load whose Parquet files were sound, and are read as they came
FINISHED = "load.json"  # in the folder of a load that is whole: should its process die now, the next takes it up
SIDE_BY_SIDE = 2  # batches: the one is written while the other is summed up
BATCH_BYTES = 256 << 20  # of Parquet that is summed up by one statement: some 15 to 30 million rows
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
class One:
    """What one export came to, written beside the present rows; ``billed`` is by currency, for whoever waits."""

    partitions: Mapping[str, Partition]
    quarantined: int
    billed: Mapping[str, str]

    @property
    def rows(self) -> int:
        """How many count."""
        return sum(part.count for part in self.partitions.values())


@dataclass(frozen=True, slots=True)
class Fresh:
    """An export that is not on the shelf, by the digest of its content."""

    digest: str
    export: Export

    @property
    def size(self) -> int:
        """Bytes of its files."""
        return sum(file.stat().st_size for file in self.export.files)

    @property
    def is_parquet(self) -> bool:
        """Whether all its files are."""
        return all(file.suffix == ".parquet" for file in self.export.files)


def load(
    folder: Path, exports: Sequence[Export], now: datetime, *, limits: Limits, progress: Progress
) -> tuple[Shelf, Loaded]:
    """Load what is new and put it on the shelf in one step; what fails leaves everything as it was.

    A load whose process was killed is taken up again: exports that it had finished are not read a second time.

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
    brought: dict[str, Partition] = {}
    warnings: list[str] = []
    ordered = sorted(exports, key=lambda export: (export.made_at, export.name))
    shelf = shelf.by_one_way({export.provider: export.way for export in ordered})
    known = len(shelf.digests)
    bad = 0
    with closing(_each_fresh(folder, shelf, ordered, limits, progress)) as loaded:
        for fresh, one in loaded:
            newer = {key: part for key, part in one.partitions.items() if _is_newer(part, shelf.partitions.get(key))}
            if len(newer) < len(one.partitions):
                newer = {key: replace(part, shared=True) for key, part in newer.items()}
            warnings += [
                f"{_said(key)} is in {brought[key].export} and in {part.export}: the newer, {part.export}, counts"
                for key, part in newer.items()
                if key in brought
            ]
            shelf = shelf.with_load(newer, {fresh.digest: fresh.export.provider})
            brought |= newer
            bad += one.quarantined
    warnings += [said for part in brought.values() for said in part.warnings]
    rows = sum(part.count for part in brought.values())
    unchanged = len(ordered) - (len(shelf.digests) - known)
    return shelf, Loaded(tuple(brought), rows, bad, unchanged, tuple(dict.fromkeys(warnings)))


def _each_fresh(
    folder: Path, shelf: Shelf, exports: Sequence[Export], limits: Limits, progress: Progress
) -> Generator[tuple[Fresh, One]]:
    """Load every export that is not known, in their order, and tell how far it is: by bytes, in rows and dollars."""
    with (
        connect(folder, limits.memory) as database,
        ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="lake") as pool,
    ):
        found: dict[str, Fresh] = {}
        for digest, export in zip(pool.map(lambda one: digest_of(one.files), exports), exports, strict=True):
            if digest not in shelf.digests:
                found.setdefault(digest, Fresh(digest, export))
        finished = _finished(folder, shelf)
        to_read = [fresh for fresh in found.values() if fresh.digest not in finished]
        batches = pool.map(lambda batch: _load_batch(database, folder, batch, limits), _batches(to_read))
        loaded = (one for batch in batches for one in batch)
        whole = sum(fresh.size for fresh in found.values()) or 1
        size = rows = 0
        billed: dict[str, Decimal] = defaultdict(Decimal)
        for number, fresh in enumerate(found.values()):
            so_far = f", {rows:,} rows and {_amounts(billed)} so far" if rows else ""
            progress(size / whole, f"reading {number + 1} of {len(found)} exports, {fresh.export.name}{so_far}")
            one = finished.get(fresh.digest) or next(loaded)
            size += fresh.size
            rows += one.rows
            for currency, amount in one.billed.items():
                billed[currency] += Decimal(amount)
            yield fresh, one


def _batches(fresh: Sequence[Fresh]) -> Iterator[Sequence[Fresh]]:
    """Exports that are summed up together: Parquet, until it is enough; anything else is alone."""
    batch: list[Fresh] = []
    for one in fresh:
        if batch and (not one.is_parquet or sum(each.size for each in batch) + one.size > BATCH_BYTES):
            yield batch
            batch = []
        batch.append(one)
        if not one.is_parquet:
            yield batch
            batch = []
    if batch:
        yield batch


def _finished(folder: Path, shelf: Shelf) -> Mapping[str, One]:
    """What a load that was killed had finished, by digest."""
    on_shelf = {one.load for one in shelf.partitions.values()}
    found: dict[str, One] = {}
    for file in folder.glob(f"load-*/{FINISHED}"):
        if file.parent.name not in on_shelf:
            raw = json.loads(file.read_text("utf-8"))
            if raw["format"] == FORMAT:
                partitions = {key: Partition(**one) for key, one in raw["partitions"].items()}
                found[raw["digest"]] = One(partitions, raw["quarantined"], raw["billed"])
    return found


def digest_of(files: Iterable[Path]) -> str:
    """The content of some files as one word, whatever they are called.

    Raises:
        BadData: one of them cannot be opened.
    """
    total = sha256()
    for file in sorted(files):
        try:
            with file.open("rb") as opened:
                total.update(file_digest(opened, "sha256").digest())
        except OSError as error:
            raise BadData(f"{file}: cannot be opened: {error.strerror}") from None
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


def _load_batch(
    database: duckdb.DuckDBPyConnection, folder: Path, batch: Sequence[Fresh], limits: Limits
) -> Sequence[One]:
    """Write some exports' partitions beside the present ones: together where all is sound, else each by itself.

    Raises:
        BadData: a file cannot be read, lacks a column, or too many of its rows are bad.
    """
    with database.cursor() as connection:
        refuse_bombs(connection, [file for fresh in batch for file in fresh.export.files], limits.bulk)
        try:
            sound = _kept(connection, folder, batch) if batch[0].is_parquet else {}
        except duckdb.Error as error:
            if len(batch) == 1:
                raise _unreadable(batch[0].export, error) from None
            return [_load_batch(database, folder, [fresh], limits)[0] for fresh in batch]
        return [sound.get(number) or _written(connection, folder, fresh, limits) for number, fresh in enumerate(batch)]


def _kept(connection: duckdb.DuckDBPyConnection, folder: Path, batch: Sequence[Fresh]) -> Mapping[int, One]:
    """Keep Parquet files as they came and sum them up; those exports, by number, all of whose rows are sound.

    Writing the rows anew takes ten times as long as summing them up, and helps nobody.

    Raises:
        BadData: a file lacks a column.
    """
    targets = [_begun(folder) for _ in batch]
    files: dict[Path, int] = {}
    whence: list[Path] = []
    for number, (fresh, target) in enumerate(zip(batch, targets, strict=True)):
        (target / KEPT).mkdir()
        files |= {target / KEPT / f"{place:05}.parquet": number for place in range(len(fresh.export.files))}
        whence += fresh.export.files
    with ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="disk") as disk:
        list(disk.map(copyfile, whence, files))
        safe = disk.map(synced, files)  # the disk is waited for while the processors add
        rows = alike(connection, list(files), numbers=list(files.values()))
        sums = Sums(connection, f"sums_{uuid4().hex}", rows)
        list(safe)
    unsound = sums.unsound()
    for number in unsound:
        rmtree(targets[number])
    sound = {number: (batch[number], targets[number]) for number in range(len(batch)) if number not in unsound}
    ones = _completed(connection, sums, sound)
    sums.drop()
    return ones


def _written(connection: duckdb.DuckDBPyConnection, folder: Path, fresh: Fresh, limits: Limits) -> One:
    """Write all rows of an export anew, put the bad ones aside, and sum up the rest.

    Raises:
        BadData: a file cannot be read, lacks a column, or too many of its rows are bad.
    """
    export, target = fresh.export, _begun(folder)
    try:
        readings = [reading(connection, file) for file in export.files]
        union = " UNION ALL BY NAME ".join(f"({one.sql})" for one in readings)
        connection.execute(f"COPY ({union}) TO {literal(target / ROWS)} (FORMAT parquet, COMPRESSION zstd)")
        counting = ", ".join(f"CASE WHEN _problem IS NULL THEN {name} END AS {name}" for name in COSTS)
        counting += ", CAST(to_json(Tags) AS VARCHAR) AS Tags"
        rows = f"SELECT * REPLACE ({counting}) FROM read_parquet({literal(target / ROWS)})"
        sums = Sums(connection, f"sums_{uuid4().hex}", [Rows(rows, {"_number": "0"})])
        ragged = rejected(connection)
        is_sound = not ragged and not sums.unsound()
        bad, total = (0, 0) if is_sound else put_aside(connection, export, readings, ragged, target / ROWS, limits)
        told = [f"{export.name}: {bad} of {total} rows are quarantined"] if bad else []
        one = _completed(connection, sums, {0: (fresh, target)}, told, bad)[0]
        sums.drop()
    except duckdb.Error as error:
        raise _unreadable(export, error) from None
    return one


def _completed(
    connection: duckdb.DuckDBPyConnection,
    sums: Sums,
    loads: Mapping[int, tuple[Fresh, Path]],
    told: Sequence[str] = (),
    bad: int = 0,
) -> Mapping[int, One]:
    """Write the daily sums of some exports, by their numbers, and have all of their loads surely on the disk."""
    with ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="sums") as pool:
        asked = pool.submit(sums.parts), pool.submit(sums.notes), pool.submit(sums.whole)
        keys = sums.tag_keys()
    parts, notes, whole = asked[0].result(), asked[1].result(), asked[2].result()

    def completed(number: int) -> One:
        fresh, target = loads[number]
        export, few, others = fresh.export, *keys.get(number, ([], []))
        sums.write(number, target / MART, few if others else None)
        with connection.cursor() as cursor:
            said = [*told, *_stood_in(cursor, export)]
            said += [f"{export.name}: {note} ({count} rows)" for note, count in notes.get(number, ())]
            if number in whole:
                said += _rounded(cursor, export, target)
        made = export.made_at.astimezone(UTC).isoformat()
        common = (target.name, bad > 0, export.name, export.provider, made)
        mine = parts.get(number, ())
        partitions = {part.key: Partition(*common, part.rows, few, others, said, export.way) for part in mine}
        one = One(partitions, bad, _billed(mine))
        for path in (*target.rglob("*.parquet"), *target.glob(KEPT)):
            synced(path)
        (target / FINISHED).write_text(json.dumps({"format": FORMAT, "digest": fresh.digest, **asdict(one)}), "utf-8")
        for path in (target / FINISHED, target):
            synced(path)
        return one

    with ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="sums") as pool:
        return dict(zip(loads, pool.map(completed, loads), strict=True))


def rows_of(connection: duckdb.DuckDBPyConnection, load: Path) -> str:
    """The query of all rows of a load."""
    kept = sorted((load / KEPT).glob("*.parquet"))
    return together(connection, kept) if kept else f"FROM read_parquet({literal(load / ROWS)})"


def _stood_in(connection: duckdb.DuckDBPyConnection, export: Export) -> Iterator[str]:
    """Which costs its files have not got, in words."""
    missing = Counter(name for file in export.files for name in reading(connection, file).stood_in)
    for name, count in sorted(missing.items()):
        yield f"{export.name} has no {name} in {count} of {len(export.files)} files: BilledCost stands in for it"


def _rounded(connection: duckdb.DuckDBPyConnection, export: Export, load: Path) -> Iterator[str]:
    """Which providers' EffectiveCost was rounded to whole numbers before it came here, in words."""
    rows = connection.execute(
        f"SELECT ProviderName FROM ({rows_of(connection, load)}) WHERE _problem IS NULL GROUP BY 1"
        " HAVING bool_and(EffectiveCost = trunc(EffectiveCost)) AND bool_or(EffectiveCost <> 0)"
        f" AND count(*) FILTER (BilledCost <> trunc(BilledCost)) >= {ENOUGH_TO_TELL} ORDER BY 1"
    ).fetchall()
    for (provider,) in rows:
        yield (
            f"{export.name}: each EffectiveCost of {provider} is a whole number while BilledCost is not;"
            " it was rounded before it came here, so ask for BilledCost"
        )


def _begun(folder: Path) -> Path:
    """The folder of a new load."""
    target = folder / f"load-{uuid4().hex[:12]}"
    target.mkdir()
    return target


def _unreadable(export: Export, error: duckdb.Error) -> BadData:
    return BadData(f"export {export.name} cannot be read: {str(error).splitlines()[0]}")


def _billed(parts: Iterable[Part]) -> Mapping[str, str]:
    """What was billed, by currency."""
    found: dict[str, Decimal] = defaultdict(Decimal)
    for part in parts:
        for currency, amount in part.billed.items():
            found[currency] += amount
    return {currency: str(amount) for currency, amount in found.items()}


def _amounts(billed: Mapping[str, Decimal]) -> str:
    return " and ".join(f"{amount:,.0f} {currency}" for currency, amount in sorted(billed.items()))


def _is_newer(one: Partition, other: Partition | None) -> bool:
    return other is None or one.made_at >= other.made_at


def _said(key: str) -> str:
    account, _, period = key.rpartition("|")
    return f"{period} of billing account {account}"
