"""DuckDB in this process: daily sums in memory, rows read from their Parquet files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import Any

import duckdb
import ibis

from providers.focus.reader import literal, together
from providers.lake.engine import Live, Rows, chosen, versions
from providers.lake.load import KEPT, MART, ROWS, rows_of
from providers.lake.shelf import Shelf


class DuckEngine:
    """The engine that is built in. ``memory`` bounds what it holds (``4GB``); beyond it spills into ``spill``."""

    errors: tuple[type[Exception], ...] = (duckdb.Error,)

    def __init__(self, spill: Path, memory: str = "") -> None:
        self._lock = Lock()  # compiling is short; asking goes on in parallel
        self._kept: list[str] = []
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
            for old in versions(self._kept, version):
                self._backend.raw_sql(f"DROP TABLE mart_{old}")
                self._backend.raw_sql(f"DROP VIEW rows_{old}")
            return self._backend.table(mart), self._backend.table(rows)

    def answer(self, expression: Any) -> Rows:  # noqa: ANN401
        """The rows of an expression. Safe to call from many threads."""
        with self._lock:
            question, kinds = self._backend.compile(expression), expression.as_table().schema().to_pyarrow()
            cursor = self._backend.con.cursor()
        with cursor:
            found: Rows = cursor.sql(question).to_arrow_table().rename_columns(kinds.names).cast(kinds).to_pylist()
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


def _rows(connection: duckdb.DuckDBPyConnection, folder: Path, shelf: Shelf) -> str:
    """The query of the rows that count, those that were kept as they came with what makes ours of them."""
    whole, parts = chosen(shelf)
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
