"""Ranges on totals: how far a sum over coming days may miss, learnt from how far past ones did.

Daily ranges cannot be added up (sums of them hold far more than they promise), so the errors of whole windows are
measured. ``size`` is each series' own error on a ladder of windows; where its past is too short for a window, it is
carried on from the window before by the growth that the other series show, or a table that ships with Pitcrew. The
table's quantiles turn a size into a range: they are errors of real forecasts in units of ``size``, by length of
history, learnt by ``benchmarks/learn_ranges.py``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from analysis.forecast_model import STRIDE, WARM_UP, Fitted, backtest_origins, farness, slope_sums, window_sums

LADDER = ((0, 3), (0, 7), (0, 14), (0, 30), (20, 50), (50, 80), (80, 110))  # days ahead: after the first, to the second
SOON = 4  # so many of them start at once: the rest of a month; the others are whole months further out
PRIOR_WINDOWS = 5.0  # that many windows of own past weigh as much as what was carried on
PORTFOLIO_CROWD = 10  # series of one company move together: of many, so many count
PORTFOLIO_WINDOWS = 30.0  # that many of all series' past as much as the table
CALM_TO_WILD = (0.5, 3.0)  # a quiet past says little about the next step: what is carried on stays within these
FLOOR = 0.02  # of a usual day, beside its spread: no single day is known better than that
TINY = 1e-9
QUANTILES = (0.025, 0.1, 0.9, 0.975)
SOON_STARTS = 9  # days of provider lag and gap, at most, before a month that counts as the present one
SPIKES_WIDEN = 2.0  # so many times as wide, at most, is a range for the spikes of the past
STRANGER = (1.12, 1.0)  # sources that the table was not learnt from miss by so much more: this month, later ones
IF_IT_RETURNS = (0.0, 0.0, 0.0, 1.0)  # what has stopped stays so, except in the highest twentieth


@dataclass(frozen=True, slots=True)
class Table:
    """What shipped, by days of ``history`` (B), for each window of the ladder.

    A window's mean square error is about noise · (a day's spread)² + drift · (a usual day)²: ``noise`` and ``drift``
    (B × 7). ``quantiles`` (B × 7 × 4) are those of errors in units of ``size``.
    """

    history: np.ndarray
    noise: np.ndarray
    drift: np.ndarray
    quantiles: np.ndarray

    def at(self, history: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Noise and drift (S × 7) and quantiles (S × 7 × 4) for series with so many days (S)."""
        place = np.interp(np.log(np.maximum(history, 1)), np.log(self.history), np.arange(len(self.history)))
        low = np.minimum(place.astype(int), len(self.history) - 2)
        part = (place - low)[:, None]

        def mixed(of: np.ndarray, part: np.ndarray) -> np.ndarray:
            between: np.ndarray = of[low] * (1 - part) + of[low + 1] * part
            return between

        return mixed(self.noise, part), mixed(self.drift, part), mixed(self.quantiles, part[:, :, None])


@cache
def shipped() -> Table:
    """The table in the package."""
    held = json.loads(files("analysis").joinpath("forecast_ranges.json").read_text(encoding="utf-8"))
    return Table(*(np.array(held[name], dtype=float) for name in ("history", "noise", "drift", "quantiles")))


@dataclass(frozen=True, slots=True)
class Sizes:
    """How large errors are: ``day`` (S) of a single day, ``ladder`` (S × 7) of a window's daily mean."""

    day: np.ndarray
    ladder: np.ndarray
    quantiles: np.ndarray
    stopped: np.ndarray

    def misses(self, start: int, end: int) -> np.ndarray:
        """Quantiles (S × 4) of the error of a daily mean over the days ``start`` + 1 to ``end`` ahead."""
        if start <= SOON_STARTS:
            last, strange = LADDER[SOON - 1][1], STRANGER[0]
            knots, place = np.log([1, *(after for _, after in LADDER[:SOON])]), float(np.log(end))
            size = np.concatenate([self.day[:, None], self.ladder[:, :SOON]], axis=1)
            shape = np.concatenate([self.quantiles[:, :1], self.quantiles[:, :SOON]], axis=1)
        else:
            last, strange = LADDER[-1][1], STRANGER[1]
            knots, place = np.array([before for before, _ in LADDER[SOON - 1 :]], dtype=float), float(start)
            size, shape = self.ladder[:, SOON - 1 :], self.quantiles[:, SOON - 1 :]
        low, part = _between(knots, place)
        log_size = np.log(size[:, low]) * (1 - part) + np.log(size[:, low + 1]) * part
        mixed = shape[:, low] * (1 - part) + shape[:, low + 1] * part
        further = np.sqrt(max(1.0, end / last))  # past the ladder errors grow as a random walk's
        misses: np.ndarray = strange * further * np.exp(log_size)[:, None] * mixed
        return misses * np.where(self.stopped[:, None], IF_IT_RETURNS, 1.0)


