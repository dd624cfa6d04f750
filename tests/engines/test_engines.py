"""One code path: whatever a command asks of the built-in engine, every other engine answers to the last decimal.

The questions are written down while each command runs on the sample company; then they are asked again elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from analysis.focus import CostQuery
from analysis.periods import Period
from bot import config as deployment
from bot.clock import stopped_at
from bot.wiring import assembled
from commands.core.registry import discover
from providers.lake import Lake
from tests.engines.cluster import standalone

pytestmark = [pytest.mark.slow, pytest.mark.engines]
NOW = datetime(2026, 11, 18, 9, tzinfo=UTC)
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


@pytest.fixture(scope="module", params=["clickhouse", "spark"])
def other(request: pytest.FixtureRequest, asked: Asked, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """The same files, asked by another engine."""
    if request.param == "clickhouse":
        lake = Lake.open("clickhouse://", asked.lake.folder)
        yield lake
        lake.close()
        return
    with standalone(tmp_path_factory.mktemp("spark")) as master:
        url = f"spark://{master}?spark.driver.bindAddress=127.0.0.1&spark.driver.host=127.0.0.1&spark.executor.memory=900m"
        lake = Lake.open(url, asked.lake.folder)
        yield lake
        lake.close()


def slow(lake: Lake) -> bool:
    """Whether each question takes a second: then one of each kind is asked, whatever its days and names."""
    return type(lake._engine).__name__ == "SparkEngine"


def told(lake: Any, query: CostQuery) -> list[tuple[object, ...]]:
    rows = lake.ask(query).data.itertuples(index=False, name=None)
    return sorted(rows, key=lambda row: tuple(str(value) for value in row))


def test_commands_ask_enough_to_prove_something(asked: Asked) -> None:
    by = {name for query in asked.questions.values() for name in query.by}

    assert len(asked.questions) > 100
    assert {"Day", "ServiceName", "ResourceId", "SubAccountName", "Tags/team"} <= by


def test_every_question_of_every_command_has_the_same_answer(asked: Asked, other: Lake) -> None:
    kinds = {(query.by, tuple(query.where), query.cost, query.categories): query for query in asked.questions.values()}
    questions = list(kinds.values()) if slow(other) else list(asked.questions.values())
    wrong = [query for query in questions if told(asked.lake, query) != told(other, query)]

    print(f"{len(questions)} questions, {len(wrong)} answered otherwise")  # noqa: T201 (the figure is looked at)
    assert not wrong, [(one, told(asked.lake, one)[:3], told(other, one)[:3]) for one in wrong[:4]]


def test_what_is_asked_beside_is_the_same(asked: Asked, other: Lake) -> None:
    assert other.bills(NOW) == asked.lake.bills(NOW)
    assert other.freshness(NOW) == asked.lake.freshness(NOW)
    assert sorted(map(str, other.billed(NOW).spots)) == sorted(map(str, asked.lake.billed(NOW).spots))
    assert all(other.currencies(period) == asked.lake.currencies(period) for period in asked.periods)
    assert all(other.names(one) == asked.lake.names(one) for one in asked.dimensions)
