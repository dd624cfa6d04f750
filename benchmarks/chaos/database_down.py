"""R7: PostgreSQL is gone, and people go on clicking: each click is in the audit, or was answered "not saved"."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any

from benchmarks.chaos.company import served
from benchmarks.chaos.trial import Ground, Outcome, until
from bot.slack.app import NOT_SAVED
from tests.contracts.said import found
from tests.fake_slack import FakeSlack
from tests.walks.slack_crew import Walk

SETTLED_SECONDS = 180.0
MOST_SECONDS = 3.0


async def database_down(ground: Ground, *, seconds: float = 60.0, rate: float = 20.0) -> Outcome:
    """Clicks at a steady rate: a moment before, all the while, and a moment after."""
    assert ground.server
    around = max(2.0, seconds / 12)
    clicks = int((seconds + 2 * around) * rate)
    async with FakeSlack.running() as slack:
        for number in range(clicks):
            slack.users[f"P{number}"] = {"id": f"P{number}", "name": f"p{number}", "real_name": f"P {number}"}
            slack.channels["C1"].members.add(f"P{number}")
        async with served(ground, slack, ground.ready(ground.place())) as walking:
            card = await walking.card(found().short)
            down = asyncio.create_task(_down(ground, around, seconds))
            took = await asyncio.gather(*(_click(slack, card, number, number / rate) for number in range(clicks)))
            await down
            audited = await _audited(walking, clicks, slack)
            refused = {one["user"] for one in slack.ephemerals if one["text"] == NOT_SAVED}
    neither = clicks - len(audited | refused)
    slow = sum(one > MOST_SECONDS for one in took)
    return Outcome(
        f"0 in neither, all answered within {MOST_SECONDS:g} s",
        f"{clicks} clicks at {rate:g}/s, down {seconds:g} s: {len(audited)} audited, {len(refused)} told it was not"
        f" saved, {neither} in neither; slowest answer {max(took):.2f} s, {slow} beyond {MOST_SECONDS:g} s",
        neither == slow == 0 and len(refused) > 0 and len(audited) > 0,
    )


async def _down(ground: Ground, after: float, seconds: float) -> None:
    assert ground.server
    await asyncio.sleep(after)
    await asyncio.to_thread(ground.server.stop)
    try:
        await asyncio.sleep(seconds)
    finally:
        await asyncio.to_thread(ground.server.start)


async def _click(slack: FakeSlack, card: Mapping[str, Any], number: int, after: float) -> float:
    """One click of somebody's own; the seconds until it was answered."""
    await asyncio.sleep(after)
    began = time.perf_counter()
    acknowledged = await slack.click(card, "Claim", user=f"P{number}")
    return time.perf_counter() - began if acknowledged.ok else SETTLED_SECONDS


async def _audited(walking: Walk, clicks: int, slack: FakeSlack) -> set[str]:
    """Who is in the audit, once everything that was taken in is answered."""
    state = walking.crew.state
    await until(lambda: not state.inbox.unanswered(), SETTLED_SECONDS)
    lines = Counter(line.caller.removeprefix("slack:") for line in state.audit.lines(limit=clicks * 2))
    assert not [name for name, times in lines.items() if times > 1 and name in slack.users and name[0] == "P"]
    return {name for name in lines if name.startswith("P")}
