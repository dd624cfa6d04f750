"""What operators do to the state database, on both kinds: retention, the outbox, forgetting, backup and restore."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from analysis.errors import BadAsk, BadConfig, BadData, NotFound
from analysis.findings import acknowledge, claim
from bot.ports import Kind, Place, Priority
from bot.state import State, schema
from bot.state.backup import backup, restore, verified
from bot.state.export import as_csv, as_jsonl
from bot.state.upkeep import SOMEBODY, Keeping
from charts.picture import Picture
from commands.core.caller import Caller, Permission
from commands.core.ports import Said
from tests.contracts.conftest import BEGINNING, Moving
from tests.contracts.said import ALL, accepted, ask, found, parcel

KEEPING = Keeping(audit=400, inbox=30, outbox=90, runs=400)
PNG = b"\x89PNG\r\n\x1a\n"


def everything(state: State) -> Mapping[str, list[Any]]:
    """All rows of all tables."""
    with state.database.reading() as connection:
        return {
            table.name: sorted(map(repr, connection.execute(sa.select(table))))
            for table in schema.metadata.sorted_tables
        }


def lived_in(state: State, clock: Moving) -> None:
    """A little of everything: findings that moved, messages sent and failed, pictures, verdicts, runs."""
    state.findings.seen([found(number) for number in range(3)], "run", ALL, clock())
    ana = person("slack:UANA", "Ana Lee")
    state.findings.move(found(0).id, claim(ana.id, ana.name), ana, "claim", clock())
    accepted(state.inbox, replace(ask("a1"), user="slack:UANA", user_name="Ana Lee"))
    [taken] = state.inbox.take(1, 60)
    state.inbox.done(taken.key, [parcel("p1"), parcel("p2")], [Picture(PNG, "a chart", "chart")])
    [leased] = state.outbox.lease(1, 60)
    state.outbox.sent(leased, "100.1")
    state.verdicts.judge("e1", ("search",), Said.EXPECTED, ana, clock())
    state.runs.started("run", clock())
    state.runs.finished("run", clock(), {"findings": 3})
    state.fires.fire(
        "nightly", "2026-11-23", replace(ask("clock:nightly"), user="clock:nightly", place=Place("clock", "nightly"))
    )


def person(name: str, said: str, key: str = "click") -> Caller:
    return Caller(name, said, frozenset(Permission), f"{key}:{name}")


# --- retention --------------------------------------------------------------------------------------------------------


def test_what_is_young_is_kept(state: State, clock: Moving) -> None:
    lived_in(state, clock)
    before = everything(state)

    assert not state.upkeep.retain(KEEPING, clock())
    assert everything(state) == before


def test_each_kind_of_row_goes_at_its_age(state: State) -> None:
    many = [replace(ask(f"old {number}")) for number in range(1_203)]
    with state.database.writing() as connection:
        for one in many:
            state.inbox.enter(connection, one)
        connection.execute(sa.update(schema.inbox).values(done=True, received_at=BEGINNING))
        row = {"caller": "slack:U1", "ask": "waste", "outcome": "answered"}
        connection.execute(
            sa.insert(schema.audit),
            [row | {"key": "young", "at": BEGINNING + timedelta(days=1)}, row | {"key": "old", "at": BEGINNING}],
        )

    gone = state.upkeep.retain(KEEPING, BEGINNING + timedelta(days=400, hours=1))

    assert gone == {"inbox": 1_203, "audit": 1}
    assert [line.key for line in state.audit.lines()] == ["young"]


def test_what_is_not_done_yet_is_never_old(state: State) -> None:
    accepted(state.inbox, ask("unanswered"))
    state.outbox.put([parcel("waiting")], ())
    state.runs.started("run", BEGINNING)
    state.runs.finished("run", BEGINNING, {})
    state.fires.skip("nightly", "2026-11-22", "new")
    state.fires.skip("nightly", "2026-11-23", "new")

    gone = state.upkeep.retain(KEEPING, BEGINNING + timedelta(days=4_000))

    assert gone == {"fire": 1}
    assert state.inbox.take(9, 60) and state.outbox.counts() == {"pending": 1}
    assert state.runs.last() and state.fires.last("nightly") == "2026-11-23"


def test_a_picture_goes_with_the_last_message_that_shows_it(state: State) -> None:
    shown, lost = Picture(PNG + b"1", "shown", "a"), Picture(PNG + b"2", "lost", "b")
    state.outbox.put([parcel("p1", payload={"blocks": [shown.digest]})], [shown, lost])
    with state.database.writing() as connection:
        connection.execute(sa.update(schema.picture).values(at=BEGINNING))

    assert state.upkeep.retain(KEEPING, BEGINNING + timedelta(days=4_000)) == {"picture": 1}
    assert state.outbox.picture(shown.digest).alt == "shown"
    with pytest.raises(NotFound):
        state.outbox.picture(lost.digest)


# --- the outbox -------------------------------------------------------------------------------------------------------


def test_a_message_that_was_given_up_is_listed_and_goes_out_again(state: State, clock: Moving) -> None:
    state.outbox.put([parcel("p1")], ())
    [leased] = state.outbox.lease(1, 60)
    state.outbox.failed(leased, "is_archived")
    [listed] = state.upkeep.waiting()
    assert (listed.id, listed.state, listed.why) == ("p1", "failed", "is_archived")

    state.upkeep.resend("p1", "terminal:ops", clock())

    assert [one.id for one in state.outbox.lease(1, 60)] == ["p1"]
    assert [(line.caller, line.ask) for line in state.audit.lines()] == [("terminal:ops", "outbox resend p1")]


def test_a_message_in_doubt_is_dropped_for_good(state: State, clock: Moving) -> None:
    state.outbox.put([parcel("p1")], ())
    [leased] = state.outbox.lease(1, 60)
    state.outbox.later(leased, 0, "it timed out", unclear=True)
    assert [one.unclear for one in state.upkeep.waiting()] == [True]

    state.upkeep.drop("p1", "terminal:ops", clock())

    assert not state.outbox.lease(1, 60)
    assert [one.why for one in state.upkeep.waiting("failed")] == ["dropped by terminal:ops"]


def test_what_was_delivered_is_not_decided_again(state: State, clock: Moving) -> None:
    state.outbox.put([parcel("p1")], ())
    [leased] = state.outbox.lease(1, 60)
    with pytest.raises(BadAsk, match="p1 is leased"):
        state.upkeep.drop("p1", "terminal:ops", clock())
    state.outbox.sent(leased, "100.1")
    with pytest.raises(BadAsk, match="p1 is sent"):
        state.upkeep.resend("p1", "terminal:ops", clock())
    with pytest.raises(NotFound, match="no message p2"):
        state.upkeep.resend("p2", "terminal:ops", clock())
    assert not state.audit.lines()


# --- who left ---------------------------------------------------------------------------------------------------------


def test_who_left_is_named_nowhere_and_what_they_decided_stays(state: State, clock: Moving) -> None:
    lived_in(state, clock)
    ana, bo = person("slack:UANA", "Ana Lee", "acknowledge"), person("slack:UBO", "Bo")
    state.findings.move(found(0).id, acknowledge(ana.id, ana.name, "ask Ana Lee"), ana, "acknowledge", clock())
    state.audit.record(bo, "finding 1", "TooLate: already claimed by Ana Lee", clock())
    state.audit.record(replace(ana, key="slack:act:T1:C1:1.2:ask:1:UANA:3.4"), "waste", "answered", clock())
    state.outbox.put([parcel("told", "C2", payload={"text": "claimed by Ana Lee"})], ())
    [told] = [one for one in state.outbox.lease(5, 60) if one.id == "told"]
    state.outbox.sent(told, "100.2")
    private = Place("slack", "T1", "C1", user="UANA")
    state.outbox.put([replace(parcel("slack:cmd:1"), kind=Kind.PRIVATE, place=private)], ())
    state.outbox.put([replace(parcel("slack:act:UANA:0"), payload={}, place=private, priority=Priority.REPLY)], ())

    pseudonym = state.upkeep.forget("slack:UANA", "terminal:ops", clock())

    assert not re.findall("UANA|Ana Lee", json.dumps(everything(state)))
    assert pseudonym.startswith("slack:forgotten-") and "Bo" not in pseudonym
    assert {step.by_name for step in state.findings.history(found(0).id)} >= {SOMEBODY}
    assert "slack:UBO" in {line.caller for line in state.audit.lines()}
    assert [line.caller for line in state.audit.lines() if line.ask == "forget-user"] == ["terminal:ops"]
    assert [
        one.id.startswith("slack:act:forgotten-")
        for one in state.upkeep.waiting()
        if one.kind == "post" and "act" in one.id
    ]


def test_twice_the_same_person_is_somebody_else(state: State, clock: Moving) -> None:
    names: list[str] = []
    for _ in range(2):
        state.audit.record(person("slack:UANA", "Ana", f"k{len(names)}"), "waste", "answered", clock())
        names.append(state.upkeep.forget("slack:UANA", "terminal:ops", clock()))

    assert len(set(names)) == 2
    with pytest.raises(NotFound, match="nothing is known of slack:UNOBODY"):
        state.upkeep.forget("slack:UNOBODY", "terminal:ops", clock())
    with pytest.raises(BadAsk, match="is no person"):
        state.upkeep.forget("clock:nightly", "terminal:ops", clock())


def test_whoever_has_a_similar_id_is_left_alone(state: State, clock: Moving) -> None:
    state.audit.record(person("slack:UANA", "Ana"), "waste", "answered", clock())
    state.audit.record(person("slack:UANA2", "Anna"), "waste", "answered", clock())

    state.upkeep.forget("slack:UANA", "terminal:ops", clock())

    assert "slack:UANA2" in {line.caller for line in state.audit.lines()}


# --- the audit as a document ------------------------------------------------------------------------------------------


def test_the_audit_is_exported_from_day_to_day_and_is_never_a_formula(state: State, clock: Moving) -> None:
    for number in range(3):
        state.audit.record(person(f"slack:U{number}", ""), "=cmd|' /C calc'!A1", 'said, "so"', clock())
        clock.pass_by(days=1)

    lines = list(state.audit.between(BEGINNING + timedelta(days=1), None))
    told = [json.loads(line) for line in as_jsonl(lines).splitlines()]
    rows = list(csv.DictReader(io.StringIO(as_csv(lines).removeprefix("\ufeff"))))

    assert [one["caller"] for one in told] == [row["caller"] for row in rows] == ["slack:U1", "slack:U2"]
    assert told[0]["ask"] == "=cmd|' /C calc'!A1" and rows[0]["ask"] == "'=cmd|' /C calc'!A1"
    assert rows[0]["outcome"] == 'said, "so"'


# --- backup and restore -----------------------------------------------------------------------------------------------


def test_a_backup_is_put_back_row_for_row(url: str, clock: Moving, tmp_path: Path) -> None:
    file = tmp_path / "copy"
    with State.open(url, clock) as state:
        lived_in(state, clock)
        before = everything(state)
        kept = backup(state.database, file)
        assert kept.rows["finding"] == 3 and kept.revision == state.database.newest
        assert verified(file) == kept
        assert file.stat().st_mode & 0o077 == 0
        with pytest.raises(BadConfig, match="overwrites nothing"):
            backup(state.database, file)
        state.outbox.put([parcel("after the backup")], ())
        assert everything(state) != before

    assert restore(url, file, clock) == kept
    with State.open(url, clock, upgrade=False) as state:
        assert everything(state) == before


def test_a_backup_is_taken_beside_the_running_bot_and_not_put_back_under_it(tmp_path: Path, clock: Moving) -> None:
    url = f"sqlite:///{tmp_path / 'state.db'}"
    with State.open(url, clock) as state:
        lived_in(state, clock)
        with State.open(url, clock, visiting=True) as visitor:
            backup(visitor.database, tmp_path / "copy")
        with pytest.raises(BadConfig, match="in use by another Pitcrew"):
            restore(url, tmp_path / "copy", clock)


def test_a_damaged_backup_is_refused_and_nothing_is_changed(url: str, clock: Moving, tmp_path: Path) -> None:
    file = tmp_path / "copy"
    with State.open(url, clock) as state:
        lived_in(state, clock)
        backup(state.database, file)
        before = everything(state)
    whole = file.read_bytes()
    for damaged in (whole[: len(whole) // 2], b"nonsense", b""):
        file.write_bytes(damaged)
        with pytest.raises(BadData):
            restore(url, file, clock)
    with State.open(url, clock) as state:
        assert everything(state) == before


def test_a_backup_of_the_other_kind_is_refused(url: str, clock: Moving, tmp_path: Path, postgres: Any) -> None:
    other = postgres.new_database() if url.startswith("sqlite") else f"sqlite:///{tmp_path / 'other.db'}"
    with State.open(other, clock) as state:
        backup(state.database, tmp_path / "copy")
    with State.open(url, clock):
        pass

    with pytest.raises(BadConfig, match="this deployment has another database"):
        restore(url, tmp_path / "copy", clock)


def test_a_visitor_changes_no_schema(url: str, clock: Moving) -> None:
    with pytest.raises(BadConfig, match="run pitcrew db upgrade"):
        State.open(url, clock, visiting=True)
