"""A ClickHouse server, through its HTTP interface: what is kept there are tables of Pitcrew's own columns.

https://clickhouse.com/docs/interfaces/http, read in November 2026.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import requests
from ibis.backends.sql.datatypes import ClickHouseType

from providers.lake.engines.warehouse import Refused, Unreachable, columns_of

BATCH = 200_000  # rows a request: what either side holds at once
PATIENCE = (10, 600)  # seconds to connect, and for an answer
SETTINGS = {
    "session_timezone": "UTC",  # days are UTC days wherever it runs
    "wait_end_of_query": "1",  # what fails half-way is an error, never half an answer
    "output_format_arrow_string_as_string": "1",
}
ORDERED = {"mart": "Day", "rows": "ChargePeriodStart"}


class ClickHouseServer:
    """One database of a server, by its address (``https://host:8443``)."""

    dialect = "clickhouse"

    def __init__(self, url: str, database: str, user: str, password: str) -> None:
        self.where = f"ClickHouse at {url}"
        self._url, self._database = url, database
        self._session = requests.Session()
        self._session.headers.update({"X-ClickHouse-User": user, "X-ClickHouse-Key": password})

    def names(self) -> Collection[str]:
        """The tables and views of the database."""
        said = self._post(b"SELECT name FROM system.tables WHERE database = currentDatabase() FORMAT TabSeparated")
        return said.decode().split()

    def bring(self, file: Path, table: str) -> None:
        """Have a Parquet file as a table: it gets its name when it is whole."""
        self.run(f"DROP TABLE IF EXISTS {table}_new")
        columns = columns_of(file, ClickHouseType, quote="`")
        order = ORDERED[file.stem]
        self.run(
            f"CREATE TABLE {table}_new ({columns}) ENGINE = MergeTree ORDER BY {order} SETTINGS allow_nullable_key = 1"
        )
        for batch in pq.ParquetFile(file).iter_batches(BATCH):
            sink = pa.BufferOutputStream()
            with pa.ipc.new_stream(sink, batch.schema) as stream:
                stream.write_batch(batch)
            self._post(sink.getvalue().to_pybytes(), query=f"INSERT INTO {table}_new FORMAT ArrowStream")
        self.run(f"RENAME TABLE {table}_new TO {table}")

    def drop(self, table: str) -> None:
        """Let a table go."""
        self.run(f"DROP TABLE IF EXISTS {table}")

    def run(self, statement: str) -> None:
        """Do what has no answer."""
        self._post(statement.encode())

    def told(self, question: str, kinds: pa.Schema) -> pa.Table:
        """The answer to a question."""
        with pa.ipc.open_stream(self._post(question.encode(), default_format="ArrowStream")) as stream:
            return stream.read_all().select(range(len(kinds)))

    def close(self) -> None:
        """Let the connections go."""
        self._session.close()

    def _post(self, body: bytes, **settings: str) -> bytes:
        asked = {**SETTINGS, "database": self._database, **settings}
        try:
            said = self._session.post(self._url, params=asked, data=body, timeout=PATIENCE)
        except requests.RequestException as error:
            raise Unreachable(f"no answer ({type(error).__name__})") from error
        if said.status_code in {401, 403}:
            raise Unreachable("it lets nobody in with this CLICKHOUSE_USER and CLICKHOUSE_PASSWORD")
        if not said.ok:
            raise Refused(said.text.strip()[:2000])
        return said.content
