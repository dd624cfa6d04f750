"""Which days are lived through when the clock is moved, and what is due on them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from bot.cadence.schedule import Schedule
from bot.clock import stopped_at
from bot.web.days import MovedClock, stops, turns

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


def test_a_moved_clock_goes_on_from_where_it_was_set() -> None:
    morning = datetime(2026, 11, 27, 9, 30, tzinfo=UTC)
    clock = MovedClock(stopped_at(datetime(2026, 1, 1, tzinfo=UTC)), morning)
    assert clock() == morning
    clock.set(morning + timedelta(days=7))
    assert clock() == morning + timedelta(days=7)
