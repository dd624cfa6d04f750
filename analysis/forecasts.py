"""Forecasts: what the month will end at, and the next ones, with ranges that hold for the totals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from itertools import chain
from math import fsum

import numpy as np

from analysis.beside import Remembered, chunks, mapped
from analysis.errors import BadData, TooShort
from analysis.focus import DailySeries
from analysis.forecast_model import fit
from analysis.forecast_ranges import Sizes, shipped, sizes
from analysis.money import Money
from analysis.periods import Period, month_of, months_after

LEAST_DAYS = 7  # every weekday once: with fewer, a weekend passes for a saving


@dataclass(frozen=True, slots=True)
class Range:
    """A total with its 80 and 95% ranges: of a hundred such ranges, eighty (ninety-five) hold what comes."""

    expected: Money
    low80: Money
    high80: Money
    low95: Money
    high95: Money


@dataclass(frozen=True, slots=True)
class Forecast:
    """What one series will cost.

    ``actual`` are the complete days of history, from ``start``; ``provisional`` the days after them that have rows
    and may still grow. ``windows`` hold what was asked for: of each period the days from
    ``known_until`` on, with a range of their own, since bounds of months cannot be added.
    ``daily[j]`` is the expected cost of day ``known_until + j``, through the last of ``months``.
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
    windows: tuple[tuple[Period, Range], ...]
    daily: np.ndarray
    fan: np.ndarray
    monthly_charges: tuple[tuple[int, Money], ...]  # day of the month, and what is scheduled on it

    @property
    def fan_start(self) -> date:
        """The first day of ``fan``."""
        return max(self.known_until, self.month.start)


@dataclass(frozen=True, slots=True)
class _Task:
    """What is asked of every series alike: ``ahead`` days from ``known_until``, cut into ``month`` and ``months``."""

    start: date
    known_until: date
    month: Period
    months: tuple[Period, ...]
    windows: tuple[Period, ...]

    @property
    def ahead(self) -> int:
        ends = (self.month.end, *(period.end for period in (*self.months, *self.windows)))
        return max(0, self.day(max(ends)))

    def day(self, when: date) -> int:
        """Days from the first unknown day to ``when``."""
        return (when - self.known_until).days


REMEMBERED: Remembered[Sequence[Forecast]] = Remembered()


def forecast(
    series: DailySeries, *, known_until: date, as_of: date, months: int = 3, windows: Sequence[Period] = ()
) -> Sequence[Forecast]:
    """Forecast each series to the end of the month of ``as_of`` and ``months`` further ones, and over ``windows``.

    Days from ``known_until`` on are not believed: providers deliver a day's rows over the following days. They come
    back as ``provisional``. Series forecast together lend each other how errors grow, so hand in a portfolio at once.

    Raises:
        TooShort: fewer than ``LEAST_DAYS`` complete days.
        BadData: a value is missing or infinite.
    """
    month = month_of(as_of)
    known_until = min(known_until, series.period.end, month.end)
    known = max(0, (known_until - series.start).days)
    if known < LEAST_DAYS:
        raise TooShort(
            f"{known} complete days of history, and a forecast needs {LEAST_DAYS}: every weekday once, or a weekend"
            f" passes for a saving; ask again from {series.start + timedelta(days=LEAST_DAYS)} on, or load older bills"
        )
    if not np.isfinite(series.values).all():
        row, day = (int(place[0]) for place in np.nonzero(~np.isfinite(series.values)))
        where = f"{' '.join(series.names[row])} on {series.start + timedelta(days=day)}"
        raise BadData(f"the cost of {where} is missing; a day without cost is 0, so fill it or leave the series out")
    task = _Task(series.start, known_until, month, tuple(months_after(as_of, months)), tuple(windows))
    question = (task, known, series.names, series.currency)
    return REMEMBERED.of(series.values, question, lambda: _in_chunks(series, known, task))


def whole(period: Period, outlook: Forecast) -> tuple[Money, Range]:
    """What a period has cost in complete days, and what all of it will: the forecast's month, or one of its windows.

    Raises:
        KeyError: it was not asked for.
    """
    if period == outlook.month:
        return outlook.month_to_date, outlook.month_end
    begin = max(0, (period.start - outlook.start).days)
    end = max(begin, (min(outlook.known_until, period.end) - outlook.start).days)
    spent = _cents(fsum(outlook.actual[begin:end]), outlook.currency)
    coming = dict(outlook.windows)[period]
    amounts = (coming.expected, coming.low80, coming.high80, coming.low95, coming.high95)
    return spent, Range(*(spent + amount for amount in amounts))


