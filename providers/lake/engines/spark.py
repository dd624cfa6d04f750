"""Apache Spark: a standalone cluster, or threads of this machine, that read the lake's Parquet files themselves.

The lake's folder must be where every worker sees it: a shared disk, or one machine.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

import ibis

from analysis.errors import BadConfig
from analysis.periods import Period
from providers.lake.engine import Rows, versions
from providers.lake.engines.files import both, parts
from providers.lake.shelf import Shelf

OPTIONS = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.session.timeZone": "UTC",  # days are UTC days wherever it runs
    "spark.sql.parquet.inferTimestampNTZ.enabled": "true",
    "spark.sql.ansi.enabled": "true",  # a sum that does not fit is an error, never NULL
    "spark.sql.shuffle.partitions": "8",
}


class SparkEngine:
    """Spark, by the address of its master: ``host:7077`` of a cluster, ``local[4]`` for threads here.

    ``options`` are Spark's own settings (``spark.executor.memory=4g``).
    """

    def __init__(self, master: str, options: Mapping[str, str]) -> None:
        try:
            from pyspark.errors import PySparkException
            from pyspark.sql import SparkSession
        except ImportError:
            raise BadConfig("lake.url: Spark is not installed; pip install 'finops-pitcrew[spark]' brings it") from None
        named = master if master.startswith("local") else f"spark://{master}"
        builder = SparkSession.builder.master(named).appName("pitcrew")
        for key, value in {**OPTIONS, **options}.items():
            builder = builder.config(key, value)
        self.errors: tuple[type[Exception], ...] = (PySparkException,)
        self._session = builder.getOrCreate()
        self._session.sparkContext.setLogLevel("ERROR")
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas")  # nor is it used with it
            self._backend = ibis.pyspark.connect(self._session)
        self._lock = Lock()
        self._kept: list[str] = []
        self._named: dict[str, list[str]] = {}

    def take(self, folder: Path, shelf: Shelf) -> tuple[Any, Any]:
        """Look at one version of a lake; its daily sums and its rows, as Ibis tables."""
        version = shelf.version
        with self._lock:
            made = self._named.setdefault(version, [])

            def read(files: Sequence[Path], name: str) -> Any:  # noqa: ANN401
                if name not in made:
                    frame = self._session.read.parquet(*(file.absolute().as_uri() for file in files))
                    frame.createOrReplaceTempView(name)
                    if name.startswith("mart"):
                        self._session.catalog.cacheTable(name)
                    made.append(name)
                return self._backend.table(name)

            tables = both(parts(folder, shelf), read, version)
            for old in versions(self._kept, version):
                for name in self._named.pop(old):
                    self._session.catalog.dropTempView(name)
            return tables

    def within(self, rows: Any, period: Period) -> Any:  # noqa: ANN401, ARG002 (it looks into its files by itself)
        """All of them."""
        return rows

    def answer(self, expression: Any) -> Rows:  # noqa: ANN401
        """The rows of an expression. Safe to call from many threads."""
        with self._lock:
            question, kinds = self._backend.compile(expression), expression.as_table().schema().to_pyarrow()
        found: Rows = self._session.sql(question).toArrow().rename_columns(kinds.names).cast(kinds)
        return found

    def close(self) -> None:
        """End the session; a cluster goes on for others."""
        self._session.stop()
