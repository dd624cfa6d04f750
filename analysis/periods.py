"""Periods: closed–open spans of UTC days, and the months that bills are made of."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

DAYS_A_MONTH = 30.4375  # 365.25 / 12: what "a month" means when a price is normalised


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """The days from ``start`` up to, and without, ``end``."""

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise ValueError(f"a period cannot end ({self.end}) before it starts ({self.start})")

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.end - self.start).days

    def __contains__(self, day: date) -> bool:
        return self.start <= day < self.end

    def __iter__(self) -> Iterator[date]:
        return (self.start + timedelta(days=n) for n in range(self.days))

    def __str__(self) -> str:
        if self == month_of(self.start):
            return f"{self.start:%B %Y}"
        return f"{self.start.isoformat()} to {(self.end - timedelta(days=1)).isoformat()}"


def days_in_month(day: date) -> int:
    """How many days the month of ``day`` has."""
    return monthrange(day.year, day.month)[1]


def month_of(day: date) -> Period:
    """The calendar month that ``day`` lies in."""
    first = day.replace(day=1)
    return Period(first, first + timedelta(days=days_in_month(first)))


def year_of(day: date, year_starts: int = 1) -> Period:
    """The fiscal year that ``day`` lies in; it begins on the first of month ``year_starts`` (1 to 12)."""
    begins = date(day.year if day.month >= year_starts else day.year - 1, year_starts, 1)
    return Period(begins, begins.replace(year=begins.year + 1))


def quarter_of(day: date, year_starts: int = 1) -> Period:
    """The fiscal quarter that ``day`` lies in."""
    year = year_of(day, year_starts)
    months = [month_of(year.start), *months_after(year.start, 11)]
    place = next(place for place, month in enumerate(months) if day in month) // 3 * 3
    return Period(months[place].start, months[place + 2].end)


def fiscal_name(period: Period, year_starts: int = 1) -> str:
    """How finance says a quarter or a year: ``Q3 2026``, ``FY 2027`` (named after the year it ends in)."""
    year = year_of(period.start, year_starts)
    named = (year.end - timedelta(days=1)).year
    if period == year:
        return f"{'' if year_starts == 1 else 'FY '}{named}"
    place = ((period.start.year - year.start.year) * 12 + period.start.month - year.start.month) // 3 + 1
    return f"Q{place} {'' if year_starts == 1 else 'FY '}{named}"


def months_of(period: Period) -> list[Period]:
    """The calendar months that a period touches, whole."""
    months = [month_of(period.start)]
    while months[-1].end < period.end:
        months.append(month_of(months[-1].end))
    return months


def months_after(day: date, count: int) -> list[Period]:
    """The ``count`` calendar months that follow the one of ``day``."""
    months = [month_of(day)]
    for _ in range(count):
        months.append(month_of(months[-1].end))
    return months[1:]


def month_before(day: date) -> Period:
    """The calendar month before the one of ``day``."""
    return month_of(day.replace(day=1) - timedelta(days=1))


def last_days(count: int, until: date) -> Period:
    """The ``count`` days before ``until``."""
    return Period(until - timedelta(days=count), until)
