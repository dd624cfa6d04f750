"""What may befall the state database: it is down, locked, full, shared, or its process is killed; nothing is lost."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeAlias

import pytest
import sqlalchemy as sa

from analysis.errors import BadConfig, NotSaved
from analysis.findings import State as Standing
from analysis.findings import claim
from bot.clock import stopped_at, wall
from bot.state import State, schema
from bot.state.database import MIGRATIONS
from tests.contracts.conftest import BEGINNING, Moving
from tests.contracts.postgres import Cluster
from tests.contracts.said import ALL, accepted, ask, caller, found, parcel

HOUSE = Path(__file__).parents[2]
Process: TypeAlias = "subprocess.Popen[str]"
Starter: TypeAlias = Callable[[str, str], Process]
NEWEST = max(path.name[:4] for path in MIGRATIONS.glob("versions/[0-9]*.py"))


@pytest.fixture
def started() -> Iterator[Starter]:
    """Start other processes, each ready to open a database when it is told; all are gone afterwards."""
    running: list[Process] = []

    def start(url: str, wanted: str = "revision") -> Process:
        opener = [sys.executable, "-m", "tests.contracts.opener", url, wanted]
        process = subprocess.Popen(opener, cwd=HOUSE, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        running.append(process)
        assert heard(process) == "ready"
        return process

    yield start
    for process in running:
        process.kill()
        process.communicate()


def tell(process: Process) -> None:
    assert process.stdin
    process.stdin.write("\n")
    process.stdin.flush()


def heard(process: Process) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


@contextmanager
def locked(state: State) -> Iterator[None]:
    """SQLite while somebody else writes and does not stop."""
    with state.database.reading() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout = 50")
    with closing(sqlite3.connect(str(state.database.url.database), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@contextmanager
def full(state: State) -> Iterator[None]:
    """SQLite on a disk without room for another page."""
    with state.database.reading() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    yield
    with state.database.reading() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")


@contextmanager
def down(running: Cluster) -> Iterator[None]:
    """PostgreSQL while it is stopped, and hard."""
    running.stop()
    try:
        yield
    finally:
        running.start()


def nothing_is_saved(state: State) -> None:
    """Every write says so."""
    by = caller("Ana", "click A")
    with pytest.raises(NotSaved):
        accepted(state.inbox, ask("a1"))
    with pytest.raises(NotSaved):
        state.findings.move(found().id, claim(by.id, by.name), by, "claim", BEGINNING)
    with pytest.raises(NotSaved):
        state.outbox.put([parcel("p1")], ())
    with pytest.raises(NotSaved):
        state.audit.record(by, "claim", "answered", BEGINNING)


def everything_is_saved(state: State) -> None:
    """The same writes, when the trouble is over; none of the former left anything behind."""
    by = caller("Ana", "click A")
    assert accepted(state.inbox, ask("a1"))
    moved = state.findings.move(found().id, claim(by.id, by.name), by, "claim", BEGINNING)
    assert (moved.state, moved.version) == (Standing.CLAIMED, 2)
    state.outbox.put([parcel("p1")], ())
    assert state.outbox.counts() == {"pending": 1}
    assert [line.key for line in state.audit.lines()] == ["click A"]


def test_while_postgresql_is_down_nothing_is_saved_and_afterwards_all_is_well(postgres: Cluster, clock: Moving) -> None:
    with State.open(postgres.new_database(), clock) as state:
        state.findings.seen([found()], "run", ALL, BEGINNING)
        with down(postgres):
            nothing_is_saved(state)
            with pytest.raises(NotSaved, match="cannot be reached"):
                state.findings.standing()

        everything_is_saved(state)


def test_while_sqlite_is_locked_nothing_is_saved_and_afterwards_all_is_well(tmp_path: Path, clock: Moving) -> None:
    with State.open(f"sqlite:///{tmp_path / 'state.db'}", clock) as state:
        state.findings.seen([found()], "run", ALL, BEGINNING)
        with locked(state):
            nothing_is_saved(state)
            assert [one.state for one in state.findings.standing()] == [Standing.OPEN], "readers go on"

        everything_is_saved(state)


def test_who_was_told_while_sqlite_was_held_that_it_was_not_saved_is_not_saved_later(tmp_path: Path) -> None:
    waiting = [ask("a1"), ask("a2")]
    with (
        State.open(f"sqlite:///{tmp_path / 'state.db'}", wall) as state,
        closing(sqlite3.connect(tmp_path / "state.db", isolation_level=None)) as other,
        ThreadPoolExecutor(1) as pool,
    ):
        other.execute("BEGIN IMMEDIATE")
        later = pool.submit(state.inbox.accept_all, lambda: waiting)
        time.sleep(0.2)
        waiting.remove(ask("a2"))
        other.execute("ROLLBACK")

        assert later.result() == [True]
        assert [one.key for one in state.inbox.take(9, 60)] == ["a1"]


def test_on_a_full_disk_nothing_half_is_saved_and_afterwards_all_is_well(tmp_path: Path, clock: Moving) -> None:
    with State.open(f"sqlite:///{tmp_path / 'state.db'}", clock) as state:
        state.findings.seen([found()], "run", ALL, BEGINNING)
        with full(state), pytest.raises(NotSaved):
            state.outbox.put([parcel(f"big {number}", payload={"text": "x" * 9000}) for number in range(9)], ())
        assert state.outbox.counts() == {}

        everything_is_saved(state)
        with state.database.reading() as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"


def test_sqlite_refuses_a_second_process_and_names_the_file_and_the_holder(tmp_path: Path, started: Starter) -> None:
    url = f"sqlite:///{tmp_path / 'state.db'}"
    with State.open(url, wall):
        tell(second := started(url, "revision"))
        said = heard(second)
        assert re.match(
            rf"BadConfig: {tmp_path}/state\.db is in use by another Pitcrew \(process {os.getpid()}\)", said
        )
        assert "postgresql+psycopg://" in said

    tell(third := started(url, "revision"))
    assert heard(third) == NEWEST, "the file is free again"


@pytest.mark.slow
def test_kill_loses_nothing_that_was_acknowledged(url: str, started: Starter) -> None:
    acknowledged: set[str] = set()
    for _ in range(3):
        process = started(url, "asks")
        tell(process)
        assert heard(process) == NEWEST
        acknowledged |= {heard(process) for _ in range(40)}
        process.kill()
        assert process.stdout
        acknowledged |= {
            line.strip() for line in process.stdout.read().splitlines(keepends=True) if line.endswith("\n")
        }
        process.wait()

    with State.open(url, wall) as state, state.database.reading() as connection:
        kept = set(connection.execute(sa.select(schema.inbox.c.key)).scalars())
    assert len(acknowledged) >= 120
    assert acknowledged <= kept


@pytest.mark.slow
def test_of_three_replicas_that_start_at_once_one_makes_the_schema(postgres: Cluster, started: Starter) -> None:
    url = postgres.new_database()
    replicas = [started(url, "revision") for _ in range(3)]
    for replica in replicas:
        tell(replica)

    assert [heard(replica) for replica in replicas] == [NEWEST] * 3
    with State.open(url, wall, upgrade=False) as state, state.database.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM alembic_version").scalar_one() == 1


def test_two_assessments_at_once_enter_every_finding_once(state: State) -> None:
    many = [found(number) for number in range(300)]
    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(lambda turn: state.findings.seen(many[::turn], "run", ALL, BEGINNING), (1, -1))

    assert sorted((len(one.opened), len(other.opened))) == [0, 300]
    assert sorted((one.known, other.known)) == [0, 300]


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("nonsense, pw=hunter2", "no database address"),
        ("", "no database address"),
        ("mysql://crew:hunter2@db/crew", "a mysql database; write sqlite"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("sqlite:////proc/version/state.db", "cannot be used"),
        ("postgresql+psycopg://crew:hunter2@127.0.0.1:1/crew", "cannot be used"),
    ],
)
def test_a_wrong_address_is_refused_without_telling_its_password(url: str, why: str) -> None:
    with pytest.raises(BadConfig, match=why) as refusal:
        State.open(url, stopped_at(BEGINNING))

    assert "hunter2" not in str(refusal.value)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "state.db"
    file.write_text("Dear diary, " * 100)

    with pytest.raises(BadConfig, match=r"state\.db cannot be used: .*not a database"):
        State.open(f"sqlite:///{file}", wall)
