"""Links: a thing is sent to a target once, what became of it stands in every message that shows it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from analysis.errors import TooLate
from bot.onward.template import Made
from bot.ports import Kind
from bot.state import State as Memory
from tests.contracts.conftest import BEGINNING
from tests.contracts.said import ALL, caller, found
from tests.contracts.test_moves import shown_by

EVENT = {"id": found().id, "kind": "finding", "title": "Disk", "text": "Disk"}


def on_its_way(state: Memory) -> None:
    state.findings.seen([found()], "run", ALL, BEGINNING)
    shown_by(state, found().id)
    state.links.send("jira", EVENT, caller(), "send", BEGINNING)


def test_what_is_sent_is_a_parcel_and_an_edit_of_what_shows_it(state: Memory) -> None:
    on_its_way(state)
    kinds = {one.kind: one for one in state.outbox.lease(9, 60)}

    assert kinds[Kind.POST].place.conversation == "jira" and kinds[Kind.POST].payload["event"] == EVENT
    assert kinds[Kind.EDIT].place.message == "17.1"
    [link] = state.findings.get(found().id).links
    assert (link.target, link.key, link.failed) == ("jira", "", "")


def test_its_key_and_link_come_back_into_the_message(state: Memory) -> None:
    on_its_way(state)
    for one in state.outbox.lease(9, 60):
        state.outbox.sent(one, "17.1" if one.kind is Kind.EDIT else "CLOUD-1")
    state.links.arrived(found().id, "jira", Made("CLOUD-1", "https://x.example/CLOUD-1"))

    [link] = state.findings.get(found().id).links
    assert (link.key, link.url) == ("CLOUD-1", "https://x.example/CLOUD-1")
    with state.database.writing() as connection:
        connection.exec_driver_sql("DELETE FROM lane")
    assert [one.kind for one in state.outbox.lease(9, 60)] == [Kind.EDIT]


def test_a_second_time_is_refused_with_the_link_unless_the_first_was_not_delivered(state: Memory) -> None:
    on_its_way(state)
    with pytest.raises(TooLate, match="already, and is on its way"):
        state.links.send("jira", EVENT, caller(), "send", BEGINNING)
    state.links.arrived(found().id, "jira", Made("CLOUD-1", "https://x.example/1"))
    with pytest.raises(TooLate, match=r"already: CLOUD-1 https://x\.example/1"):
        state.links.send("jira", EVENT, caller(), "send", BEGINNING)

    state.links.send("linear", EVENT, caller(), "send", BEGINNING)
    state.links.failed(found().id, "linear", "linear answered 401")
    state.links.send("linear", EVENT, caller(), "send", BEGINNING.replace(hour=10))
    assert [link.failed for link in state.links.of(found().id)] == ["", ""]


def test_of_many_who_send_it_at_once_one_does(state: Memory) -> None:
    state.findings.seen([found()], "run", ALL, BEGINNING)
    people = [caller(f"P{number}") for number in range(8)]
    ready = Barrier(2 * len(people))

    def tried(number: int) -> bool:
        ready.wait()
        try:
            state.links.send("jira", EVENT, people[number // 2], "send", BEGINNING)
        except TooLate:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(tried, range(16)))
    answered = [line for line in state.audit.lines() if line.ask == "send" and line.outcome == "answered"]
    assert len(answered) == 1
    assert len([one for one in state.outbox.lease(9, 60) if one.kind is Kind.POST]) == 1
