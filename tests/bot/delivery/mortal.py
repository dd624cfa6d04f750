"""A whole bot in a process of its own, that may be killed at any moment: planner, door and courier on one SQLite file.

``python -m tests.bot.delivery.mortal FOLDER SLACK_URL TOKEN CHANNELS MINUTES``: each channel's schedule fires at each
minute; the process ends by itself when everything has been sent.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

from bot.cadence.planner import Planner
from bot.cadence.schedule import Schedule
from bot.clock import wall
from bot.delivery.courier import Courier
from bot.delivery.routes import routes
from bot.door import Door
from bot.identity import caller_of
from bot.ports import Ask
from bot.slack.post import SlackPlatform, connected
from bot.state import State
from commands.core.context import Context
from tests.virtual_time import BEGINNING

LEASE_SECONDS = 2.4
HTTP_SECONDS = LEASE_SECONDS / 6


async def live(folder: Path, url: str, token: str, channels: int, minutes: int) -> None:
    """Fire, answer and deliver until nothing is left to do."""
    names = [f"C{number}" for number in range(channels)]
    schedules = [Schedule(name, "* * * * *", "help", (name,), always=True) for name in names]
    with State.open(f"sqlite:///{folder / 'state.db'}", wall, folder=folder) as state:
        async with connected(token, url, seconds=HTTP_SECONDS) as client:
            platforms = {"slack": SlackPlatform(client, state.outbox)}
            places = routes({name: [f"slack:{name}"] for name in names}, {"slack": "T1"})

            def context(ask: Ask) -> Context:
                nothing = cast("Any", None)
                return Context(caller_of(ask, {}), wall(), nothing, nothing, state.audit, nothing, nothing)

            door = Door(state.inbox, context, platforms, wall, schedules, places, lease_seconds=LEASE_SECONDS)
            courier = Courier(state.outbox, platforms, door.redraw, lease_seconds=LEASE_SECONDS, lane_seconds=0.05)
            door.mailed = courier.wake
            door.start()
            courier.start()
            await _fire(Planner(state.fires, schedules, wall), door, minutes)
            while dict(state.outbox.counts()) != {"sent": channels * minutes}:  # noqa: ASYNC110 (nobody tells)
                await asyncio.sleep(0.1)
            await door.stop()
            await courier.stop()


async def _fire(planner: Planner, door: Door, minutes: int) -> None:
    """Let the minutes pass, from the beginning: those that have been before change nothing."""
    for minute in range(minutes + 1):
        moment: datetime = BEGINNING + timedelta(minutes=minute)
        planner.clock = lambda moment=moment: moment  # type: ignore[misc]
        await asyncio.to_thread(planner.tick)
        door.wake()
        await asyncio.sleep(0.05)


if __name__ == "__main__":
    asyncio.run(live(Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5])))
