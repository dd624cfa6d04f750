"""Faults that have no other home: clocks that differ, a file that somebody else holds for a moment."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.clock import wall
from bot.state import State
from tests.conftest import Talk
from tests.contracts.postgres import cluster
from tests.contracts.said import ALL, accepted, ask, found, parcel


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with cluster() as running:
        yield running.new_database()


@pytest.mark.slow
@pytest.mark.parametrize("minutes", [-10, 10])
def test_a_replica_whose_clock_is_off_takes_nothing_from_another(url: str, minutes: int) -> None:
    def elsewhere() -> datetime:
        return wall() + timedelta(minutes=minutes)

    with State.open(url, wall) as right, State.open(url, elsewhere) as wrong:
        right.outbox.put([parcel(f"p{minutes}", f"C{minutes}")], ())
        accepted(right.inbox, ask(f"a{minutes}"))
        [one] = right.outbox.lease(9, 30)
        [asked] = right.inbox.take(9, 30)
        assert not wrong.outbox.lease(9, 30) and not wrong.inbox.take(9, 30), "leases go by the database's clock"
        right.inbox.done(asked.key, (), ())
        assert right.outbox.sent(one, "17.1")

        wrong.outbox.put([parcel(f"q{minutes}", f"C{minutes}")], ())
        [other] = right.outbox.lease(9, 30)
        assert other.id == f"q{minutes}", "and what a clock ahead of ours says is due now is due now"
        right.outbox.sent(other, "17.2")


def test_a_file_that_is_held_for_a_moment_is_waited_for(tmp_path: Path) -> None:
    file = tmp_path / "state.db"
    with (
        State.open(f"sqlite:///{file}", wall) as state,
        closing(sqlite3.connect(str(file), isolation_level=None, check_same_thread=False)) as other,
    ):
        other.execute("BEGIN IMMEDIATE")
        later = threading.Timer(0.3, other.execute, ("ROLLBACK",))
        later.start()
        assert accepted(state.inbox, ask("a1"))
        later.join()


def test_nothing_found_so_far_is_no_praise(talk: Talk) -> None:
    said = talk.ask("waste")
    assert "assess" in str(said.parts) and "Well driven" not in str(said.parts)

    talk.crew.state.findings.seen([found()], "r1", ALL, talk.crew.clock())
    assert "Well driven" in str(talk.ask("waste min=99999999").parts), "somebody has looked, and nothing is so dear"
