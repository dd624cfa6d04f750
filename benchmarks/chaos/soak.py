"""R15: a month in a few minutes, with somebody asking all the while: what grows, and what is not given back."""

from __future__ import annotations

import asyncio
import json
import math
import os
import signal
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count, cycle
from multiprocessing.context import ForkServerProcess
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from statistics import median
from time import monotonic
from typing import Any

import sqlalchemy as sa

from benchmarks.chaos.company import bring_its_lake
from benchmarks.chaos.life import context
from benchmarks.chaos.trial import Ground, Outcome, Part, until
from bot import config as deployment
from bot.cadence.planner import Planner
from bot.clock import wall
from bot.log import configure
from bot.serve import running
from bot.state.database import Database
from bot.wiring import assembled
from tests.conftest import NOW
from tests.fake_slack import FakeSlack
from tests.walks.slack_crew import free_port

THREADS = "threads.json"
FONT = ".ttf"
STEP = timedelta(hours=3)  # how far the clock jumps at a time, when nothing is on its way
LOOK_SECONDS, TICK_SECONDS = 2.0, 0.5
SETTLED_SECONDS = 240.0
CHANNELS = 10  # Slack takes a message a second in each, and fifty edits a minute in all
PEOPLE = [f"P{number}" for number in range(20)]  # nobody types five times a second
WARM, LAST = (0.2, 0.35), (0.85, 1.0)  # parts of the time that are compared
MORE_THREADS, MORE_FILES = 4, 16  # pools fill up; what people open for a moment comes and goes, and does not count
SCHEDULES = (
    {"name": "nightly", "cron": "0 6 * * *", "ask": "assess", "to": ["engineering"]},
    {"name": "daily", "cron": "0 9 * * *", "ask": "digest daily {persona}", "to": ["finance"], "post": "always"},
    {"name": "weekly", "cron": "0 9 * * mon", "ask": "summary {persona}", "to": ["finance"], "post": "always"},
    {"name": "monthly", "cron": "0 9 3 * *", "ask": "digest monthly {persona}", "to": ["finance"], "post": "always"},
)
ASKS = ("help", "waste", "help", "status", "help", "help", "finding 1", "help", "help", "summary", "help", "help")
CLAIM = "Claim these 5"
PRESSED = {"1. Show", CLAIM}
WAITING = sa.text(
    "SELECT kind, count(*) AS number FROM outbox WHERE state IN ('pending', 'leased') GROUP BY kind"
    " UNION ALL SELECT 'ask', count(*) FROM inbox WHERE NOT done"
)
ALIVE = sa.text(
    "SELECT (SELECT count(*) FROM outbox WHERE state = 'leased') AS messages,"
    " (SELECT count(*) FROM inbox WHERE until IS NOT NULL AND NOT done) AS asks,"
    " (SELECT count(*) FROM fire WHERE outcome = 'fired') AS fires,"
    " (SELECT count(*) FROM inbox WHERE NOT done)"
    " + (SELECT count(*) FROM outbox WHERE state IN ('pending', 'leased')) AS waiting"
)


@dataclass(frozen=True, slots=True)
class Look:
    """What the bot's process has at a moment: of the time, megabytes, threads, open files."""

    part: float
    megabytes: float
    threads: int
    files: int
    names: Counter[str]  # of the threads, without their numbers
    open: Counter[str]  # of the files


@dataclass(slots=True)
class Month:
    """The Slack that asks, the clock that both go by, and what was seen."""

    slack: FakeSlack
    ahead: Synchronized[float]
    seconds: float
    days: int
    rate: float
    tell: Callable[[str], None]
    looks: list[Look] = field(default_factory=list)
    asked: Counter[bool] = field(default_factory=Counter)
    slowest: float = 0.0
    claimed: list[tuple[str, str]] = field(default_factory=list)  # by whom, and not given back yet
    settled: float = 0.0  # seconds, until nothing waited any more
    left: str = ""


