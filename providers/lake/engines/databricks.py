"""Databricks SQL, through its two REST interfaces: files go into a volume, statements to a warehouse.

https://docs.databricks.com/api/workspace/statementexecution and …/files, read in November 2026. Answers come as Arrow.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import requests

from providers.lake.engines.warehouse import Refused, Unreachable

PATIENCE = (10, 600)  # seconds to connect, and for an answer
LONGEST = 600.0  # seconds that a statement may take
UNDER_WAY = {"PENDING", "RUNNING"}


class Databricks:
    """One schema of a catalog, by a SQL warehouse; ``volume`` is that of the schema which takes the files."""

    dialect = "databricks"

    def __init__(
        self,
        url: str,
        place: tuple[str, str],
        *,
        warehouse: str,
        volume: str,
        token: str,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.where = f"Databricks at {url.partition('://')[2]}"
        self._url, (self._catalog, self._schema), self._warehouse = url, place, warehouse
        self._folder = f"/Volumes/{self._catalog}/{self._schema}/{volume}"
        self._sleep = sleep
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {token}"

    def names(self) -> Collection[str]:
        """The tables and views of the schema."""
        question = f"SELECT table_name FROM information_schema.tables WHERE table_schema = '{self._schema.lower()}'"
        told = self.told(question, pa.schema([("table_name", pa.string())]))
        return [str(name) for name in told["table_name"].to_pylist()]

    def bring(self, file: Path, table: str) -> None:
        """Put a Parquet file into the volume, and make a table of it; the file is not needed afterwards."""
        path = f"{self._folder}/{table}.parquet"
        with file.open("rb") as content:
            self._call("PUT", f"/api/2.0/fs/files{quote(path)}", params={"overwrite": "true"}, data=content)
        self.run(f"CREATE TABLE IF NOT EXISTS {table} AS SELECT * FROM parquet.`{path}`")
        self._call("DELETE", f"/api/2.0/fs/files{quote(path)}")

    def drop(self, table: str) -> None:
        """Let a table go."""
        self.run(f"DROP TABLE IF EXISTS {table}")

    def run(self, statement: str) -> None:
        """Do what has no answer."""
        self._ended(statement)

    def told(self, question: str, kinds: pa.Schema) -> pa.Table:
        """The answer to a question: its parts lie elsewhere, each behind a link that needs no token."""
        told = self._ended(question)
        tables = []
        part: dict[str, Any] | None = told.get("result") or {}
        while part:
            links = part.get("external_links", [])
            for link in links:
                with pa.ipc.open_stream(self._fetched(link["external_link"])) as stream:
                    tables.append(stream.read_all().rename_columns(kinds.names))
            following = links[-1].get("next_chunk_internal_link") if links else None
            part = self._call("GET", following).json() if following else None
        return pa.concat_tables(tables) if tables else kinds.empty_table()

    def close(self) -> None:
        """Let the connections go."""
        self._session.close()

    def _ended(self, statement: str) -> dict[str, Any]:
        """What is told of a statement that has run."""
        asked = {
            "warehouse_id": self._warehouse,
            "catalog": self._catalog,
            "schema": self._schema,
            "statement": statement,
            "disposition": "EXTERNAL_LINKS",
            "format": "ARROW_STREAM",
            "wait_timeout": "30s",
            "on_wait_timeout": "CONTINUE",
        }
        told: dict[str, Any] = self._call("POST", "/api/2.0/sql/statements/", json=asked).json()
        waited, pause = 0.0, 0.2
        while told["status"]["state"] in UNDER_WAY:
            if waited > LONGEST:
                self._call("POST", f"/api/2.0/sql/statements/{told['statement_id']}/cancel")
                raise Refused(f"not answered within {LONGEST:.0f} seconds")
            self._sleep(pause)
            waited, pause = waited + pause, min(2.0, pause * 1.5)
            told = self._call("GET", f"/api/2.0/sql/statements/{told['statement_id']}").json()
        if told["status"]["state"] != "SUCCEEDED":
            raise Refused(told["status"].get("error", {}).get("message", told["status"]["state"]))
        return told

    def _call(self, method: str, path: str, **asked: Any) -> requests.Response:  # noqa: ANN401
        try:
            said = self._session.request(method, f"{self._url}{path}", timeout=PATIENCE, **asked)
        except requests.RequestException as error:
            raise Unreachable(f"no answer ({type(error).__name__})") from error
        if said.status_code in {401, 403}:
            raise Unreachable("it lets nobody in with this DATABRICKS_TOKEN")
        if not said.ok:
            raise Refused(said.text.strip()[:2000])
        return said

    def _fetched(self, link: str) -> bytes:
        try:
            said = requests.get(link, timeout=PATIENCE)
        except requests.RequestException as error:
            raise Unreachable(f"its answer cannot be fetched ({type(error).__name__})") from error
        if not said.ok:
            raise Refused(f"its answer cannot be fetched ({said.status_code})")
        return said.content
