"""R7: the database is away, and people go on clicking: each click is in the audit, or was answered "not saved".

PostgreSQL is stopped hard; SQLite's file is held by another process, as by a backup program that has no end.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.chaos.company import served
from benchmarks.chaos.trial import Ground, Outcome, until
from bot.slack.app import NOT_SAVED
from tests.contracts.said import found
from tests.fake_slack import FakeSlack
from tests.walks.slack_crew import Walk

SETTLED_SECONDS = 180.0
MOST_SECONDS = 3.0
HOLDER = """
import sqlite3, sys
held = sqlite3.connect(sys.argv[1], timeout=30, isolation_level=None)
held.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.readline()
"""


async def database_down(ground: Ground, *, seconds: float = 60.0, rate: float = 20.0) -> Outcome:
    """Clicks at a steady rate: a moment before, all the while, and a moment after."""
    around = max(2.0, seconds / 12)
    clicks = int((seconds + 2 * around) * rate)
    async with FakeSlack.running() as slack:
        for number in range(clicks):
            slack.users[f"P{number}"] = {"id": f"P{number}", "name": f"p{number}", "real_name": f"P {number}"}
            slack.channels["C1"].members.add(f"P{number}")
        folder = ground.place()
        async with served(ground, slack, ground.ready(folder)) as walking:
            card = await walking.card(found().short)
            down = asyncio.create_task(_down(ground, folder, around, seconds))
            took = await asyncio.gather(*(_click(slack, card, number, number / rate) for number in range(clicks)))
            await down
            audited = await _audited(walking, clicks, slack)
            refused = {one["user"] for one in slack.ephemerals if one["text"] == NOT_SAVED}
    neither, both = clicks - len(audited | refused), len(audited & refused)
    slow = sum(one > MOST_SECONDS for one in took)
    away = "down" if ground.server else "held by another process for"
    return Outcome(
        f"0 in neither, 0 in both, all answered within {MOST_SECONDS:g} s",
        f"{clicks} clicks at {rate:g}/s, {away} {seconds:g} s: {len(audited)} audited, {len(refused)} told it was not"
        f" saved, {neither} in neither, {both} in both; slowest answer {max(took):.2f} s, {slow} beyond"
        f" {MOST_SECONDS:g} s",
        neither == both == slow == 0 and len(refused) > 0 and len(audited) > 0,
    )


async def _down(ground: Ground, folder: Path, after: float, seconds: float) -> None:
    await asyncio.sleep(after)
    go, come = (ground.server.stop, ground.server.start) if ground.server else holding(folder / "state.db")
    await asyncio.to_thread(go)
    try:
        await asyncio.sleep(seconds)
    finally:
        await asyncio.to_thread(come)


def holding(file: Path) -> tuple[Callable[[], None], Callable[[], None]]:
    """What has another process hold a SQLite file for itself, and what ends that."""
    holders: list[subprocess.Popen[bytes]] = []

    def hold() -> None:
        holder = subprocess.Popen([sys.executable, "-c", HOLDER, file], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        holders.append(holder)
        assert holder.stdout
        assert holder.stdout.readline() == b"held\n", "the file could not be held"

    def let_go() -> None:
        for holder in holders:
            holder.communicate(b"\n")

    return hold, let_go


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
