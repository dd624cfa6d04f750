"""Anomalies: days that cost what nobody expected, joined into events with their dollars."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import partial
from hashlib import sha256

import numpy as np

from analysis.anomaly_model import Judged, judge, runs
from analysis.beside import Remembered, chunks, mapped
from analysis.errors import BadData
from analysis.focus import DailySeries
from analysis.money import Money

THRESHOLD = 5.0  # sigmas; measured: of the planted dollars nine in ten, one false event a series in seven months
QUIET, QUIETER = 8.0, 12.0  # once, and again, called a false alarm
GAP_DAYS = 2  # days off that lie so near are one event
LEAST_SHARE = 0.2  # of what its days should have cost: less is no news
OPEN_DAYS = 2  # an event whose last day lies so near the end of what is known goes on
RAMP_DAYS = 4


class Shape(StrEnum):
    """What an event looks like, in plain words."""

    SPIKE = "spike"  # up for a few days
    DIP = "dip"  # down for a few days
    STEP = "step up"  # and it stays
    DROP = "step down"
    RAMP = "ramp"  # more each day


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to one series: ``end`` is its last day, ``None`` while it goes on.

    ``impact`` is what its days cost beyond what was expected (negative: less). ``score`` is the largest miss in sigmas.
    """

    id: str
    name: tuple[str, ...]
    start: date
    end: date | None
    last_day: date
    direction: int  # 1 up, -1 down
    shape: Shape
    actual: Money
    expected: Money
    score: float

    @property
    def impact(self) -> Money:
        """What it cost beyond what was expected."""
        return self.actual - self.expected

    @property
    def days(self) -> int:
        """How many days it has lasted."""
        return (self.last_day - self.start).days + 1

    @property
    def a_day(self) -> Money:
        """Its impact on a day of it."""
        return Money(self.impact.amount / self.days, self.impact.currency).cents()


@dataclass(frozen=True, slots=True)
class Watched:
    """Series with what was expected of them, and the events that were found, the largest impact first.

    ``expected`` and ``band`` are series × days; NaN where a day could not be judged.
    """

    series: DailySeries
    known_until: date
    expected: np.ndarray
    band: np.ndarray
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class _Task:
    """What is asked of every series alike: the ``known`` days, events that begin by ``until``, how large they are."""

    known: int
    since: date
    until: date | None
    least: float
    share: float


@dataclass(frozen=True, slots=True)
class _Seen:
    """What one chunk of series came to."""

    expected: np.ndarray
    band: np.ndarray
    events: list[Event]


REMEMBERED: Remembered[Watched] = Remembered()


def watch(  # noqa: PLR0913 (what is looked at, and how closely)
    series: DailySeries,
    *,
    known_until: date,
    since: date,
    until: date | None = None,
    threshold: float = THRESHOLD,
    thresholds: Mapping[tuple[str, ...], float] | None = None,
    least: float = 0.0,
    share: float = LEAST_SHARE,
) -> Watched:
    """Judge each day from ``since`` on by the days before it, and join days that are off into events.

    Days from ``known_until`` on are left out: they may still grow. Events that begin after ``until`` are left out too.
    An event counts if its impact is at least ``least`` and at least ``share`` of what was expected; ``thresholds`` are
    those of single series, in sigmas.

    Raises:
        BadData: a value is missing or infinite.
    """
    if not np.isfinite(series.values).all():
        row, day = (int(place[0]) for place in np.nonzero(~np.isfinite(series.values)))
        where = f"{' '.join(series.names[row])} on {series.start + timedelta(days=day)}"
        raise BadData(f"the cost of {where} is missing; a day without cost is 0, so fill it or leave the series out")
    known = max(0, min((known_until - series.start).days, series.values.shape[1]))
    named = thresholds or {}
    task = _Task(known, since, until, least, share)
    question = (series.start, series.names, series.currency, known_until, task, threshold, sorted(named.items()))
    return REMEMBERED.of(series.values, question, lambda: _in_chunks(series, known_until, task, threshold, named))


