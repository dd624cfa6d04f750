"""``python -m benchmarks.soak``: R15 at length, on SQLite and PostgreSQL beside each other; exit 1 when it is missed.

A month in 20 minutes or ``MINUTES``, on one database where ``DATABASE`` names it; ``--into PAGE`` puts the lines into
the matrix of a page, too.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import sys
import tempfile
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from benchmarks.chaos.matrix import enter, line
from benchmarks.chaos.plan import SOAK
from benchmarks.chaos.soak import soak
from benchmarks.chaos.trial import DATABASES, POSTGRESQL, Ground, Outcome, Part
from bot.log import configure
from tests.contracts.postgres import cluster

QUIET = 50
MORE_SECONDS = 480.0  # than the month, until it must have ended: the first load, what still waits, SIGTERM


def main(page: Path | None = None) -> None:
    """Print what was measured, each figure by itself."""
    configure(json=False, least=QUIET)
    minutes, named = float(os.environ.get("MINUTES", "20")), os.environ.get("DATABASE", "")
    databases = (named,) if named else DATABASES
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}", flush=True)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="crew-soak-")))
        server = stack.enter_context(cluster()) if POSTGRESQL in databases else None
        grounds = [Ground(_made(folder / one), one, server if one == POSTGRESQL else None) for one in databases]
        outcomes = asyncio.run(_beside_each_other(grounds, minutes))
    for database, outcome in zip(databases, outcomes, strict=True):
        print(f"\n{database}, goal: {outcome.goal}")
        for part in outcome.parts or (Part("month", outcome.measured, outcome.met),):
            print(f"  {'yes' if part.met else 'NO':<5}{part.what:<10}{part.measured}")
    if page:
        enter(page, [line(SOAK, one, outcome) for one, outcome in zip(databases, outcomes, strict=True)])
    sys.exit(0 if all(one.met for one in outcomes) else 1)


async def _beside_each_other(grounds: list[Ground], minutes: float) -> list[Outcome]:
    return await asyncio.gather(*(_bounded(ground, minutes) for ground in grounds))


async def _bounded(ground: Ground, minutes: float) -> Outcome:
    """A month, that has not met its goal when it does not end."""
    seconds = minutes * 60 + MORE_SECONDS
    try:
        async with asyncio.timeout(seconds):
            return await soak(ground, minutes=minutes, tell=partial(_told, ground.database))
    except TimeoutError:
        return Outcome("to come to its end", f"not ended after {seconds / 60:.0f} minutes", met=False)


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _told(database: str, said: str) -> None:
    print(f"{database}: {said}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    told = argparse.ArgumentParser(prog="python -m benchmarks.soak")
    told.add_argument("--into", type=Path, metavar="PAGE", help="put the lines into the matrix of a page, too")
    main(told.parse_args().into)
