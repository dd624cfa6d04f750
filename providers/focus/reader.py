"""One FOCUS file as an SQL query: its columns found, cast and mended, and each row judged; set-wise, in DuckDB."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import duckdb

from analysis.errors import BadData
from providers.focus.columns import COLUMNS, COSTS, NEEDED, Kind
from providers.focus.quirks import ALIASES, EXPRESSIONS

FINEST = r"\.[0-9]{12}[0-9]*[1-9]"  # a digit beyond the twelfth decimal: rounding it away would falsify a total
CODE = "^[A-Za-z]{3}$"


@dataclass(frozen=True, slots=True)
class Reading:
    """The query that reads one file, and what had to be said about it.

    Its columns are those of ``COLUMNS``, then ``x_extra`` (JSON of columns nobody knows), ``_file``, ``_row`` (from
    1, without the heading) and ``_problem`` (NULL where the row is sound).
    """

    sql: str
    warnings: tuple[str, ...]


def reading(connection: duckdb.DuckDBPyConnection, file: Path) -> Reading:
    """Plan the reading of one CSV, CSV.gz or Parquet file.

    Raises:
        BadData: it cannot be read at all, or a column that every bill has is missing.
    """
    source = _source(file)
    try:
        described = connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
    except duckdb.Error as error:
        raise BadData(f"{file}: cannot be read as {file.suffix.lstrip('.')}: {str(error).splitlines()[0]}") from None
    kinds = {str(name): str(kind) for name, kind, *_ in described}
    found = _matched(kinds)
    _refuse_what_is_missing(file, found, kinds)
    picked = [f"{_value(name, found.get(name), kinds)} AS {_quoted(name)}" for name in COLUMNS]
    number = "file_row_number + 1" if file.suffix == ".parquet" else "row_number() OVER ()"
    known = {*found.values(), "file_row_number", "filename"}
    extra = _extra([name for name in kinds if name not in known])
    sql = (
        f"SELECT {', '.join(picked)}, {extra} AS x_extra, {literal(file)} AS _file, {number} AS _row,"
        f" {_problem(found, kinds)} AS _problem FROM {source}"
    )
    return Reading(sql, tuple(_warnings(file, found)))


def rejected(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, int, str]]:
    """Rows of CSV files that had too few or too many cells: file, row and reason."""
    tables = {name for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    if "reject_errors" not in tables:
        return []
    rows = connection.execute(
        "SELECT DISTINCT s.file_path, e.line - 1, lower(CAST(e.error_type AS VARCHAR))"
        " FROM reject_errors e JOIN reject_scans s USING (scan_id, file_id)"
    ).fetchall()
    connection.execute("DROP TABLE reject_errors; DROP TABLE reject_scans")
    return [(str(file), int(row), str(reason)) for file, row, reason in rows]


def _source(file: Path) -> str:
    if file.suffix == ".parquet":
        return f"read_parquet({literal(file)}, file_row_number = true)"
    return (
        f"read_csv({literal(file)}, all_varchar = true, header = true, delim = ',', quote = '\"', escape = '\"',"
        " nullstr = ['NULL', ''], store_rejects = true, ignore_errors = true)"
    )


def _matched(kinds: Mapping[str, str]) -> dict[str, str]:
    """FOCUS name to the file's own, whatever its case; newer names stand in for older ones."""
    lower = {name.lower(): name for name in kinds}
    found = {name: lower[name.lower()] for name in COLUMNS if name.lower() in lower}
    for alias, name in ALIASES.items():
        if name not in found and alias.lower() in lower:
            found[name] = lower[alias.lower()]
    if "ServiceName" not in found and "ServiceCategory" in found:
        found["ServiceName"] = found["ServiceCategory"]
    return found


