"""Quiet hours: when they are over, in every zone and whatever the clocks do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from analysis.errors import BadAsk
from commands.core.quiet_hours import QuietHours
from tests.bot.cadence.test_schedule import ZONES


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "end"),
    [
        ("2026-11-18T18:59", None),
        ("2026-11-18T19:00", "2026-11-19T06:00"),
        ("2026-11-19T05:59", "2026-11-19T06:00"),
        ("2026-11-19T06:00", None),
        ("2026-03-28T23:00", "2026-03-29T05:00"),  # the clocks change that night
    ],
)
def test_a_night_in_berlin_is_over_at_seven(now: str, end: str | None) -> None:
    hours = QuietHours.read("20:00-07:00", "Europe/Berlin")

    assert hours is not None and hours.end(at(now)) == (at(end) if end else None)


def test_hours_within_a_day() -> None:
    hours = QuietHours.read("12:00 to 13:30", "UTC")

    assert hours is not None and str(hours) == "12:00-13:30"
    assert hours.end(at("2026-11-18T12:30")) == at("2026-11-18T13:30")
    assert hours.end(at("2026-11-18T13:30")) is None


@pytest.mark.parametrize("zone", ZONES)
def test_no_night_of_two_years_lasts_longer_than_it_should(zone: str) -> None:
    hours = QuietHours.read("22:00-07:00", zone)
    assert hours is not None
    now = at("2025-01-01T00:00")
    while now < at("2027-01-01T00:00"):
        end = hours.end(now)
        there = now.astimezone(ZoneInfo(zone))
        assert end is None or (now < end <= now + timedelta(hours=10, minutes=30))
        assert (end is None) == (7 <= there.hour < 22) or abs(there.hour - 7) <= 1 or abs(there.hour - 22) <= 1
        assert end is None or end.astimezone(ZoneInfo(zone)).hour == 7
        now += timedelta(hours=7)


@pytest.mark.parametrize("words", ["tonight", "25:00-07:00", "07:00-07:00", "22-7"])
def test_what_are_no_hours(words: str) -> None:
    with pytest.raises(BadAsk, match="write quiet=22:00-07:00"):
        QuietHours.read(words, "UTC")


@pytest.mark.parametrize("words", ["", "none", "off"])
def test_no_quiet_hours(words: str) -> None:
    assert QuietHours.read(words, "UTC") is None
