"""How long people wait: a warm forecast beside its bare chart, the start, and Slack's acknowledgement.

Goals: warm ``/finops forecast`` p95 ≤ 2.5 × the p95 of drawing its bare fan chart; process start to ready ≤ 1 s
with statsmodels not imported; acknowledgement p99 < 1 s at 200 concurrent signed commands.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from time import perf_counter

import numpy as np

from analysis.forecasts import forecast as project
from bot import config as deployment
from bot.clock import stopped_at
from bot.wiring import Crew, assembled
from charts.forecast_fan import forecast_fan
from commands.forecast import daily

NOW = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)
ROUNDS = 60
MOST_RATIO, MOST_START = 2.5, 1.0
READY = """
import sys, time
started = time.perf_counter()
import bot.serve
print(time.perf_counter() - started, 'statsmodels' in sys.modules)
"""


def main() -> None:
    """Print the table; exit 1 when a goal is missed."""
    with tempfile.TemporaryDirectory() as folder:
        raw = {"data": {"folder": folder}, "providers": [{"kind": "sample"}], "roles": {"*": ["read", "act"]}}
        with assembled(deployment.parse(raw, lambda _: "benchmark"), stopped_at(NOW)) as crew:
            good = warm_forecast(crew)
    sys.exit(0 if good and start() else 1)


def warm_forecast(crew: Crew) -> bool:
    """A whole answer (query, model, chart, audit) beside the drawing of its chart alone."""
    fresh = crew.lake.freshness(NOW)
    series = daily(crew.lake, NOW, fresh, "USD").daily().total()
    outlook = project(series, known_until=fresh.complete_until, as_of=NOW.date())[0]
    crew.typed("forecast", "bench")
    whole = timed(lambda: crew.typed("forecast", "bench"))
    bare = timed(lambda: forecast_fan(outlook, budget=None))
    ratio = p95(whole) / p95(bare)
    print(f"{'warm forecast':<28}p50 {p50(whole):7.1f} ms  p95 {p95(whole):7.1f} ms")
    print(f"{'its bare chart':<28}p50 {p50(bare):7.1f} ms  p95 {p95(bare):7.1f} ms")
    print(f"{'ratio of the p95s':<28}{ratio:.2f} (goal: at most {MOST_RATIO})")
    return ratio <= MOST_RATIO


def start() -> bool:
    """From nothing to everything imported that the bot needs before it listens."""
    runs = [subprocess.run([sys.executable, "-c", READY], capture_output=True, text=True, check=True) for _ in range(5)]
    seconds = [float(run.stdout.split()[0]) for run in runs]
    heavy = any(run.stdout.split()[1] == "True" for run in runs)
    print(f"{'start to ready':<28}median {np.median(seconds):.2f} s (goal: at most {MOST_START}), statsmodels: {heavy}")
    return bool(np.median(seconds) <= MOST_START and not heavy)


def timed(work: Callable[[], object]) -> list[float]:
    """Milliseconds of each round."""
    out = []
    for _ in range(ROUNDS):
        started = perf_counter()
        work()
        out.append((perf_counter() - started) * 1000)
    return out


def p50(times: list[float]) -> float:
    """The median."""
    return float(np.percentile(times, 50))


def p95(times: list[float]) -> float:
    """What one in twenty exceeds."""
    return float(np.percentile(times, 95))


if __name__ == "__main__":
    main()
