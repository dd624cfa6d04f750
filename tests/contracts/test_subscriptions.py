"""Subscriptions on both databases: kept, replaced, dropped."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.state import State as Memory
from commands.core.caller import Here
from commands.core.ports import Subscription
from tests.contracts.conftest import BEGINNING

WEEKLY = Subscription(
    "a1b2c3d4e5",
    "weekly",
    "digest weekly team=search",
    "0 9 * * mon",
    "Europe/Berlin",
    "22:00-07:00",
    Here("slack", "T1", "C1", "U1"),
    "slack:U1",
    "Ana",
    BEGINNING,
)


def test_a_subscription_comes_back_as_it_went_in_the_oldest_first(state: Memory) -> None:
    later = replace(
        WEEKLY, id="0000000000", here=Here("slack", "T1", "", "U2", alone=True), at=BEGINNING + timedelta(1)
    )
    state.subscriptions.keep(later)
    state.subscriptions.keep(WEEKLY)

    assert state.subscriptions.all() == [WEEKLY, later]


def test_saying_it_again_replaces_it_and_dropping_it_forgets_it(state: Memory) -> None:
    state.subscriptions.keep(WEEKLY)
    state.subscriptions.keep(replace(WEEKLY, cron="0 10 * * tue", by_name="Ben"))
    assert [(one.cron, one.by_name) for one in state.subscriptions.all()] == [("0 10 * * tue", "Ben")]

    state.subscriptions.drop(WEEKLY.id)
    state.subscriptions.drop(WEEKLY.id)
    assert state.subscriptions.all() == []
