"""ClickHouse inside this process (chdb), reading the lake's Parquet files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import Any

import ibis
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.errors import BadConfig
from analysis.periods import Period
from providers.lake.engine import Rows, versions
from providers.lake.engines.files import both, parts
from providers.lake.shelf import Shelf
from providers.sql import literal


class ClickHouseEngine:
    """The embedded ClickHouse: daily sums as a table of its own, rows as a view of their Parquet files."""

    def __init__(self) -> None:
        try:
            from chdb import session
        except ImportError:
            raise BadConfig(
                "lake.url: ClickHouse is not installed; pip install 'finops-pitcrew[clickhouse]' brings it"
            ) from None
        self.errors: tuple[type[Exception], ...] = (RuntimeError,)
        made: Any = session
        self._session = made.Session()
        self._lock = Lock()  # one session answers one question at a time
        self._kept: list[str] = []
        self._named: dict[str, dict[str, ibis.Schema]] = {}
        self._ask("CREATE DATABASE IF NOT EXISTS pitcrew ENGINE = Atomic")
        self._ask("USE pitcrew")

    def take(self, folder: Path, shelf: Shelf) -> tuple[Any, Any]:
        """Look at one version of a lake; its daily sums and its rows, as Ibis tables."""
        version = shelf.version
        with self._lock:
            made = self._named.setdefault(version, {})

            def read(files: Sequence[Path], name: str) -> Any:  # noqa: ANN401
                if name not in made:
                    made[name] = ibis.Schema.from_pyarrow(pq.read_schema(files[0]))
                    each = (f"SELECT * FROM file({literal(file.absolute())}, Parquet)" for file in files)
                    kind = "TABLE" if name.startswith("mart") else "VIEW"
                    order = " ENGINE = MergeTree ORDER BY Day" if kind == "TABLE" else ""
                    self._ask(f"CREATE {kind} {name}{order} AS {' UNION ALL '.join(each)}")
                return ibis.table(made[name], name=name)

            tables = both(parts(folder, shelf), read, version)
            for old in versions(self._kept, version):
                for name in self._named.pop(old):
                    self._ask(f"DROP TABLE {name}")
            return tables

    def within(self, rows: Any, period: Period) -> Any:  # noqa: ANN401, ARG002 (it looks into its files by itself)
        """All of them."""
        return rows

    def answer(self, expression: Any) -> Rows:  # noqa: ANN401
        """The rows of an expression."""
        kinds = expression.as_table().schema().to_pyarrow()
        question = ibis.to_sql(expression.as_table(), dialect="clickhouse")
        with self._lock:
            told = self._session.query(question, "ArrowStream")
        with pa.ipc.open_stream(told.bytes()) as stream:
            found: Rows = stream.read_all().rename_columns(kinds.names).cast(kinds)
            return found

    def close(self) -> None:
        """End the session."""
        self._session.close()

    def _ask(self, statement: str) -> None:
        self._session.query(statement)
