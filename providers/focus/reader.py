"""One FOCUS file as an SQL query: its columns found, whatever it is written in; set-wise, in DuckDB."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import duckdb

from analysis.errors import BadData
from providers.focus.columns import COLUMNS, COSTS, NEEDED
from providers.focus.quirks import ALIASES
from providers.focus.row import Column, casts_of, selected, values_of
from providers.sql import literal, quoted

LONGEST_HEADING = 1 << 20  # bytes
MOST_REJECTED = 100_000  # ragged rows that are counted one by one; a file with more is no table


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


def reading(connection: duckdb.DuckDBPyConnection, file: Path) -> Reading:
    """Plan the reading of one CSV, CSV.gz or Parquet file.

    Raises:
        BadData: it cannot be read at all, or a column that every bill has is missing.
    """
    kinds = parquet_columns(connection, file) if file.suffix == ".parquet" else _csv_columns(file)
    found = matched(file, kinds)
    shown, casts = selected(values_of(found, kinds)), ", ".join(casts_of(found))
    if file.suffix == ".parquet":
        source = again = parquet([file])
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


def matched(file: Path, kinds: Mapping[str, str]) -> dict[str, Column]:
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


def parquet(files: Sequence[Path]) -> str:
    """What reads some Parquet files with equal columns."""
    listed = ", ".join(literal(file) for file in files)
    return f"read_parquet([{listed}], file_row_number = true, hive_partitioning = false)"


def parquet_columns(connection: duckdb.DuckDBPyConnection, file: Path) -> dict[str, str]:
    """Its columns with what DuckDB says they hold.

    Raises:
        BadData: it is no Parquet.
    """
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
