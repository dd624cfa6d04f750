"""How long Slack waits for us: 200 people type at once; and one after the other types while an assessment is made.

Each ask is committed to the state database before its answer. Goal: p99 under a second on two cores, nobody beyond
Slack's three seconds. The peer is Slack's own limit.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import perf_counter

import numpy as np

from benchmarks.bill import NOW as LARGE_NOW
from benchmarks.row import Row
from benchmarks.scale import made_of, millions
from bot import config as deployment
from bot.clock import stopped_at
from bot.garbage import rarely
from bot.log import configure
from bot.wiring import Crew, assembled
from tests.conftest import NOW
from tests.fake_slack import FakeSlack
from tests.walks.slack_crew import Walk, walk

PEOPLE, ROUNDS = 200, 3
MOST_P99, SLACK_WAITS = 1.0, 3.0
BUSY_ROWS = int(os.environ.get("BUSY_ROWS", "3000000"))  # that are loaded and assessed while people type
BETWEEN = 0.05  # seconds between two of them


def measured() -> Iterator[Row]:
    """The burst, then the busy time."""
    configure(json=False, least=50)
    yield from _told(f"acknowledged, {PEOPLE} at once", asyncio.run(burst()))
    yield from _told(f"acknowledged while {millions(BUSY_ROWS)} are assessed", asyncio.run(busy()))


def _told(what: str, seconds: list[float]) -> Iterator[Row]:
    p99, worst = (float(np.percentile(seconds, share)) for share in (99, 100))
    yield Row(f"{what}, p99 of {len(seconds)}", p99, goal=MOST_P99)
    yield Row(f"{what}, the slowest", worst, theirs=SLACK_WAITS, peer="Slack's patience", goal=1.0)


async def burst() -> list[float]:
    """Many at once, three times."""
    seconds: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        raw = {"data": {"folder": folder}, "providers": [{"kind": "sample"}], "roles": {"*": ["read", "act"]}}
        with assembled(deployment.parse(raw, lambda _: "benchmark"), stopped_at(NOW)) as crew, rarely():
            crew.typed("assess", "bench")
            async with served(crew) as walking:
                for _ in range(ROUNDS):
                    seconds += await asyncio.gather(*(acknowledged(walking.slack) for _ in range(PEOPLE)))
                    await asyncio.sleep(2)
    return seconds


async def busy() -> list[float]:
    """One after the other, for as long as a large bill is loaded and assessed in the same process."""
    seconds: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        bill = Path(folder) / "bill"
        made_of(bill, BUSY_ROWS)
        raw = {
            "data": {"folder": f"{folder}/data"},
            "lake": {"memory": "1GB"},
            "providers": [{"kind": "focus", "path": f"{bill}/*.parquet"}],
            "roles": {"*": ["read", "act"]},
        }
        with (
            assembled(deployment.parse(raw, lambda _: "benchmark"), stopped_at(LARGE_NOW), load=False) as crew,
            rarely(),
        ):
            async with served(crew) as walking:
                work = asyncio.create_task(asyncio.to_thread(crew.assessor.fresh, LARGE_NOW))
                while not work.done():
                    seconds.append(await acknowledged(walking.slack))
                    await asyncio.sleep(BETWEEN)
                await work
    return seconds


@asynccontextmanager
async def served(crew: Crew) -> AsyncIterator[Walk]:
    """The crew in a Slack that speaks to it over HTTP."""
    async with FakeSlack.running() as slack, walk(crew, slack, "http") as walking:
        yield walking


async def acknowledged(slack: FakeSlack) -> float:
    """Seconds until Slack has its answer."""
    started = perf_counter()
    assert (await slack.type("/finops status")).ok, "an ask was not acknowledged"
    return perf_counter() - started
