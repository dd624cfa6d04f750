"""``python -m benchmarks.soak``: R15 at length, a month in 20 minutes or ``MINUTES``; exit 1 when it is missed."""

from __future__ import annotations

import asyncio
import os
import platform
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from benchmarks.chaos.soak import soak
from benchmarks.chaos.trial import POSTGRESQL, SQLITE, Ground
from bot.log import configure
from tests.contracts.postgres import cluster

QUIET = 50


def main() -> None:
    """Print what was measured; ``DATABASE=postgresql`` for the other database."""
    configure(json=False, least=QUIET)
    database = os.environ.get("DATABASE", SQLITE)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="crew-soak-")))
        server = stack.enter_context(cluster()) if database == POSTGRESQL else None
        minutes = float(os.environ.get("MINUTES", "20"))
        print(
            f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {database}", flush=True
        )
        outcome = asyncio.run(soak(Ground(folder, database, server), minutes=minutes, tell=_told))
    for name, said in (("goal", outcome.goal), ("measured", outcome.measured), ("met", "yes" if outcome.met else "NO")):
        print(f"{name:<10}{said}")
    sys.exit(0 if outcome.met else 1)


def _told(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
