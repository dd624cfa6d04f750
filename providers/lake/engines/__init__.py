"""The engines there are, by the scheme of ``lake.url``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias
from urllib.parse import SplitResult, parse_qsl, urlsplit

from analysis.errors import BadConfig
from providers.lake.engine import Engine

Secret: TypeAlias = Callable[[str], str]  # by the name of an environment variable; empty if there is none


@dataclass(frozen=True, slots=True)
class Asked:
    """A ``lake.url`` taken apart, and what stands around it."""

    url: str
    said: SplitResult
    folder: Path
    memory: str
    secret: Secret

    @property
    def options(self) -> Mapping[str, str]:
        """What stands after ``?``."""
        return dict(parse_qsl(self.said.query))

    @property
    def host(self) -> str:
        """Where it is.

        Raises:
            BadConfig: there is no host in it.
        """
        if not self.said.hostname:
            raise BadConfig(f"lake.url {self.url!r} names no host; docs/engines.md has one of each kind to copy")
        return self.said.hostname

    @property
    def secure(self) -> bool:
        """Whether it is asked over TLS: unless ``secure=0`` says otherwise."""
        return self.options.get("secure", "1") != "0"

    def two(self, what: str) -> tuple[str, str]:
        """The two names of the path, as in ``/catalog/schema``.

        Raises:
            BadConfig: there are not two.
        """
        parts = self.said.path.strip("/").split("/")
        if len(parts) != 2 or not all(parts):  # noqa: PLR2004
            raise BadConfig(f"lake.url {self.url!r}: after the host come {what}, as in {self.said.scheme}://host/a/b")
        return parts[0], parts[1]

    def option(self, name: str, what: str) -> str:
        """An option that must be there.

        Raises:
            BadConfig: it is not.
        """
        if not (value := self.options.get(name, "")):
            raise BadConfig(f"lake.url {self.url!r}: {name}= is missing, {what}")
        return value


def opened(url: str, folder: Path, *, memory: str = "", secret: Secret = lambda _name: "") -> Engine:
    """The engine of a lake that lies in ``folder``; what lets it in comes from ``secret``, never from the URL.

    Raises:
        BadConfig: there is no such engine, or what it needs is not installed, or not said.
    """
    said = urlsplit(url)
    make = ENGINES.get(said.scheme)
    if make is None:
        known = ", ".join(f"{name}://" for name in ENGINES)
        raise BadConfig(f"lake.url {url!r}: there is no engine {said.scheme!r} here; there are {known}")
    if said.password:
        raise BadConfig("lake.url holds a password, and many read it; take it out, and put it into the environment")
    return make(Asked(url, said, folder, memory, secret))


def _duck(asked: Asked) -> Engine:
    from providers.lake.engines.duck import DuckEngine

    return DuckEngine(asked.folder / ".spill", asked.memory)


def _spark(asked: Asked) -> Engine:  # Spark has its own settings of memory
    from providers.lake.engines.spark import SparkEngine

    return SparkEngine(asked.said.netloc or "local[*]", asked.options)


def _clickhouse(asked: Asked) -> Engine:
    if not asked.said.netloc:
        from providers.lake.engines.clickhouse import ClickHouseEngine

        return ClickHouseEngine()
    from providers.lake.engines.clickhouse_server import ClickHouseServer
    from providers.lake.engines.warehouse import WarehouseEngine

    scheme, port = ("https", 8443) if asked.secure else ("http", 8123)
    return WarehouseEngine(
        ClickHouseServer(
            f"{scheme}://{asked.host}:{asked.said.port or port}",
            asked.said.path.strip("/") or "default",
            asked.said.username or asked.secret("CLICKHOUSE_USER") or "default",
            asked.secret("CLICKHOUSE_PASSWORD"),
        )
    )


def _trino(asked: Asked) -> Engine:
    from providers.lake.engines.trino import Trino
    from providers.lake.engines.warehouse import WarehouseEngine

    return WarehouseEngine(
        Trino(
            (asked.host, asked.said.port or (443 if asked.secure else 8080)),
            asked.two("a catalog and a schema"),
            asked.option("files", "the folder in S3 that Trino reads, s3://bucket/folder"),
            secure=asked.secure,
            user=asked.said.username or asked.secret("TRINO_USER") or "pitcrew",
            password=asked.secret("TRINO_PASSWORD"),
            token=asked.secret("TRINO_TOKEN"),
        )
    )


def _athena(asked: Asked) -> Engine:
    from providers.lake.engines.athena import Athena
    from providers.lake.engines.warehouse import WarehouseEngine

    files = asked.option("files", "the folder in S3 where Athena finds rows and leaves answers, s3://bucket/folder")
    database = asked.said.path.strip("/") or "default"
    return WarehouseEngine(Athena(asked.host, database, files, workgroup=asked.options.get("workgroup", "primary")))


def _databricks(asked: Asked) -> Engine:
    from providers.lake.engines.databricks import Databricks
    from providers.lake.engines.warehouse import WarehouseEngine

    if not (token := asked.secret("DATABRICKS_TOKEN")):
        raise BadConfig("lake.url names Databricks, and DATABRICKS_TOKEN is not in the environment")
    port = f":{asked.said.port}" if asked.said.port else ""
    return WarehouseEngine(
        Databricks(
            f"{'https' if asked.secure else 'http'}://{asked.host}{port}",
            asked.two("a catalog and a schema"),
            warehouse=asked.option("warehouse", "the id of the SQL warehouse that answers"),
            volume=asked.option("volume", "the name of the schema's volume that takes the files"),
            token=token,
        )
    )


ENGINES: Mapping[str, Callable[[Asked], Engine]] = {
    "duckdb": _duck,
    "spark": _spark,
    "clickhouse": _clickhouse,
    "trino": _trino,
    "athena": _athena,
    "databricks": _databricks,
}
