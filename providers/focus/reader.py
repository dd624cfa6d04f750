"""One FOCUS file as an SQL query: its columns found, cast and mended, and each row judged; set-wise, in DuckDB."""

from __future__ import annotations

import csv
import gzip
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path

import duckdb

from analysis.errors import BadData
from providers.focus.columns import COLUMNS, COSTS, DECIMALS, LARGEST, LARGEST_COST, NEEDED, Kind
from providers.focus.footer import NOTHING, Facts, facts
from providers.focus.quirks import ALIASES, EXPRESSIONS

CODE = "^[A-Za-z]{3}$"
PLAIN_TIMES, ZONED = ("TIMESTAMP", "TIMESTAMP_NS", "TIMESTAMP_MS", "TIMESTAMP_S", "DATE"), "TIMESTAMP WITH TIME ZONE"
USUAL = ("USD", "EUR", "GBP")  # need no regular expression, which costs a tenth of a load
FIRST_TIME, LAST_TIME = datetime(2000, 1, 1), datetime(2100, 1, 1)  # noqa: DTZ001 (else a series would span centuries)
LONGEST_HEADING = 1 << 20  # bytes
MOST_REJECTED = 100_000  # ragged rows that are counted one by one; a file with more is no table

COLUMN = re.compile(r'"|file_index')  # in SQL that depends on the row

EMPTY = "{} is empty, so that BilledCost stands in for it"
FINE = f"a cost has more than {DECIMALS} decimals, and is rounded there"
NO_TAGS = "Tags are no JSON object, and are not read"


@dataclass(frozen=True, slots=True)
class Reading:
    """The query that reads one file, and what had to be said about it.

    Its columns are those of ``COLUMNS``, then ``x_extra`` (a map: columns nobody knows, and text that its column
    could not hold), ``_note`` (what was put right in the row, if anything) and ``_problem`` (NULL where the row is
    sound). ``numbered`` is the same with ``_file`` and ``_row`` (the record, from 1, without the heading; in a CSV
    without the rejected ones), and reads on one thread.
    """

    file: Path
    sql: str
    numbered: str
    stood_in: tuple[str, ...]  # cost columns the file has not got


