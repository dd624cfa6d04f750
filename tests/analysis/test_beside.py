"""Thousands of series: in chunks, beside the chat, and not twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import date
from multiprocessing import parent_process

import numpy as np
import pytest

from analysis import beside
from analysis.anomalies import watch
from analysis.focus import DailySeries
from analysis.forecasts import Forecast, forecast

START, KNOWN = date(2026, 7, 1), date(2026, 9, 29)


def portfolio(count: int) -> DailySeries:
    random = np.random.default_rng(7)
    values = 100 + random.normal(0, 5, (count, 90)).cumsum(axis=1)
    values[::50, 80] += 500
    return DailySeries(tuple((f"s{n}",) for n in range(count)), START, np.abs(values), "USD")


def asked(series: DailySeries) -> Sequence[Forecast]:
    return forecast(series, known_until=KNOWN, as_of=KNOWN, months=1)


def doubled(number: int) -> int:
    return 2 * number


def struck(number: int) -> int:
    """Ends the worker that does it, but not us."""
    if parent_process() is not None:
        os.kill(os.getpid(), signal.SIGKILL)
    return 2 * number


def test_the_same_series_are_forecast_and_watched_once() -> None:
    series, alike = portfolio(3), portfolio(3)

    assert asked(series) is asked(alike)
    seen = watch(series, known_until=KNOWN, since=date(2026, 9, 1))
    assert watch(alike, known_until=KNOWN, since=date(2026, 9, 1)) is seen
    assert watch(alike, known_until=KNOWN, since=date(2026, 9, 2)) is not seen


def test_what_is_remembered_is_bounded() -> None:
    kept = beside.Remembered[int](most_bytes=16)
    first, second = np.ones(1), np.ones(2)

    assert [kept.of(first, "sum", lambda: 1), kept.of(second, "sum", lambda: 2)] == [1, 2]
    assert [kept.of(second, "sum", lambda: 3), kept.of(first, "sum", lambda: 4)] == [2, 4]


@pytest.mark.slow
def test_chunks_come_back_in_order_as_each_would_alone() -> None:
    series = portfolio(2 * beside.CHUNK + 10)
    parts = [series.only(rows) for rows in beside.chunks(len(series.names))]

    whole = asked(series)
    seen = watch(series, known_until=KNOWN, since=date(2026, 9, 1))

    alone = [one for part in parts for one in asked(part)]
    assert len(parts) == 3
    assert [(one.name, one.month_end) for one in whole] == [(one.name, one.month_end) for one in alone]
    found = {event.name for part in parts for event in watch(part, known_until=KNOWN, since=date(2026, 9, 1)).events}
    assert found == {event.name for event in seen.events} >= {("s0",), ("s2000",)}


@pytest.mark.slow
def test_a_worker_that_is_killed_costs_time_and_no_answer() -> None:
    assert beside.mapped(struck, [1, 2, 3]) == [2, 4, 6]
    assert beside.mapped(doubled, [1, 2, 3]) == [2, 4, 6]


@pytest.mark.slow
def test_workers_go_when_their_parent_is_killed() -> None:
    code = (
        "from analysis import beside\nfrom tests.analysis.test_beside import doubled\nimport time\n"
        "if __name__ == '__main__':\n"
        "    beside.mapped(doubled, [1, 2])\n"
        "    print(*beside._pool[0]._processes, flush=True)\n    time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    workers = [int(one) for one in parent.stdout.readline().split()]
    assert workers
    parent.kill()
    parent.wait()
    parent.stdout.close()

    until = time.monotonic() + 10
    while any(alive(one) for one in workers) and time.monotonic() < until:
        time.sleep(0.05)
    assert not any(alive(one) for one in workers)


def alive(process: int) -> bool:
    try:
        with open(f"/proc/{process}/stat", encoding="utf-8") as said:  # noqa: PTH123
            return said.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
