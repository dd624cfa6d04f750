"""Done, undone, exempt, in bulk, and what the bill says: each move once, with its line, on both databases."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from threading import Barrier

import pytest

from analysis.errors import FinOpsError, NotAllowed, NotFound, TooLate
from analysis.exemptions import Exemption
from analysis.findings import Finding, Move, State, acknowledge, claim, done, release, snooze
from analysis.money import Money
from analysis.savings import Saving, Verdict
from bot.ports import Kind
from bot.state import State as Memory
from commands.core.caller import Caller
from tests.contracts.conftest import BEGINNING
from tests.contracts.said import ALL, caller, found, parcel

HOUR = timedelta(hours=1)
UNTIL = date(2027, 2, 1)


def opened(state: Memory, *numbers: int) -> list[str]:
    findings = [found(number) for number in numbers or (1,)]
    state.findings.seen(findings, "run", ALL, BEGINNING)
    return [one.id for one in findings]


def moved(state: Memory, name: str, move: Move, by: Caller) -> Finding:
    return state.findings.move(name, move, by, move.verb, state.database.clock())


def shown_by(state: Memory, finding: str, message: str = "17.1") -> None:
    """A message in a channel shows a finding."""
    state.outbox.put([parcel(f"shows {message}", ask=f"card {finding}", shows=(finding,))], ())
    [one] = state.outbox.lease(5, 60)
    assert state.outbox.sent(one, message)


def judged(one: Finding, verdict: Verdict) -> Saving:
    cent = Money(Decimal("0.42"), "USD")
    monthly = cent * Decimal(30) if verdict is Verdict.VERIFIED else Money.zero("USD")
    return Saving(one, BEGINNING.date(), verdict, cent, Money.zero("USD"), Decimal(1), 9, monthly, {})


class TestDone:
    def test_who_has_it_may_say_so_and_the_moment_is_kept(self, state: Memory) -> None:
        [one] = opened(state)
        moved(state, one, claim("slack:UANA", "Ana"), caller())

        said = moved(state, one, done("slack:UANA", "Ana"), caller())
        assert (said.state, said.owner_name, said.fixed_at) == (State.DONE, "Ana", BEGINNING)

    def test_nobody_else_may_and_what_nobody_has_anybody_may(self, state: Memory) -> None:
        one, two = opened(state, 1, 2)
        moved(state, one, claim("slack:UANA", "Ana"), caller())

        with pytest.raises(NotAllowed, match="only Ana or an admin may done this finding"):
            moved(state, one, done("slack:UBO", "Bo"), caller("Bo"))
        assert moved(state, two, done("slack:UBO", "Bo"), caller("Bo")).state is State.DONE

    def test_what_is_gone_after_it_was_done_was_fixed_when_it_was_done(self, state: Memory) -> None:
        [one] = opened(state)
        moved(state, one, done("slack:UANA", "Ana"), caller())
        state.findings.seen([], "run 2", ALL, BEGINNING + timedelta(days=3))

        after = state.findings.get(one)
        assert (after.state, after.fixed_at, after.owner_name) == (State.RESOLVED, BEGINNING, "Ana")

    def test_what_still_stands_there_stays_done_until_the_bill_has_spoken(self, state: Memory) -> None:
        [one] = opened(state)
        moved(state, one, done("slack:UANA", "Ana"), caller())
        state.findings.seen([found()], "run 2", ALL, BEGINNING + timedelta(days=3))

        assert state.findings.get(one).state is State.DONE

    def test_release_takes_the_word_back(self, state: Memory) -> None:
        [one] = opened(state)
        moved(state, one, done("slack:UANA", "Ana"), caller())

        after = moved(state, one, release(), caller())
        assert (after.state, after.fixed_at) == (State.OPEN, None)


class TestUndo:
    @pytest.mark.parametrize(
        "move",
        [
            done("slack:UANA", "Ana"),
            acknowledge("slack:UANA", "Ana", "standby"),
            snooze("slack:UANA", "Ana", UNTIL),
            release(),
        ],
        ids=lambda move: move.verb,
    )
    def test_it_stands_as_it_did_before(self, state: Memory, move: Move) -> None:
        [one] = opened(state)
        before = moved(state, one, claim("slack:UANA", "Ana"), caller())
        moved(state, one, move, caller())

        after = state.findings.undo(one, caller(), "undo", BEGINNING + timedelta(minutes=59), HOUR)
        assert (after.state, after.owner, after.owner_name, after.reason, after.until, after.fixed_at) == (
            before.state,
            before.owner,
            before.owner_name,
            before.reason,
            before.until,
            before.fixed_at,
        )
        assert [step.verb for step in state.findings.history(one)] == ["open", "claim", move.verb, "undo"]

    def test_only_whoever_did_it_may(self, state: Memory) -> None:
        [one] = opened(state)
        moved(state, one, done("slack:UANA", "Ana"), caller())

        with pytest.raises(NotAllowed, match="only Ana may take that back; done was theirs"):
            state.findings.undo(one, caller("Bo"), "undo", BEGINNING, HOUR)

    def test_not_after_an_hour_not_twice_and_not_what_nobody_did(self, state: Memory) -> None:
        one, two = opened(state, 1, 2)
        moved(state, one, done("slack:UANA", "Ana"), caller())

        with pytest.raises(TooLate, match="for 60 minutes"):
            state.findings.undo(one, caller(), "undo", BEGINNING + timedelta(minutes=61), HOUR)
        state.findings.undo(one, caller(), "undo", BEGINNING, HOUR)
        for name in (one, two):
            with pytest.raises(TooLate, match="nothing to take back"):
                state.findings.undo(name, caller(), "undo", BEGINNING, HOUR)

    def test_the_same_click_twice_is_one(self, state: Memory) -> None:
        [one] = opened(state)
        moved(state, one, done("slack:UANA", "Ana"), caller())

        for _ in range(2):
            assert state.findings.undo(one, caller(key="k"), "undo", BEGINNING, HOUR).state is State.OPEN
        assert len(state.findings.history(one)) == 3


class TestInBulk:
    def test_each_has_its_line_and_what_moved_on_is_told(self, state: Memory) -> None:
        names = opened(state, 1, 2, 3)
        moved(state, names[1], claim("slack:UBO", "Bo"), caller("Bo"))

        said = state.findings.move_all(names, claim("slack:UANA", "Ana"), caller(key="k"), "claim", BEGINNING)
        assert {one.id for one in said.moved} == {names[0], names[2]}
        [(refused, why)] = said.refused
        assert refused.id == names[1] and "already claimed by Bo" in why
        lines = {line.key: line for line in state.audit.lines() if line.key.startswith("k")}
        assert set(lines) == {"k", *(f"k:{name}" for name in names)}
        assert lines[f"k:{names[1]}"].outcome.startswith("TooLate")

    def test_the_same_ask_twice_is_told_the_same(self, state: Memory) -> None:
        names = opened(state, 1, 2, 3)
        moved(state, names[1], claim("slack:UBO", "Bo"), caller("Bo"))
        both = [
            state.findings.move_all(names, claim("slack:UANA", "Ana"), caller(key="k"), "claim", BEGINNING)
            for _ in range(2)
        ]

        first, again = ([one.id for one in said.moved] for said in both)
        assert first == again
        assert [why for _, why in both[0].refused] == [why for _, why in both[1].refused]
        assert all(len(state.findings.history(name)) == 2 for name in names)

    def test_a_name_that_nobody_has_moves_nothing(self, state: Memory) -> None:
        names = opened(state, 1, 2)

        with pytest.raises(NotFound):
            state.findings.move_all([*names, "ffffffff"], claim("slack:UANA", "Ana"), caller(), "claim", BEGINNING)
        assert {one.state for one in state.findings.standing()} == {State.OPEN}


class TestExempt:
    def by_tag(self) -> Exemption:
        return Exemption("idle disks", "standby site", UNTIL, tag="team=search")

    def test_a_tag_puts_all_that_have_it_to_sleep_and_no_new_one_is_told(self, state: Memory) -> None:
        one, two = opened(state, 1, 2)
        other = found(3, tags={"team": "checkout"})
        state.findings.seen([found(1), found(2), other], "run", ALL, BEGINNING)

        said, count = state.exemptions.enter(one, self.by_tag(), caller(), "exempt", BEGINNING)
        assert (said.state, said.until, count) == (State.EXEMPT, UNTIL, 2)
        assert state.findings.get(two).state is State.EXEMPT
        assert state.findings.get(other.id).state is State.OPEN
        [held] = state.exemptions.standing(BEGINNING)
        assert held.covers(found(4)) and not held.covers(other)

    def test_it_ends_by_itself_on_its_day(self, state: Memory) -> None:
        [one] = opened(state)
        state.exemptions.enter(one, self.by_tag(), caller(), "exempt", BEGINNING)
        later = BEGINNING + timedelta(days=(UNTIL - BEGINNING.date()).days)

        assert not state.exemptions.standing(later)
        assert state.findings.seen([found()], "run 2", ALL, later).reopened[0].id == one
        assert state.findings.get(one).state is State.OPEN

    def test_while_it_holds_an_assessment_neither_tells_nor_resolves(self, state: Memory) -> None:
        [one] = opened(state)
        state.exemptions.enter(one, self.by_tag(), caller(), "exempt", BEGINNING)
        [held] = state.exemptions.standing(BEGINNING)

        seen = state.findings.seen([], "run 2", ALL, BEGINNING, exempt={one: held.move, found(9).id: held.move})
        assert (seen.opened, seen.resolved) == ((), ())
        assert [each.id for each in state.findings.standing()] == [one]

    def test_ended_early_it_wakes_what_no_other_covers(self, state: Memory) -> None:
        one, two = opened(state, 1, 2)
        state.exemptions.enter(one, self.by_tag(), caller(), "exempt", BEGINNING)
        alone = Exemption("idle disks", "audit", UNTIL, resource_id="vol-2")
        with pytest.raises(TooLate, match="already exempt"):
            state.exemptions.enter(two, alone, caller(), "exempt", BEGINNING)
        [held] = state.exemptions.standing(BEGINNING)

        _, woken = state.exemptions.end(held.number, caller("Bo"), BEGINNING)
        assert woken == 2
        assert {each.state for each in state.findings.standing()} == {State.OPEN}
        with pytest.raises(NotFound, match="no exception"):
            state.exemptions.end(held.number, caller("Bo"), BEGINNING)

    def test_undo_takes_the_exception_back_with_all_that_it_covered(self, state: Memory) -> None:
        one, two = opened(state, 1, 2)
        state.exemptions.enter(one, self.by_tag(), caller(), "exempt", BEGINNING)

        assert state.findings.undo(one, caller(), "undo", BEGINNING, HOUR).state is State.OPEN
        assert state.findings.get(two).state is State.OPEN
        assert not state.exemptions.standing(BEGINNING)

    def test_what_was_exempt_and_went_was_no_fix(self, state: Memory) -> None:
        [one] = opened(state)
        state.exemptions.enter(one, self.by_tag(), caller(), "exempt", BEGINNING)
        state.findings.seen([], "run 2", ALL, BEGINNING + timedelta(days=1))

        assert state.findings.get(one).fixed_at is None

    def test_the_same_click_twice_is_one_exception(self, state: Memory) -> None:
        [one] = opened(state)
        for _ in range(2):
            state.exemptions.enter(one, self.by_tag(), caller(key="k"), "exempt", BEGINNING)

        assert len(state.exemptions.standing(BEGINNING)) == 1


class TestWhatTheBillSays:
    def threads(self, state: Memory) -> list[tuple[str, str, str]]:
        leased = [one for one in state.outbox.lease(9, 60) if one.kind is Kind.POST]
        return [(one.place.conversation, one.place.thread, one.ask) for one in leased]

    def test_a_saving_is_told_once_in_the_thread_of_the_message(self, state: Memory) -> None:
        [one] = opened(state)
        shown_by(state, one)
        fixed = moved(state, one, done("slack:UANA", "Ana"), caller())
        [edit] = state.outbox.lease(5, 60)
        state.outbox.sent(edit, "17.1")

        for _ in range(2):
            state.findings.billed(judged(fixed, Verdict.VERIFIED), BEGINNING, "12.60 USD a month")
        assert self.threads(state) == [("C1", "17.1", f"savings {one}")]
        assert state.findings.get(one).state is State.DONE

    def test_a_list_in_a_thread_has_no_thread_of_its_own(self, state: Memory) -> None:
        [one] = opened(state)
        reply = parcel("a detail", ask="waste", shows=(one,))
        state.outbox.put([replace(reply, place=replace(reply.place, thread="16.1"))], ())
        [leased] = state.outbox.lease(5, 60)
        assert state.outbox.sent(leased, "17.1")
        fixed = moved(state, one, done("slack:UANA", "Ana"), caller())
        [edit] = state.outbox.lease(5, 60)
        state.outbox.sent(edit, "17.1")

        state.findings.billed(judged(fixed, Verdict.VERIFIED), BEGINNING, "12.60 USD a month")
        assert self.threads(state) == [("C1", "16.1", f"savings {one}")]

    def test_a_findings_own_messages_are_known_by_their_threads(self, state: Memory) -> None:
        [one] = opened(state)
        shown_by(state, one)
        listed = parcel("a list", conversation="C2", ask="waste", shows=(one,))
        reply = parcel("an answer", conversation="C3", ask=f"finding {one}", shows=(one,))
        state.outbox.put([listed, replace(reply, place=replace(reply.place, thread="16.1"))], ())
        for number in range(2):
            [leased] = state.outbox.lease(1, 60)
            assert state.outbox.sent(leased, f"18.{number}")

        found = [(place.conversation, place.thread) for place in state.outbox.own_threads(one)]
        assert found == [("C1", "17.1"), ("C3", "16.1")]

    def test_what_no_message_shows_is_told_to_whoever_fixed_it(self, state: Memory) -> None:
        one, two = opened(state, 1, 2)
        shown_by(state, two)
        fixed = moved(state, one, done("slack:UANA", "Ana"), caller())
        state.findings.billed(judged(fixed, Verdict.VERIFIED), BEGINNING, "12.60 USD a month")

        [told] = state.outbox.lease(5, 60)
        assert (told.place.tenant, told.place.user, told.place.conversation) == ("T1", "UANA", "")

    def test_what_has_not_fallen_is_open_again_with_the_figure(self, state: Memory) -> None:
        [one] = opened(state)
        shown_by(state, one)
        fixed = moved(state, one, done("slack:UANA", "Ana"), caller())
        again = state.findings.billed(judged(fixed, Verdict.NOT_FALLEN), BEGINNING, "$0.42 a day, as before")

        assert again and (again.state, again.reason) == (State.REOPENED, "still billed: $0.42 a day, as before")
        assert state.findings.billed(judged(fixed, Verdict.NOT_FALLEN), BEGINNING, "$0.42") is None
        assert state.findings.history(one)[-1].by == "bill"


def outcomes(
    state: Memory, pool: ThreadPoolExecutor, moves: list[tuple[str, Move | timedelta, Caller]]
) -> Counter[str]:
    """How moves end that are all tried at the same instant, each twice."""
    ready = Barrier(2 * len(moves))

    def tried(name: str, move: Move | timedelta, by: Caller) -> str:
        ready.wait()
        try:
            if isinstance(move, timedelta):
                state.findings.undo(name, by, "undo", BEGINNING, move)
                return "undo"
            state.findings.move(name, move, by, move.verb, BEGINNING)
        except FinOpsError as error:
            return type(error).__name__
        return move.verb

    return Counter(pool.map(lambda one: tried(*one), [one for one in moves for _ in range(2)]))


@pytest.mark.parametrize("rounds", [5, pytest.param(60, marks=pytest.mark.slow)])
def test_done_release_and_undo_at_the_same_instant_leave_one_truth(state: Memory, rounds: int) -> None:
    names = opened(state, *range(rounds))
    with ThreadPoolExecutor(12) as pool:
        for name in names:
            moved(state, name, claim("slack:UANA", "Ana"), caller())
            ana = [caller() for _ in range(3)]
            said = outcomes(
                state,
                pool,
                [(name, done("slack:UANA", "Ana"), ana[0]), (name, release(), ana[1]), (name, HOUR, ana[2])],
            )
            steps = state.findings.history(name)
            won = Counter(step.verb for step in steps[2:])
            assert all(said[verb] == 2 * won[verb] for verb in ("done", "release", "undo")), (said, won)
            assert steps[-1].state is state.findings.get(name).state
            assert state.findings.get(name).version == len(steps)


@pytest.mark.parametrize("clickers", [6, pytest.param(10, marks=pytest.mark.slow)])
def test_many_who_claim_the_same_list_share_it_without_a_rest(state: Memory, clickers: int) -> None:
    names = opened(state, *range(12))
    people = [caller(f"P{number}") for number in range(clickers)]
    ready = Barrier(clickers)

    def all_of_it(by: Caller) -> list[str]:
        ready.wait()
        order = names if int(by.name[1:]) % 2 else names[::-1]
        said = state.findings.move_all(order, claim(by.id, by.name), by, "claim", BEGINNING)
        assert len(said.moved) + len(said.refused) == len(names)
        return [one.id for one in said.moved]

    with ThreadPoolExecutor(clickers) as pool:
        taken = [name for mine in pool.map(all_of_it, people) for name in mine]
    assert sorted(taken) == sorted(names)
    assert {one.state for one in state.findings.standing()} == {State.CLAIMED}
    assert len(state.audit.lines(9999)) == clickers * (len(names) + 1)
