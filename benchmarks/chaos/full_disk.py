"""R8: the disk is full, and then there is room again: what was not saved is said so, and nothing is broken.

SQLite's file stands on a small disk; of PostgreSQL a tablespace does, with the database in it. A PostgreSQL whose
journal has no room stops, and is R7. PostgreSQL goes on while its last pages have room, so that the probe may be taken.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import sqlalchemy as sa

from benchmarks.chaos.company import served
from benchmarks.chaos.trial import Ground, NotTried, Outcome, until
from bot.slack.app import NOT_SAVED
from tests.contracts.said import found
from tests.fake_slack import FakeSlack
from tests.walks.slack_crew import Walk

GOAL = "0 in neither or both, not ready while full (SQLite), recovers by itself, its own examination ok"
READY, UNREADY = 200, 503
MEGABYTES, PAGES = 8, 24  # of SQLite's disk, of PostgreSQL's
ROWS = sa.text(
    "SELECT c.relname || ': ' || v.msg FROM pg_class c, verify_heapam(c.oid) v WHERE c.relkind = 'r'"
    " AND c.relpersistence = 'p'"
)
INDEXES = sa.text(
    "SELECT bt_index_check(c.oid, true) FROM pg_class c JOIN pg_am a ON a.oid = c.relam"
    " WHERE c.relkind = 'i' AND a.amname = 'btree' AND c.relpersistence = 'p'"
)
SETTLED_SECONDS = 60.0
MOST_CLICKS = 2_000
LEASE_SECONDS = 5.0  # so that what could not be closed is taken up soon
Fill = Callable[[], None]


async def full_disk(ground: Ground, *, clicks: int = 50) -> Outcome:
    """People click before, while the disk is full, and after; and ask whether it is ready."""
    if ground.server and os.geteuid() != 0:
        raise NotTried("only root may mount a disk for PostgreSQL")
    place, size = (ground.server.aside(), PAGES) if ground.server else (ground.place(), MEGABYTES)
    with small_disk(place, size) as (folder, fill, free, how), _database(ground, folder) as url:
        async with FakeSlack.running() as slack, served(ground, slack, url) as walking:
            walking.door.lease_seconds = LEASE_SECONDS
            card = await walking.card(found().short)
            people = Clickers(slack, card)
            await people.click(clicks)
            fill()
            await people.click(clicks)
            while len(people.refused()) < clicks and people.number < MOST_CLICKS:  # PostgreSQL may have pages in store
                await people.click(clicks)
            full, late = await _ready(walking), people.number
            free()
            await people.click(clicks)
            state = walking.crew.state
            await until(lambda: not state.inbox.unanswered(), SETTLED_SECONDS)
            lines = state.audit.lines(limit=people.number + clicks)
            again = await _ready(walking)
            with state.database.writing() as connection:
                whole = _whole(connection)
    audited = {line.caller.removeprefix("slack:") for line in lines} & people.names(0)
    refused = people.refused()
    neither, both = people.number - len(audited | refused), len(audited & refused)
    how += f"; {'amcheck' if ground.server else 'integrity_check'} {whole}"
    return Outcome(
        GOAL,
        f"{people.number} clicks: {len(audited)} audited, {len(refused)} told it was not saved, {neither} in neither,"
        f" {both} in both; /readyz {full} while full, {again} after ({how})",
        neither == both == 0
        and people.answered == people.number
        and len(refused) >= clicks
        and people.names(late) <= audited
        and (full == UNREADY or bool(ground.server))
        and again == READY
        and whole == "ok",
    )


@dataclass
class Clickers:
    """People who click the same button one after the other, each once."""

    slack: FakeSlack
    card: Mapping[str, Any]
    number: int = 0  # of those who have clicked
    answered: int = 0

    async def click(self, more: int) -> None:
        """So many more."""
        for name in (f"P{self.number + one}" for one in range(more)):
            self.slack.users[name] = {"id": name, "name": name.lower(), "real_name": name}
            self.slack.channels["C1"].members.add(name)
            self.answered += (await self.slack.click(self.card, "Claim", user=name)).ok
        self.number += more

    def names(self, since: int) -> set[str]:
        """Whoever has clicked since then."""
        return {f"P{one}" for one in range(since, self.number)}

    def refused(self) -> set[str]:
        """Who was told that it was not saved."""
        return {one["user"] for one in self.slack.ephemerals if one["text"] == NOT_SAVED}


@contextmanager
def _database(ground: Ground, folder: Path) -> Iterator[str]:
    """A database with the newest schema whose files stand in a folder."""
    if not ground.server:
        yield ground.ready(folder)
        return
    url = ground.ready(folder)
    with ground.server.standing(url, folder):
        yield url


def _whole(connection: sa.Connection) -> str:
    """What the database's own examination of every page says: "ok", or what is wrong."""
    if connection.dialect.name == "sqlite":
        return str(connection.execute(sa.text("PRAGMA integrity_check")).scalar_one())
    connection.execute(sa.text("CREATE EXTENSION IF NOT EXISTS amcheck"))
    wrong = connection.execute(ROWS).scalars().all()
    connection.execute(INDEXES)  # raises where one is broken
    return ", ".join(wrong) or "ok"


async def _ready(walking: Walk) -> int:
    async with aiohttp.ClientSession() as session, session.get(f"{walking.admin}/readyz") as said:
        _ = json.loads(await said.text())
        return said.status


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[tuple[Path, Fill, Fill, str]]:
    """A disk of a few megabytes, what fills it, what makes room, and how it was had: only root may mount one."""
    if os.geteuid() != 0:
        yield (
            folder,
            lambda: _limit(folder),
            _unlimited,
            "NOT a disk: only root may mount one, so RLIMIT_FSIZE was used",
        )
        return
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "crew", str(folder)], check=True)
    filler = folder / "filler"
    try:
        yield folder, lambda: _filled(filler), filler.unlink, f"tmpfs of {megabytes} MiB"
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _filled(filler: Path) -> None:
    """Write until nothing goes any more."""
    with filler.open("wb", buffering=0) as file:
        for size in (64 * 1024, 4096, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue


def _limit(folder: Path) -> None:
    """Let no file grow beyond what the journal is now."""
    most = max(path.stat().st_size for path in folder.glob("state.db*"))
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))


def _unlimited() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
