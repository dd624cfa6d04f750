"""Trino, or Starburst: the lake's files in S3, external tables of its Hive connector over them."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import closing
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
import requests

from analysis.errors import BadConfig
from providers.lake.engines.bucket import Bucket
from providers.lake.engines.warehouse import Refused, Unreachable


class Trino:
    """One schema of a catalog. ``token`` is a JWT; else user and password, if there is one."""

    dialect = "trino"

    def __init__(  # noqa: PLR0913 (how it is reached)
        self,
        address: tuple[str, int],
        place: tuple[str, str],
        files: str,
        *,
        secure: bool = True,
        user: str = "pitcrew",
        password: str = "",
        token: str = "",
    ) -> None:
        try:
            from trino import auth, dbapi, exceptions
        except ImportError:
            raise BadConfig("lake.url: Trino's client is not installed; pip install 'finops-pitcrew[trino]'") from None
        host, port = address
        self.where = f"Trino at {host}"
        catalog, self._schema = place
        self._bucket = Bucket(files)
        self._refused: tuple[type[Exception], ...] = (exceptions.TrinoQueryError,)
        self._failed: tuple[type[Exception], ...] = (exceptions.Error, exceptions.HttpError, requests.RequestException)
        made: Any = dbapi
        known: Any = auth.BasicAuthentication(user, password) if password else None
        self._connection: Any = made.connect(
            host=host,
            port=port,
            user=user,
            catalog=catalog,
            schema=self._schema,
            http_scheme="https" if secure else "http",
            auth=auth.JWTAuthentication(token) if token else known,
            timezone="UTC",  # days are UTC days wherever it runs
            source="pitcrew",
        )

    def names(self) -> Collection[str]:
        """The tables and views of the schema."""
        question = f"SELECT table_name FROM information_schema.tables WHERE table_schema = '{self._schema.lower()}'"
        return [str(name) for (name,) in self._rows(question)]

    def bring(self, file: Path, table: str) -> None:
        """Put a Parquet file into the bucket, and say that it is a table."""
        self._bucket.put(file, table)
        schema = ibis.Schema.from_pyarrow(pq.read_schema(file))
        columns = ", ".join(f'"{name}" {trino_type(kind)}' for name, kind in schema.items())
        place = self._bucket.place(table)
        self.run(f"CREATE TABLE {table} ({columns}) WITH (external_location = '{place}', format = 'PARQUET')")

    def drop(self, table: str) -> None:
        """Let a table go, and its files."""
        self.run(f"DROP TABLE IF EXISTS {table}")
        self._bucket.drop(table)

    def run(self, statement: str) -> None:
        """Do what has no answer."""
        self._rows(statement)

    def told(self, question: str, kinds: pa.Schema) -> pa.Table:
        """The answer to a question."""
        rows = self._rows(question)
        columns = zip(*rows, strict=True) if rows else [()] * len(kinds)
        return pa.table(
            [pa.array(column, kind) for column, kind in zip(columns, kinds.types, strict=True)], kinds.names
        )

    def close(self) -> None:
        """Let the connection go."""
        self._connection.close()

    def _rows(self, statement: str) -> list[list[Any]]:
        try:
            with closing(self._connection.cursor()) as cursor:
                cursor.execute(statement)
                found: list[list[Any]] = cursor.fetchall()
                return found
        except self._refused as error:
            raise Refused(str(error)) from error
        except self._failed as error:
            raise Unreachable(f"no answer ({error})") from error


def trino_type(kind: Any) -> str:  # noqa: ANN401 (Ibis types its types at run time)
    """A type as Trino spells it; times to the millisecond, which is what the Hive connector reads unless told."""
    if kind.is_map():
        return f"map({trino_type(kind.key_type)}, {trino_type(kind.value_type)})"
    if kind.is_decimal():
        return f"decimal({kind.precision}, {kind.scale})"
    name = type(kind).__name__.lower()
    named = {
        "string": "varchar",
        "int64": "bigint",
        "int32": "integer",
        "float64": "double",
        "timestamp": "timestamp(3)",
    }
    return named.get(name, name)
