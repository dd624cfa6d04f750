"""An engine that runs elsewhere: each load's files are brought to it once, as tables; then it is asked in its own SQL.

What differs between such engines is small and stands in a file each; what is the same is here.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

import ibis
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.errors import NotReadable
from analysis.periods import Period
from providers.lake.engine import Rows, versions
from providers.lake.engines.files import both, parts
from providers.lake.shelf import Shelf

PREFIX = "pitcrew_"
OURS = re.compile(rf"{PREFIX}(mart|rows)_(load_)?[0-9a-f]+(_[0-9]+)?")


class Refused(Exception):
    """The engine took the question, and said no; in its own words."""


class Unreachable(Exception):
    """The engine did not answer at all, or let nobody in."""


class Warehouse(Protocol):
    """What one kind of engine knows. Its names and columns are ours, so that they need no quoting but the dialect's."""

    dialect: str
    where: str  # how people know it: "Trino at query.example.com"

    def names(self) -> Collection[str]:
        """The tables and views that are there, in lower case."""

    def bring(self, file: Path, table: str) -> None:
        """Have a Parquet file as a table: all of it, or no table."""

    def drop(self, table: str) -> None:
        """Let a table go that was brought, and whatever lay behind it."""

    def run(self, statement: str) -> None:
        """Do what has no answer.

        Raises:
            Refused: it will not.
            Unreachable: there is nobody.
        """

    def told(self, question: str, kinds: pa.Schema) -> pa.Table:
        """The answer to a question, its columns in the order of ``kinds``.

        Raises:
            Refused: it cannot be asked.
            Unreachable: there is nobody.
        """

    def close(self) -> None:
        """Let the connection go."""


class WarehouseEngine:
    """Whatever is behind a ``Warehouse``. The schema it is given is Pitcrew's own: old tables are dropped there."""

    errors: tuple[type[Exception], ...] = (Refused, NotReadable)

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self._lock = Lock()
        self._kept: list[str] = []
        self._used: dict[str, dict[str, list[str]]] = {}  # by version: views, with the tables that each is of
        self._present: set[str] = set()

    def take(self, folder: Path, shelf: Shelf) -> tuple[Any, Any]:
        """Look at one version of a lake; its daily sums and its rows, as Ibis tables."""
        with self._lock, _reached(self._warehouse):
            if not self._kept:
                self._present = {name for name in map(str.lower, self._warehouse.names()) if OURS.fullmatch(name)}
            made = self._used.setdefault(shelf.version, {})

            def read(files: Sequence[Path], name: str) -> Any:  # noqa: ANN401
                view = PREFIX + name
                if view not in made:
                    made[view] = [self._brought(file) for file in files]
                    self._see(view, made[view])
                return ibis.table(ibis.Schema.from_pyarrow(pq.read_schema(files[0])), name=view)

            tables = both(parts(folder, shelf), read, shelf.version)
            for old in versions(self._kept, shelf.version):
                self._used.pop(old)
            self._sweep()
            return tables

    def within(self, rows: Any, period: Period) -> Any:  # noqa: ANN401, ARG002 (it looks into its files by itself)
        """All of them."""
        return rows

    def answer(self, expression: Any) -> Rows:  # noqa: ANN401
        """The rows of an expression. Safe to call from many threads."""
        kinds = expression.as_table().schema().to_pyarrow()
        with self._lock:
            question = question_of(expression, self._warehouse.dialect)
        with _reached(self._warehouse):
            found: Rows = self._warehouse.told(question, kinds).rename_columns(kinds.names).cast(kinds)
        return found

    def close(self) -> None:
        """Let the connection go; the tables stay for the next start."""
        self._warehouse.close()

    def _brought(self, file: Path) -> str:
        """The table of a load's file, brought now if it is not there yet. Loads never change."""
        table = f"{PREFIX}{file.stem}_{file.parent.name.replace('-', '_')}"
        if table not in self._present:
            self._warehouse.bring(file, table)
            self._present.add(table)
        return table

    def _see(self, view: str, tables: Sequence[str]) -> None:
        each = " UNION ALL ".join(f"SELECT * FROM {table}" for table in tables)
        self._warehouse.run(f"CREATE OR REPLACE VIEW {view} AS {each}")
        self._present.add(view)

    def _sweep(self) -> None:
        """Drop what no version needs that is in use, the views before their tables."""
        needed = {name for views in self._used.values() for view, tables in views.items() for name in (view, *tables)}
        for name in sorted(self._present - needed, key=lambda name: ("_load_" in name, name)):
            if "_load_" in name:
                self._warehouse.drop(name)
            else:
                self._warehouse.run(f"DROP VIEW IF EXISTS {name}")
            self._present.discard(name)


def question_of(expression: Any, dialect: str) -> str:  # noqa: ANN401
    """An expression in the SQL of an engine; no connection is needed for it."""
    return str(ibis.to_sql(expression.as_table(), dialect=dialect))


def columns_of(file: Path, kinds: Any, *, quote: str) -> str:  # noqa: ANN401 (one of Ibis' type mappers)
    """The columns of a Parquet file with their types, as a ``CREATE TABLE`` wants them."""
    schema = ibis.Schema.from_pyarrow(pq.read_schema(file))
    return ", ".join(f"{quote}{name}{quote} {kinds.to_string(kind)}" for name, kind in schema.items())


@contextmanager
def _reached(warehouse: Warehouse) -> Iterator[None]:
    """Say it in words that a person can act on when an engine is not there."""
    try:
        yield
    except Unreachable as error:
        why = f"{error}; see that it runs and that Pitcrew may ask it, or set lake.url to duckdb://"
        raise NotReadable(warehouse.where, why) from error
