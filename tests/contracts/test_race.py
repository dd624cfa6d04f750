"""Two click at once, every click arrives twice; many are a trial of ``benchmarks/chaos``, which CI runs too."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import sqlalchemy as sa

from analysis.findings import State
from benchmarks.chaos.claim_race import click, race
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


def test_whoever_is_late_costs_three_statements_and_a_copy_two(state: Memory) -> None:
    state.findings.seen([found()], "run", ALL, BEGINNING)
    click(state, found().id, caller("Ana"))
    late = caller("Bo")
    asked: list[str] = []
    sa.event.listen(state.database.engine, "before_cursor_execute", lambda *given: asked.append(given[2].split()[0]))

    assert click(state, found().id, late)[0] == click(state, found().id, late)[0] == "late"

    assert [word for word in asked if word != "BEGIN"] == ["SELECT", "SELECT", "INSERT", "SELECT", "SELECT"]
