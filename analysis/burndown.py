"""Burndown: a budget against what was spent and what is expected, with the chance that it will not last."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

import numpy as np

from analysis.budgets import Budget
from analysis.forecasts import Forecast, Range, whole
from analysis.money import Money
from analysis.periods import Period

LEVELS = (0.025, 0.1, 0.5, 0.9, 0.975)  # of a range: low95, low80, expected, high80, high95
RISKY, LIKELY = 0.1, 0.5  # chances of an overrun
THRESHOLDS = (50, 80, 100)  # parts of a budget, in percent, that are worth a word when they are reached


class Standing(StrEnum):
    """How a budget stands, in words."""

    ON_COURSE = "on course"
    AT_RISK = "at risk"
    OVER = "going over"


@dataclass(frozen=True, slots=True)
class Burndown:
    """One budget in its present period.

    ``spent`` are the complete days up to ``known_until``; ``end`` is what the whole period is expected to cost.
    ``path`` is the cumulated cost to the end of each day of the period: complete days, then expected ones. ``band`` is
    its range to the end of each day that is left: low80, high80, low95, high95 (shape: days left × 4).
    """

    budget: Budget
    period: Period
    known_until: date
    spent: Money
    end: Range
    chance: float  # that the period costs more than the budget
    path: np.ndarray
    band: np.ndarray

    @property
    def standing(self) -> Standing:
        """Over when it is spent or more likely than not will be; at risk from one in ten on."""
        if self.spent > self.budget.amount or self.chance >= LIKELY:
            return Standing.OVER
        return Standing.AT_RISK if self.chance >= RISKY else Standing.ON_COURSE

    @property
    def days_left(self) -> int:
        """Days of the period that are not complete yet."""
        return max(0, (self.period.end - max(self.known_until, self.period.start)).days)

    @property
    def allowance(self) -> Money:
        """What may be spent on each day that is left, to land on the budget; nothing if it is gone."""
        left = self.budget.amount - self.spent
        if left.amount <= 0 or not self.days_left:
            return Money.zero(left.currency)
        return Money(left.amount / self.days_left, left.currency).cents()

    @property
    def pace(self) -> Money:
        """What is expected to be spent on each day that is left."""
        if not self.days_left:
            return Money.zero(self.spent.currency)
        return Money((self.end.expected - self.spent).amount / self.days_left, self.spent.currency).cents()

    @property
    def used(self) -> Decimal:
        """The part of the budget that is spent; all of a budget of 0."""
        return self.spent.share_of(self.budget.amount) if self.budget.amount else Decimal(1)

    @property
    def reached(self) -> int:
        """The highest of ``THRESHOLDS`` that is reached; 0 for none."""
        return max((one for one in THRESHOLDS if self.used * 100 >= one), default=0)

    @property
    def exhausted_on(self) -> date | None:
        """The day on which the budget is, or was, used up; ``None`` if that is not expected in its period."""
        return _crossing(self.path, self.period.start, self.budget.amount)

    @property
    def exhausted_between(self) -> tuple[date | None, date | None]:
        """The earliest and the latest such day, by the 80% range."""
        begin = max(self.known_until, self.period.start)
        known = _crossing(self.path[: (begin - self.period.start).days], self.period.start, self.budget.amount)
        if known:
            return known, known
        low, high = self.band[:, 0], self.band[:, 1]
        return _crossing(high, begin, self.budget.amount), _crossing(low, begin, self.budget.amount)


def windows_of(period: Period, known_until: date) -> tuple[Period, ...]:
    """What a forecast must be asked for to draw a period: all of it, and it up to the end of each week ahead."""
    begin = max(known_until, period.start)
    weeks = range(7, (period.end - begin).days, 7)
    return (period, *(Period(period.start, begin + timedelta(days=days)) for days in weeks))


def burndown(budget: Budget, period: Period, outlook: Forecast) -> Burndown:
    """Hold a budget against a forecast that was asked for ``windows_of`` the budget's period.

    The chance of an overrun is read off the forecast's own range: between its levels (2.5, 10, 50, 90 and 97.5%)
    linearly, beyond them it is said to be that of the outermost.
    """
    begin = (period.start - outlook.start).days
    known = max(0, (outlook.known_until - period.start).days)
    actual = outlook.actual[max(0, begin) :] if known else np.empty(0)
    missing = np.zeros(max(0, known - actual.size))  # the period began before the history
    days = np.concatenate([missing, actual])[:known]
    skipped = max(0, (period.start - outlook.known_until).days)
    ahead = outlook.daily[skipped : skipped + period.days - known]
    path = np.cumsum(np.concatenate([days, ahead]))
    spent, end = whole(period, outlook)
    chance = chance_over(end, budget.amount)
    return Burndown(budget, period, outlook.known_until, spent, end, chance, path, _band(period, outlook))


def chance_over(total: Range, amount: Money) -> float:
    """The chance that a total exceeds an amount, between 0.025 and 0.975; certain where the range has no width."""
    bounds = [float(one) for one in (total.low95, total.low80, total.expected, total.high80, total.high95)]
    limit = float(amount)
    if bounds[0] == bounds[-1]:
        return float(bounds[0] > limit)
    steps = np.maximum.accumulate(np.array(bounds) + np.arange(5) * 1e-9)
    return float(1 - np.interp(limit, steps, LEVELS))


def said_chance(chance: float) -> str:
    """A chance, no more exact than it is."""
    if chance <= 1 - LEVELS[-1]:
        return "< 3%"
    if chance >= LEVELS[-1]:
        return "> 97%"
    return f"{round(100 * chance):d}%"


def _band(period: Period, outlook: Forecast) -> np.ndarray:
    """The range of the cumulated cost: of a month by the day, of longer periods by the week and straight between."""
    if period == outlook.month:
        return outlook.fan[:, 1:]
    begin = max(outlook.known_until, period.start)
    spent, end = whole(period, outlook)
    ends = sorted(windows_of(period, outlook.known_until), key=lambda window: window.end)
    totals = [end if window == period else whole(window, outlook)[1] for window in ends]
    known = [0, *((window.end - begin).days for window in ends)]
    bounds = [[float(one) for one in (it.low80, it.high80, it.low95, it.high95)] for it in totals]
    days = np.arange(1, max(0, (period.end - begin).days) + 1)
    columns = np.vstack([np.full(4, float(spent)), bounds]).T
    return np.stack([np.interp(days, known, column) for column in columns], axis=1)


def _crossing(path: np.ndarray, start: date, amount: Money) -> date | None:
    over = np.flatnonzero(path > float(amount))
    return start + timedelta(days=int(over[0])) if over.size else None
