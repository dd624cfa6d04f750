"""Days: the small shop's crew over real Bolt, one morning after another, each with its bill."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot import config as deployment
from bot.cadence.planner import Planner
from bot.subscribed import schedules as subscribed
from bot.wiring import Crew, assembled
from tests.conftest import NOW
from tests.fake_slack import FakeSlack
from tests.walks.slack_crew import Walk, walk
from tests.walks.small_shop import Shop

SETTLED = 30.0


@dataclass
class Days:
    """A walk through days, with the bill of each."""

    walking: Walk
    shop: Shop

    @property
    def slack(self) -> FakeSlack:
        return self.walking.slack

    async def morning(self, day: int, *, month: int = 11, hour: int = 9, settled: bool = True) -> datetime:
        """Let it become a quarter past nine of that day of 2026, with that morning's bill, and what the clock asks."""
        moment = datetime(2026, month, day, hour, 15, 30, tzinfo=UTC)
        self.shop.deliver(moment.date())
        before = self._answered()
        self.slack.advance((moment - self.slack.clock()).total_seconds())
        await self._tick()
        await self.walking.until(lambda: self._answered() > before, SETTLED)
        if settled:
            await self.settled()
        return moment

    async def settled(self) -> None:
        """Wait until everything that was asked is answered, and everything that is to be said was said."""
        state = self.walking.crew.state
        await self.walking.until(lambda: not state.inbox.unanswered(), SETTLED)
        await self.walking.until(lambda: not state.outbox.counts().keys() & {"pending", "leased"}, SETTLED)

    async def _tick(self) -> None:
        """Look at the schedules now: a second planner, since the first one looks every fifteen seconds."""
        crew, door = self.walking.crew, self.walking.door
        kept = crew.state.subscriptions
        planner = Planner(crew.state.fires, door.schedules, crew.clock, subscribed=lambda: subscribed(kept.all()))
        await asyncio.to_thread(planner.tick)
        door.wake()

    def _answered(self) -> int:
        return sum(line.caller.startswith("clock:") for line in self.walking.crew.state.audit.lines())


@asynccontextmanager
async def days(tmp_path: Path, shop: Shop, **sections: Any) -> AsyncIterator[Days]:
    """The small shop's crew from the morning of ``NOW`` on."""
    shop.deliver(NOW.date())
    async with FakeSlack.running() as slack:
        for number, name in enumerate(("finops", "team-data", "team-checkout"), 2):
            slack.channel(f"C{number}", name)
        slack.advance((NOW - slack.clock()).total_seconds())
        with _crew(tmp_path, shop, slack) as crew:
            async with walk(crew, slack, "socket", **sections) as walking:
                await walking.until(crew.state.runs.last, SETTLED)
                yield Days(walking, shop)


def posts(slack: FakeSlack, channel: str) -> list[dict[str, Any]]:
    """Our messages of a channel that stand for themselves."""
    return [one for one in slack.ours(channel) if one.get("thread_ts", one["ts"]) == one["ts"]]


def replies(slack: FakeSlack, channel: str) -> list[dict[str, Any]]:
    """Our messages in a channel's threads."""
    return [one for one in slack.ours(channel) if one.get("thread_ts", one["ts"]) != one["ts"]]


def _crew(tmp_path: Path, shop: Shop, slack: FakeSlack) -> AbstractContextManager[Crew]:
    raw = {
        "data": {"folder": str(tmp_path / "data")},
        "providers": [{"kind": "focus", "name": "exports", "path": str(shop.folder)}],
        "roles": {"*": ["read", "act"]},
    }
    return assembled(deployment.parse(raw, lambda _: "test"), slack.clock)
