"""Load: 200 people at once, ten thousand findings, and a digest for five hundred channels within Slack's limits."""

from __future__ import annotations

import asyncio
import time

import numpy as np

from benchmarks.chaos.company import served
from benchmarks.chaos.trial import Ground, Outcome, until
from bot.clock import wall
from bot.ports import Ask, Place
from bot.state import State
from tests.conftest import NOW
from tests.contracts.said import ALL, found
from tests.fake_slack import FakeSlack

MOST_P99, SLACK_WAITS = 1.0, 3.0
MOST_INGEST, MOST_PLAN, MOST_DELIVERY = 5.0, 5.0, 120.0
WHOLE = 500  # channels, that the goals of a digest are for
CLOCK = "clock"


async def two_hundred_at_once(ground: Ground, *, people: int = 200, rounds: int = 3) -> Outcome:
    """Everybody types in the same moment; each ask is committed before it is acknowledged."""
    seconds: list[float] = []
    async with FakeSlack.running() as slack, served(ground, slack, ground.ready(ground.place())) as walking:

        async def one() -> None:
            began = time.perf_counter()
            if (await slack.type("/finops help")).ok:
                seconds.append(time.perf_counter() - began)

        for _ in range(rounds):
            await asyncio.gather(*(one() for _ in range(people)))
            await until(lambda: not walking.crew.state.inbox.unanswered(), MOST_DELIVERY)
    p50, p99, worst = (float(np.percentile(seconds, share)) for share in (50, 99, 100))
    answered = len(seconds) == people * rounds
    return Outcome(
        f"all acknowledged, p99 < {MOST_P99:g} s, none beyond {SLACK_WAITS:g} s",
        f"{len(seconds)} of {people * rounds} acknowledged, p50 {p50:.2f} s, p99 {p99:.2f} s, worst {worst:.2f} s",
        answered and p99 < MOST_P99 and worst < SLACK_WAITS,
    )


async def ten_thousand_findings(ground: Ground, *, findings: int = 10_000) -> Outcome:
    """An assessment's findings are entered, and entered again the next day."""
    many = [found(number) for number in range(findings)]
    with State.open(ground.ready(ground.place()), wall) as state:
        took = []
        for run in ("r1", "r2"):
            began = time.perf_counter()
            await asyncio.to_thread(state.findings.seen, many, run, ALL, NOW)
            took.append(time.perf_counter() - began)
        kept = len(state.findings.standing())
    return Outcome(
        f"each < {MOST_INGEST:g} s",
        f"{kept} findings: new {took[0]:.2f} s, again {took[1]:.2f} s",
        kept == findings and max(took) < MOST_INGEST,
    )


async def many_channels(ground: Ground, *, channels: int = WHOLE) -> Outcome:
    """A digest is due in every channel, in a Slack that holds to its limits: a second a channel, tiers by the minute.

    It waits by the clock of the wall, as the bot does.
    """
    async with FakeSlack.running() as slack:
        names = [f"CH{number}" for number in range(channels)]
        for name in names:
            slack.channel(name, name.lower())
        slack.paced = True
        digest = {"name": "digest", "cron": "0 9 * * mon", "ask": "help", "to": ["finance"], "post": "always"}
        sections = {"personas": {"finance": [f"slack:{name}" for name in names]}, "schedules": [digest]}
        async with served(ground, slack, ground.ready(ground.place()), **sections) as walking:
            state = walking.crew.state
            began = time.perf_counter()
            state.fires.fire("digest", "2026-W47", Ask("digest", Place(CLOCK, "digest"), "clock:x", "x", "help", NOW))
            walking.door.wake()
            await until(lambda: sum(state.outbox.counts().values()) == channels, MOST_DELIVERY)
            planned = time.perf_counter() - began
            await until(lambda: state.outbox.counts().get("sent") == channels, MOST_DELIVERY * 2)
            delivered = time.perf_counter() - began
    said = [len(slack.ours(name)) for name in names]
    told_off = sum(call.method == "throttled" for call in slack.calls)
    most = MOST_DELIVERY * max(channels, WHOLE / 10) / WHOLE
    return Outcome(
        f"planned < {MOST_PLAN:g} s, delivered ≤ {most:g} s, each once",
        f"{channels} channels: planned {planned:.1f} s, delivered {delivered:.0f} s, {said.count(1)} once"
        f"{f', {told_off} × 429' if told_off else ''}",
        planned < MOST_PLAN and delivered <= most and set(said) == {1},
    )
