"""Trends: daily costs taken apart into trend, week and remainder, and what that says in plain words."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from analysis.errors import BadData, TooShort
from analysis.focus import DailySeries
from analysis.money import Money
from analysis.periods import DAYS_A_MONTH

WEEK = 7
LEAST_DAYS = 28  # four weeks: a season of seven days needs at least two, and a slope some more
BEND = 2.0  # a slope that changes by so many of its own standard errors, twice over, has bent
LEAST_PIECE = 21  # days on either side of a bend
BIG = 3.0  # sigmas of the remainder
SIGMA_OF_MAD = 1.4826
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True)
class Trend:
    """One series taken apart: ``trend``, ``week`` and ``rest`` add up to ``values``, day by day from ``start``.

    ``slope`` is the growth of the daily cost a day since ``since``, the day of its last bend (or the first day), with
    ``doubt`` as its standard error. ``weekdays`` are Monday to Sunday, in money beside the trend.
    """

    name: tuple[str, ...]
    currency: str
    start: date
    values: np.ndarray
    trend: np.ndarray
    week: np.ndarray
    rest: np.ndarray
    since: date
    slope: float
    doubt: float
    weekdays: np.ndarray

    @property
    def level(self) -> Money:
        """What a day costs now, by the trend."""
        return self._money(float(self.trend[-1]))

    @property
    def a_month(self) -> Money:
        """How much more a month of 30.4 days costs with each month that passes."""
        return self._money(self.slope * DAYS_A_MONTH**2)

    @property
    def a_month_doubt(self) -> Money:
        """Twice the standard error of ``a_month``: the growth lies within it nineteen times of twenty."""
        return self._money(2 * self.doubt * DAYS_A_MONTH**2)

    @property
    def rate(self) -> float:
        """Growth a month as a part of the level at its beginning; 0 where that is nothing."""
        begin = float(self.trend[(self.since - self.start).days])
        return self.slope * DAYS_A_MONTH / begin if begin > 0 else 0.0

    @property
    def is_sure(self) -> bool:
        """Whether the slope is more than its doubt."""
        return abs(self.slope) > 2 * self.doubt

    @property
    def weekend(self) -> float:
        """How much less (negative) or more a day of the weekend costs than one of the week, as a part of the level."""
        level = float(np.mean(self.trend))
        return float(self.weekdays[5:].mean() - self.weekdays[:5].mean()) / level if level > 0 else 0.0

    def largest(self, count: int = 3) -> list[tuple[date, Money]]:
        """The days that neither trend nor week explains, the largest first."""
        sigma = SIGMA_OF_MAD * float(np.median(np.abs(self.rest))) or 1e-9
        order = np.argsort(-np.abs(self.rest))[:count]
        big = [int(day) for day in order if abs(self.rest[day]) > BIG * sigma and abs(self.rest[day]) >= 0.01]  # noqa: PLR2004
        return [(self.start + timedelta(days=day), self._money(float(self.rest[day]))) for day in big]

    def _money(self, amount: float) -> Money:
        return Money.of(round(amount, 2), self.currency)


def trends(series: DailySeries, *, known_until: date) -> tuple[Trend, ...]:
    """Take each series apart by STL (Cleveland 1990; statsmodels), robustly, with a season of seven days.

    Raises:
        TooShort: fewer than ``LEAST_DAYS`` complete days.
        BadData: a value is missing or infinite.
    """
    known = max(0, min((known_until - series.start).days, series.values.shape[1]))
    if known < LEAST_DAYS:
        raise TooShort(
            f"{known} complete days of history, and a trend needs {LEAST_DAYS}: four weeks; ask for a longer period"
        )
    if not np.isfinite(series.values).all():
        raise BadData("a day of these costs is missing; a day without cost is 0")
    values = series.values[:, :known].astype(float)
    return tuple(_apart(series, name, row) for name, row in zip(series.names, values, strict=True))


def _apart(series: DailySeries, name: tuple[str, ...], values: np.ndarray) -> Trend:
    trend, week = _stl(values)
    begin = _bend(values - week)
    slope, doubt = _slope(values[begin:] - week[begin:])
    first = series.start.weekday()
    weekdays = np.array([week[(day - first) % WEEK :: WEEK][-8:].mean() for day in range(WEEK)])
    since = series.start + timedelta(days=begin)
    rest = values - trend - week
    return Trend(name, series.currency, series.start, values, trend, week, rest, since, slope, doubt, weekdays)


def _stl(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if np.ptp(values) == 0:
        return values.copy(), np.zeros_like(values)
    from statsmodels.tsa.seasonal import STL  # a second of imports, for whoever asks for trends

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        parts = STL(values, period=WEEK, robust=True).fit()
    return np.asarray(parts.trend), np.asarray(parts.seasonal)


def _slope(values: np.ndarray) -> tuple[float, float]:
    """Theil and Sen's slope a day (the median of all pairs), and its standard error by the spread of the residuals."""
    days = np.arange(values.size, dtype=float)
    from scipy.stats import theilslopes

    slope = float(theilslopes(values, days).slope) if np.ptp(values) > 0 else 0.0
    residuals = values - slope * days
    sigma = SIGMA_OF_MAD * float(np.median(np.abs(residuals - np.median(residuals))))
    lag = float(np.corrcoef(residuals[1:], residuals[:-1])[0, 1]) if np.ptp(residuals) > 0 else 0.0
    correlated = (1 + min(0.95, max(0.0, lag))) / (1 - min(0.95, max(0.0, lag)))  # neighbouring days repeat each other
    spread = float(np.sqrt(((days - days.mean()) ** 2).sum()))
    return slope, sigma * correlated**0.5 / spread


def _bend(values: np.ndarray) -> int:
    """The day from which on the present slope holds: where two lines fit better than one, else the first."""
    if values.size < 2 * LEAST_PIECE:
        return 0
    whole = _misfit(values)
    pieces = range(LEAST_PIECE, values.size - LEAST_PIECE + 1, 3)
    costs = {day: _misfit(values[:day]) + _misfit(values[day:]) for day in pieces}
    best = min(costs, key=lambda day: costs[day])
    return best if whole > 0 and costs[best] < whole / BEND else 0


def _misfit(values: np.ndarray) -> float:
    """The squared residuals of a straight line."""
    days = np.arange(values.size) - (values.size - 1) / 2
    centred = values - values.mean()
    slope = float((days * centred).sum() / (days**2).sum())
    return float(((centred - slope * days) ** 2).sum())
