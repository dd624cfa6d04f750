"""A trial of the matrix: what is tried, on which databases, in which sizes; and what came of it."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

from bot.clock import wall
from bot.state import State
from bot.wiring import Crew

SQLITE, POSTGRESQL = DATABASES = ("sqlite", "postgresql")
MIGRATING = Lock()  # two threads at it would be mixed up by Alembic; a bot migrates once, when it begins
ALONE, COUNTED, PACED = 1, 2, 9  # seconds are measured; things are counted; it waits by the clock more than it works
NOTHING = ""  # the database of a trial that needs none


class Server(Protocol):
    """A PostgreSQL that may be stopped, hard."""

    def new_database(self) -> str:
        """The address of a new and empty database."""

    def start(self) -> None:
        """Start it, and wait until it answers."""

    def stop(self) -> None:
        """Stop it without a goodbye to anybody."""

    def aside(self) -> Path:
        """A new folder that files of its may stand in, empty or with a disk mounted there."""

    def standing(self, url: str, folder: Path) -> AbstractContextManager[None]:
        """Have the files of a database that nobody uses stand in a folder; in the end it is dropped."""


class NotTried(Exception):
    """A trial that this machine or whoever runs it cannot try: no goal was met, nor missed."""


@dataclass(frozen=True, slots=True)
class Part:
    """One figure of several, and whether it is good enough."""

    what: str
    measured: str
    met: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was wanted, what was measured, and whether that is enough."""

    goal: str
    measured: str
    met: bool
    parts: Sequence[Part] = ()  # of several figures each by itself


@dataclass(frozen=True, slots=True)
class Ground:
    """Where a trial takes place: a folder of its own, and one kind of database."""

    folder: Path
    database: str
    server: Server | None = None
    company: Callable[[], Crew] | None = None  # the sample company's crew, whose state is another for each trial
    _numbers: count[int] = field(default_factory=lambda: count(1))

    def place(self) -> Path:
        """A new folder."""
        found = self.folder / str(next(self._numbers))
        found.mkdir(parents=True)
        return found

    def empty(self, folder: Path) -> str:
        """The address of a database with nothing in it."""
        if self.database == POSTGRESQL:
            assert self.server, "this trial needs a PostgreSQL"
            return self.server.new_database()
        return f"sqlite:///{folder / 'state.db'}"

    def ready(self, folder: Path) -> str:
        """The address of a database that has the newest schema and no rows; SQLite's is a copy of one made before."""
        url = self.empty(folder)
        template = self.folder / "template.db"
        if self.database == SQLITE and template.exists():
            shutil.copy(template, folder / "state.db")
            return url
        with MIGRATING:
            State.open(url, wall).close()
        if self.database == SQLITE:
            shutil.copy(folder / "state.db", template)
        return url


@dataclass(frozen=True, slots=True)
class Trial:
    """One line of the matrix; ``short`` and ``long`` are the options of ``run`` in CI and in ``make chaos``.

    Where CI has no time for each database, ``in_ci`` names those that it tries.
    """

    id: str
    what: str
    run: Callable[..., Awaitable[Outcome]]
    databases: Sequence[str] = DATABASES
    short: Mapping[str, Any] = field(default_factory=dict)
    long: Mapping[str, Any] = field(default_factory=dict)
    in_ci: Sequence[str] = DATABASES
    at_once: int = ALONE  # how many of its kind may be tried beside each other


async def until(seen: Callable[[], object], seconds: float) -> None:
    """Wait until something can be seen.

    Raises:
        TimeoutError: it cannot after so many seconds.
    """
    async with asyncio.timeout(seconds):
        while not seen():  # noqa: ASYNC110 (what is waited for sets no event of ours)
            await asyncio.sleep(0.03)
