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

import ibis

from providers.focus.reader import literal
from providers.lake.load import MART, ROWS
from providers.lake.shelf import Shelf

Rows: TypeAlias = list[dict[str, Any]]
KEPT = 2  # versions that can be asked: the present one, and the one that somebody may just be asking


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
                self._backend.raw_sql(f"CREATE TABLE {mart} AS {_chosen(folder, shelf, MART, 'BillingPeriod')}")
                self._backend.raw_sql(f"CREATE VIEW {rows} AS {_chosen(folder, shelf, ROWS, 'BillingPeriodStart')}")
                self._kept.append(version)
            for old in self._kept[:-KEPT]:
                self._backend.raw_sql(f"DROP TABLE mart_{old}")
                self._backend.raw_sql(f"DROP VIEW rows_{old}")
            self._kept = self._kept[-KEPT:]
            return self._backend.table(mart), self._backend.table(rows)

    def answer(self, expression: Any) -> Rows:  # noqa: ANN401
        """The rows of an expression. Safe to call from many threads."""
        with self._lock:
            question, kinds = self._backend.compile(expression), expression.as_table().schema().to_pyarrow()
            cursor = self._backend.con.cursor()
        with cursor:
            found: Rows = cursor.sql(question).to_arrow_table().rename_columns(kinds.names).cast(kinds).to_pylist()
            return found


def _chosen(folder: Path, shelf: Shelf, name: str, period: str) -> str:
    """The query of everything that counts: of a load that is outdated in part, or has bad rows, only what does."""
    whole: set[Path] = set()
    parts: list[str] = []
    live: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for key, one in shelf.partitions.items():
        account, _, month = key.rpartition("|")
        if one.shared:
            live[one.load][month].append(account)
        else:
            whole.add(folder / one.load / name)
    if whole:
        parts.append(f"(FROM {_parquet(sorted(whole))})")
    for load, months in live.items():
        where = " OR ".join(_in_month(period, month, accounts) for month, accounts in months.items())
        sound = " AND _problem IS NULL" if name == ROWS else ""
        parts.append(f"(FROM {_parquet([folder / load / name])} WHERE ({where}){sound})")
    return " UNION ALL BY NAME ".join(parts)


def _in_month(period: str, month: str, accounts: Sequence[str]) -> str:
    listed = ", ".join(literal(account) for account in accounts)
    first = f"DATE {literal(f'{month}-01')}"
    return f"({period} >= {first} AND {period} < {first} + INTERVAL 1 MONTH AND BillingAccountId IN ({listed}))"


def _parquet(files: Sequence[Path]) -> str:
    listed = ", ".join(literal(file) for file in files)
    return f"read_parquet([{listed}], union_by_name = true, hive_partitioning = false)"
