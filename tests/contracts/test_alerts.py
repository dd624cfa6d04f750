"""Alerts on both databases: told once in each place, drawn anew when they move, and never more than a channel takes."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from analysis.alerts import Alert, AlertRules, Turn
from analysis.errors import NotFound
from analysis.money import Money
from bot.ports import Kind, Parcel, Place, Priority
from bot.state import State as Memory
from bot.state.alerts import Telling, summary_of
from commands.core.ports import Said
from tests.contracts.conftest import BEGINNING, Wait
from tests.contracts.said import caller

RULES = AlertRules()
FINOPS, DATA = Place("slack", "T1", "#finops"), Place("slack", "T1", "#team-data")


def event(number: int = 1, amount: str = "1000", **said: Any) -> Alert:
    usual: dict[str, Any] = {"grows": True, "facts": {"event": f"event{number}"}}
    return Alert("anomaly", f"event{number}", f"+${amount}", Money.of(amount, "USD"), **(usual | said))


def telling(*places: Place, due: datetime | None = None, otherwise: Place = FINOPS, day: str = "2026-11-23") -> Telling:
    return Telling(lambda _: places or (FINOPS,), (otherwise,), day, lambda _, __: due)


def look(state: Memory, *found: Alert, rules: AlertRules = RULES, told: Telling | None = None) -> list[Turn]:
    return [one.turn for one in state.alerts.look(found, rules, told or telling(), BEGINNING)]


def delivered(state: Memory) -> list[Parcel]:
    """Everything that is due, sent in its order; a message's id is its parcel's."""
    sent: list[Parcel] = []
    while leased := state.outbox.lease(9, 30):
        for one in leased:
            state.outbox.sent(one, one.place.message or f"ts of {one.id}")
        sent += leased
    return sent


def shape(parcels: list[Parcel]) -> list[tuple[Kind, str, str]]:
    return [(one.kind, one.place.conversation, one.ask) for one in parcels]


def test_an_alert_is_told_once_in_each_of_its_places(state: Memory) -> None:
    name = event().id
    assert look(state, event(), told=telling(FINOPS, DATA)) == [Turn.OPENED]
    assert look(state, event(), told=telling(FINOPS, DATA)) == []

    sent = delivered(state)
    assert sorted(shape(sent)) == [
        (Kind.POST, "#finops", f"alert {name}"),
        (Kind.POST, "#team-data", f"alert {name}"),
    ]
    assert all(one.priority is Priority.ALERT and not one.payload for one in sent)
    assert state.alerts.told(name) == ["#finops", "#team-data"]


def test_a_change_is_an_edit_and_growth_a_line_in_the_thread(state: Memory) -> None:
    look(state, event())
    [root] = delivered(state)
    assert look(state, event(amount="1200")) == [Turn.CHANGED]
    [edit] = delivered(state)
    assert look(state, event(amount="5000")) == [Turn.GREW]
    line, again = delivered(state)

    assert edit.kind is again.kind is Kind.EDIT
    assert edit.place.message == again.place.message == f"ts of {root.id}"
    assert (line.kind, line.place.thread, line.ask) == (
        Kind.POST,
        f"ts of {root.id}",
        f"alert {event().id} line=1",
    )


def test_an_end_is_an_edit_and_a_line_and_then_nothing(state: Memory) -> None:
    look(state, event())
    delivered(state)
    over = event(amount="1800", over="Ended.")
    assert look(state, over) == [Turn.CLOSED]

    assert [one.kind for one in delivered(state)] == [Kind.POST, Kind.EDIT]
    assert look(state, over) == []
    assert not state.alerts.standing()
    assert [one.ended for one in state.alerts.standing(BEGINNING)] == ["Ended."]


def test_what_ends_before_anybody_heard_of_it_is_not_told(state: Memory, wait: Wait) -> None:
    with state.database.reading() as connection:
        morning = state.database.now(connection) + timedelta(hours=9)
    look(state, event(), told=telling(due=morning))
    look(state, event(amount="3000"), told=telling(due=morning))
    assert delivered(state) == []
    look(state, event(amount="3000", over="Ended."), told=telling(due=morning))
    wait(10 * 3600)

    assert delivered(state) == []


def test_of_too_many_in_a_channel_the_rest_is_one_summary_that_is_kept_up_to_date(state: Memory) -> None:
    few = replace(RULES, most_a_day=2)
    events = [event(number, amount=str(1000 - number)) for number in range(5)]
    look(state, *events, rules=few)
    sent = delivered(state)
    summary = summary_of("alerts:slack:T1:#finops:2026-11-23")

    assert [one.ask for one in sent if one.kind is Kind.POST] == [
        f"alert {events[0].id}",
        f"alert {events[1].id}",
        f"alerts held={summary}",
    ]
    assert [one.alert.id for one in state.alerts.held(summary)] == [one.id for one in events[2:]]
    look(state, *events[:4], event(4, amount="1"), event(5), rules=few)
    assert {(one.kind, one.ask) for one in delivered(state)} == {(Kind.EDIT, f"alerts held={summary}")}
    look(state, *events, event(5), event(6), rules=few, told=telling(day="2026-11-24"))
    assert f"alert {event(6).id}" in [one.ask for one in delivered(state)], "another day, another twenty"


def test_what_could_not_be_delivered_where_it_belongs_goes_where_others_go(state: Memory) -> None:
    look(state, event(), told=telling(DATA))
    [root] = state.outbox.lease(9, 30)
    state.outbox.failed(root, "no such channel")
    for _ in range(2):
        look(state, event(), told=telling(DATA))

    assert shape(delivered(state)) == [(Kind.POST, "#finops", f"alert {event().id}")]


def test_without_a_platform_nothing_is_told_until_there_is_one(state: Memory) -> None:
    assert state.alerts.look([event()], RULES, None, BEGINNING)
    assert delivered(state) == []

    look(state, event())
    assert len(delivered(state)) == 1


def test_a_verdict_ends_an_alert_and_draws_its_messages_anew(state: Memory) -> None:
    look(state, event())
    delivered(state)
    ana = caller("Ana")
    state.verdicts.judge("event1", ("apex",), Said.INVESTIGATING, ana, BEGINNING)
    assert [one.kind for one in delivered(state)] == [Kind.EDIT]
    assert state.alerts.standing()

    ben = caller("Ben")
    for _ in range(2):
        state.verdicts.judge("event1", ("apex",), Said.EXPECTED, ben, BEGINNING)
    assert [one.kind for one in delivered(state)] == [Kind.EDIT], "the same click twice is one"
    assert not state.alerts.standing()
    assert state.alerts.get(event().id).ended == "expected says Ben"


def test_a_hushed_alert_is_drawn_and_says_no_more(state: Memory) -> None:
    look(state, event())
    delivered(state)
    kept = state.alerts.hush(event().id[:6], caller("Ana"), BEGINNING)
    assert kept.stopped == "Ana"
    assert [one.kind for one in delivered(state)] == [Kind.EDIT]

    look(state, event(amount="90000"))
    assert [one.kind for one in delivered(state)] == [Kind.EDIT]


def test_an_alert_comes_back_as_it_went_in(state: Memory) -> None:
    said = event(team="data", account="apex-data", service="S3", urgent=True, family="f", step=3)
    look(state, said)

    assert state.alerts.get(said.id).alert == said
    assert state.alerts.of_event("event1") == state.alerts.get(said.id)
    assert state.alerts.of_event("another") is None
    with pytest.raises(NotFound, match="no alert is named 'ffff'"):
        state.alerts.get("ffff")
