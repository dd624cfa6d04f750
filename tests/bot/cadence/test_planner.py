"""The planner: each turn of each schedule once, whoever looks, however often, and whatever was missed."""

from __future__ import annotations

import asyncio
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from analysis.errors import NotSaved
from bot.cadence.planner import Planner
from bot.cadence.schedule import Schedule
from tests.memory_store import MemoryStore

NIGHTLY = Schedule("nightly", "0 6 * * *", "assess", ("practitioner",), timezone="Europe/Berlin")
WEEKLY = Schedule("weekly views", "0 9 * * mon", "summary {persona}", ("finance", "product"), always=True)


class Desk:
    """A planner whose clock is turned by hand."""

    def __init__(self, *schedules: Schedule, at: str = "2026-10-20T00:00") -> None:
        self.now = datetime.fromisoformat(at).replace(tzinfo=UTC)
        self.store = MemoryStore(lambda: self.now)
        self.planner = Planner(self.store, schedules, lambda: self.now)
        self.planner.tick()

    def at(self, moment: str) -> list[str]:
        """The asks that a tick at this moment enters."""
        self.now = datetime.fromisoformat(moment).replace(tzinfo=UTC)
        before = set(self.store.asks)
        count = self.planner.tick()
        new = [key for key in self.store.asks if key not in before]
        assert count == len(new)
        return new

    def skipped(self, why: str) -> list[str]:
        return [label for (_, label), said in self.store.fired.items() if said == why]


def test_a_turn_is_entered_once_as_the_ask_that_a_person_would_type() -> None:
    desk = Desk(NIGHTLY)

    assert desk.at("2026-10-20T03:59:59") == []
    assert desk.at("2026-10-20T04:00:00") == ["clock:nightly:2026-10-20"]
    assert desk.at("2026-10-20T04:00:15") == []
    ask = desk.store.asks["clock:nightly:2026-10-20"].ask
    assert (ask.text, ask.user, ask.place.platform, ask.place.tenant) == ("assess", "clock:nightly", "clock", "nightly")


def test_each_persona_has_an_ask_of_its_own() -> None:
    desk = Desk(WEEKLY)

    assert desk.at("2026-10-26T09:00") == ["clock:weekly views:2026-W44:finance", "clock:weekly views:2026-W44:product"]
    assert [row.ask.text for row in desk.store.asks.values()] == ["summary finance", "summary product"]
    assert [row.ask.place.conversation for row in desk.store.asks.values()] == ["finance", "product"]


def test_a_schedule_that_is_new_begins_with_its_next_turn() -> None:
    desk = Desk(NIGHTLY, at="2026-10-20T04:05")

    assert desk.store.asks == {}
    assert desk.skipped("new") == ["2026-10-20"]
    assert desk.at("2026-10-21T04:00") == ["clock:nightly:2026-10-21"]


def test_of_missed_turns_the_newest_is_taken_and_the_others_are_recorded() -> None:
    desk = Desk(NIGHTLY)
    desk.at("2026-10-20T04:00")

    assert desk.at("2026-10-23T09:59") == ["clock:nightly:2026-10-23"]
    assert desk.skipped("late") == ["2026-10-21", "2026-10-22"]


def test_a_turn_that_is_too_late_is_recorded_and_not_taken() -> None:
    desk = Desk(NIGHTLY)

    assert desk.at("2026-10-20T10:00:01") == []
    assert desk.skipped("late") == ["2026-10-20"]
    assert desk.at("2026-10-21T04:00") == ["clock:nightly:2026-10-21"]


def test_a_database_that_is_away_for_a_while_costs_no_turn() -> None:
    desk = Desk(NIGHTLY, WEEKLY)
    desk.store.broken = True
    assert desk.at("2026-10-20T04:00") == []
    desk.store.broken = False

    assert desk.at("2026-10-20T04:01") == ["clock:nightly:2026-10-20"]


