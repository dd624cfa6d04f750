"""Fires, audit and runs on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest

from bot.state import State as Memory
from tests.contracts.conftest import BEGINNING, Moving
from tests.contracts.said import ask, caller


@pytest.fixture
def replicas(state: Memory, url: str, clock: Moving) -> Iterator[tuple[Memory, Memory]]:
    """Two of us on one database; SQLite, which serves one process, has one with two threads."""
    if state.database.is_sqlite:
        yield state, state
        return
    with Memory.open(url, clock) as other:
        yield state, other


def test_a_period_fires_once_whoever_is_first(replicas: tuple[Memory, Memory]) -> None:
    labels = [f"2026-11-{day:02}" for day in range(1, 21)]
    ready = Barrier(2)

    def planner(state: Memory) -> list[bool]:
        ready.wait()
        return [state.fires.fire("nightly", label, ask(f"clock:nightly:{label}")) for label in labels]

    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(planner, replicas)

    assert [first + second for first, second in zip(one, other, strict=True)] == [1] * 20
    asks = replicas[0].inbox.take(99, 60)
    assert sorted(it.key for it in asks) == [f"clock:nightly:{label}" for label in labels]


def test_a_period_that_was_passed_over_fires_no_more(state: Memory) -> None:
    assert state.fires.skip("nightly", "2026-11-22", "late")
    assert not state.fires.fire("nightly", "2026-11-22", ask())
    assert state.inbox.take(9, 60) == []

    assert state.fires.fire("nightly", "2026-11-23", ask())
    assert not state.fires.skip("nightly", "2026-11-23", "late")


def test_the_newest_label_of_each_schedule_is_known(state: Memory) -> None:
    assert state.fires.last("nightly") is None
    for label in ("2026-11-21", "2026-11-23", "2026-11-22"):
        state.fires.fire("nightly", label, ask(label))
    state.fires.skip("weekly", "2026-W47", "late")

    assert (state.fires.last("nightly"), state.fires.last("weekly")) == ("2026-11-23", "2026-W47")


def test_a_long_reason_to_pass_a_period_over_is_kept(state: Memory) -> None:
    assert state.fires.skip(
        "nightly", "2026-11-22", "the bot was away for longer than the six hours that are caught up"
    )


def test_a_key_has_one_line_and_keeps_its_first(state: Memory) -> None:
    ana = caller("Ana", "k1")
    state.audit.record(ana, "waste", "answered", BEGINNING)
    state.audit.record(ana, "waste", "failed", BEGINNING + timedelta(seconds=1))
    state.audit.record(caller("Bo", "k2"), "forecast", "NotAllowed: " + "x" * 5000, BEGINNING)

    newest, oldest = state.audit.lines()

    assert (oldest.key, oldest.caller, oldest.ask, oldest.outcome) == ("k1", ana.id, "waste", "answered")
    assert oldest.at == BEGINNING
    assert newest.key == "k2"
    assert len(newest.outcome) < 5000
    assert state.audit.lines(limit=1) == [newest]


def test_the_last_run_is_the_newest_that_ended_well(state: Memory) -> None:
    assert state.runs.last() is None
    for number in (1, 2, 3):
        state.runs.started(f"run {number}", BEGINNING + timedelta(hours=number))
    ended = BEGINNING + timedelta(hours=5)
    state.runs.finished("run 2", ended, {"findings": 3, "waste": {"USD": "12.80"}})
    state.runs.finished("run 1", ended + timedelta(hours=1), {})

    last = state.runs.last()

    assert last is not None
    assert (last.id, last.started, last.finished) == ("run 2", BEGINNING + timedelta(hours=2), ended)
    assert last.summary == {"findings": 3, "waste": {"USD": "12.80"}}
