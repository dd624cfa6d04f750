"""Two click at once, every click arrives twice; many are a trial of ``benchmarks/chaos``, which CI runs too."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from analysis.findings import State
from benchmarks.chaos.claim_race import race
from bot.state import State as Memory
from tests.contracts.conftest import BEGINNING
from tests.contracts.said import ALL, caller, found


def test_two_who_click_at_once_have_one_winner(state: Memory) -> None:
    state.findings.seen([found(number) for number in range(10)], "run", ALL, BEGINNING)

    with ThreadPoolExecutor(4) as pool:
        fair = [race(state, pool, found(number).id, [caller("Ana"), caller("Bo")])[0] for number in range(10)]

    assert all(fair)
    assert len(state.audit.lines()) == 20
    assert {one.state for one in state.findings.standing()} == {State.CLAIMED}
    assert all([step.verb for step in state.findings.history(found(one).id)] == ["open", "claim"] for one in range(10))