async def soak(
    ground: Ground,
    *,
    minutes: float = 20.0,
    days: int = 30,
    rate: float = 5.0,
    most_growth: float = 0.1,
    tell: Callable[[str], None] = lambda _: None,
) -> Outcome:
    """``pitcrew serve`` in a process of its own; ``rate`` requests a second, ``days`` of its clock in ``minutes``.

    ``tell`` hears every minute how it goes.
    """
    folder = ground.place()
    url, port = ground.ready(folder), free_port()
    if ground.company:
        await asyncio.to_thread(bring_its_lake, ground, folder)
    ahead = context().Value("d", (NOW - wall()).total_seconds())
    async with FakeSlack.running() as slack:
        for name in PEOPLE:
            slack.users[name] = {"id": name, "name": name.lower(), "real_name": name}
        for number in range(1, CHANNELS):
            slack.channel(f"C{number + 1}", f"channel-{number + 1}")
        for channel in slack.channels.values():
            channel.members.update(PEOPLE)
        slack.advance(ahead.value)
        slack.paced = True
        slack.entrance = f"http://127.0.0.1:{port}/slack/events"
        process = context().Process(target=_begin, args=(str(folder), url, port, slack.url, ahead), daemon=True)
        process.start()
        month = Month(slack, ahead, minutes * 60, days, rate, tell)
        try:
            return await _lived(month, process, url, folder, most_growth)
        finally:
            if process.is_alive():
                process.kill()


async def _lived(month: Month, process: ForkServerProcess, url: str, folder: Path, most_growth: float) -> Outcome:
    database = Database(url, wall, visiting=True)
    pid = process.pid or 0
    try:
        await _answering(month)
        async with asyncio.TaskGroup() as together:
            together.create_task(_asking(month))
            together.create_task(_looking(month, pid, folder))
            together.create_task(_telling(month, database))
        month.tell(f"all asked; waiting: {_waiting(database)}")
        began = monotonic()
        while _standing(database).waiting and monotonic() - began < SETTLED_SECONDS:  # noqa: ASYNC110 (another process)
            await asyncio.sleep(1)
        month.settled = monotonic() - began
        month.left = _waiting(database)
        left = _standing(database)
        os.kill(pid, signal.SIGTERM)
        await asyncio.to_thread(process.join, 30)
    finally:
        database.close()
    return _outcome(month, left, process.exitcode, most_growth)


def _outcome(month: Month, left: Any, ended: int | None, most_growth: float) -> Outcome:
    warm, last = _part(month.looks, WARM), _part(month.looks, LAST)
    before, after = (median(one.megabytes for one in looks) for looks in (warm, last))
    growth = after / before - 1
    threads, files = (
        round(median(getattr(one, name) for one in last) - median(getattr(one, name) for one in warm))
        for name in ("threads", "files")
    )
    held = left.messages + left.asks + left.waiting
    asked, broken = month.asked.total(), month.asked[False]
    waits = f" ({month.left})" if held else ""
    taken = f"{asked} requests ({month.rate:g}/s), {broken} not taken, slowest {month.slowest:.2f} s"
    parts = (
        Part("requests", taken, not broken),
        Part("fires", f"{left.fires} fires in {month.days} days", left.fires >= month.days),
        Part("memory", f"RSS {before:.0f} to {after:.0f} MiB ({growth:+.1%})", growth < most_growth),
        Part("threads", _more("threads", threads, warm[-1].names, last[-1].names), threads <= MORE_THREADS),
        Part("files", _more("files", files, warm[-1].open, last[-1].open), files <= MORE_FILES),
        Part("waiting", f"{held} leases held or rows waiting{waits} {month.settled:.0f} s after the last", not held),
        Part("SIGTERM", f"SIGTERM: exit {ended}", ended == 0),
    )
    return Outcome(
        f"RSS growth < {most_growth:.0%}; no lease, thread or file left open; all requests taken; a digest a day",
        f"{month.seconds / 60:g} min: {'; '.join(one.measured for one in parts)}",
        all(one.met for one in parts),
        parts,
    )