def _refuse_what_is_missing(file: Path, found: Mapping[str, str], kinds: Mapping[str, str]) -> None:
    for name in NEEDED:
        if name not in found:
            close = get_close_matches(name, kinds, n=1, cutoff=0.5)
            near = f"; {close[0]!r} looks like it, but is not it" if close else ""
            raise BadData(f"{file}: the column {name} is missing, which every FOCUS file has{near}")


def _warnings(file: Path, found: Mapping[str, str]) -> Iterator[str]:
    for name in COSTS:
        if name not in found:
            yield f"{file.name} has no {name}: BilledCost stands in for it"


def _value(name: str, source: str | None, kinds: Mapping[str, str]) -> str:
    """The SQL of one column: cast, mended, or what stands in for it."""
    if source is None:
        return {"ChargeCategory": "'Usage'"}.get(name) or f"NULL::{COLUMNS[name].value}"
    raw = _quoted(source)
    match COLUMNS[name]:
        case Kind.COST:
            return f"TRY_CAST({raw} AS {Kind.COST.value})"
        case Kind.NUMBER:
            return f"TRY_CAST({raw} AS DOUBLE)"
        case Kind.TIME:
            return f"timezone('UTC', TRY_CAST({raw} AS TIMESTAMPTZ))"
        case Kind.TAGS:
            return _tags(raw, kinds[source])
        case Kind.TEXT:
            text = raw if kinds[source] == "VARCHAR" else f"CAST({raw} AS VARCHAR)"
            return EXPRESSIONS[name].format(raw=text) if name in EXPRESSIONS else text


def _tags(raw: str, kind: str) -> str:
    if kind.startswith("MAP"):
        return f"CAST({raw} AS {Kind.TAGS.value})"
    if kind.endswith("[]"):
        return f"CAST(map_from_entries({raw}) AS {Kind.TAGS.value})"
    return f"TRY_CAST(TRY_CAST({raw} AS JSON) AS {Kind.TAGS.value})"


def _extra(names: list[str]) -> str:
    if not names:
        return "NULL::VARCHAR"
    pairs = ", ".join(f"{literal(name)}, CAST({_quoted(name)} AS VARCHAR)" for name in sorted(names))
    return f"CAST(json_object({pairs}) AS VARCHAR)"


def _problem(found: Mapping[str, str], kinds: Mapping[str, str]) -> str:
    """The first thing that is wrong with a row, in words."""
    cases: list[tuple[str, str]] = []
    for name in COSTS:
        if name in found:
            raw, text = _quoted(found[name]), kinds[found[name]] == "VARCHAR"
            unread = f"TRY_CAST({raw} AS {Kind.COST.value}) IS NULL"
            cases.append(
                (unread if name == "BilledCost" else f"{raw} IS NOT NULL AND {unread}", f"{name} is no number")
            )
            if text:
                cases.append((f"regexp_matches({raw}, '{FINEST}')", f"{name} has more than twelve decimals"))
    cases += [
        (f"TRY_CAST({_quoted(found[name])} AS TIMESTAMPTZ) IS NULL", f"{name} is no time")
        for name in ("BillingPeriodStart", "ChargePeriodStart")
    ]
    for name in ("BillingPeriod", "ChargePeriod"):
        if f"{name}End" in found:
            start, end = (f"TRY_CAST({_quoted(found[name + part])} AS TIMESTAMPTZ)" for part in ("Start", "End"))
            cases.append((f"{end} < {start}", f"{name}End is before {name}Start"))
    currency = _quoted(found["BillingCurrency"])
    cases.append((f"{currency} IS NULL OR NOT regexp_matches({currency}, '{CODE}')", "BillingCurrency is no currency"))
    cases.append((f"{_quoted(found['BillingAccountId'])} IS NULL", "BillingAccountId is missing"))
    arms = " ".join(f"WHEN {condition} THEN {literal(reason)}" for condition, reason in cases)
    return f"CASE {arms} END"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def literal(value: object) -> str:
    """A value as an SQL string."""
    return "'" + str(value).replace("'", "''") + "'"
