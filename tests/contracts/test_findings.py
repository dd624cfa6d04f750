"""Findings on both databases: what an assessment enters, what people move, and what is redrawn for it."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
import sqlalchemy as sa

from analysis.errors import NotAllowed, NotFound, NotSaved, TooLate
from analysis.findings import Finding, State, acknowledge, claim, release, snooze
from analysis.money import Money
from bot.ports import Kind
from bot.state import State as Memory
from bot.state import schema
from tests.contracts.conftest import BEGINNING, Moving
from tests.contracts.said import ALL, caller, found, parcel

ANA, BO = caller("Ana"), caller("Bo")


def enter(state: Memory, *findings: Finding) -> Finding:
    """One assessment of everything; back comes the first finding as it stands."""
    state.findings.seen(findings, "run", ALL, BEGINNING)
    return state.findings.get(findings[0].id)


def show(state: Memory, name: str, *findings: Finding, ask: str = "waste", channel: str = "") -> str:
    """Have a message sent that shows findings, in a channel of its own if none is said; back comes its id."""
    where = channel or f"channel of {name}"
    state.outbox.put([parcel(name, where, ask=ask, shows=tuple(one.id for one in findings))], ())
    (leased,) = state.outbox.lease(1, 60)
    assert state.outbox.sent(leased, f"ts {name}")
    return f"ts {name}"


def edits(state: Memory) -> list[tuple[str, str]]:
    """The message and the ask of every edit that waits."""
    wanted = sa.select(schema.outbox).where(schema.outbox.c.kind == "edit", schema.outbox.c.state == "pending")
    with state.database.reading() as connection:
        return sorted((row.place["message"], row.ask) for row in connection.execute(wanted))


def verbs(state: Memory, name: str) -> list[str]:
    return [step.verb for step in state.findings.history(name)]


def test_what_is_new_is_opened_and_what_is_seen_again_is_known(state: Memory) -> None:
    first = state.findings.seen([found(1), found(2)], "run 1", ALL, BEGINNING)
    second = state.findings.seen([found(1), found(2), found(3)], "run 2", ALL, BEGINNING + timedelta(days=1))

    assert ({one.id for one in first.opened}, first.known) == ({found(1).id, found(2).id}, 0)
    assert ([one.id for one in second.opened], second.known) == ([found(3).id], 2)
    assert second.news == second.opened
    assert (second.reopened, second.resolved) == ((), ())


def test_what_vanishes_is_resolved_and_comes_back_reopened_with_nobody_holding_it(state: Memory) -> None:
    one = enter(state, found())
    state.findings.move(one.id, claim(ANA.id, ANA.name), caller(), "claim", BEGINNING)

    gone = state.findings.seen([], "run 2", ALL, BEGINNING + timedelta(days=1))
    still_gone = state.findings.seen([], "run 3", ALL, BEGINNING + timedelta(days=2))
    back = state.findings.seen([found()], "run 4", ALL, BEGINNING + timedelta(days=3))

    assert [(it.id, it.state) for it in gone.resolved] == [(one.id, State.RESOLVED)]
    assert still_gone.resolved == ()
    assert [(it.id, it.state, it.owner) for it in back.reopened] == [(one.id, State.REOPENED, "")]
    assert (back.opened, back.known) == ((), 0)
    assert verbs(state, one.id) == ["open", "claim", "resolve", "reopen"]


def test_a_provider_that_was_not_read_to_the_end_resolves_nothing(state: Memory) -> None:
    enter(state, found(1), found(2, provider="aws"))

    seen = state.findings.seen([], "run 2", frozenset({"aws"}), BEGINNING)

    assert [one.provider for one in seen.resolved] == ["aws"]
    assert [one.id for one in state.findings.standing(State.OPEN)] == [found(1).id]
    assert state.findings.seen([], "run 3", frozenset(), BEGINNING).resolved == ()


def test_price_and_evidence_are_new_each_time_and_the_standing_is_kept(state: Memory) -> None:
    one = enter(state, found())
    claimed = state.findings.move(one.id, claim(ANA.id, ANA.name), caller(), "claim", BEGINNING)
    later = BEGINNING + timedelta(days=1)

    state.findings.seen([found(waste="99.01", evidence=(("Size", "500 GB"),), fix=None)], "run 2", ALL, later)

    expected = replace(
        claimed, monthly_waste=Money.of("99.01", "USD"), evidence=(("Size", "500 GB"),), fix=None, last_seen=later
    )
    assert state.findings.get(one.id) == expected


@pytest.mark.slow
def test_ten_thousand_findings_are_entered_within_five_seconds(state: Memory) -> None:
    many = [found(number) for number in range(10_000)]
    took = []
    for run in ("run 1", "run 2"):
        begun = time.perf_counter()
        seen = state.findings.seen(many, run, ALL, BEGINNING)
        took.append(time.perf_counter() - begun)

    assert seen.known == 10_000
    assert len(state.findings.standing()) == 10_000
    assert max(took) < 5, f"{took} s"
    print(f"\n10,000 new {took[0]:.2f} s, again {took[1]:.2f} s")  # noqa: T201 (the measurement)


def test_everything_comes_back_as_it_went_in(state: Memory) -> None:
    exact = found(
        monthly_waste=Money.of(Decimal("12345678901234567.123456789"), "EUR"),
        frees_commitment=Money.of(Decimal("0.10"), "EUR"),
        tags={"team": "Größe", "empty": ""},
    )

    one = enter(state, exact)

    kept = replace(exact, first_seen=BEGINNING, last_seen=BEGINNING, changed_at=BEGINNING, version=1)
    assert one == kept
    assert str(one.monthly_waste.amount) == "12345678901234567.123456789"
    assert str(one.frees_commitment.amount) == "0.10"


def test_moments_come_back_in_utc_whatever_zone_they_went_in_with(state: Memory) -> None:
    there = datetime(2026, 11, 23, 1, 30, 0, 123456, tzinfo=timezone(timedelta(hours=5, minutes=30)))

    state.findings.seen([found()], "run", ALL, there)

    seen = state.findings.get(found().id).first_seen
    assert seen == there
    assert seen.tzinfo is UTC


def test_the_most_expensive_stands_first(state: Memory) -> None:
    commitment = found(4, "9.50", frees_commitment=Money.of(3, "USD"))
    enter(state, found(1, "9.50"), found(2, "100"), found(3, "20"), commitment)

    names = [one.resource_name for one in state.findings.standing()]

    assert names == ["disk 2", "disk 3", "disk 4", "disk 1"]


def test_a_finding_is_named_by_the_beginning_of_its_id(state: Memory) -> None:
    enter(state, found(1, id="abcd1111"), found(2, id="abcd2222"))

    assert state.findings.get("abcd1").id == "abcd1111"
    assert state.findings.get("ABCD2").id == "abcd2222"
    with pytest.raises(NotFound, match="more than one finding begins with 'abcd'"):
        state.findings.get("abcd")


@pytest.mark.parametrize("name", ["ffff", "abc", "", "abcd%", "____", "' OR 1=1--"])
def test_what_names_no_finding_is_not_found(state: Memory, name: str) -> None:
    enter(state, found(1, id="abcd1111"))

    with pytest.raises(NotFound, match="no finding is named"):
        state.findings.get(name)


def test_every_transition_is_made_and_remembered(state: Memory) -> None:
    one = enter(state, found())
    until = date(2026, 12, 24)
    moves = [
        (claim(ANA.id, ANA.name), State.CLAIMED),
        (snooze(ANA.id, ANA.name, until), State.SNOOZED),
        (acknowledge(ANA.id, ANA.name, "needed for audits"), State.ACKNOWLEDGED),
        (release(), State.OPEN),
    ]

    for hour, (move, to) in enumerate(moves, 1):
        now = BEGINNING + timedelta(hours=hour)
        moved = state.findings.move(one.short, move, caller(), move.verb, now)
        assert (moved.state, moved.owner_name, moved.until) == (to, move.owner_name, move.until)
        assert (moved.reason, moved.changed_at, moved.version) == (move.reason, now, hour + 1)
        assert state.findings.get(one.id) == moved

    steps = state.findings.history(one.id)
    assert [(step.verb, step.state) for step in steps[1:]] == [(move.verb, to) for move, to in moves]
    assert {(step.by, step.by_name) for step in steps[1:]} == {(ANA.id, ANA.name)}
    assert steps[3].reason == "needed for audits"
    assert [step.at for step in steps] == sorted(step.at for step in steps)


def test_who_comes_too_late_is_told_who_was_first_and_when(state: Memory) -> None:
    one = enter(state, found())
    now = BEGINNING + timedelta(minutes=41)
    state.findings.move(one.id, claim(ANA.id, ANA.name), caller("Ana"), "claim", now)

    with pytest.raises(TooLate, match="already claimed by Ana at 09:41 UTC on 23 Nov"):
        state.findings.move(one.id, claim(BO.id, BO.name), caller("Bo"), "claim", now + timedelta(minutes=1))

    assert state.findings.get(one.id).owner == ANA.id
    assert verbs(state, one.id) == ["open", "claim"]


def test_only_the_owner_and_an_admin_give_a_finding_back(state: Memory) -> None:
    one = enter(state, found())
    state.findings.move(one.id, claim(ANA.id, ANA.name), caller("Ana"), "claim", BEGINNING)

    with pytest.raises(NotAllowed, match="only Ana or an admin may release"):
        state.findings.move(one.id, release(), caller("Bo"), "release", BEGINNING)
    assert state.findings.get(one.id).state is State.CLAIMED

    freed = state.findings.move(one.id, release(), caller("Cy", admin=True), "release", BEGINNING)
    assert (freed.state, freed.owner) == (State.OPEN, "")


def test_a_snooze_that_is_over_is_open_again_and_may_be_claimed(state: Memory, clock: Moving) -> None:
    one = enter(state, found())
    until = BEGINNING.date() + timedelta(days=3)
    state.findings.move(one.id, snooze(ANA.id, ANA.name, until), caller("Ana"), "snooze", BEGINNING)

    with pytest.raises(TooLate, match="already snoozed by Ana"):
        state.findings.move(one.id, claim(BO.id, BO.name), caller("Bo"), "claim", clock())
    clock.pass_by(days=3)

    awake = state.findings.get(one.id)
    assert (awake.state, awake.owner, awake.until) == (State.OPEN, "", None)
    assert [it.id for it in state.findings.standing(State.OPEN)] == [one.id]
    claimed = state.findings.move(one.id, claim(BO.id, BO.name), caller("Bo"), "claim", clock())
    assert (claimed.state, claimed.owner_name, claimed.until) == (State.CLAIMED, "Bo", None)


def test_the_same_click_twice_is_one_move_and_answers_the_same(state: Memory) -> None:
    one = enter(state, found())
    click, other = caller("Ana", "click A"), caller("Bo", "click B")

    first = state.findings.move(one.id, claim(ANA.id, ANA.name), click, "claim", BEGINNING)
    again = state.findings.move(one.id, claim(ANA.id, ANA.name), click, "claim", BEGINNING + timedelta(minutes=1))
    assert again == first

    told = set()
    for minute in (2, 3):
        now = BEGINNING + timedelta(minutes=minute)
        with pytest.raises(TooLate) as refusal:
            state.findings.move(one.id, claim(BO.id, BO.name), other, "claim", now)
        told.add(str(refusal.value))
    assert len(told) == 1
    assert verbs(state, one.id) == ["open", "claim"]
    lines = {line.key: line.outcome for line in state.audit.lines()}
    assert lines == {"click A": "answered", "click B": f"TooLate: {told.pop()}"}


def test_every_message_that_shows_a_finding_is_redrawn_once_a_change(state: Memory) -> None:
    one = enter(state, found(1), found(2))
    other = state.findings.get(found(2).id)
    show(state, "both", one, other, ask="waste")
    show(state, "this", one, ask="finding 1")
    show(state, "other", other, ask="finding 2")
    state.outbox.put([parcel("not sent yet", "C9", shows=(one.id,))], ())

    click = caller("Ana")
    for _ in range(2):
        state.findings.move(one.id, claim(ANA.id, ANA.name), click, "claim", BEGINNING)
    with pytest.raises(TooLate):
        state.findings.move(one.id, claim(BO.id, BO.name), caller("Bo"), "claim", BEGINNING)

    assert edits(state) == [("ts both", "waste"), ("ts this", "finding 1")]


def test_of_many_messages_the_newest_of_each_conversation_are_redrawn_and_the_one_that_was_clicked(
    state: Memory,
) -> None:
    one = enter(state, found())
    for number in range(15):
        show(state, f"list {number:02}", one, channel="C1")
    show(state, "elsewhere", one)

    state.findings.move(one.id, claim(ANA.id, ANA.name), replace(ANA, message="ts list 02"), "claim", BEGINNING)

    looked_at = [f"ts list {number:02}" for number in (2, *range(5, 15))]
    assert edits(state) == [(name, "waste") for name in ("ts elsewhere", *looked_at)]


def test_what_vanishes_is_redrawn_too(state: Memory) -> None:
    one = enter(state, found())
    show(state, "card", one, ask="finding 1")

    state.findings.seen([], "run 2", ALL, BEGINNING)

    assert edits(state) == [("ts card", "finding 1")]
    (edit,) = [it for it in state.outbox.lease(9, 60) if it.kind is Kind.EDIT]
    assert edit.shows == (one.id,)


def test_a_move_that_cannot_be_redrawn_is_not_made(state: Memory) -> None:
    one = enter(state, found())
    show(state, "card", one)
    with state.database.writing() as connection:
        connection.execute(sa.text("ALTER TABLE outbox RENAME TO elsewhere"))

    with pytest.raises(NotSaved, match="nothing has changed"):
        state.findings.move(one.id, claim(ANA.id, ANA.name), caller("Ana"), "claim", BEGINNING)

    assert state.findings.get(one.id) == one
    assert state.audit.lines() == []
    assert verbs(state, one.id) == ["open"]
