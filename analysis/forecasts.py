"""Forecasts: what the month will end at, and the next ones, with ranges that hold for the totals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from analysis.focus import DailySeries
from analysis.money import Money
from analysis.periods import Period


@dataclass(frozen=True, slots=True)
class Range:
    """A total with its 80 and 95 % ranges: of a hundred such ranges, eighty (ninety-five) hold what comes."""

    expected: Money
    low80: Money
    high80: Money
    low95: Money
    high95: Money


@dataclass(frozen=True, slots=True)
class Forecast:
    """What one series will cost.

    ``actual`` are the complete days of history, from ``start``; ``provisional`` the days after them that have rows
    and may still grow. ``daily[j]`` is the expected cost of day ``known_until + j``, through the last of ``months``.
    ``fan`` holds, for each day of ``month`` from ``known_until`` on, the cumulated cost of the month to the end of
    that day: expected, low80, high80, low95, high95 (shape: days × 5).
    """

    name: tuple[str, ...]
    currency: str
    start: date
    actual: np.ndarray
    provisional: np.ndarray
    known_until: date
    month: Period
    month_to_date: Money  # of complete days
    month_end: Range
    months: tuple[tuple[Period, Range], ...]
    daily: np.ndarray
    fan: np.ndarray
    monthly_charges: tuple[tuple[int, Money], ...]  # day of the month, and what is scheduled on it


def forecast(series: DailySeries, *, known_until: date, as_of: date, months: int = 3) -> Sequence[Forecast]:
    """Forecast each series to the end of the month of ``as_of`` and ``months`` further ones."""
    raise NotImplementedError