def _in_chunks(
    series: DailySeries, known_until: date, task: _Task, threshold: float, named: Mapping[tuple[str, ...], float]
) -> Watched:
    sigmas = np.array([named.get(name, threshold) for name in series.names])
    parts = [(series.only(rows), sigmas[rows]) for rows in chunks(len(series.names))]
    seen = mapped(partial(_watched, task), parts)
    expected, band = (np.concatenate([getattr(one, name) for one in seen]) for name in ("expected", "band"))
    found = (event for one in seen for event in one.events)
    ranked = sorted(found, key=lambda event: (-abs(event.impact.amount), event.start, event.name))
    return Watched(series, known_until, expected, band, tuple(ranked))


def _watched(task: _Task, part: tuple[DailySeries, np.ndarray]) -> _Seen:
    series, sigmas = part
    values = series.values[:, : task.known].astype(float)
    judged = judge(values, series.start, max(0, (task.since - series.start).days), sigmas)
    found = []
    for row, begin, end, direction in runs(judged.off, GAP_DAYS):
        if task.until is not None and series.start + timedelta(days=begin) > task.until:
            continue
        event = _event(series, values, judged, (row, begin, end, direction), task.known)
        impact = abs(float(event.impact))
        if impact >= max(task.least, task.share * abs(float(event.expected)), 0.005):
            found.append(event)
    return _Seen(judged.expected, judged.band, found)


def events(  # noqa: PLR0913
    series: DailySeries,
    *,
    known_until: date,
    since: date,
    until: date | None = None,
    threshold: float = THRESHOLD,
    least: float = 0.0,
    share: float = LEAST_SHARE,
) -> tuple[Event, ...]:
    """The events of ``watch`` alone."""
    return watch(
        series, known_until=known_until, since=since, until=until, threshold=threshold, least=least, share=share
    ).events


def event_id(name: tuple[str, ...], start: date, direction: int) -> str:
    """The name of an event for as long as it lasts: 12 hexadecimal digits."""
    text = "\x1f".join((*name, start.isoformat(), str(direction)))
    return sha256(text.encode()).hexdigest()[:12]


def _event(
    series: DailySeries, values: np.ndarray, judged: Judged, run: tuple[int, int, int, int], known: int
) -> Event:
    row, begin, end, direction = run
    days = slice(begin, end + 1)
    start = series.start + timedelta(days=begin)
    last = series.start + timedelta(days=end)
    expected = judged.expected[row, days]
    miss = values[row, days] - expected
    goes_on = known - 1 - end < OPEN_DAYS
    stays = _stays(values[row], judged.expected[row], begin, end, direction)
    score = float(np.max(np.abs(miss) / np.maximum(judged.sigma[row, days], 1e-9)))
    return Event(
        id=event_id(series.names[row], start, direction),
        name=series.names[row],
        start=start,
        end=None if goes_on else last,
        last_day=last,
        direction=direction,
        shape=_shape(miss, direction, stays=stays),
        actual=Money.of(round(float(values[row, days].sum()), 2), series.currency),
        expected=Money.of(round(float(expected.sum()), 2), series.currency),
        score=round(min(score, 999.0), 1),
    )


def _stays(values: np.ndarray, expected: np.ndarray, begin: int, end: int, direction: int) -> bool:
    """Whether the days after an event lie where it led, rather than where they lay before."""
    if end - begin + 1 < RAMP_DAYS:
        return False
    after = values[end + 1 : end + 8]
    if not after.size:
        return end - begin + 1 >= 7  # noqa: PLR2004 (a week: it has become the level)
    middle = (float(np.median(values[begin : end + 1])) + float(np.nanmean(expected[begin : begin + 1]))) / 2
    return bool((np.median(after) - middle) * direction > 0)


def _shape(miss: np.ndarray, direction: int, *, stays: bool) -> Shape:
    size = miss * direction
    if miss.size >= RAMP_DAYS and direction > 0:
        third = max(1, miss.size // 3)
        if size[-third:].mean() > 1.7 * max(size[:third].mean(), 1e-9):
            return Shape.RAMP
    if stays:
        return Shape.STEP if direction > 0 else Shape.DROP
    return Shape.SPIKE if direction > 0 else Shape.DIP
