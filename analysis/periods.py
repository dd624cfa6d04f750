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
