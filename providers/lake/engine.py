"""The engine that holds the rows just now: Ibis expressions in, rows out.

The seam for others (Spark, Athena, Trino, ClickHouse): whatever has ``mart`` and ``rows`` as Ibis tables and answers an
expression can stand here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import Any, Protocol, TypeAlias

import duckdb
import ibis

from providers.focus.reader import literal, together
from providers.lake.load import KEPT, MART, ROWS, rows_of
from providers.lake.shelf import Shelf

Rows: TypeAlias = list[dict[str, Any]]
VERSIONS = 2  # versions that can be asked: the present one, and the one that somebody may just be asking


class Engine(Protocol):
    """Whatever answers Ibis expressions over the two tables of one version of the lake."""

    def take(self, folder: Path, shelf: Shelf) -> tuple[Any, Any]:
        """Look at one version of a lake; its daily sums and its rows, as Ibis tables."""

    def answer(self, expression: Any) -> Rows:  # noqa: ANN401 (Ibis types its tables at run time)
        """The rows of an expression. Safe to call from many threads."""


class DuckEngine:
    """DuckDB in this process: daily sums in memory, rows read from their Parquet files."""

    def __init__(self, spill: Path) -> None:
        self._lock = Lock()  # compiling is short; asking goes on in parallel
        self._kept: list[str] = []
        self._backend = ibis.duckdb.connect()
        self._backend.raw_sql("SET GLOBAL TimeZone = 'UTC'")
        self._backend.raw_sql(f"SET GLOBAL temp_directory = {literal(spill)}")

    def take(self, folder: Path, shelf: Shelf) -> tuple[Any, Any]:
        """Look at one version of a lake; its daily sums and its rows, as Ibis tables."""
        version = shelf.version
        with self._lock:
            mart, rows = f"mart_{version}", f"rows_{version}"
            if version not in self._kept:
                self._backend.raw_sql(f"CREATE TABLE {mart} AS {_marts(folder, shelf)}")
                self._backend.raw_sql(f"CREATE VIEW {rows} AS {_rows(self._backend.con, folder, shelf)}")
                self._kept.append(version)
            for old in self._kept[:-VERSIONS]:
                self._backend.raw_sql(f"DROP TABLE mart_{old}")
                self._backend.raw_sql(f"DROP VIEW rows_{old}")
            self._kept = self._kept[-VERSIONS:]
            return self._backend.table(mart), self._backend.table(rows)

    def answer(self, expression: Any) -> Rows:  # noqa: ANN401
        """The rows of an expression. Safe to call from many threads."""
        with self._lock:
            question, kinds = self._backend.compile(expression), expression.as_table().schema().to_pyarrow()
            cursor = self._backend.con.cursor()
        with cursor:
            found: Rows = cursor.sql(question).to_arrow_table().rename_columns(kinds.names).cast(kinds).to_pylist()
            return found


def _marts(folder: Path, shelf: Shelf) -> str:
    """The query of the daily sums that count."""
    whole, parts = _chosen(shelf, "BillingPeriod")
    queries = [f"(FROM {_parquet([folder / load / MART for load in whole])})"] if whole else []
    queries += [f"(FROM {_parquet([folder / load / MART])} WHERE {where})" for load, where in parts.items()]
    return " UNION ALL BY NAME ".join(queries)


def _rows(connection: duckdb.DuckDBPyConnection, folder: Path, shelf: Shelf) -> str:
    """The query of the rows that count, those that were kept as they came with what makes ours of them."""
    whole, parts = _chosen(shelf, "BillingPeriodStart")
    kept = [file for load in whole for file in sorted((folder / load / KEPT).glob("*.parquet"))]
    written = [file for load in whole if (file := folder / load / ROWS).exists()]
    queries = [together(connection, kept)] if kept else []
    queries += [f"(FROM {_parquet(written)})"] if written else []
    queries += [
        f"(FROM ({rows_of(connection, folder / load)}) WHERE {where} AND _problem IS NULL)"
        for load, where in parts.items()
    ]
    return " UNION ALL BY NAME ".join(queries)


def _chosen(shelf: Shelf, period: str) -> tuple[list[str], dict[str, str]]:
    """The loads that count whole, and those that are outdated in part or have bad rows with what of them does."""
    whole: set[str] = set()
    live: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for key, one in shelf.partitions.items():
        account, _, month = key.rpartition("|")
        if one.shared:
            live[one.load][month].append(account)
        else:
            whole.add(one.load)
    parts = {
        load: f"({' OR '.join(_in_month(period, month, accounts) for month, accounts in months.items())})"
        for load, months in live.items()
    }
    return sorted(whole), parts


def _in_month(period: str, month: str, accounts: Sequence[str]) -> str:
    listed = ", ".join(literal(account) for account in accounts)
    first = f"DATE {literal(f'{month}-01')}"
    return f"({period} >= {first} AND {period} < {first} + INTERVAL 1 MONTH AND BillingAccountId IN ({listed}))"


def _parquet(files: Sequence[Path]) -> str:
    listed = ", ".join(literal(file) for file in files)
    return f"read_parquet([{listed}], union_by_name = true, hive_partitioning = false)"