@dataclass(frozen=True, slots=True)
class Rows:
    """The query of some rows; those of its columns that have one value throughout, or one for each ``_key``, as SQL."""

    sql: str
    same: Mapping[str, str] = field(default_factory=dict)
    by_key: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the file that is read: its name as SQL, what DuckDB says it holds, and what is sure of its cells.

    ``narrow``: a cost is left as it is stored, where that is exact.
    """

    raw: str
    kind: str
    facts: Facts = field(default_factory=Facts)
    narrow: bool = False

    @property
    def text(self) -> str:
        """Its value as text; a double in the shortest form that means it, as a CSV would have it."""
        if self.is_text:
            return self.raw if self.facts.only is None else literal(self.facts.only)
        return f"CAST({self.raw} AS VARCHAR)"

    @property
    def cost(self) -> str:
        """Its value as a cost; NULL if it is none, as NaN and 1e308."""
        if self.narrow and self.is_small:
            return self.raw
        return f"TRY_CAST({self.text if self.inexact else self.raw} AS {Kind.COST.value})"

    def added(self, read: str) -> str:
        """``read``, its value as a cost, so that sums of it stay in their bounds: NULL if it is too large."""
        return f"CASE WHEN abs({read}) < {LARGEST_COST} THEN {read} END" if self.narrow and not self.is_small else read

    @property
    def time(self) -> str:
        """Its value as a time in UTC, which is what a time without a zone is taken for; NULL if it is none."""
        if self.kind in PLAIN_TIMES:
            return f"CAST({self.raw} AS TIMESTAMP)"
        if self.kind == ZONED:
            return f"make_timestamp(epoch_us({self.raw}))"  # the same as timezone('UTC', ...), in a tenth of its time
        return f"timezone('UTC', TRY_CAST({self.text} AS TIMESTAMPTZ))"

    @property
    def is_small(self) -> bool:
        """Whether all its cells are surely costs, or empty."""
        bounds = {} if self.inexact else self.facts.numbers()
        return bool(bounds) and all(least > -LARGEST and most < LARGEST for least, most in bounds.values())

    @property
    def is_near(self) -> bool:
        """Whether all its cells are surely times that a bill can have, or empty."""
        bounds = self.facts.times() if self.kind in (*PLAIN_TIMES, ZONED) else {}
        return bool(bounds) and all(least >= FIRST_TIME and most < LAST_TIME for least, most in bounds.values())

    def is_never_before(self, other: Column) -> bool:
        """Whether its times, in each row, surely are not before those of another."""
        starts, ends = other.facts.times(), self.facts.times()
        near = self.is_near and other.is_near
        return near and all(group in starts and starts[group][1] <= ends[group][0] for group in ends)

    @property
    def is_text(self) -> bool:
        """Whether it holds text."""
        return self.kind == "VARCHAR"

    @property
    def inexact(self) -> bool:
        """Whether it may hold more decimals than a cost does, or a binary fraction."""
        return self.kind in ("VARCHAR", "DOUBLE", "FLOAT") or (
            self.kind.startswith("DECIMAL") and int(self.kind.rstrip(")").partition(",")[2]) > DECIMALS
        )

    @property
    def fine(self) -> str:
        """Whether its text has a digit beyond the last decimal of a cost; plain or with an exponent."""
        plain = rf"regexp_matches({self.text}, '\.[0-9]{{{DECIMALS}}}[0-9]*[1-9]')"
        digits = rf"length(rtrim(regexp_extract({self.text}, '\.([0-9]*)[eE]', 1), '0'))"
        power = rf"TRY_CAST(regexp_extract({self.text}, '[eE]([+-]?[0-9]+)', 1) AS INTEGER)"
        scaled = f"contains(lower({self.text}), 'e') AND {digits} - {power} > {DECIMALS}"
        return f"({plain} OR ({scaled}))"


def reading(connection: duckdb.DuckDBPyConnection, file: Path) -> Reading:
    """Plan the reading of one CSV, CSV.gz or Parquet file.

    Raises:
        BadData: it cannot be read at all, or a column that every bill has is missing.
    """
    kinds = _parquet_columns(connection, file) if file.suffix == ".parquet" else _csv_columns(file)
    found = _matched(file, kinds)
    shown, casts = _shown(_values(found, kinds)), ", ".join(_casts(found))
    if file.suffix == ".parquet":
        source = again = _parquet([file])
        number = "file_row_number + 1"
    else:
        source = _csv(file, kinds, f"store_rejects = true, rejects_limit = {MOST_REJECTED}")
        again, number = _csv(file, kinds, "ignore_errors = true"), "row_number() OVER ()"
    return Reading(
        file,
        f"SELECT {shown} FROM (SELECT *, {casts} FROM {source})",
        f"SELECT {shown}, {literal(file)} AS _file, _row FROM (SELECT *, {casts}, {number} AS _row FROM {again})",
        tuple(name for name in COSTS if name not in found),
    )


def alike(
    connection: duckdb.DuckDBPyConnection, files: Sequence[Path], *, numbers: Sequence[int] | None = None
) -> Iterator[Rows]:
    """The rows of many Parquet files, those of all their readings; files with equal columns are read as one.

    What their footers prove is not asked of each row. With ``numbers``, one for each file, they are to be summed up:
    ``_number`` is that of a row's file, costs have as many digits as they are stored with, and ``Tags`` are the text
    of which ``tags_of`` makes them: to group by a map takes ten times as long. Whether it can is in no ``_note``.

    Raises:
        BadData: as ``reading``.
    """
    groups: dict[tuple[tuple[str, str], ...], list[int]] = defaultdict(list)
    for place, file in enumerate(files):
        groups[tuple(_parquet_columns(connection, file).items())].append(place)
    for kinds, places in groups.items():
        of_these = [files[place] for place in places]
        found = _matched(of_these[0], dict(kinds))
        known = facts(connection, of_these, {_name(one.raw) for one in found.values()})
        found = {
            name: replace(one, facts=known.get(_name(one.raw), NOTHING), narrow=numbers is not None)
            for name, one in found.items()
        }
        values, read, by_key = _values(found, dict(kinds)), f"*, {', '.join(_casts(found))}", {}
        if numbers:
            exports = list(dict.fromkeys(numbers[place] for place in places))
            keys = [exports.index(numbers[place]) for place in places]
            by_key = {"_number": f"{exports}[_key::BIGINT + 1]", **dict(_by_key(found, of_these, keys))}
            values |= {"Tags": _tags_text(found.get("Tags")), "_note": _note(found)}
            values["_key"] = "file_index" if len(exports) == len(places) else f"{keys}[file_index::BIGINT + 1]"
            read += ", file_index"
        query = f"SELECT {_shown(values)} FROM (SELECT {read} FROM {_parquet(of_these)})"
        yield Rows(query, {name: value for name, value in values.items() if not COLUMN.search(value)}, by_key)


def _by_key(found: Mapping[str, Column], files: Sequence[Path], keys: Sequence[int]) -> Iterator[tuple[str, str]]:
    """The times that are surely one in all files of a key, with the SQL that tells them by ``_key``."""
    for name, column in found.items():
        if COLUMNS[name] is Kind.TIME and column.is_near and column.facts.full:
            times: dict[int, set[datetime]] = {key: set() for key in keys}
            by_file = dict(zip(map(str, files), keys, strict=True))
            for (file, _), bounds in column.facts.times().items():
                times[by_file[file]].update(bounds)
            if all(len(one) == 1 for one in times.values()):
                told = ", ".join(f"TIMESTAMP {literal(time)}" for _, [time] in sorted(times.items()))
                yield name, f"[{told}][_key::BIGINT + 1]"


def together(connection: duckdb.DuckDBPyConnection, files: Sequence[Path]) -> str:
    """The query of ``alike`` rows of many Parquet files.

    Raises:
        BadData: as ``reading``.
    """
    return " UNION ALL BY NAME ".join(f"({one.sql})" for one in alike(connection, files))


def rejected(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, int, str]]:
    """Records of CSV files that are no rows (too few or too many cells, an open quote): file, record and reason.

    Raises:
        BadData: there are more than can be told one by one.
    """
    tables = {name for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    if "reject_errors" not in tables:
        return []
    rows = connection.execute(
        "SELECT s.file_path, e.line - 1, lower(min(CAST(e.error_type AS VARCHAR)))"
        " FROM reject_errors e JOIN reject_scans s USING (scan_id, file_id) GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    [(most, file)] = connection.execute(
        "SELECT count(*), s.file_path FROM reject_errors e JOIN reject_scans s USING (scan_id, file_id)"
        " GROUP BY 2 ORDER BY 1 DESC LIMIT 1"
    ).fetchall() or [(0, "")]
    connection.execute("DROP TABLE reject_errors; DROP TABLE reject_scans")
    if most >= MOST_REJECTED:
        raise BadData(f"{file}: {most:,} records and more have too few or too many cells; this is no FOCUS file")
    return [(str(file), int(row), str(reason)) for file, row, reason in rows]


def _values(found: Mapping[str, Column], kinds: Mapping[str, str]) -> dict[str, str]:
    """Everything that is read of a row, as SQL."""
    known = {column.raw for column in found.values()}
    unknown = [Column(quoted(name), kind) for name, kind in kinds.items() if quoted(name) not in known]
    rest = {"x_extra": _extra(unknown, found), "_note": _note(found, _lost_tags(found)), "_problem": _problem(found)}
    return {name: _value(name, found) for name in COLUMNS} | rest


def _shown(values: Mapping[str, str]) -> str:
    return ", ".join(f"{value} AS {quoted(name)}" for name, value in values.items())


def _parquet(files: Sequence[Path]) -> str:
    listed = ", ".join(literal(file) for file in files)
    return f"read_parquet([{listed}], file_row_number = true, hive_partitioning = false)"


def _parquet_columns(connection: duckdb.DuckDBPyConnection, file: Path) -> dict[str, str]:
    try:
        described = connection.execute(
            f"DESCRIBE SELECT * FROM read_parquet({literal(file)}, hive_partitioning = false)"
        ).fetchall()
    except duckdb.Error as error:
        raise BadData(f"{file}: cannot be read as Parquet: {str(error).splitlines()[0]}") from None
    return {str(name): str(kind) for name, kind, *_ in described}


def _csv_columns(file: Path) -> dict[str, str]:
    """The names in the heading, each of them text; a second one of a name is told apart by its place."""
    try:
        with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as opened:
            heading = opened.readline(LONGEST_HEADING).decode("utf-8-sig").removesuffix("\n").removesuffix("\r")
        if "\r" in heading:
            raise ValueError("its heading has a bare carriage return")
        [written] = csv.reader([heading], strict=True)
    except (OSError, EOFError, ValueError, csv.Error) as error:
        raise BadData(f"{file}: cannot be read as CSV: {error}") from None
    names: dict[str, str] = {}
    taken: set[str] = set()
    for place, name in enumerate(written, start=1):
        plain = name.strip() or "column"
        single = f"{plain}_{place}" if plain.lower() in taken else plain
        taken.add(single.lower())
        names[single] = "VARCHAR"
    return names


def _csv(file: Path, kinds: Mapping[str, str], rejects: str) -> str:
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in kinds)
    return (
        f"read_csv({literal(file)}, auto_detect = false, columns = {{{columns}}}, header = true, delim = ',',"
        f" quote = '\"', escape = '\"', nullstr = ['NULL', ''], {rejects})"
    )


def _matched(file: Path, kinds: Mapping[str, str]) -> dict[str, Column]:
    """FOCUS name to the file's own column, whatever its case; newer names stand in for older ones.

    Raises:
        BadData: a column that every bill has is missing; the one that was probably meant is named.
    """
    columns: dict[str, Column] = {}
    for name, kind in kinds.items():
        columns.setdefault(name.lower(), Column(quoted(name), kind))
    found = {name: columns[name.lower()] for name in COLUMNS if name.lower() in columns}
    for alias, name in ALIASES.items():
        if name not in found and alias.lower() in columns:
            found[name] = columns[alias.lower()]
    if "ServiceName" not in found and "ServiceCategory" in found:
        found["ServiceName"] = found["ServiceCategory"]
    for name in NEEDED:
        if name not in found:
            close = get_close_matches(name, kinds, n=1, cutoff=0.5)
            near = f"; {close[0]!r} looks like it, but is not it" if close else ""
            raise BadData(f"{file}: the column {name} is missing, which every FOCUS file has{near}")
    return found


def _cast(name: str) -> str:
    """The name of a column's value, beside what is written."""
    return quoted(f"{name}, read")


