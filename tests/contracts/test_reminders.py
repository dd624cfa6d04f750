"""Reminders on both databases: however many replicas look at once, a week has one, and silence is remembered."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from bot.state import State as Memory
from tests.contracts.conftest import BEGINNING
from tests.contracts.said import caller, parcel


def test_of_many_replicas_that_remind_somebody_one_does(state: Memory) -> None:
    ready = Barrier(8)

    def tried(_replica: int) -> bool:
        ready.wait()
        return state.fires.post("reminder slack:UANA", "2026-11-23", [parcel("reminder slack:UANA:2026-11-23")])

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(tried, range(8))) == [False] * 7 + [True]
    assert state.outbox.counts() == {"pending": 1}
    assert state.fires.last("reminder slack:UANA") == "2026-11-23"


def test_who_wants_none_is_remembered_until_they_do(state: Memory) -> None:
    assert state.reminders.are_wanted("slack:UANA")
    for _ in range(2):
        state.reminders.want("slack:UANA", caller(), BEGINNING, wanted=False)
    assert not state.reminders.are_wanted("slack:UANA") and state.reminders.are_wanted("team:search")
    state.reminders.want("slack:UANA", caller(), BEGINNING, wanted=True)
    assert state.reminders.are_wanted("slack:UANA")