def _in_chunks(series: DailySeries, known: int, task: _Task) -> tuple[Forecast, ...]:
    parts = [series.only(rows) for rows in chunks(len(series.names))]
    return tuple(chain.from_iterable(mapped(partial(_forecast, known=known, task=task), parts)))


def _forecast(series: DailySeries, known: int, task: _Task) -> list[Forecast]:
    return list(_each(series, known, task)) if series.names else []


def _each(series: DailySeries, known: int, task: _Task) -> Iterator[Forecast]:
    values = series.values.astype(float)
    actual, provisional = values[:, :known], values[:, known:]
    fitted = fit(actual, task.start, task.ahead)
    spread = sizes(fitted, shipped())
    floor = np.where((values >= 0).all(axis=1), 0.0, -np.inf)  # what never was a credit will not become one
    weekdays = fitted.weekdays[:, known:]
    to_date = [_to_date(row, task) for row in actual]
    fan = _fan(task, fitted.daily, weekdays, spread, floor) + np.array(to_date)[:, None, None]
    later = [_window(task, period, fitted.daily, weekdays, spread, floor) for period in task.months]
    asked = [_window(task, period, fitted.daily, weekdays, spread, floor) for period in task.windows]
    for place, name in enumerate(series.names):
        spent = _cents(to_date[place], series.currency)
        yield Forecast(
            name=name,
            currency=series.currency,
            start=series.start,
            actual=actual[place],
            provisional=provisional[place],
            known_until=task.known_until,
            month=task.month,
            month_to_date=spent,
            month_end=_range(fan[place, -1], series.currency) if fan.shape[1] else Range(*[spent] * 5),
            months=tuple((span, _range(q[place], series.currency)) for span, q in zip(task.months, later, strict=True)),
            windows=tuple(
                (span, _range(q[place], series.currency)) for span, q in zip(task.windows, asked, strict=True)
            ),
            daily=fitted.daily[place],
            fan=fan[place],
            monthly_charges=tuple(
                (int(day), _cents(fitted.charges[place, day], series.currency))
                for day in np.flatnonzero(fitted.charges[place])
            ),
        )


def _to_date(actual: np.ndarray, task: _Task) -> float:
    """The month's complete days, added without a rounding error."""
    return fsum(actual[max(0, (task.month.start - task.start).days) :]) if task.known_until > task.month.start else 0.0


def _fan(task: _Task, daily: np.ndarray, weekdays: np.ndarray, spread: Sizes, floor: np.ndarray) -> np.ndarray:
    """The rest of the month, cumulated to the end of each of its days (S × days × 5)."""
    begin = max(0, task.day(task.month.start))
    ends = range(begin + 1, task.day(task.month.end) + 1)
    if not ends:
        return np.empty((len(daily), 0, 5))
    steps = [_total(begin, end, daily, weekdays, spread, floor) for end in ends]
    grown = np.stack(steps, axis=1)
    capped = np.minimum.accumulate(grown[:, ::-1], axis=1)[:, ::-1]  # a sum of costs does not fall again
    return np.where(np.isfinite(floor)[:, None, None], capped, grown)


def _window(
    task: _Task, period: Period, daily: np.ndarray, weekdays: np.ndarray, spread: Sizes, floor: np.ndarray
) -> np.ndarray:
    begin, end = max(0, task.day(period.start)), max(0, task.day(period.end))
    return _total(begin, end, daily, weekdays, spread, floor) if end > begin else np.zeros((len(daily), 5))


def _total(
    begin: int, end: int, daily: np.ndarray, weekdays: np.ndarray, spread: Sizes, floor: np.ndarray
) -> np.ndarray:
    """Expected, low80, high80, low95, high95 (S × 5) of the sum over coming days ``begin`` to ``end``."""
    expected = daily[:, begin:end].sum(axis=1)
    low95, low80, high80, high95 = spread.misses(begin, end).T * weekdays[:, begin:end].sum(axis=1)
    low80, high80 = np.minimum(low80, 0), np.maximum(high80, 0)
    low95, high95 = np.minimum(low95, low80), np.maximum(high95, high80)
    total = np.stack([expected, *(expected + miss for miss in (low80, high80, low95, high95))], axis=1)
    found: np.ndarray = np.maximum(total, floor[:, None])
    return found


def _range(total: np.ndarray, currency: str) -> Range:
    return Range(*(_cents(float(amount), currency) for amount in total))


def _cents(amount: float, currency: str) -> Money:
    """Money of a float, to the cent; the float's own last digits are noise."""
    return Money(Decimal(round(amount * 100)).scaleb(-2), currency)