def _casts(found: Mapping[str, Column]) -> Iterator[str]:
    """The values that are needed more than once: costs and times."""
    for name, column in found.items():
        if COLUMNS[name] is Kind.COST:
            yield f"{column.cost} AS {_cast(name)}"
        elif COLUMNS[name] is Kind.TIME:
            yield f"{column.time} AS {_cast(name)}"


def _value(name: str, found: Mapping[str, Column]) -> str:
    """The SQL of one column: cast, mended, or what stands in for it."""
    column, kind = found.get(name), COLUMNS[name]
    if kind is Kind.COST:
        return _cost(name, found)
    if name == "ChargeCategory":
        return f"coalesce({column.text}, 'Usage')" if column else "'Usage'"
    if column is None:
        return f"NULL::{kind.value}"
    match kind:
        case Kind.NUMBER:
            return f"TRY_CAST({column.text if column.inexact else column.raw} AS {kind.value})"
        case Kind.TIME:
            return _cast(name)
        case Kind.TAGS:
            return _tags(column)
        case Kind.TEXT:
            return _text(name, column, found)


def _cost(name: str, found: Mapping[str, Column]) -> str:
    """The SQL of a cost; BilledCost stands in for another one that is not there."""
    billed = found["BilledCost"].added(_cast("BilledCost"))
    column = found.get(name)
    if column is None or name == "BilledCost":
        return billed
    own = column.added(_cast(name))
    return own if column.facts.full else f"coalesce({own}, {billed})"


