"""How long people wait: a warm forecast beside its bare chart, and the start.

Goals: warm ``/finops forecast`` p95 ≤ 2.5 × the p95 of drawing its bare fan chart; process start to ready ≤ 1 s
(``tests/test_house.py`` keeps what is heavy out of it).
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from time import perf_counter

import numpy as np

from analysis.forecasts import forecast as project
from benchmarks.row import Row
from bot import config as deployment
from bot.clock import wall
from bot.garbage import rarely
from bot.log import configure
from bot.wiring import Crew, assembled
from charts.forecast_fan import forecast_fan
from charts.picture import forget
from commands.forecast import daily
from tests.fake_slack import FakeSlack
from tests.walks.slack_crew import walk

ROUNDS, TYPED = 60, 33
MOST_RATIO, MOST_START = 2.5, 1.0
STARTS = 5
TOKENS = {"SLACK_BOT_TOKEN": FakeSlack.token, "SLACK_APP_TOKEN": FakeSlack.app_token}


def measured() -> Iterator[Row]:
    """A forecast through Slack, one beside its chart, and the start."""
    configure(json=False, least=50)
    with tempfile.TemporaryDirectory() as folder:
        raw = {"data": {"folder": folder}, "providers": [{"kind": "sample"}], "roles": {"*": ["read", "act"]}}
        with assembled(deployment.parse(raw, lambda _: "benchmark"), wall) as crew, rarely():
            crew.assessor.load(crew.clock())
        with assembled(deployment.parse(raw, lambda _: "benchmark"), wall) as crew, rarely():
            yield from asyncio.run(through_slack(crew))
            yield from warm_forecast(crew)
        yield asyncio.run(start(Path(folder)))


async def through_slack(crew: Crew) -> list[Row]:
    """From typed to shown, over HTTP and real Bolt: the first one after the start, then others."""
    seconds = []
    async with FakeSlack.running() as slack, walk(crew, slack, "http") as walking:
        for number in range(TYPED):
            started = perf_counter()
            await slack.type(f"/finops forecast months={1 + number % 3}")
            await walking.until(partial(_heard, slack, number))
            seconds.append((perf_counter() - started) * 1000)
    cold, warm = seconds[0], seconds[3:]
    return [
        Row("/finops forecast through Slack, the first", cold, "ms"),
        Row("/finops forecast through Slack, p50", p50(warm), "ms"),
        Row("/finops forecast through Slack, p95", p95(warm), "ms"),
    ]


def _heard(slack: FakeSlack, before: int) -> bool:
    return len(slack.private("U1")) > before


def warm_forecast(crew: Crew) -> Iterator[Row]:
    """A whole answer (query, model, chart, audit) beside the drawing of its chart alone; then what is asked again."""
    now = crew.clock()
    fresh = crew.lake.freshness(now)
    series = daily(crew.lake, now, fresh, "USD").daily().total()
    outlook = project(series, known_until=fresh.complete_until, as_of=now.date())[0]
    crew.typed("forecast", "bench")

    def anew(work: Callable[[], object]) -> Callable[[], object]:
        def drawn() -> object:
            forget()
            return work()

        return drawn

    whole = timed(anew(lambda: crew.typed("forecast", "bench")))
    bare = timed(anew(lambda: forecast_fan(outlook, budget=None)))
    again = timed(lambda: crew.typed("forecast", "bench"))
    yield Row("warm forecast, p95", p95(whole), "ms", theirs=p95(bare), peer="its bare chart", goal=MOST_RATIO)
    yield Row("the same forecast again, p95", p95(again), "ms", theirs=p95(bare), peer="its bare chart")


async def start(folder: Path) -> Row:
    """From nothing to connected with Slack: a real ``pitcrew serve`` on data that are there already."""
    async with FakeSlack.running() as slack:
        file = folder / "pitcrew.toml"
        file.write_text(
            f'[data]\nfolder = "{folder}"\n[slack]\napi_url = "{slack.url}"\n[[providers]]\nkind = "sample"\n'
        )
        seconds = [await _ready(file) for _ in range(STARTS)]
    return Row(f"start to ready, median of {STARTS}", float(np.median(seconds)), goal=MOST_START)


async def _ready(file: Path) -> float:
    """Seconds until one process says that it is ready."""
    started = perf_counter()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "serve", "--config", str(file)),
        env=os.environ | TOKENS,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    async for line in process.stderr:
        if b'"ready"' in line:
            break
    else:
        sys.exit("pitcrew serve ended before it was ready")
    took = perf_counter() - started
    process.terminate()
    await process.communicate()
    return took


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
