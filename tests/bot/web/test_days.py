"""Which days are lived through when the clock is moved, and what is due on them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from analysis.findings import Finding, State
from bot.cadence.planner import Planner
from bot.cadence.schedule import Schedule
from bot.clock import stopped_at
from bot.web.days import Days, MovedClock, stops, turns

WEDNESDAY = date(2026, 11, 18)


def test_of_a_longer_time_each_monday_is_lived_through_and_the_last_day() -> None:
    assert list(stops(WEDNESDAY, WEDNESDAY + timedelta(days=1))) == [date(2026, 11, 19)]
    assert list(stops(WEDNESDAY, WEDNESDAY + timedelta(days=7))) == [date(2026, 11, 23), date(2026, 11, 25)]
    month = list(stops(WEDNESDAY, WEDNESDAY + timedelta(days=30)))
    assert [day.weekday() for day in month] == [0, 0, 0, 0, 4]


def test_a_day_has_the_turns_that_come_before_people_look() -> None:
    schedules = (
        Schedule("nightly", "0 6 * * *", "assess"),
        Schedule("weekly", "0 8 * * mon", "summary leadership"),
        Schedule("evening", "0 18 * * *", "waste"),
    )
    assert [turn.hour for turn in turns(schedules, date(2026, 11, 23))] == [6, 8]
    assert [turn.hour for turn in turns(schedules, date(2026, 11, 24))] == [6]


async def test_each_day_that_is_lived_through_ends_in_working_hours_with_a_look_at_what_waits() -> None:
    looked: list[str] = []
    clock = MovedClock(stopped_at(datetime(2026, 1, 1, tzinfo=UTC)), datetime(2026, 11, 18, 9, 30, tzinfo=UTC))

    async def at_once(*_: object) -> None:
        pass

    class Watched(Planner):
        def tick(self) -> int:
            looked.append(f"{self.clock():%a %H:%M}")
            return 0

    class Still:
        def standing(self, *_: State) -> Sequence[Finding]:
            return ()

        def go_on(self, *_: object) -> None:
            pass

        def wake(self) -> None:
            pass

    still: Any = Still()
    planner = Watched(still, (Schedule("nightly", "0 6 * * *", "assess"),), clock)
    await Days(clock, still, still, planner, still, at_once, at_once).pass_to(WEDNESDAY + timedelta(days=7))

    assert looked == ["Mon 06:01", "Mon 09:30", "Wed 06:01", "Wed 09:30"]


def test_a_moved_clock_goes_on_from_where_it_was_set() -> None:
    morning = datetime(2026, 11, 27, 9, 30, tzinfo=UTC)
    clock = MovedClock(stopped_at(datetime(2026, 1, 1, tzinfo=UTC)), morning)
    assert clock() == morning
    clock.set(morning + timedelta(days=7))
    assert clock() == morning + timedelta(days=7)
