"""The track record: what forecasts made on the same day of earlier months said, and what came."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache

import numpy as np

from analysis.errors import TooShort
from analysis.focus import DailySeries
from analysis.forecasts import Range, forecast
from analysis.money import Money
from analysis.periods import Period, month_before

MOST_REMEMBERED = 256


@dataclass(frozen=True, slots=True)
class Held:
    """One forecast of a month's end, and what the month really cost."""

    as_of: date
    month: Period
    said: Range
    came: Money

    @property
    def error(self) -> float:
        """How far off it was, as a part of what came; positive if it said too much. Where nothing came, all of it."""
        missed = float(self.said.expected - self.came)
        return missed / abs(float(self.came)) if self.came else float(np.sign(missed))

    @property
    def inside80(self) -> bool:
        """Whether the 80% range held what came."""
        return self.said.low80 <= self.came <= self.said.high80

    @property
    def inside95(self) -> bool:
        """Whether the 95% range held what came."""
        return self.said.low95 <= self.came <= self.said.high95


@dataclass(frozen=True, slots=True)
class TrackRecord:
    """Forecasts held against what came, the newest month first."""

    held: tuple[Held, ...]

    @property
    def error(self) -> float:
        """The mean of the sizes of the errors (MAPE), as a part of what came."""
        return sum(abs(one.error) for one in self.held) / len(self.held) if self.held else 0.0

    @property
    def inside80(self) -> int:
        """How many months lay in their 80% range."""
        return sum(one.inside80 for one in self.held)


def track_record(series: DailySeries, *, known_until: date, as_of: date, months: int = 6) -> TrackRecord:
    """Forecast the total of ``series`` again on this day of each of the last whole months, knowing only what was known.

    A day of the month that a shorter month has not got is its last. The same days are left out at the end as today,
    since they were not complete then either. What was found is remembered: the same days have the same record.
    """
    values = np.ascontiguousarray(series.values[:1], dtype=float)
    return _remembered(series.start, series.currency, values.tobytes(), known_until, as_of, months)


@lru_cache(maxsize=MOST_REMEMBERED)
def _remembered(start: date, currency: str, days: bytes, known_until: date, as_of: date, months: int) -> TrackRecord:
    series = DailySeries((("total",),), start, np.frombuffer(days)[None, :], currency)
    lag = as_of - known_until
    held: list[Held] = []
    month = month_before(as_of)
    while len(held) < months and month.start >= series.start:
        day = month.start.replace(day=min(as_of.day, month.days))
        said = _forecast(series, day - lag, day)
        if said is None:
            break
        held.append(Held(day, month, said, _came(series, month)))
        month = month_before(month.start)
    return TrackRecord(tuple(held))


def _forecast(series: DailySeries, known: date, day: date) -> Range | None:
    days = (known - series.start).days
    if days <= 0:
        return None
    past = replace(series, values=series.values[:, :days])
    try:
        return forecast(past, known_until=known, as_of=day, months=0)[0].month_end
    except TooShort:
        return None


def _came(series: DailySeries, month: Period) -> Money:
    begin = (month.start - series.start).days
    total = float(series.values[0, begin : begin + month.days].sum())
    return Money.of(round(total, 2), series.currency)