def _text(name: str, column: Column, found: Mapping[str, Column]) -> str:
    """The SQL of a column of text; who publishes a service stands in for its name."""
    if name == "ServiceName" and "PublisherName" in found:
        return f"coalesce({column.text}, {found['PublisherName'].text})"
    return EXPRESSIONS[name].format(raw=column.text) if name in EXPRESSIONS else column.text


def _tags(column: Column) -> str:
    if column.kind.startswith("MAP"):
        return f"CAST({column.raw} AS {Kind.TAGS.value})"
    if column.kind.startswith("STRUCT") and column.kind.endswith("[]"):
        return f"TRY(CAST(map_from_entries({column.raw}) AS {Kind.TAGS.value}))"
    return tags_of(column.raw) if column.is_text else f"TRY_CAST(to_json({column.raw}) AS {Kind.TAGS.value})"


def tags_of(text: str) -> str:
    """The SQL of what some text says as tags; NULL if it is no JSON object, or has a key twice."""
    return f"TRY_CAST(TRY_CAST({text} AS JSON) AS {Kind.TAGS.value})"


def _tags_text(column: Column | None) -> str:
    """The SQL of tags as text; one that says no tags where they cannot be read."""
    if column is None:
        return "NULL::VARCHAR"
    if column.is_text:
        return column.raw
    if not column.kind.startswith(("MAP", "STRUCT")):
        return f"CAST({column.raw} AS VARCHAR)"
    json = f"CAST(to_json({_tags(column)}) AS VARCHAR)"
    return (
        json if column.kind.startswith("MAP") else f"CASE WHEN {column.raw} IS NOT NULL THEN coalesce({json}, '') END"
    )


def _lost_tags(found: Mapping[str, Column]) -> str | None:
    """Whether the tags of a row say something that is no map of them."""
    column = found.get("Tags")
    if column is None or column.kind == Kind.TAGS.value:
        return None
    return f"{column.raw} IS NOT NULL AND {_tags(column)} IS NULL"


