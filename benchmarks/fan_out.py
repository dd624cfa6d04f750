"""One schedule that speaks in 500 channels of Slack: real Bolt, the outbox, and the pace that Slack is known to take.

Goal: from the first message to the last ≤ 1.3 × what the pace alone takes; every channel hears exactly once.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Iterator
from time import perf_counter
from typing import Any

from benchmarks.row import Row
from bot import config as deployment
from bot.clock import stopped_at
from bot.delivery.pace import FASTEST
from bot.log import configure
from bot.wiring import Crew, assembled
from tests.conftest import NOW
from tests.fake_slack import FakeSlack
from tests.walks.slack_crew import walk

CHANNELS = int(os.environ.get("CHANNELS", "500"))
MOST, PATIENCE = 1.3, 240.0


def measured() -> Iterator[Row]:
    """The spread of one summary."""
    configure(json=False, least=50)
    with tempfile.TemporaryDirectory() as folder:
        raw = {"data": {"folder": folder}, "providers": [{"kind": "sample"}]}
        with assembled(deployment.parse(raw, lambda _: "benchmark"), stopped_at(NOW)) as crew:
            took = asyncio.run(spread(crew))
    yield Row(f"one summary in {CHANNELS} channels", took, theirs=CHANNELS / FASTEST, peer="Slack's pace", goal=MOST)


async def spread(crew: Crew) -> float:
    """Seconds from the first message to the last."""
    names = [f"team-{number}" for number in range(CHANNELS)]
    sections: dict[str, Any] = {
        "alerts": {"least": 10_000_000, "budget_at": [], "silent_days": 99},
        "personas": {"engineering": [f"slack:#{name}" for name in names]},
        "schedules": [
            {
                "name": "views",
                "cron": "30 9 * * *",
                "ask": "summary engineering",
                "to": ["engineering"],
                "post": "always",
            }
        ],
    }
    async with FakeSlack.running() as slack:
        ids = [f"C{1000 + number}" for number in range(CHANNELS)]
        for one, name in zip(ids, names, strict=True):
            slack.channel(one, name)
        async with walk(crew, slack, "socket", **sections) as walking:
            await walking.until(walking.crew.state.runs.last, PATIENCE)  # the first look, when it starts
            slack.advance(31 * 60)
            await walking.until(lambda: any(slack.ours(one) for one in ids), PATIENCE)
            began = perf_counter()
            await walking.until(lambda: all(slack.ours(one) for one in reversed(ids)), PATIENCE)
            took = perf_counter() - began
            assert all(len(slack.ours(one)) == 1 for one in ids), "a channel heard twice"
            return took
