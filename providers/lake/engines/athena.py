"""Amazon Athena: files in S3 with external tables over them; answers are read as the CSV that Athena leaves there."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from io import BytesIO
from pathlib import Path
from typing import Any

import boto3
import ibis
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv

from providers.lake.engines.bucket import FAULTS, Bucket
from providers.lake.engines.warehouse import Refused, Unreachable

ANSWERS = "answers"
PATIENCE = 600.0  # seconds
UNDER_WAY = {"QUEUED", "RUNNING"}


class Athena:
    """One database of Athena in a region, by a workgroup."""

    dialect = "athena"

    def __init__(
        self, region: str, database: str, files: str, *, workgroup: str, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.where = f"Athena in {region}"
        self._database, self._workgroup, self._sleep = database, workgroup, sleep
        self._bucket = Bucket(files, region)
        self._athena: Any = boto3.client("athena", region_name=region)

    def names(self) -> Collection[str]:
        """The tables and views of the database."""
        question = f"SELECT table_name FROM information_schema.tables WHERE table_schema = '{self._database}'"
        told = self.told(question, pa.schema([("table_name", pa.string())]))
        return [str(name) for name in told["table_name"].to_pylist()]

    def bring(self, file: Path, table: str) -> None:
        """Put a Parquet file into the bucket, and say that it is a table."""
        self._bucket.put(file, table)
        schema = ibis.Schema.from_pyarrow(pq.read_schema(file))
        columns = ", ".join(f"`{name}` {hive_type(kind)}" for name, kind in schema.items())
        self.run(f"CREATE EXTERNAL TABLE {table} ({columns}) STORED AS PARQUET LOCATION '{self._bucket.place(table)}'")

    def drop(self, table: str) -> None:
        """Let a table go, and its files."""
        self.run(f"DROP TABLE IF EXISTS {table}")
        self._bucket.drop(table)

    def run(self, statement: str) -> None:
        """Do what has no answer."""
        self._bucket.forget(self._ended(statement))

    def told(self, question: str, kinds: pa.Schema) -> pa.Table:
        """The answer to a question. In Athena's CSV what is absent is bare, and an empty text is quoted."""
        text = self._bucket.read(self._ended(question))
        moments = {one.name: pa.timestamp("us") if pa.types.is_date(one.type) else one.type for one in kinds}
        convert = csv.ConvertOptions(
            column_types=moments,  # a day may come as its midnight
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        )
        read = csv.ReadOptions(column_names=kinds.names, skip_rows=1)
        return csv.read_csv(BytesIO(text), read, csv.ParseOptions(newlines_in_values=True), convert)

    def close(self) -> None:
        """There is no connection to let go."""

    def _ended(self, statement: str) -> str:
        """Where the answer lies of a statement that has run."""
        try:
            started = self._athena.start_query_execution(
                QueryString=statement,
                QueryExecutionContext={"Database": self._database},
                WorkGroup=self._workgroup,
                ResultConfiguration={"OutputLocation": self._bucket.place(ANSWERS)},
            )["QueryExecutionId"]
            waited, pause = 0.0, 0.1
            while True:
                told = self._athena.get_query_execution(QueryExecutionId=started)["QueryExecution"]
                state = told["Status"]["State"]
                if state not in UNDER_WAY:
                    break
                if waited > PATIENCE:
                    self._athena.stop_query_execution(QueryExecutionId=started)
                    raise Refused(f"not answered within {PATIENCE:.0f} seconds")
                self._sleep(pause)
                waited, pause = waited + pause, min(2.0, pause * 1.5)
        except FAULTS as error:
            raise Unreachable(str(error)) from error
        if state != "SUCCEEDED":
            raise Refused(told["Status"].get("StateChangeReason", state))
        return str(told["ResultConfiguration"]["OutputLocation"])


def hive_type(kind: Any) -> str:  # noqa: ANN401 (Ibis types its types at run time)
    """A type as Athena's CREATE TABLE spells it."""
    if kind.is_map():
        return f"map<{hive_type(kind.key_type)},{hive_type(kind.value_type)}>"
    if kind.is_decimal():
        return f"decimal({kind.precision},{kind.scale})"
    name = type(kind).__name__.lower()
    return {"int64": "bigint", "int32": "int", "float64": "double"}.get(name, name)
