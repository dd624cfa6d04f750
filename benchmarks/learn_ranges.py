"""Learn the table of ``analysis/forecast_ranges.json``: how errors grow with the horizon, and their quantiles.

``python -m benchmarks.learn_ranges --csv series.csv …`` takes every other series of each file (the rest is for
measuring), raw and with a billing overlay, forecasts from many days with each length of history, and compares with what
came.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from analysis.focus import DailySeries
from analysis.forecast_model import Fitted, farness, fit, slope_sums
from analysis.forecast_ranges import LADDER, QUANTILES, Table, day_sizes, sizes
from benchmarks.series import billed, flights, from_csv, half

HISTORIES = (10, 14, 21, 28, 42, 60, 90, 150, 365)
FEE_SEEN = 42  # days in which a first of a month lies for sure
EVERY = 9  # days between two origins; prime to the week, so that all weekdays come
AHEAD = LADDER[-1][1]


def tries(series: DailySeries, history: int) -> Iterator[tuple[Fitted, np.ndarray]]:
    """A fit on each stretch of ``history`` days, with the daily means that came on the ladder (S × 7)."""
    longest = min(history, series.values.shape[1] - AHEAD - 30)
    for end in range(longest, series.values.shape[1] - AHEAD, EVERY):
        start = series.period.start.toordinal() + end - longest
        fitted = fit(series.values[:, end - longest : end], type(series.start).fromordinal(start), AHEAD)
        factors = fitted.weekdays[:, -AHEAD:]
        rest = series.values[:, end : end + AHEAD] - fitted.planned
        yield fitted, np.stack([rest[:, a:b].sum(axis=1) / factors[:, a:b].sum(axis=1) for a, b in LADDER], axis=1)


def said(fitted: Fitted) -> np.ndarray:
    """The daily means that were forecast on the ladder (S × 7)."""
    columns = []
    for start, end in LADDER:
        share = farness(end)[start:].mean()
        weights = fitted.near * (1 - share) + fitted.far * share
        columns.append(
            ((fitted.levels[:, :, -1] + fitted.slopes[:, :, -1] * slope_sums(start, end)) * weights).sum(axis=1)
        )
    return np.stack(columns, axis=1)


def learn(pools: Sequence[DailySeries]) -> Table:
    """Noise, drift and quantiles over all pools."""
    rows = [_learn(pools, history) for history in HISTORIES]
    return Table(np.array(HISTORIES), *(np.array(column) for column in zip(*rows, strict=True)))


def _learn(pools: Sequence[DailySeries], history: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    made = [
        (fitted, came - said(fitted)) for pool in _overlaid(pools, history) for fitted, came in tries(pool, history)
    ]
    errors = np.concatenate([error for _, error in made])
    spread, usual = (np.concatenate(part) for part in zip(*(day_sizes(fitted) for fitted, _ in made), strict=True))
    parts = [_noise_and_drift(np.abs(errors[:, rung]), spread, usual) for rung in range(len(LADDER))]
    noise, drift = (np.array(part) for part in zip(*parts, strict=True))
    unshaped = Table(np.array([1.0, 2.0]), np.array([noise] * 2), np.array([drift] * 2), np.zeros((2, len(LADDER), 4)))
    units = np.concatenate([error / sizes(fitted, unshaped).ladder for fitted, error in made])
    shape = np.quantile(units, QUANTILES, axis=0).T
    print(history, len(errors), noise.round(3), drift.round(4), shape.round(2).tolist(), flush=True)
    return noise, drift, shape


def _overlaid(pools: Sequence[DailySeries], history: int) -> list[DailySeries]:
    """Raw and billed; without fees where the history is too short to have seen one, which nobody could foresee."""
    return [
        *pools,
        *(billed(pool, seed, fee_share=0.6 if history >= FEE_SEEN else 0) for seed, pool in enumerate(pools)),
    ]


def _noise_and_drift(missed: np.ndarray, spread: np.ndarray, usual: np.ndarray) -> tuple[float, float]:
    """The pair under which these errors are likeliest, were they Laplacian."""
    grid = np.geomspace(1e-4, 4, 32)
    best = (np.inf, 0.0, 0.0)
    for noise in grid:
        for drift in grid**2:
            size = np.sqrt(noise * spread**2 + drift * usual**2)
            best = min(best, (float(np.mean(np.log(size) + np.sqrt(2) * missed / size)), float(noise), float(drift)))
    return best[1:]


def main() -> None:
    """Learn, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--csv", type=Path, nargs="*", default=[])
    parser.add_argument("--out", type=Path, default=Path("analysis/forecast_ranges.json"))
    asked = parser.parse_args()
    known = [flights(), *(from_csv(path) for path in asked.csv)]
    halves = [half(series, 0) for series in known if series is not None]
    table = learn(halves)
    held = {name: getattr(table, name).round(5).tolist() for name in ("history", "noise", "drift", "quantiles")}
    asked.out.write_text(json.dumps(held) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
