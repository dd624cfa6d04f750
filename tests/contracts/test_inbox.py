"""The inbox on both databases: one row an ask, leased while it is answered, closed together with its answer."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

import pytest
import sqlalchemy as sa

from analysis.errors import NotAllowed, NotFound, NotSaved
from bot.ports import Ask, Place, run_of
from bot.state import State as Memory
from charts.picture import Picture
from tests.contracts.conftest import BEGINNING, Wait
from tests.contracts.said import accepted, ask, caller, parcel


def keys(asks: object) -> list[str]:
    assert isinstance(asks, list)
    return [one.key for one in asks]


def test_an_ask_that_comes_four_times_is_one_ask(state: Memory) -> None:
    assert [accepted(state.inbox, ask("a1")) for _ in range(4)] == [True, False, False, False]

    assert keys(state.inbox.take(9, 60)) == ["a1"]


def test_of_four_copies_at_once_one_is_accepted(state: Memory) -> None:
    with ThreadPoolExecutor(4) as pool:
        for number in range(20):
            new = pool.map(partial(accepted, state.inbox), [ask(f"a{number}")] * 4)
            assert sorted(new) == [False, False, False, True]

    assert len(state.inbox.take(99, 60)) == 20


def test_an_ask_that_comes_again_under_another_name_is_the_same_ask(state: Memory) -> None:
    assert accepted(state.inbox, replace(ask("click:1"), twins=("click:0",)))
    assert not accepted(state.inbox, replace(ask("click:2"), twins=("click:1",)))
    assert accepted(state.inbox, replace(ask("click:4"), twins=("click:3",)))

    assert keys(state.inbox.take(9, 60)) == ["click:1", "click:4"]


def test_asks_that_come_together_are_in_in_one_transaction_without_their_copies(state: Memory) -> None:
    accepted(state.inbox, ask("a1"))
    twin = replace(ask("click:2"), twins=("click:1",))

    said = state.inbox.accept_all(lambda: [ask("a1"), ask("a2"), ask("click:1"), ask("a2"), twin, ask("a3")])

    assert said == [False, True, True, False, False, True]
    assert keys(state.inbox.take(9, 60)) == ["a1", "a2", "click:1", "a3"]
    assert state.inbox.accept_all(list) == []


def test_asks_that_come_together_to_several_replicas_are_each_accepted_once(state: Memory) -> None:
    with ThreadPoolExecutor(4) as pool:
        for turn in range(20):
            some = [ask(f"{turn}:{number}") for number in range(10)]
            accepted = list(pool.map(lambda _, some=some: state.inbox.accept_all(lambda: some), range(4)))
            assert [sum(each) for each in zip(*accepted, strict=True)] == [1] * 10


def test_an_ask_comes_back_as_it_went_in(state: Memory) -> None:
    place = Place("teams", "T1", "C1", "root", "card", "https://example.com/reply", "U1")
    said = Ask("k", place, "teams:U1", "Zoë", "claim 1a2b3c4d", BEGINNING, clicked=True, loud=True, attempt=1)

    accepted(state.inbox, said)

    assert state.inbox.take(1, 60) == [said]


def test_the_oldest_is_taken_first_and_nothing_is_taken_twice(state: Memory) -> None:
    for number in range(5):
        accepted(state.inbox, ask(f"a{number}"))

    assert keys(state.inbox.take(2, 60)) == ["a0", "a1"]
    assert keys(state.inbox.take(9, 60)) == ["a2", "a3", "a4"]
    assert state.inbox.take(9, 60) == []


def test_several_replicas_never_answer_the_same_ask(state: Memory) -> None:
    for number in range(40):
        accepted(state.inbox, ask(f"a{number}"))

    with ThreadPoolExecutor(4) as pool:
        taken = [one.key for asks in pool.map(lambda _: state.inbox.take(5, 60), range(16)) for one in asks]

    assert sorted(taken) == sorted(f"a{number}" for number in range(40))


def test_an_ask_whose_answerer_is_gone_is_taken_again_and_counted(state: Memory, wait: Wait) -> None:
    accepted(state.inbox, ask("a1"))
    assert [one.attempt for one in state.inbox.take(1, 30)] == [1]

    wait(20)
    assert state.inbox.take(1, 30) == []
    wait(11)

    assert [one.attempt for one in state.inbox.take(1, 30)] == [2]


def test_what_is_done_is_never_taken_again_and_its_answer_goes_out_once(state: Memory, wait: Wait) -> None:
    accepted(state.inbox, ask("a1"))
    state.inbox.take(1, 30)
    drawn = Picture(b"png", "a line", "forecast")

    for _ in range(2):
        state.inbox.done("a1", [parcel("p1", "C1"), parcel("p2", "C2")], [drawn])

    wait(31)
    assert state.inbox.take(1, 30) == []
    assert not accepted(state.inbox, ask("a1"))
    assert state.outbox.counts() == {"pending": 2}
    assert state.outbox.picture(drawn.digest) == drawn


def test_an_answer_that_cannot_be_put_leaves_the_ask_open(state: Memory, wait: Wait) -> None:
    accepted(state.inbox, ask("a1"))
    state.inbox.take(1, 30)
    with state.database.writing() as connection:
        connection.execute(sa.text("ALTER TABLE inbox RENAME TO elsewhere"))

    with pytest.raises(NotSaved):
        state.inbox.done("a1", [parcel("p1")], ())

    with state.database.writing() as connection:
        connection.execute(sa.text("ALTER TABLE elsewhere RENAME TO inbox"))
    assert state.outbox.counts() == {}
    wait(31)
    assert keys(state.inbox.take(1, 30)) == ["a1"]


def test_work_under_way_is_cancelled_by_its_asker_or_an_admin_and_by_nobody_else(state: Memory) -> None:
    accepted(state.inbox, ask("a1", "assess"))
    run = run_of("a1")
    with pytest.raises(NotAllowed, match="only Ana or an admin"):
        state.inbox.cancel(run, caller("Ben"))
    assert state.inbox.cancelled("a1") == ""

    assert state.inbox.cancel(run.upper(), caller("Ana")) == "assess"
    assert state.inbox.cancelled("a1") == "Ana"
    assert state.inbox.cancel(run, caller("Eve", admin=True)) == "assess"

    state.inbox.done("a1", (), ())
    with pytest.raises(NotFound, match="under way any more"):
        state.inbox.cancel(run, caller("Ana"))


def test_whoever_waits_is_told_meanwhile_and_the_ask_is_kept(state: Memory, wait: Wait) -> None:
    accepted(state.inbox, ask("a1"))
    state.inbox.take(1, 60)
    wait(50)
    state.inbox.meanwhile("a1", [parcel("wait:1")], 60)
    wait(30)
    assert state.inbox.take(1, 60) == []
    assert [one.id for one in state.outbox.lease(9, 60)] == ["wait:1"]

    state.inbox.done("a1", (), ())
    state.inbox.meanwhile("a1", [parcel("wait:2")], 60)
    assert state.outbox.counts() == {"leased": 1}
