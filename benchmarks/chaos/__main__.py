"""``python -m benchmarks.chaos [R2 …] [--into PAGE]``: the trials at length, as a table; exit 1 for a goal missed."""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache
from os import cpu_count
from pathlib import Path
from time import monotonic
from typing import TypeAlias

from benchmarks.chaos.company import sample_company
from benchmarks.chaos.matrix import HEADINGS, Line, enter, line, shown
from benchmarks.chaos.plan import PLAN
from benchmarks.chaos.trial import ALONE, COUNTED, NOTHING, PACED, POSTGRESQL, Ground, Outcome, Trial
from bot.log import configure
from bot.wiring import Crew
from tests.contracts.postgres import Cluster, cluster

Grounds: TypeAlias = Callable[[Trial, str], Ground]
Chosen: TypeAlias = tuple[Trial, str]
QUIET = 50


def main(wanted: Sequence[str], page: Path | None = None) -> None:
    """Run what is wanted, or everything; print each line as it comes, and to stderr what has just begun.

    Trials that measure seconds are tried first, each alone; then those that count, two at once; and last and all at
    once those that wait by the clock more than they work.
    """
    configure(json=False, least=QUIET)
    machine = f"{platform.machine()}, {cpu_count()} cores, Python {platform.python_version()}"
    print(f"{machine}; load {os.getloadavg()[0]:.1f} when it began", flush=True)
    for cells in ((*HEADINGS, "took"), ["---"] * (len(HEADINGS) + 1)):
        print(shown(cells), flush=True)
    chosen = [(one, database) for one in PLAN if not wanted or one.id in wanted for database in one.databases]
    with _grounds() as grounds:
        matrix = Matrix(grounds, len(chosen))
        for at_once in (ALONE, COUNTED, PACED):
            asyncio.run(matrix.tried([one for one in chosen if one[0].at_once == at_once], at_once))
    print(f"{len(chosen)} trials in {matrix.minutes:.0f} minutes", flush=True)
    if page:
        enter(page, matrix.lines)
    if matrix.missed:
        sys.exit(f"not within its goal: {', '.join(matrix.missed)}")


@dataclass(slots=True)
class Matrix:
    """What is tried, and what came of it so far."""

    grounds: Grounds
    number: int
    began: float = field(default_factory=monotonic)
    begun: int = 0
    lines: list[Line] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)

    @property
    def minutes(self) -> float:
        """Since the first began."""
        return (monotonic() - self.began) / 60

    async def tried(self, several: Sequence[Chosen], at_once: int) -> None:
        """Try several, so many at once."""
        room = asyncio.Semaphore(at_once)
        await asyncio.gather(*(self._tried(*one, self.grounds(*one), room) for one in several))

    async def _tried(self, trial: Trial, database: str, ground: Ground, room: asyncio.Semaphore) -> None:
        """Try one, and print its line; one that breaks has not met its goal, and the others go on."""
        async with room:
            self.begun += 1
            where = database or "no database"
            said = f"{self.minutes:.1f} min, {self.begun} of {self.number}: {trial.id}, {trial.what} ({where}) …"
            print(said, file=sys.stderr, flush=True)
            began = monotonic()
            outcome = await _outcome(trial, ground)
        cells = line(trial, database, outcome)
        print(shown((*cells, f"{monotonic() - began:.0f} s")), flush=True)
        self.lines.append(cells)
        self.missed += [] if outcome.met else [f"{trial.id} ({database or trial.what})"]


async def _outcome(trial: Trial, ground: Ground) -> Outcome:
    try:
        return await trial.run(ground, **trial.long)
    except Exception as error:
        first: BaseException = error
        while isinstance(first, BaseExceptionGroup):
            first = first.exceptions[0]
        return Outcome("to come to its end", f"{type(first).__name__}: {str(first)[:200]}", met=False)


@contextmanager
def _grounds() -> Iterator[Grounds]:
    """Grounds on one sample company and one PostgreSQL."""
    with ExitStack() as stack:
        name = stack.enter_context(tempfile.TemporaryDirectory(prefix="crew-chaos-"))
        company = stack.enter_context(sample_company(Path(name) / "company"))

        @cache
        def crew() -> Crew:
            return company()

        @cache
        def server() -> Cluster:
            return stack.enter_context(cluster())

        def ground(trial: Trial, database: str) -> Ground:
            folder = Path(tempfile.mkdtemp(prefix=f"{trial.id}-{database}-", dir=name))
            running = server() if database == POSTGRESQL else None
            return Ground(folder, database or NOTHING, running, crew)

        yield ground


if __name__ == "__main__":
    told = argparse.ArgumentParser(prog="python -m benchmarks.chaos")
    told.add_argument("trials", nargs="*", help="ids of the plan, like R7; all of them, if none is named")
    told.add_argument("--into", type=Path, metavar="PAGE", help="put the lines into the matrix of a page, too")
    given = told.parse_args()
    main(given.trials, given.into)