def _more(what: str, more: int, before: Counter[str], after: Counter[str]) -> str:
    """How many more there are by the median, how many in the end, and which of them are new then."""
    new = ", ".join(f"{name} +{number}" for name, number in (after - before).most_common(6))
    return f"{what} {more:+d}, {after.total()} at the end{f' ({new})' if new else ''}"


def _open(process: Path) -> Counter[str]:
    """What a process has open, by the kind of thing or the file's name.

    Fonts are left out: Matplotlib keeps those of each thread that draws, and 64 at most.
    """
    kinds: Counter[str] = Counter()
    for entry in (process / "fd").iterdir():
        with suppress(OSError):  # closed meanwhile
            target = str(entry.readlink())
            if target.endswith(FONT):
                continue
            kinds[Path(target).name if target.startswith("/") else target.partition(":")[0]] += 1
    return kinds


def _part(looks: list[Look], part: tuple[float, float]) -> list[Look]:
    return [one for one in looks if part[0] <= one.part <= part[1]] or looks[-1:]


def _standing(database: Database) -> Any:
    with database.reading() as connection:
        return connection.execute(ALIVE).one()


def _waiting(database: Database) -> str:
    """What waits, by its kind."""
    with database.reading() as connection:
        return ", ".join(f"{row.kind} {row.number}" for row in connection.execute(WAITING) if row.number) or "nothing"


async def _telling(month: Month, database: Database) -> None:
    """Tell every minute how it goes, until the time is over."""
    for minute in range(1, math.ceil(month.seconds / 60)):
        await asyncio.sleep(60)
        one = month.looks[-1]
        month.tell(
            f"minute {minute}: {month.asked.total()} requests, {month.asked[False]} not taken, {one.megabytes:.0f} MiB,"
            f" {one.threads} threads, {one.files} files; waiting: {_waiting(database)}"
        )


async def _answering(month: Month) -> None:
    """Wait until it answers at all, the first load included, and until a finding can be clicked."""
    async with asyncio.timeout(SETTLED_SECONDS):
        while True:
            try:
                await month.slack.mention("waste")
                await until(lambda: _pressable(month.slack, "C1"), 10)
            except (OSError, TimeoutError):
                await asyncio.sleep(1)
            else:
                return


def _pressable(slack: FakeSlack, channel: str) -> tuple[dict[str, Any], Mapping[str, str]] | None:
    """Our newest message in a channel that has something to press, with its labels and what each says."""
    for message in reversed(slack.ours(channel)[-30:]):
        blocks = (one for one in message.get("blocks", ()) if one["type"] == "actions")
        elements = (one for block in blocks for one in block["elements"] if one["type"] == "button")
        labels = {one["text"]["text"]: str(one.get("value", "")) for one in elements if one["text"]["text"] in PRESSED}
        if labels:
            return message, labels
    return None


async def _asking(month: Month) -> None:
    """Ask at the rate, and let the clock jump when everything that was asked is acknowledged."""
    slack, began = month.slack, monotonic()
    steps = max(1, math.ceil(timedelta(days=month.days) / STEP))
    texts, numbers = cycle(ASKS), count()
    for step in range(1, steps + 1):
        sent: list[Awaitable[None]] = []
        while monotonic() - began < month.seconds * step / steps:
            number = next(numbers)
            sent.append(asyncio.ensure_future(_one(month, next(texts), number)))
            await asyncio.sleep(max(0.0, began + (number + 1) / month.rate - monotonic()))
        await asyncio.gather(*sent)
        slack.advance(STEP.total_seconds())
        month.ahead.value += STEP.total_seconds()
        for channel in slack.channels.values():  # Slack's memory is none of ours, and need not grow
            del channel.messages[:-200]
        del slack.calls[:], slack.ephemerals[:]


