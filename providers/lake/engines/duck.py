"""DuckDB in this process: daily sums in memory, rows read from their Parquet files."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from threading import Lock
from typing import Any

import duckdb
import ibis

from analysis.periods import Period
from providers.focus.together import together
from providers.lake.engine import Live, Rows, chosen, versions
from providers.lake.load import KEPT, MART, ROWS, rows_of
from providers.lake.shelf import Shelf
from providers.sql import literal


@dataclass(slots=True)
class Seen:
    """One version: the first and the last day of each load, and the views of some of them."""

    folder: Path
    shelf: Shelf
    days: Mapping[str, tuple[date, date]]
    narrow: dict[frozenset[str], Any] = field(default_factory=dict)


class DuckEngine:
    """The engine that is built in. ``memory`` bounds what it holds (``4GB``); beyond it spills into ``spill``."""

    errors: tuple[type[Exception], ...] = (duckdb.Error,)

    def __init__(self, spill: Path, memory: str = "") -> None:
        self._lock = Lock()  # compiling is short; asking goes on in parallel
        self._kept: list[str] = []
        self._seen: dict[str, Seen] = {}  # by the name of its rows
        self._backend = ibis.duckdb.connect()
        self._backend.raw_sql("SET GLOBAL TimeZone = 'UTC'")
        self._backend.raw_sql(f"SET GLOBAL temp_directory = {literal(spill)}")
        if memory:
            self._backend.raw_sql(f"SET GLOBAL memory_limit = {literal(memory)}")

    def take(self, folder: Path, shelf: Shelf) -> tuple[Any, Any]:
        """Look at one version of a lake; its daily sums and its rows, as Ibis tables."""
        version = shelf.version
        with self._lock:
            mart, rows = f"mart_{version}", f"rows_{version}"
            if version not in self._kept:
                self._backend.raw_sql(f"CREATE TABLE {mart} AS {_marts(folder, shelf)}")
                self._backend.raw_sql(f"CREATE VIEW {rows} AS {_rows(self._backend.con, folder, shelf)}")
                self._seen[rows] = Seen(folder, shelf, _days(self._backend.con, folder, shelf))
            for old in versions(self._kept, version):
                self._backend.raw_sql(f"DROP TABLE mart_{old}")
                narrow = self._seen.pop(f"rows_{old}").narrow.values()
                for view in (f"rows_{old}", *(table.get_name() for table in narrow)):
                    self._backend.raw_sql(f"DROP VIEW {view}")
            return self._backend.table(mart), self._backend.table(rows)

    def within(self, rows: Any, period: Period) -> Any:  # noqa: ANN401
        """The rows of loads that hold a day of a period: a time that was cast leaves no file out by itself."""
        with self._lock:
            seen = self._seen.get(rows.get_name())
            if seen is None:  # of a version that is gone: whoever asks will be told, and ask again
                return rows
            loads = frozenset(
                load for load, (first, last) in seen.days.items() if period.start <= last and first < period.end
            )
            if not loads or len(loads) == len(seen.days):
                return rows
            if loads not in seen.narrow:
                name = f"{rows.get_name()}_{len(seen.narrow)}"
                query = _rows(self._backend.con, seen.folder, seen.shelf, loads)
                self._backend.raw_sql(f"CREATE VIEW {name} AS {query}")
                seen.narrow[loads] = self._backend.table(name)
            return seen.narrow[loads]

    def answer(self, expression: Any) -> Rows:  # noqa: ANN401
        """The rows of an expression. Safe to call from many threads."""
        with self._lock:
            question, kinds = self._backend.compile(expression), expression.as_table().schema().to_pyarrow()
            cursor = self._backend.con.cursor()
        with cursor:
            found: Rows = cursor.sql(question).to_arrow_table().rename_columns(kinds.names).cast(kinds)
            return found

    def close(self) -> None:
        """Let the tables go."""
        self._backend.disconnect()


def _marts(folder: Path, shelf: Shelf) -> str:
    """The query of the daily sums that count."""
    whole, parts = chosen(shelf)
    queries = [f"(FROM {_parquet([folder / load / MART for load in whole])})"] if whole else []
    queries += [f"(FROM {_parquet([folder / one.load / MART])} WHERE {_of(one, 'BillingPeriod')})" for one in parts]
    return " UNION ALL BY NAME ".join(queries)


def _days(connection: duckdb.DuckDBPyConnection, folder: Path, shelf: Shelf) -> Mapping[str, tuple[date, date]]:
    """The first and the last day of each load that counts."""
    loads = {one.load for one in shelf.partitions.values()}
    files = [str(folder / load / MART) for load in loads]
    found = connection.execute(
        "SELECT filename, min(Day), max(Day) FROM read_parquet(?, filename = true, hive_partitioning = false)"
        " GROUP BY 1",
        [files],
    ).fetchall()
    return {Path(file).parent.name: (first, last) for file, first, last in found}


def _rows(
    connection: duckdb.DuckDBPyConnection, folder: Path, shelf: Shelf, only: Collection[str] | None = None
) -> str:
    """The query of the rows that count, those that were kept as they came with what makes ours of them."""
    whole, parts = chosen(shelf)
    if only is not None:
        whole, parts = [load for load in whole if load in only], [one for one in parts if one.load in only]
    kept = [file for load in whole for file in sorted((folder / load / KEPT).glob("*.parquet"))]
    bare = [load for load in whole if not (folder / load / KEPT).exists()]
    queries = [together(connection, kept)] if kept else []
    queries += [f"(FROM {_parquet([folder / load / ROWS for load in bare])})"] if bare else []
    queries += [
        f"(FROM ({rows_of(connection, folder / one.load)}) WHERE {_of(one, 'BillingPeriodStart')} AND _problem IS NULL)"
        for one in parts
    ]
    return " UNION ALL BY NAME ".join(queries)


def _of(one: Live, period: str) -> str:
    return f"({' OR '.join(_in_month(period, month, accounts) for month, accounts in one.months.items())})"


def _in_month(period: str, month: str, accounts: Sequence[str]) -> str:
    listed = ", ".join(literal(account) for account in accounts)
    first = f"DATE {literal(f'{month}-01')}"
    return f"({period} >= {first} AND {period} < {first} + INTERVAL 1 MONTH AND BillingAccountId IN ({listed}))"


def _parquet(files: Sequence[Path]) -> str:
    listed = ", ".join(literal(file) for file in files)
    return f"read_parquet([{listed}], union_by_name = true, hive_partitioning = false)"
