"""One code path: whatever a command asks of the built-in engine, every other engine answers to the last decimal.

The questions are written down while each command runs on the sample company; then they are asked again elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import pytest

from analysis.focus import CostQuery
from analysis.periods import Period
from bot import config as deployment
from bot.clock import stopped_at
from bot.wiring import assembled
from commands.core.registry import discover
from providers.lake import Lake
from providers.lake.engines.clickhouse import ClickHouseEngine
from providers.lake.engines.spark import SparkEngine
from tests.aws.double import Double
from tests.engines import elsewhere
from tests.engines.cluster import standalone
from tests.engines.questions import QUESTIONS, kinds

pytestmark = [pytest.mark.slow, pytest.mark.engines]
NOW = datetime(2026, 11, 18, 9, tzinfo=UTC)
BUCKET = "costs"
SIDE_BY_SIDE = 4  # questions: an engine elsewhere is mostly waited for
ACTING = {"acknowledge", "assess", "claim", "prefer", "release", "share", "snooze", "verdict"}


@dataclass
class Asked:
    """A lake, and everything that is asked of it."""

    lake: Lake
    questions: dict[tuple[object, ...], CostQuery] = field(default_factory=dict)
    periods: set[Period] = field(default_factory=set)
    dimensions: set[str] = field(default_factory=set)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.lake, name)

    def ask(self, query: CostQuery) -> Any:
        self.questions[query.key()] = query
        return self.lake.ask(query)

    def currencies(self, period: Period) -> Any:
        self.periods.add(period)
        return self.lake.currencies(period)

    def names(self, dimension: str) -> Sequence[str]:
        self.dimensions.add(dimension)
        return self.lake.names(dimension)


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    """What every example of every command that reads asks of the sample company."""
    raw = {"data": {"folder": str(tmp_path_factory.mktemp("data"))}, "providers": [{"kind": "sample"}]}
    with assembled(deployment.parse(raw, lambda _: "test"), stopped_at(NOW)) as crew:
        known = Asked(crew.lake)
        crew.lake = known  # type: ignore[assignment]
        crew.typed("assess", "ana")
        for name in discover():
            for example in () if name in ACTING else discover()[name].examples:
                crew.typed(example, "ana")
        yield known


@pytest.fixture(scope="module")
def aws() -> Iterator[Any]:
    """S3 with a bucket, and Athena, on loopback."""
    with Double.running() as double, pytest.MonkeyPatch.context() as patched:
        for name, value in double.environment.items():
            patched.setenv(name, value)
        double.s3 = boto3.client("s3")  # type: ignore[attr-defined]
        double.s3.create_bucket(Bucket=BUCKET)  # type: ignore[attr-defined]
        yield double


@contextmanager
def clickhouse_server(folder: Path, _aws: Any) -> Iterator[tuple[str, Mapping[str, str]]]:
    with elsewhere.clickhouse(folder, "default", "sesame") as address:
        yield f"clickhouse://{address}/costs?secure=0", {"CLICKHOUSE_PASSWORD": "sesame"}


@contextmanager
def trino(folder: Path, aws: Any) -> Iterator[tuple[str, Mapping[str, str]]]:
    inside = elsewhere.Translated("trino", partial(elsewhere.in_bucket, aws.s3, folder))
    with elsewhere.trino(inside, "ana") as address:
        yield f"trino://ana@{address}/hive/main?secure=0&files=s3://{BUCKET}/trino", {}


@contextmanager
def athena(folder: Path, aws: Any) -> Iterator[tuple[str, Mapping[str, str]]]:
    elsewhere.athena(elsewhere.Translated("trino", partial(elsewhere.in_bucket, aws.s3, folder)), aws, aws.s3)
    yield f"athena://us-east-1/main?files=s3://{BUCKET}/athena", {}


@contextmanager
def databricks(folder: Path, _aws: Any) -> Iterator[tuple[str, Mapping[str, str]]]:
    inside = elsewhere.Translated("databricks", partial(elsewhere.in_folder, folder))
    with elsewhere.databricks(inside, folder, "sesame") as address:
        url = f"databricks://{address}/lake/main?secure=0&warehouse=w1&volume=files"
        yield url, {"DATABRICKS_TOKEN": "sesame"}


@contextmanager
def spark(folder: Path, _aws: Any) -> Iterator[tuple[str, Mapping[str, str]]]:
    with standalone(folder) as master:
        here = "spark.driver.bindAddress=127.0.0.1&spark.driver.host=127.0.0.1"
        yield f"spark://{master}?{here}&spark.executor.memory=900m&spark.sql.shuffle.partitions=2", {}


@contextmanager
def clickhouse(_folder: Path, _aws: Any) -> Iterator[tuple[str, Mapping[str, str]]]:
    yield "clickhouse://", {}


@pytest.fixture(scope="module", params=[clickhouse, clickhouse_server, trino, athena, databricks, spark])
def other(
    request: pytest.FixtureRequest, asked: Asked, aws: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Lake]:
    """The same files, asked by another engine."""
    with request.param(tmp_path_factory.mktemp(request.param.__name__), aws) as (url, secrets):
        lake = Lake.open(url, asked.lake.folder, secret=lambda name: secrets.get(name, ""))
        yield lake
        lake.close()


def chosen(lake: Lake, asked: Asked) -> list[CostQuery]:
    """What to ask: everything, where a question takes no time.

    Of a cluster one of each kind is asked, whatever its days and names; of stand-ins, where only the way there is
    tried, one of all those that need the same of an engine.
    """
    everything = [*asked.questions.values(), QUESTIONS["one of a long list"]]
    if isinstance(lake._engine, ClickHouseEngine):
        return everything
    if isinstance(lake._engine, SparkEngine):
        return list({(one.by, tuple(one.where), one.cost, one.categories): one for one in everything}.values())
    return list({(frozenset(kinds(one)), one.categories, len(one.by)): one for one in everything}.values())


def told(lake: Any, query: CostQuery) -> list[tuple[object, ...]]:
    rows = lake.ask(query).data.itertuples(index=False, name=None)
    return sorted(rows, key=lambda row: tuple(str(value) for value in row))


def test_commands_ask_enough_to_prove_something(asked: Asked) -> None:
    by = {name for query in asked.questions.values() for name in query.by}

    assert len(asked.questions) > 100
    assert {"Day", "ServiceName", "ResourceId", "SubAccountName", "Tags/team"} <= by


def test_no_command_asks_what_no_snapshot_has(asked: Asked) -> None:
    written = {kind for query in QUESTIONS.values() for kind in kinds(query)}
    wanted = {kind for query in asked.questions.values() for kind in kinds(query)}

    assert wanted <= written


def test_every_question_of_every_command_has_the_same_answer(asked: Asked, other: Lake) -> None:
    questions = chosen(other, asked)
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        answers = list(pool.map(partial(told, other), questions))
    wrong = [query for query, answer in zip(questions, answers, strict=True) if answer != told(asked.lake, query)]

    print(f"{len(questions)} questions, {len(wrong)} answered otherwise")  # noqa: T201 (the figure is looked at)
    assert not wrong, [(one, told(asked.lake, one)[:3], told(other, one)[:3]) for one in wrong[:4]]


def test_what_is_asked_beside_is_the_same(asked: Asked, other: Lake) -> None:
    assert other.bills(NOW) == asked.lake.bills(NOW)
    assert other.freshness(NOW) == asked.lake.freshness(NOW)
    assert sorted(map(str, other.billed(NOW).spots)) == sorted(map(str, asked.lake.billed(NOW).spots))
    assert all(other.currencies(period) == asked.lake.currencies(period) for period in asked.periods)
    assert all(other.names(one) == asked.lake.names(one) for one in asked.dimensions)