async def _one(month: Month, text: str, number: int) -> None:
    """One request of twelve: people type, ask in channels, press what is there, claim, give back, come home."""
    slack, began, turn = month.slack, monotonic(), number // 12
    user, channel = PEOPLE[number % len(PEOPLE)], f"C{turn % CHANNELS + 1}"
    match number % 12:
        case 1:
            said = await slack.mention(text, user=user, channel=channel)
        case 3 if found := _pressable(slack, channel):
            message, labels = found
            label = CLAIM if CLAIM in labels and turn % 2 else next(iter(labels))
            month.claimed += [(user, name) for name in labels[label].split()[1:] if label == CLAIM]
            said = await slack.click(message, label, user=user)
        case 5 | 9 | 11 if month.claimed:
            user, name = month.claimed.pop()
            said = await slack.type(f"/finops release {name}", user=user)
        case 7:
            said = await slack.come_home(user=user)
        case _:
            said = await slack.type(f"/finops {text}", user=user)
    month.asked[said.ok] += 1
    month.slowest = max(month.slowest, monotonic() - began)


async def _looking(month: Month, pid: int, folder: Path) -> None:
    """Look at the process, until the time is over."""
    began, here = monotonic(), Path(f"/proc/{pid}")
    while (part := (monotonic() - began) / month.seconds) < 1:
        said = dict(line.split(":", 1) for line in (here / "status").read_text().splitlines())
        megabytes = int(said["VmRSS"].split()[0]) / 1024
        names = Counter[str](json.loads((folder / THREADS).read_text()))
        names["of libraries"] = (threads := int(said["Threads"])) - names.total()
        open_ = _open(here)
        month.looks.append(Look(part, megabytes, threads, open_.total(), names, open_))
        await asyncio.sleep(min(LOOK_SECONDS, month.seconds / 40))


def _begin(folder: str, url: str, port: int, api_url: str, ahead: Synchronized[float]) -> None:
    configure(json=False, least=50)
    asyncio.run(_serve(folder, url, port, api_url, ahead))


async def _serve(folder: str, url: str, port: int, api_url: str, ahead: Synchronized[float]) -> None:
    """The bot on a clock that is ahead of ours; leases go by our own, or a jump of the clock would end them."""
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)

    def clock() -> datetime:
        return wall() + timedelta(seconds=ahead.value)

    raw = {
        "data": {"folder": folder},
        "providers": [{"kind": "sample"}],
        "roles": {"*": ["read", "act"]},
        "slack": {"mode": "http", "api_url": api_url},
        "server": {"host": "127.0.0.1", "port": port},
        "personas": {"finance": ["slack:C1"], "engineering": ["slack:C1"]},
        "schedules": list(SCHEDULES),
        "state": {"url": url if url.startswith("postgresql") else "sqlite"},
    }
    known = {"SLACK_BOT_TOKEN": FakeSlack.token, "SLACK_SIGNING_SECRET": FakeSlack.signing_secret}
    with assembled(deployment.parse(raw, lambda _: "soak"), clock) as crew:
        crew.state.database.clock = wall
        async with running(crew, known) as door:
            planner = Planner(crew.state.fires, door.schedules, crew.clock, door.wake)
            while not stopped.is_set():  # the bot's own looks every fifteen seconds, which are half a day here
                await asyncio.to_thread(planner.tick)
                _name_threads(Path(folder))
                await asyncio.sleep(TICK_SECONDS)


def _name_threads(folder: Path) -> None:
    """Leave the names of our threads, without their numbers, for whoever looks at us."""
    names = Counter(one.name.rstrip("0123456789").rstrip("_- ") for one in threading.enumerate())
    (folder / f"{THREADS}.new").write_text(json.dumps(names))
    (folder / f"{THREADS}.new").replace(folder / THREADS)
