"""The ledger of savings and adopted findings, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from analysis.findings import State
from analysis.money import Money
from bot.state import State as Memory
from tests.contracts.conftest import BEGINNING
from tests.contracts.said import found


def test_a_line_is_added_when_it_says_something_new(state: Memory) -> None:
    worth = Money.of("312.50", "USD")
    assert state.ledger.enter("f1", "too early", Money.zero("USD"), {"days": 3}, BEGINNING)
    assert state.ledger.enter("f1", "verified", worth, {"days": 9}, BEGINNING + timedelta(days=6))
    assert not state.ledger.enter("f1", "verified", worth, {"days": 10}, BEGINNING + timedelta(days=7))
    assert state.ledger.enter("f2", "verified", worth, {}, BEGINNING)

    lines = state.ledger.entries("f1")
    assert [(one.status, one.monthly, one.line) for one in lines] == [
        ("too early", Money.zero("USD"), {"days": 3}),
        ("verified", worth, {"days": 9}),
    ]
    assert len(state.ledger.entries()) == 3


def test_what_was_fixed_before_is_adopted_once_with_its_moments(state: Memory) -> None:
    moment = BEGINNING - timedelta(days=60)
    past = replace(found(), state=State.RESOLVED, owner="team:data", owner_name="data team", changed_at=moment)
    state.findings.adopt([past])
    state.findings.adopt([replace(past, owner_name="somebody else")])

    [adopted] = state.findings.standing(State.RESOLVED)
    assert (adopted.changed_at, adopted.owner_name, adopted.id) == (moment, "data team", past.id)
    seen = state.findings.seen([found()], "run", frozenset({past.provider}), BEGINNING)
    assert [one.id for one in seen.reopened] == [past.id]
