"""The engines there are, by the scheme of ``lake.url``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, urlsplit

from analysis.errors import BadConfig
from providers.lake.engine import Engine


def opened(url: str, folder: Path, *, memory: str = "") -> Engine:
    """The engine of a lake that lies in ``folder``.

    Raises:
        BadConfig: there is no such engine, or what it needs is not installed.
    """
    said = urlsplit(url)
    make = ENGINES.get(said.scheme)
    if make is None:
        known = ", ".join(f"{name}://" for name in ENGINES)
        raise BadConfig(f"lake.url {url!r}: there is no engine {said.scheme!r} here; there are {known}")
    return make(said, folder, memory)


def _duck(said: SplitResult, folder: Path, memory: str) -> Engine:  # noqa: ARG001
    from providers.lake.engines.duck import DuckEngine

    return DuckEngine(folder / ".spill", memory)


def _spark(said: SplitResult, folder: Path, memory: str) -> Engine:  # noqa: ARG001 (Spark has its own settings)
    from providers.lake.engines.spark import SparkEngine

    return SparkEngine(said.netloc or "local[*]", dict(parse_qsl(said.query)))


def _clickhouse(said: SplitResult, folder: Path, memory: str) -> Engine:  # noqa: ARG001
    from providers.lake.engines.clickhouse import ClickHouseEngine

    if said.netloc:
        raise BadConfig("lake.url: only the embedded ClickHouse is served, clickhouse:// without a host")
    return ClickHouseEngine()


ENGINES: Mapping[str, Callable[[SplitResult, Path, str], Engine]] = {
    "duckdb": _duck,
    "spark": _spark,
    "clickhouse": _clickhouse,
}
