"""Periods as people write them."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from analysis.errors import BadAsk
from analysis.periods import Period, month_of
from commands.core.when import MONTHS, PERIODS, Calendar, before, period_of, periods_of, read
from tests.conftest import Company, Talk

TODAY = date(2026, 11, 18)  # a Wednesday
CALENDAR, FISCAL = Calendar(TODAY), Calendar(TODAY, year_starts=4)
OCTOBER = Period(date(2026, 10, 1), date(2026, 11, 1))
ANY_DAY = some.dates(date(2000, 1, 1), date(2080, 1, 1))


def days(first: str, last: str) -> Period:
    return Period(date.fromisoformat(first), date.fromisoformat(last) + timedelta(days=1))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("last month", OCTOBER),
        ("this month", days("2026-11-01", "2026-11-30")),
        ("month to date", days("2026-11-01", "2026-11-17")),
        ("mtd", days("2026-11-01", "2026-11-17")),
        ("qtd", days("2026-10-01", "2026-11-17")),
        ("year-to-date", days("2026-01-01", "2026-11-17")),
        ("today", days("2026-11-18", "2026-11-18")),
        ("yesterday", days("2026-11-17", "2026-11-17")),
        ("last week", days("2026-11-09", "2026-11-15")),
        ("this week", days("2026-11-16", "2026-11-22")),
        ("last 30 days", days("2026-10-19", "2026-11-17")),
        ("last 2 weeks", days("2026-11-04", "2026-11-17")),
        ("past 3 months", days("2026-08-01", "2026-10-31")),
        ("last quarter", days("2026-07-01", "2026-09-30")),
        ("last year", days("2025-01-01", "2025-12-31")),
        ("2026-10", OCTOBER),
        ("10/2026", OCTOBER),
        ("october", OCTOBER),
        ("oct", OCTOBER),
        ("sept.", days("2026-09-01", "2026-09-30")),
        ("november", days("2026-11-01", "2026-11-30")),
        ("december", days("2025-12-01", "2025-12-31")),
        ("feb 2024", days("2024-02-01", "2024-02-29")),
        ("q3", days("2026-07-01", "2026-09-30")),
        ("q4", days("2026-10-01", "2026-12-31")),
        ("q1 2025", days("2025-01-01", "2025-03-31")),
        ("2025", days("2025-01-01", "2025-12-31")),
        ("fy2025", days("2025-01-01", "2025-12-31")),
        ("since 2026-10-12", days("2026-10-12", "2026-11-17")),
        ("2026-10-01..2026-10-15", days("2026-10-01", "2026-10-15")),
        ("2026-10-01 to 2026-10-15", days("2026-10-01", "2026-10-15")),
        ("from 2026-10-01 until 2026-10-15", days("2026-10-01", "2026-10-15")),
        ("2026-10-03", days("2026-10-03", "2026-10-03")),
    ],
)
def test_words_mean_days(text: str, expected: Period) -> None:
    assert read(text, CALENDAR) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("q1", days("2026-04-01", "2026-06-30")),
        ("q4", days("2026-01-01", "2026-03-31")),
        ("q3 2026", days("2025-10-01", "2025-12-31")),
        ("fy2027", days("2026-04-01", "2027-03-31")),
        ("fy 2026", days("2025-04-01", "2026-03-31")),
        ("this year", days("2026-04-01", "2027-03-31")),
        ("ytd", days("2026-04-01", "2026-11-17")),
        ("2025", days("2025-01-01", "2025-12-31")),
    ],
)
def test_quarters_and_years_follow_the_fiscal_calendar(text: str, expected: Period) -> None:
    assert read(text, FISCAL) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("lst month", "did you mean last month"),
        ("octobre", "did you mean october"),
        ("2027-01", "has not begun: today is 2026-11-18"),
        ("fy2028", "has not begun"),
        ("since 2026-12-01", "no day has passed since, today is 2026-11-18"),
        ("2026-13", "month must be in 1..12"),
        ("2026-02-30", "day is out of range"),
        ("2026-10-15..2026-10-01", "cannot end"),
        ("last 0 days", "no day in it"),
        ("last 9999 days", "ten years at most"),
        ("0001", "ten years at most"),
        ("tomorrow", "Write last month"),
        ("q5", "Write last month"),
    ],
)
def test_what_is_no_period_says_so_with_examples(text: str, said: str) -> None:
    with pytest.raises(BadAsk, match=said):
        read(text, CALENDAR)


@pytest.mark.parametrize(
    ("text", "earlier"),
    [
        ("2026-10", "2026-09"),
        ("q1 2026", "q4 2025"),
        ("2026", "2025"),
        ("last 3 months", "2026-05-01..2026-07-31"),
        ("month to date", "2026-10-01..2026-10-17"),
        ("2026-03-01..2026-03-30", "2026-02"),
        ("2026-10-05..2026-10-07", "2026-10-02..2026-10-04"),
    ],
)
def test_a_period_is_compared_with_its_like(text: str, earlier: str) -> None:
    assert before(read(text, CALENDAR)) == read(earlier, CALENDAR)


@given(ANY_DAY, some.integers(1, 12), some.sampled_from([name for name, _ in PERIODS[:-1]] + list(MONTHS)))
def test_the_documented_words_are_understood_on_any_day_of_any_fiscal_year(today: date, starts: int, text: str) -> None:
    if "2026" in text or "fy2027" in text or (today.day == 1 and "to date" in text):
        return
    period = read(text, Calendar(today, starts))

    assert period.days > 0
    assert period.start <= today


@given(ANY_DAY, some.integers(1, 400))
def test_any_days_are_read_back_and_what_they_are_compared_with_is_before(first: date, count: int) -> None:
    period = Period(first, first + timedelta(days=count))
    last = period.end - timedelta(days=1)

    assert read(f"{first} to {last}", Calendar(date(2090, 1, 1))) == period
    assert before(period).end <= period.start


@given(some.text(max_size=30))
def test_any_text_is_a_period_or_an_error_in_words(text: str) -> None:
    with suppress(BadAsk):
        assert read(text, CALENDAR).days > 0


def test_words_as_they_are_typed(company: Company, talk: Talk) -> None:
    from bot.ports import Ask, Place

    ask = Ask("test", Place("slack", "T1"), "slack:UANA", "Ana", "", company.crew.clock())
    context = talk.crew.context(ask)

    assert period_of((), context) == OCTOBER
    assert period_of((), context, default=month_of(TODAY)) == month_of(TODAY)
    assert period_of(("Last", "MONTH"), context) == OCTOBER
    assert periods_of((), context) == (OCTOBER, before(OCTOBER))
    assert periods_of(("october", "vs", "2026-08"), context) == (OCTOBER, read("2026-08", CALENDAR))
    with pytest.raises(BadAsk, match="names two periods"):
        period_of(("october", "vs", "september"), context)
    with pytest.raises(BadAsk, match="names 3 periods"):
        periods_of(("october", "vs", "september", "vs", "july"), context)
