"""``python -m benchmarks.chaos [R2 R7 …]``: the trials in their long form, as a table; exit 1 when a goal is missed."""

from __future__ import annotations

import asyncio
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from os import cpu_count
from pathlib import Path
from time import monotonic
from typing import TypeAlias

from benchmarks.chaos.company import sample_company
from benchmarks.chaos.plan import PLAN
from benchmarks.chaos.trial import NOTHING, POSTGRESQL, Ground, Outcome, Server, Trial
from bot.log import configure
from bot.wiring import Crew
from tests.contracts.postgres import cluster

Grounds: TypeAlias = Callable[[Trial, str], Ground]
HEADINGS = ("id", "what", "database", "goal", "measured", "met", "took")
QUIET = 50


def main(wanted: Sequence[str]) -> None:
    """Run what is wanted, or everything; print each line as it comes, and to stderr what has just begun."""
    configure(json=False, least=QUIET)
    machine = f"{platform.machine()}, {cpu_count()} cores, Python {platform.python_version()}"
    print(f"{machine}; load {os.getloadavg()[0]:.1f} when it began", flush=True)
    _line(HEADINGS)
    _line(["---"] * len(HEADINGS))
    missed, first = [], monotonic()
    chosen = [(one, database) for one in PLAN if not wanted or one.id in wanted for database in one.databases]
    with _grounds() as grounds:
        for number, (trial, database) in enumerate(chosen, 1):
            where = database or "–"
            print(f"{number} of {len(chosen)}: {trial.id}, {trial.what} ({where}) …", file=sys.stderr, flush=True)
            began = monotonic()
            outcome = _tried(trial, grounds(trial, database))
            took = f"{monotonic() - began:.0f} s"
            _line((trial.id, trial.what, where, outcome.goal, outcome.measured, _yes(outcome), took))
            missed += [] if outcome.met else [f"{trial.id} ({database or trial.what})"]
    print(f"{len(chosen)} trials in {(monotonic() - first) / 60:.0f} minutes", flush=True)
    if missed:
        sys.exit(f"not within its goal: {', '.join(missed)}")


def _tried(trial: Trial, ground: Ground) -> Outcome:
    """What came of a trial; one that breaks has not met its goal, and the others go on."""
    try:
        return asyncio.run(trial.run(ground, **trial.long))  # type: ignore[arg-type]
    except Exception as error:
        first: BaseException = error
        while isinstance(first, BaseExceptionGroup):
            first = first.exceptions[0]
        return Outcome("to come to its end", f"{type(first).__name__}: {str(first)[:200]}", met=False)


@contextmanager
def _grounds() -> Iterator[Grounds]:
    with tempfile.TemporaryDirectory(prefix="crew-chaos-") as name, sample_company(Path(name) / "company") as company:

        @cache
        def crew() -> Crew:
            return company()

        with cluster() as server:

            def ground(trial: Trial, database: str) -> Ground:
                folder = Path(tempfile.mkdtemp(prefix=f"{trial.id}-{database}-", dir=name))
                running: Server | None = server if database == POSTGRESQL else None
                return Ground(folder, database or NOTHING, running, crew)

            yield ground


def _yes(outcome: Outcome) -> str:
    return "yes" if outcome.met else "NO"


def _line(cells: Sequence[str]) -> None:
    print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
