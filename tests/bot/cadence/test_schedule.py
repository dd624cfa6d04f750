"""Schedules: one turn for each period, in every zone, whatever the clocks do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise, product, takewhile

import pytest

from analysis.errors import BadConfig
from bot.cadence.schedule import Rhythm, Schedule, due, in_time, next_fires, past

ZONES = (
    "UTC",
    "Africa/Cairo",
    "Africa/Casablanca",
    "America/Havana",
    "America/Los_Angeles",
    "America/New_York",
    "America/Nuuk",
    "America/Santiago",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Antarctica/Troll",
    "Asia/Beirut",
    "Asia/Gaza",
    "Asia/Jerusalem",
    "Asia/Kathmandu",
    "Asia/Kolkata",
    "Asia/Tokyo",
    "Atlantic/Azores",
    "Australia/Adelaide",
    "Australia/Lord_Howe",
    "Europe/Berlin",
    "Europe/Dublin",
    "Europe/London",
    "Pacific/Auckland",
    "Pacific/Chatham",
)
BEGIN, END = datetime(2025, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
MONTH = timedelta(days=31)  # around the two years, whose borders cut through weeks


def daily(at: str = "0 6 * * *", zone: str = "UTC", **more: object) -> Schedule:
    return Schedule("nightly", at, "assess", timezone=zone, **more)  # type: ignore[arg-type]


def periods(rhythm: Rhythm) -> Iterator[str]:
    """Every label of two years, from the calendar alone."""
    days = (BEGIN + timedelta(days=number) for number in range(730))
    return iter(dict.fromkeys(day.strftime(rhythm.label) for day in days))


def check(schedule: Schedule) -> None:
    """Each period has one turn, in that very period, and the turns come one after the other."""
    turns = list(takewhile(lambda turn: turn.at >= BEGIN - MONTH, past(schedule, END + MONTH)))
    found = Counter(turn.label for turn in turns)
    assert [label for label in periods(schedule.rhythm) if found[label] != 1] == []
    for turn in turns:
        there = turn.at.astimezone(schedule.zone)
        before = there - timedelta(hours=2)  # an hour that is left out before midnight comes after it (America/Nuuk)
        assert turn.label in {moment.strftime(schedule.rhythm.label) for moment in (there, before)}
    assert all(later.at > earlier.at for later, earlier in pairwise(turns))


@pytest.mark.parametrize("zone", ZONES)
def test_each_day_has_one_turn_at_the_hours_that_clocks_change(zone: str) -> None:
    for hour, minute in product((0, 1, 2, 3), (0, 30)):
        check(daily(f"{minute} {hour} * * *", zone))


@pytest.mark.slow
@pytest.mark.parametrize("zone", ZONES)
def test_each_day_week_and_month_has_one_turn_at_any_half_hour(zone: str) -> None:
    for hour, minute in product(range(24), (0, 30)):
        for days in ("* * *", "* * mon", "3 * *", "L * *"):
            check(daily(f"{minute} {hour} {days}", zone))


@pytest.mark.parametrize(
    ("zone", "cron", "around", "utc"),
    [
        ("Europe/Berlin", "30 2 * * *", "2026-03-29", "2026-03-29T01:30"),  # left out: an hour later, 03:30 there
        ("Europe/Berlin", "30 2 * * *", "2026-10-25", "2026-10-25T00:30"),  # repeated: the first
        ("Europe/Berlin", "0 0 * * *", "2026-03-30", "2026-03-29T22:00"),
        ("Africa/Cairo", "0 0 * * *", "2026-04-24", "2026-04-23T22:00"),  # midnight itself is left out
        ("Australia/Lord_Howe", "15 2 * * *", "2026-10-04", "2026-10-03T15:45"),  # by half an hour
    ],
)
def test_a_wall_time_that_is_left_out_or_repeated(zone: str, cron: str, around: str, utc: str) -> None:
    turns = {turn.label: turn.at for turn in takewhile(lambda turn: turn.at >= BEGIN, past(daily(cron, zone), END))}

    assert turns[around] == datetime.fromisoformat(utc).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("cron", "label"),
    [
        ("0 6 * * *", "2026-10-25"),
        ("0 6 * * mon-fri", "2026-10-23"),
        ("0 9 * * mon", "2026-W43"),
        ("0 9 3 * *", "2026-10"),
        ("0 9 L * *", "2026-09"),
        ("0 9 * * mon#1", "2026-10"),
        ("0 2,14 * * *", "2026-10-25T02:00"),
        ("0 * * * *", "2026-10-25T11:00"),
    ],
)
def test_a_turn_is_named_by_its_period(cron: str, label: str) -> None:
    assert next(past(daily(cron), datetime(2026, 10, 25, 11, 30, tzinfo=UTC))).label == label


def test_what_was_missed_comes_oldest_first_and_ends_at_the_last_that_is_known() -> None:
    now = datetime(2026, 10, 25, 7, tzinfo=UTC)

    assert [turn.label for turn in due(daily(), now, "2026-10-22")] == ["2026-10-23", "2026-10-24", "2026-10-25"]
    assert due(daily(), now, "2026-10-25") == []
    assert due(daily(), now, "2026-10-26") == []  # our clock went back
    assert [turn.label for turn in due(daily(), now, None)] == ["2026-10-25"]
    assert [turn.label for turn in due(daily(), now, "2026-W42")] == ["2026-10-25"]  # it was weekly once


def test_years_of_absence_are_not_counted_one_by_one() -> None:
    assert len(due(daily(), END, "2020-01-01")) == 100


def test_a_new_hour_makes_no_second_turn_on_the_same_day() -> None:
    assert due(daily("0 18 * * *"), datetime(2026, 10, 25, 19, tzinfo=UTC), "2026-10-25") == []


@pytest.mark.parametrize(
    ("cron", "late", "taken"),
    [
        ("0 6 * * *", timedelta(hours=6), True),
        ("0 6 * * *", timedelta(hours=6, seconds=1), False),
        ("0 6 * * mon", timedelta(hours=24), True),
        ("0 6 3 * *", timedelta(hours=25), False),
    ],
)
def test_how_late_is_not_too_late(cron: str, late: timedelta, taken: bool) -> None:
    [turn] = due(daily(cron), datetime(2026, 10, 25, tzinfo=UTC), None)

    assert in_time(daily(cron), turn, turn.at + late) is taken
    assert in_time(daily(cron, catch_up=timedelta(days=3)), turn, turn.at + late)


def test_the_next_three_are_told_on_their_own_wall() -> None:
    berlin = daily("30 2 * * *", "Europe/Berlin")
    told = next_fires(berlin, datetime(2026, 3, 27, 12, tzinfo=UTC))

    assert [f"{moment:%m-%d %H:%M %z}" for moment in told] == [
        "03-28 02:30 +0100",
        "03-29 03:30 +0200",
        "03-30 02:30 +0200",
    ]


def test_the_next_ones_and_the_past_ones_are_the_same() -> None:
    for zone in ("Europe/Berlin", "Australia/Lord_Howe", "Africa/Cairo"):
        schedule = daily("30 2 * * *", zone)
        ahead = [moment.astimezone(UTC) for moment in next_fires(schedule, BEGIN, 700)]
        behind = [turn.at for turn in takewhile(lambda turn: turn.at > BEGIN, past(schedule, ahead[-1]))]
        assert ahead == behind[::-1]
        assert all(one < other for one, other in pairwise(ahead))


@pytest.mark.parametrize("cron", ["0 9 * * 1", "0 9 * * 0-4", "0 9 31 2 *", "61 9 * * *", "soon", ""])
def test_a_line_that_never_comes_or_means_two_things_is_refused(cron: str) -> None:
    with pytest.raises(BadConfig, match="nightly"):
        daily(cron)
