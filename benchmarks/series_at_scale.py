"""5,000 series forecast with ranges, and looked through for a new day's anomalies, beside statsforecast.

Goals: forecasts ≤ 0.25 × MSTL and ≤ 0.05 × AutoETS; anomalies ≤ 0.15 × one refit of MSTL's intervals. The peers do two
hundred of the series on all cores, and are counted as if for all of them, which favours neither: series are alike.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from time import perf_counter

import numpy as np

from analysis.anomalies import watch
from analysis.focus import DailySeries
from analysis.forecasts import forecast
from benchmarks.row import Row

SERIES = int(os.environ.get("SERIES", "5000"))
DAYS, PEER, CLOSE = 365, 200, timedelta(days=1)
START = date(2025, 11, 18)
PEERS = Path(__file__).parents[1] / "build" / "peers" / "bin" / "python"
MOST_MSTL, MOST_ETS, MOST_INTERVAL = 0.25, 0.05, 0.15


def measured() -> Iterator[Row]:
    """Forecasts, then anomalies; each once more, when nothing is new."""
    series = portfolio(SERIES)
    theirs, why = peers(series.values[:PEER])
    known = series.period.end
    began = perf_counter()
    found = forecast(series, known_until=known, as_of=known)
    took = perf_counter() - began
    assert len(found) == SERIES
    named = f"{SERIES:,} forecasts of four months"
    for model, peer, goal in (("mstl", "statsforecast MSTL", MOST_MSTL), ("ets", "statsforecast AutoETS", MOST_ETS)):
        yield Row(named, took, theirs=theirs.get(model), peer=peer, goal=goal, why=why)
    began = perf_counter()
    watch(series, known_until=known, since=known - CLOSE)
    took = perf_counter() - began
    said = f"{SERIES:,} series watched for a new day"
    yield Row(
        said, took, theirs=theirs.get("interval"), peer="statsforecast MSTL interval", goal=MOST_INTERVAL, why=why
    )
    began = perf_counter()
    forecast(replace(series), known_until=known, as_of=known)
    watch(replace(series), known_until=known, since=known - CLOSE)
    yield Row("both again on the same rows", (perf_counter() - began) * 1000, "ms")


def portfolio(count: int) -> DailySeries:
    """Series as bills have them: a level that wanders, a week, noise, and a monthly fee on four in ten."""
    random = np.random.default_rng(11)
    days = np.arange(DAYS)
    level = 100 * np.exp(random.normal(0, 1, (count, 1)) + random.normal(0, 0.01, (count, DAYS)).cumsum(axis=1))
    week = np.where((days + START.weekday()) % 7 > 4, random.uniform(0.4, 1, (count, 1)), 1.0)
    values = level * week * np.exp(random.normal(0, 0.05, (count, DAYS)))
    first = np.array([(START + timedelta(days=int(day))).day == 1 for day in days])
    values += first * (random.random((count, 1)) < 0.4) * level.mean(axis=1, keepdims=True) * 3
    return DailySeries(tuple((f"series {number}",) for number in range(count)), START, values, "USD")


def peers(values: np.ndarray) -> tuple[dict[str, float], str]:
    """Seconds of the peers for all series, or why there are none."""
    if not PEERS.exists():
        return {}, "statsforecast is not installed; make bench does it"
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "series.npy"
        np.save(file, values)
        script = str(Path(__file__).with_name("statsforecast_peer.py"))
        done = subprocess.run([str(PEERS), script, str(file)], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        return {}, "statsforecast failed"
    said = json.loads(done.stdout.splitlines()[-1])
    return {name: seconds * SERIES / len(values) for name, seconds in said.items()}, ""