def test_a_kill_between_two_personas_leaves_the_second_to_the_next_tick() -> None:
    desk = Desk(WEEKLY)
    calls = Counter[str]()

    def killed_at_the_second(method: str) -> None:
        calls[method] += 1
        if calls["fire"] > 1:
            raise NotSaved("killed")

    desk.store.trouble = killed_at_the_second
    assert desk.at("2026-10-26T09:00") == ["clock:weekly views:2026-W44:finance"]
    desk.store.trouble = lambda _: None
    assert desk.at("2026-10-26T09:01") == ["clock:weekly views:2026-W44:product"]


def test_of_many_planners_one_enters_a_turn() -> None:
    moment = datetime(2026, 10, 20, tzinfo=UTC)
    store = MemoryStore(lambda: moment)
    planners = [Planner(store, [NIGHTLY], lambda: moment) for _ in range(8)]
    entered = 0
    with ThreadPoolExecutor(8) as pool:
        for hour in range(24 * 5):
            moment = datetime(2026, 10, 20, tzinfo=UTC) + timedelta(hours=hour)
            entered += sum(pool.map(lambda planner: planner.tick(), planners))

    assert entered == len(store.asks) == 5


@pytest.mark.parametrize("zone", ["Africa/Cairo", "Australia/Lord_Howe", "Europe/Berlin"])
@pytest.mark.parametrize("cron", ["30 2 * * *", "0 0,12 * * *"])
def test_ticking_through_a_year_takes_every_turn_and_skips_none(zone: str, cron: str) -> None:
    desk = Desk(Schedule("nightly", cron, "assess", timezone=zone), at="2026-01-01T12:00")
    begin = desk.now
    for hour in range(365 * 24):
        desk.now = begin + timedelta(hours=hour)
        desk.planner.tick()

    a_day = cron.count(",") + 1
    assert len(desk.store.asks) in range(365 * a_day - 1, 365 * a_day + 2)
    assert desk.skipped("late") == []
    days = {label[:10] for (_, label) in desk.store.fired}
    assert {str((begin + timedelta(days=day)).date()) for day in range(1, 364)} <= days


async def test_the_ticker_ticks_by_itself_and_wakes_the_door() -> None:
    desk = Desk(NIGHTLY)
    woken = asyncio.Event()
    desk.planner.wake = woken.set
    desk.planner.start(seconds=0.02)
    try:
        await asyncio.sleep(0.1)
        assert not woken.is_set()
        desk.now += timedelta(hours=4)
        await asyncio.wait_for(woken.wait(), 5)
    finally:
        desk.planner.stop()
    assert list(desk.store.asks) == ["clock:nightly:2026-10-20"]


def test_what_was_subscribed_to_is_entered_from_then_on_and_no_more_when_it_ended() -> None:
    desk = Desk()
    made: list[Schedule] = []
    desk.planner.subscribed = lambda: made
    since = datetime(2026, 10, 20, 8, 59, 50, tzinfo=UTC)
    made.append(Schedule("subscription a1", "0 9 * * *", "digest daily", always=True, since=since))

    assert desk.at("2026-10-20T09:00:05") == ["clock:subscription a1:2026-10-20"], "asked for ten seconds before"
    made[0] = Schedule("subscription a1", "0 11 * * *", "digest daily", always=True, since=desk.now)
    assert desk.at("2026-10-20T11:00") == [], "another hour is not another day"
    assert desk.at("2026-10-21T11:00") == ["clock:subscription a1:2026-10-21"]
    made.clear()
    assert desk.at("2026-10-22T11:00") == []
    made.append(
        Schedule("subscription a1", "0 11 * * *", "digest daily", always=True, since=desk.now + timedelta(hours=1))
    )
    assert desk.at("2026-10-22T12:00:15") == [], "again, but after today's turn"
    assert desk.at("2026-10-23T11:00") == ["clock:subscription a1:2026-10-23"]


def test_subscriptions_that_cannot_be_read_keep_no_schedule_waiting() -> None:
    desk = Desk(NIGHTLY)

    def broken() -> list[Schedule]:
        raise NotSaved("the state database cannot be reached")

    desk.planner.subscribed = broken
    assert desk.at("2026-10-20T04:00:00") == ["clock:nightly:2026-10-20"]