def _between(knots: np.ndarray, place: float) -> tuple[int, float]:
    """The knot below ``place``, and how far it is to the next (0 to 1)."""
    where = float(np.interp(place, knots, np.arange(knots.size)))
    low = min(int(where), knots.size - 2)
    return low, where - low


def past_errors(fitted: Fitted) -> tuple[np.ndarray, np.ndarray]:
    """Mean square error of past forecasts on each window of the ladder, and how many windows they span (S × 7).

    Spikes count here, since totals have them; but one alone does not widen a range more than ``SPIKES_WIDEN`` times.
    """
    series, count = fitted.past.shape
    squares, windows = np.zeros((series, len(LADDER))), np.zeros((series, len(LADDER)))
    for rung, (start, end) in enumerate(LADDER):
        origins = backtest_origins(count, 0, end)
        if not origins.size:
            continue
        share = farness(end)[start:].mean()
        weights = fitted.near * (1 - share) + fitted.far * share
        level = fitted.levels[:, :, origins] + fitted.slopes[:, :, origins] * slope_sums(start, end)
        said = np.einsum("sco,sc->so", level, weights)
        lived = backtest_lived(fitted.first, origins)
        factors = window_sums(fitted.weekdays, origins, start, end)
        spiky, calm = (
            ((window_sums(came, origins, start, end) / factors - said) ** 2 * lived).sum(axis=1)
            for came in (fitted.past, fitted.smooth)
        )
        squares[:, rung] = np.minimum(spiky, SPIKES_WIDEN**2 * calm) / np.maximum(1, lived.sum(axis=1))
        windows[:, rung] = lived.sum(axis=1) * STRIDE / (end - start)
    return squares, windows


def backtest_lived(first: np.ndarray, origins: np.ndarray) -> np.ndarray:
    """Which series (S) had begun, and warmed up, at each origin."""
    lived: np.ndarray = origins[None, :] >= first[:, None] + WARM_UP - 1
    return lived


def sizes(fitted: Fitted, table: Table) -> Sizes:
    """Sizes of errors from each series' own past, all series' growth, and the table."""
    spread, usual = day_sizes(fitted)
    noise, drift, quantiles = table.at(fitted.past.shape[1] - fitted.first)
    prior = np.sqrt(noise * spread[:, None] ** 2 + drift * usual[:, None] ** 2) + TINY
    squares, windows = past_errors(fitted)
    ladder = np.empty_like(squares)
    wilder = np.ones_like(spread)  # how much larger this series' errors are than the table expects
    for rung in range(len(LADDER)):
        known, held = windows[:, rung], windows[:, rung].mean() * min(len(windows), PORTFOLIO_CROWD)
        expected = prior[:, rung] * wilder
        if held > 0:
            others = np.average(np.log(squares[:, rung] + TINY**2) / 2 - np.log(expected), weights=known)
            expected = expected * np.exp(np.clip(others, *np.log(CALM_TO_WILD)) * held / (held + PORTFOLIO_WINDOWS))
        ladder[:, rung] = np.sqrt((known * squares[:, rung] + PRIOR_WINDOWS * expected**2) / (known + PRIOR_WINDOWS))
        wilder = np.maximum(ladder[:, rung] / prior[:, rung], CALM_TO_WILD[0])
    ladder = np.hypot(ladder, fitted.jump[:, None]) + TINY
    return Sizes(spread + TINY, ladder, quantiles, fitted.stopped)


def day_sizes(fitted: Fitted) -> tuple[np.ndarray, np.ndarray]:
    """The spread of a day around its level, at least ``FLOOR``, and the mean size of a day (S each)."""
    usual = np.abs(fitted.smooth).sum(axis=1) / (fitted.past.shape[1] - fitted.first)
    return np.hypot(fitted.sigma, FLOOR * usual), usual
