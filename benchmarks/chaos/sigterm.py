"""SIGTERM to a ``pitcrew serve`` that is answering, posting and loading: it ends soon and well, nothing is lost."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections import Counter
from pathlib import Path

import sqlalchemy as sa

from benchmarks.chaos.company import bring_its_lake
from benchmarks.chaos.trial import Ground, Outcome, until
from bot.clock import wall
from bot.state.database import Database
from tests.fake_slack import FakeSlack
from tests.walks.slack_crew import free_port

MOST_SECONDS = 25.0
PATIENCE = 120.0
HELD = sa.text(
    "SELECT (SELECT count(*) FROM outbox WHERE state = 'leased')"
    " + (SELECT count(*) FROM inbox WHERE until IS NOT NULL AND NOT done)"
)


async def sigterm(ground: Ground, *, asks: int = 60, times: int = 3, loads: bool = True) -> Outcome:
    """People mention it in a burst; it is told to stop, and begun again, ``times`` times; each is answered once.

    Where ``loads`` is off the last one, which answers what is left, finds everything loaded.
    """
    folder = ground.place()
    async with FakeSlack.running() as slack:
        names = [f"C{number}" for number in range(10)]
        for name in names:
            slack.channel(name, name.lower())
        url, file, port = ground.ready(folder), folder / "pitcrew.toml", free_port()
        slack.entrance = f"http://127.0.0.1:{port}/slack/events"
        file.write_text(
            f'[data]\nfolder = "{folder}"\n[state]\nurl = "{url if ground.server else "sqlite"}"\n'
            f'[server]\nhost = "127.0.0.1"\nport = {port}\n[slack]\nmode = "http"\napi_url = "{slack.url}"\n'
            '[roles]\n"*" = ["read", "act"]\n[[providers]]\nkind = "sample"\n'
        )
        taken, ends, leases = 0, [], []
        for _ in range(times):
            process = await _ready(file, slack)
            heard = await asyncio.gather(*(slack.mention("help", channel=names[number % 10]) for number in range(asks)))
            taken += sum(one.ok for one in heard)
            ends.append(await _stopped(process))
            leases.append(await asyncio.to_thread(_leases, url))
        if not loads:
            await asyncio.to_thread(bring_its_lake, ground, folder)
        process = await _ready(file, slack)
        await until(lambda: sum(len(slack.ours(name)) for name in names) >= taken, PATIENCE)
        ends.append(await _stopped(process))
        said = Counter(one["thread_ts"] for name in names for one in slack.ours(name))
    codes, slowest = {code for code, _ in ends}, max(seconds for _, seconds in ends)
    repeated = sum(number - 1 for number in said.values())
    return Outcome(
        f"exit 0 within {MOST_SECONDS:g} s, no lease held, 0 lost, 0 repeated",
        f"{len(ends)} × exit {'/'.join(map(str, sorted(codes)))}, slowest {slowest:.1f} s; {sum(leases)} leases held;"
        f" {taken - len(said)} lost, {repeated} repeated of {taken} asks",
        codes == {0} and slowest < MOST_SECONDS and not any(leases) and repeated == 0 and len(said) == taken > 0,
    )


async def _ready(file: Path, slack: FakeSlack) -> asyncio.subprocess.Process:
    """One process that says that it is ready; whatever it says later is read, lest it waits for a reader."""
    known = {"SLACK_BOT_TOKEN": slack.token, "SLACK_SIGNING_SECRET": slack.signing_secret}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "serve", "--config", str(file)),
        env=os.environ | known,
        stderr=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    assert process.stderr
    async with asyncio.timeout(PATIENCE):
        async for line in process.stderr:
            if b'"ready"' in line:
                return process
    raise AssertionError("pitcrew serve ended before it was ready")


async def _stopped(process: asyncio.subprocess.Process) -> tuple[int, float]:
    """How it ended when it was told to, and after how many seconds."""
    began = time.perf_counter()
    process.terminate()
    try:
        async with asyncio.timeout(MOST_SECONDS * 2):
            await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    return process.returncode or 0, time.perf_counter() - began


def _leases(url: str) -> int:
    database = Database(url, wall, visiting=True)
    try:
        with database.reading() as connection:
            return int(connection.execute(HELD).scalar_one())
    finally:
        database.close()
