"""The anomaly detector: what each day of each series should have cost, how far off it may be, and which days are not.

All series are judged at once (arrays are series × days), each day by the days before it alone. The design and its
constants were measured against z-scores, week-over-week rules and forecast intervals on real daily series with planted
events (``benchmarks/anomaly_recall.py`` prints the comparison).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from analysis.forecast_model import SIGMA_OF_MAD, begins, finite_median, mirrored, monthly_charges, weekday_factors

LONG, SHORT = 28, 7  # days whose medians make the level, half each
LEAST_DAYS = 10  # of history before a series is judged at all
NEW_LEVEL = 7  # days in a row that are off the same way are the new level
LEARNT = 200  # days that weekdays and monthly charges are learnt from,
REFIT = 14  # anew this often
WIDE = (3, 7, 14)  # days whose mean may be off though none of them is, in a noisy series
WIDE_PART = 0.3  # a day belongs to them if it is off by this part of the mean
MEMORY = 150  # days of own misses that tell how far off a day may be
FLOOR = 0.03  # of the expected cost: no series is steadier than this
FEE_DOUBT = 0.25  # of a monthly charge: it may be so much more or less on its day
QUANTILE, QUANTILE_ROOM = 0.975, 1.1  # days that were that far off before are no news


@dataclass(frozen=True, slots=True)
class Judged:
    """Days of S series: ``expected`` and ``band`` (S × D) and where they were off, -1, 0 or 1 (``off``, S × D).

    Days that cannot be judged have an expected cost of NaN. ``sigma`` (S × D) is the band of one sigma.
    """

    expected: np.ndarray
    band: np.ndarray
    sigma: np.ndarray
    off: np.ndarray


def judge(values: np.ndarray, start: date, since: int, thresholds: np.ndarray) -> Judged:
    """Judge the days from ``since`` (an index) on; ``thresholds`` (S) are in sigmas."""
    walk = _Walk(values, start, thresholds)
    begin = max(LEAST_DAYS, since - MEMORY)
    for day in range(begin, values.shape[1]):
        if (day - begin) % REFIT == 0:
            walk.learn(day)
        walk.judge(day)
        walk.widen(day, told=day >= since)
        walk.settle(day)
    young = np.arange(values.shape[1]) - walk.first[:, None] < LEAST_DAYS
    for judged in (walk.expected, walk.band, walk.sigma):
        judged[young] = np.nan
    off = np.where(walk.off != 0, walk.off, walk.slow)
    off[:, : max(0, since)] = 0
    return Judged(walk.expected, walk.band, walk.sigma, off)


class _Walk:
    """One walk through the days, that knows of each series only what lies behind it.

    ``clean`` is the history that is believed: days that were off count as if they had only just been in their band.
    ``plain`` is the same without weekdays and monthly charges, ``misses`` how far each day was from its expectation.
    """

    def __init__(self, values: np.ndarray, start: date, thresholds: np.ndarray) -> None:
        days = [start + timedelta(days=day) for day in range(values.shape[1])]
        self.values, self.thresholds = values, thresholds
        self.weekday = np.array([day.weekday() for day in days])
        self.month_day = np.array([day.day for day in days])
        self.first = begins(values)
        self.clean = mirrored(values, self.first)
        self.expected, self.band, self.sigma, self.misses, self.plain = (
            np.full(values.shape, np.nan) for _ in range(5)
        )
        self.off = np.zeros(values.shape, dtype=np.int8)
        self.slow = np.zeros(values.shape, dtype=np.int8)  # off in the mean of several days only
        self.means = {
            days: np.full(values.shape, np.nan) for days in WIDE
        }  # of the misses of so many days, by the last
        self.level_since = np.zeros(len(values), dtype=int)
        self.factors, self.charges = np.ones((len(values), 7)), np.zeros((len(values), 32))

    def learn(self, day: int) -> None:
        """Learn weekdays and monthly charges from the days before ``day``."""
        days = slice(max(0, day - LEARNT), day)
        known, first = self.clean[:, days], np.maximum(0, self.first - days.start)
        self.factors = weekday_factors(known, first, self.weekday[days], self.month_day[days])
        usual = self.factors[:, self.weekday[days]]
        self.charges, past = monthly_charges(known, first, usual, self.month_day[days])
        self.plain[:, days] = past / usual

    def judge(self, day: int) -> None:
        """Say what a day should have cost, and whether it is off."""
        factor, fee = self.factors[:, self.weekday[day]], self.charges[:, self.month_day[day]]
        expected = self._level(day) * factor + fee
        spread, usual = _sizes(self.misses[:, max(0, day - MEMORY) : day])
        sigma = np.maximum(spread, FLOOR * np.abs(expected)) + FEE_DOUBT * np.abs(fee)
        band = np.maximum(self.thresholds * sigma, QUANTILE_ROOM * usual)
        miss = self.values[:, day] - expected
        known = (day - self.first >= LEAST_DAYS) & np.isfinite(band)
        off = np.where(known & (np.abs(miss) > band), np.sign(miss), 0)
        self.clean[:, day] = np.where(
            off != 0, expected + off * band, np.where(known, self.values[:, day], self.clean[:, day])
        )
        self.misses[:, day] = self.clean[:, day] - expected
        self.plain[:, day] = (self.clean[:, day] - fee) / factor
        self.expected[:, day], self.sigma[:, day], self.band[:, day], self.off[:, day] = expected, sigma, band, off

    def widen(self, day: int, *, told: bool) -> None:
        """Look at the mean of the last days: what is off a little, day after day, is off; and tell it, where asked."""
        for days, means in self.means.items():
            begin = max(0, day - MEMORY)
            window = slice(day + 1 - days, day + 1)
            if day + 1 < days:
                continue
            misses = self.misses[:, window]  # of days that are off by themselves only their band's worth
            miss = means[:, day] = misses.mean(axis=1)
            if not told or day - begin < 4 * days:
                continue
            spread, usual = _sizes(means[:, begin + days - 1 : day + 1 - days])
            floor = FLOOR * np.abs(self.expected[:, window]).mean(axis=1)
            band = np.maximum(self.thresholds * np.maximum(spread, floor), QUANTILE_ROOM * usual)
            hit = (day - self.first >= LEAST_DAYS + days) & (np.abs(miss) > band)
            rows = np.flatnonzero(hit)
            part = misses[rows] * np.sign(miss[rows])[:, None] > WIDE_PART * np.abs(miss[rows])[:, None]
            self.slow[rows, window] = np.where(part, np.sign(miss[rows])[:, None], self.slow[rows, window])

    def settle(self, day: int) -> None:
        """Give a new level to series that were off the same way for a week: the days before it count no more."""
        week = slice(max(0, day + 1 - NEW_LEVEL), day + 1)
        rows = np.flatnonzero(np.abs(self.off[:, week].sum(axis=1, dtype=int)) == NEW_LEVEL)
        if rows.size:
            self.clean[rows, week] = self.values[rows, week]
            self.plain[rows, week] = self.values[rows, week] / self.factors[rows][:, self.weekday[week]]
            self.misses[rows, week] = np.nan
            self.level_since[rows] = week.start

    def _level(self, day: int) -> np.ndarray:
        """Half the median of the last four weeks, half that of the last one, of the days of the present level."""
        days = np.arange(max(0, day - LONG), day)
        own = np.where(days >= self.level_since[:, None], self.plain[:, days[0] : day], np.nan)
        level: np.ndarray = 0.5 * finite_median(own)[0] + 0.5 * finite_median(own[:, -SHORT:])[0]
        return level


def _sizes(misses: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sigma by the median of absolute misses, and the miss that all but one in forty stayed under; 0 without any."""
    count = np.isfinite(misses).sum(axis=1)
    if not misses.size or not count.any():
        return np.zeros(len(misses)), np.zeros(len(misses))
    ordered = np.sort(np.abs(misses), axis=1)  # NaN comes last
    places = ((count - 1) // 2, count // 2, np.ceil(QUANTILE * count).astype(int) - 1)
    low, high, usual = (
        np.nan_to_num(np.take_along_axis(ordered, np.maximum(0, place)[:, None], axis=1)[:, 0]) for place in places
    )
    return SIGMA_OF_MAD * (low + high) / 2, usual


def runs(off: np.ndarray, gap: int) -> list[tuple[int, int, int, int]]:
    """Events of a table of days that were off: (series, first day, last day, direction).

    Days of one direction that lie at most ``gap`` apart belong together.
    """
    found: list[tuple[int, int, int, int]] = []
    for direction in (1, -1):
        for row in np.flatnonzero((off == direction).any(axis=1)):
            days = np.flatnonzero(off[row] == direction)
            cuts = np.flatnonzero(np.diff(days) > gap) + 1
            found.extend((int(row), int(part[0]), int(part[-1]), direction) for part in np.split(days, cuts))
    return sorted(found)
