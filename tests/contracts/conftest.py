"""The state database that every contract is tried on: SQLite in a file, PostgreSQL in a cluster of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import copyfile
from typing import TypeAlias

import pytest
import sqlalchemy as sa

from bot.state import State
from tests.contracts.postgres import Cluster, cluster

Wait: TypeAlias = Callable[[float], None]
BEGINNING = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


class Moving:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.moment = BEGINNING

    def __call__(self) -> datetime:
        return self.moment

    def pass_by(self, **time: float) -> None:
        """Let ``days``, ``seconds``… pass."""
        self.moment += timedelta(**time)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """One cluster for the session; each test makes a database of its own in it."""
    with cluster() as running:
        yield running


@pytest.fixture
def clock() -> Moving:
    return Moving()


@pytest.fixture(scope="session")
def blank_on_postgres(postgres: Cluster) -> str:
    """A state database in which nothing has happened: copied in a fraction of the time that its tables take."""
    address = postgres.new_database()
    State.open(address, Moving()).close()
    return address


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database, one of each kind: empty, or with the tables of ``state``, where that is asked for."""
    opened = "state" in request.fixturenames
    if request.param == "postgresql":
        running: Cluster = request.getfixturevalue("postgres")
        return running.new_database(like=request.getfixturevalue("blank_on_postgres") if opened else "")
    file = tmp_path / "state.db"
    if opened:
        copyfile(request.getfixturevalue("blank"), file)
    return f"sqlite:///{file}"


@pytest.fixture
def state(url: str, clock: Moving) -> Iterator[State]:
    """A new state database."""
    with State.open(url, clock) as opened:
        yield opened


@pytest.fixture
def wait(state: State, clock: Moving) -> Wait:
    """Let seconds pass for whatever is leased, resting or postponed.

    PostgreSQL goes by its own clock, so there the moments that are waited for are moved nearer instead.
    """
    moments = {"inbox": ("until",), "outbox": ("until", "due"), "lane": ("until",)}

    def pass_by(seconds: float) -> None:
        clock.pass_by(seconds=seconds)
        if state.database.is_sqlite:
            return
        with state.database.writing() as connection:
            for table, columns in moments.items():
                moved = ", ".join(f"{column} = {column} - make_interval(secs => :seconds)" for column in columns)
                connection.execute(sa.text(f"UPDATE {table} SET {moved}"), {"seconds": seconds})

    return pass_by