def _extra(unknown: Sequence[Column], found: Mapping[str, Column]) -> str:
    """Everything that no column of ours holds, as a map without empty values; NULL if there is nothing."""
    kept = {column.raw: column.text for column in unknown}
    odd = {found[name].raw: found[name].fine for name in COSTS if name in found and found[name].inexact}
    if lost := _lost_tags(found):
        odd[found["Tags"].raw] = lost
    texts = {column.raw: column.text for column in found.values()}
    kept |= {raw: f"CASE WHEN {condition} THEN {texts[raw]} END" for raw, condition in odd.items()}
    worth = " OR ".join(f"({condition})" for condition in odd.values())
    if not kept:
        return f"NULL::{Kind.TAGS.value}"
    pairs = ", ".join(f"{{'key': {literal(_name(raw))}, 'value': {text}}}" for raw, text in sorted(kept.items()))
    made = f"map_from_entries(list_filter([{pairs}], lambda pair: pair.value IS NOT NULL))"
    return made if unknown else f"CASE WHEN {worth} THEN {made} END"


def _note(found: Mapping[str, Column], lost_tags: str | None = None) -> str:
    """What was put right in a row; of tags, where they are looked at row by row."""
    notes = [
        ([f"{found[name].raw} IS NULL"], EMPTY.format(name))
        for name in COSTS[1:]
        if name in found and not found[name].facts.full
    ]
    fine = [found[name].fine for name in COSTS if name in found and found[name].inexact]
    tags = [lost_tags] if lost_tags else []
    arms = [
        f"WHEN {' OR '.join(conditions)} THEN {literal(note)}"
        for conditions, note in (*notes, (fine, FINE), (tags, NO_TAGS))
        if conditions
    ]
    return f"CASE {' '.join(arms)} END" if arms else "NULL::VARCHAR"


def _problem(found: Mapping[str, Column]) -> str:
    """The first thing that is wrong with a row, in words; what cannot be, by the footers, is not asked."""
    cases = [*_wrong_costs(found), *_wrong_times(found)]
    currency = found["BillingCurrency"]
    if currency.facts.only not in USUAL:
        usual = ", ".join(map(literal, USUAL))
        odd = f"{currency.text} NOT IN ({usual}) AND NOT regexp_matches({currency.text}, '{CODE}')"
        cases.append((f"{currency.text} IS NULL OR {odd}", "BillingCurrency is no currency"))
    cases += _missing("BillingAccountId", found)
    arms = " ".join(f"WHEN {condition} THEN {literal(reason)}" for condition, reason in cases)
    return f"CASE {arms} END" if arms else "NULL::VARCHAR"


def _missing(name: str, found: Mapping[str, Column]) -> Iterator[tuple[str, str]]:
    if not found[name].facts.full:
        yield f"{found[name].raw} IS NULL", f"{name} is missing"


def _wrong_costs(found: Mapping[str, Column]) -> Iterator[tuple[str, str]]:
    yield from _missing("BilledCost", found)
    for name in COSTS:
        if (column := found.get(name)) and not column.is_small:
            unread = f"{column.raw} IS NOT NULL AND {_cast(name)} IS NULL OR abs({_cast(name)}) >= {LARGEST_COST}"
            odd = f" OR contains({column.raw}, '_')" if column.is_text else ""  # 1_000 is a number to DuckDB alone
            yield unread + odd, f"{name} is no amount"


def _wrong_times(found: Mapping[str, Column]) -> Iterator[tuple[str, str]]:
    first, last = (f"TIMESTAMP {literal(one.date())}" for one in (FIRST_TIME, LAST_TIME))
    for period in ("BillingPeriod", "ChargePeriod"):
        start, end = f"{period}Start", f"{period}End"
        yield from _missing(start, found)
        for name in (start, end):
            if (column := found.get(name)) and not column.is_near:
                outside = f"{_cast(name)} < {first} OR {_cast(name)} >= {last}"
                yield f"{column.raw} IS NOT NULL AND {_cast(name)} IS NULL OR {outside}", f"{name} is no time"
        if end in found and not found[end].is_never_before(found[start]):
            yield f"{_cast(end)} < {_cast(start)}", f"{end} is before {start}"


def quoted(name: str) -> str:
    """A column's name in SQL."""
    return '"' + name.replace('"', '""') + '"'


def _name(raw: str) -> str:
    return raw[1:-1].replace('""', '"')


def literal(value: object) -> str:
    """A value as an SQL string."""
    return "'" + str(value).replace("'", "''") + "'"
