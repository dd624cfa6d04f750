"""R8: the disk is full, and then there is room again: what was not saved is said so, and nothing is broken."""

from __future__ import annotations

import json
import os
import resource
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp
import sqlalchemy as sa

from benchmarks.chaos.company import served
from benchmarks.chaos.trial import Ground, Outcome, until
from bot.slack.app import NOT_SAVED
from tests.contracts.said import found
from tests.fake_slack import FakeSlack
from tests.walks.slack_crew import Walk

MEGABYTES = 8
SETTLED_SECONDS = 60.0
LEASE_SECONDS = 5.0  # so that what could not be closed is taken up soon
Fill = Callable[[], None]


async def full_disk(ground: Ground, *, clicks: int = 50) -> Outcome:
    """People click before, while the disk is full, and after; and ask whether it is ready."""
    with small_disk(ground.place()) as (folder, fill, free, how):
        async with FakeSlack.running() as slack:
            for number in range(clicks * 3):
                slack.users[f"P{number}"] = {"id": f"P{number}", "name": f"p{number}", "real_name": f"P {number}"}
            slack.channels["C1"].members.update(slack.users)
            async with served(ground, slack, ground.ready(folder)) as walking:
                walking.door.lease_seconds = LEASE_SECONDS
                card = await walking.card(found().short)
                answered = 0
                for number in range(clicks * 3):
                    if number == clicks:
                        fill()
                    if number == clicks * 2:
                        full = await _ready(walking)
                        free()
                    answered += (await slack.click(card, "Claim", user=f"P{number}")).ok
                state = walking.crew.state
                await until(lambda: not state.inbox.unanswered(), SETTLED_SECONDS)
                audited = {line.caller.removeprefix("slack:") for line in state.audit.lines(limit=clicks * 4)}
                refused = {one["user"] for one in slack.ephemerals if one["text"] == NOT_SAVED}
                again = await _ready(walking)
                with state.database.reading() as connection:
                    whole = connection.execute(sa.text("PRAGMA integrity_check")).scalar_one()
    audited = {name for name in audited if name.startswith("P")}
    late = {f"P{number}" for number in range(clicks * 2, clicks * 3)}
    neither = clicks * 3 - len(audited | refused)
    return Outcome(
        "0 in neither, not ready while full, recovers by itself, integrity_check ok",
        f"{clicks * 3} clicks: {len(audited)} audited, {len(refused)} told it was not saved, {neither} in neither;"
        f" /readyz {full} while full, {again} after; integrity_check {whole} ({how})",
        neither == 0
        and answered == clicks * 3
        and bool(refused)
        and late <= audited
        and (full, again) == (503, 200)
        and not audited & refused
        and whole == "ok",
    )


async def _ready(walking: Walk) -> int:
    async with aiohttp.ClientSession() as session, session.get(f"{walking.admin}/readyz") as said:
        _ = json.loads(await said.text())
        return said.status


@contextmanager
def small_disk(folder: Path) -> Iterator[tuple[Path, Fill, Fill, str]]:
    """A disk of a few megabytes, what fills it, what makes room, and how it was had: only root may mount one."""
    if os.geteuid() != 0:
        yield (
            folder,
            lambda: _limit(folder),
            _unlimited,
            "NOT a disk: only root may mount one, so RLIMIT_FSIZE was used",
        )
        return
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m", "crew", str(folder)], check=True)
    filler = folder / "filler"
    try:
        yield folder, lambda: _filled(filler), filler.unlink, f"tmpfs of {MEGABYTES} MiB"
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
