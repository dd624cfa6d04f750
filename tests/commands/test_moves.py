"""Findings that get done, asked as people ask: buttons that mean something, lists that move together, exceptions."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from analysis.findings import Finding
from analysis.findings import State as Standing
from bot.state import State
from commands.core.answer import Answer, Buttons, Code, Form
from tests.commands.test_commands import first_finding, text_of
from tests.conftest import Company, Talk


@pytest.fixture(scope="module")
def assessed(company: Company, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Answer]:
    """A state file in which the company has just been assessed, and what that said."""
    folder = tmp_path_factory.mktemp("assessed")
    with State.open(f"sqlite:///{folder / 'state.db'}", company.crew.clock, folder=folder) as state:
        said = Talk(company.crew.remembering(state)).ask("assess")
    return folder / "state.db", said


@pytest.fixture
def talk(company: Company, assessed: tuple[Path, Answer], tmp_path: Path) -> Iterator[Talk]:
    """The crew with a copy of it."""
    shutil.copy(assessed[0], tmp_path / "state.db")
    with State.open(f"sqlite:///{tmp_path / 'state.db'}", company.crew.clock, folder=tmp_path) as state:
        yield Talk(company.crew.remembering(state), said=100)


def labels(said: Answer) -> list[str]:
    buttons = [button.label for part in said.parts if isinstance(part, Buttons) for button in part.buttons]
    return buttons + [part.label for part in said.parts if isinstance(part, Form)]


def form(said: Answer, label: str) -> Form:
    return next(part for part in said.parts if isinstance(part, Form) and part.label == label)


def state_of(talk: Talk, one: Finding) -> Standing:
    return talk.crew.state.findings.get(one.id).state


def test_only_buttons_that_mean_something_stand_on_a_card(talk: Talk) -> None:
    one = first_finding(talk)

    assert labels(talk.ask(f"card {one.short}")) == ["Claim", "Done", "Show command", "Snooze", "Accept", "Not waste"]
    assert labels(talk.ask(f"claim {one.short}")) == [
        "Done",
        "Release",
        "Undo",
        "Show command",
        "Snooze",
        "Accept",
        "Not waste",
    ]
    assert labels(talk.ask(f"done {one.short}")) == ["Release", "Undo", "Show command"]
    assert labels(talk.ask(f"undo {one.short}")) == ["Done", "Release", "Show command", "Snooze", "Accept", "Not waste"]


def test_done_waits_for_the_bill_and_is_no_more_to_do(talk: Talk) -> None:
    one = first_finding(talk)
    talk.ask(f"claim {one.short}")
    said = talk.ask(f"done {one.short}")

    assert "done, says Ana" in text_of(said) and "the bill will tell after seven days" in text_of(said)
    assert one.id not in {found["id"] for found in talk.ask("waste").data["findings"]}
    assert said.redraw == f"card {one.id}"


def test_undo_is_its_movers_alone(talk: Talk) -> None:
    one = first_finding(talk)
    talk.ask(f"acknowledge {one.short} because=standby")

    assert "only Ana may take that back" in text_of(talk.ask(f"undo {one.short}", user="slack:UBO"))
    talk.ask(f"undo {one.short}")
    assert state_of(talk, one) is Standing.OPEN


def test_the_command_is_shown_to_its_asker_alone_with_undo_and_safety(talk: Talk) -> None:
    one = next(
        found for found in [first_finding(talk), *talk.crew.state.findings.standing()] if found.fix and found.fix.act
    )
    said = talk.ask(f"fix {one.short}")

    assert said.private and one.fix
    assert next(part.text for part in said.parts if isinstance(part, Code)) == one.fix.act
    assert one.fix.safety in text_of(said) and f"/finops done {one.short}" in text_of(said)


def test_the_forms_ask_for_a_reason_a_day_and_an_end(talk: Talk) -> None:
    one = first_finding(talk)
    card = talk.ask(f"card {one.short}")

    assert [field.name for field in form(card, "Snooze").fields] == ["days", "until"]
    talk.ask(f"{form(card, 'Snooze').ask} days=7")
    assert state_of(talk, one) is Standing.SNOOZED
    talk.ask(f"release {one.short}")
    talk.ask(f"{form(card, 'Accept').ask} 'because=standby for the audit'")
    assert talk.crew.state.findings.get(one.id).reason == "standby for the audit"


def test_a_list_by_a_filter_is_claimed_and_snoozed_together(talk: Talk) -> None:
    first_finding(talk)
    listed = talk.ask("waste check=unattached-disk")
    count = listed.data["count"]
    assert count > 1

    snooze = form(listed, f"Snooze these {count}")
    said = talk.ask(f"{snooze.ask} days=7")
    assert said.private and said.title.startswith(f"{count} findings snoozed until")
    assert len(said.data["moved"]) == count and not said.data["refused"]
    assert talk.ask("waste check=unattached-disk").data["findings"] == []
    lines = [line for line in talk.crew.state.audit.lines() if line.ask.startswith("snooze")]
    assert len(lines) == count + 1


def test_who_was_too_late_for_some_of_a_list_is_told_which(talk: Talk) -> None:
    first_finding(talk)
    one, two = talk.crew.state.findings.standing(Standing.OPEN)[:2]
    talk.ask(f"claim {one.short}", user="slack:UBO")
    said = talk.ask(f"claim {one.short} {two.short}")

    assert [moved["id"] for moved in said.data["moved"]] == [two.id]
    assert "already claimed by Bo" in text_of(said)


def test_pages_go_on_and_end(talk: Talk) -> None:
    first_finding(talk)
    first, second = talk.ask("waste"), talk.ask("waste page=2")

    assert len(first.shows) == 5 and not set(first.shows) & set(second.shows)
    assert text_of(talk.ask("waste page=999")) == "page=999: it has 12 pages"
    assert any(label.startswith("Show 5 of") for label in labels(first))


def test_not_waste_by_tag_is_listed_and_can_be_ended(talk: Talk) -> None:
    one = first_finding(talk)
    key, value = next(iter(one.tags.items()))
    said = talk.ask(f'exempt {one.short} by={key}={value} why="standby site" until=2027-06-30')

    assert state_of(talk, one) is Standing.EXEMPT
    assert "no waste until 30 Jun 2027, says Ana: standby site" in text_of(said)
    talk.ask("assess")
    assert state_of(talk, one) is Standing.EXEMPT, "an assessment while it holds changes nothing"

    [held] = talk.ask("exceptions").data["exceptions"]
    assert (held["check"], held["tag"], held["why"]) == (one.check, f"{key}={value}", "standby site")
    assert "needs the act permission" in text_of(talk.ask(f"exceptions end={held['number']}", user="slack:UREAD"))
    talk.ask(f"exceptions end={held['number']}")
    assert state_of(talk, one) is Standing.OPEN
    assert talk.ask("exceptions").data["exceptions"] == []


def test_an_exception_has_a_reason_and_an_end(talk: Talk) -> None:
    one = first_finding(talk)

    for ask, why in (
        (f"exempt {one.short} until=2027-01-01", "say why it is no waste"),
        (f"exempt {one.short} why=audit", "no exception is for ever"),
        (f"exempt {one.short} why=audit until=2028-01-01", "an exception ends on a day after today, 2027-11-19"),
        (f"exempt {one.short} why=audit until=2026-11-18", "ends on a day after today"),
        (f"exempt {one.short} why=audit until=2027-01-01 by=planet", "the finding has no tag 'planet'"),
    ):
        assert why in text_of(talk.ask(ask))


def test_history_tells_who_did_what(talk: Talk) -> None:
    one = first_finding(talk)
    talk.ask(f"claim {one.short}")
    talk.ask(f"acknowledge {one.short} standby", user="slack:UBO")
    said = talk.ask(f"history {one.short}")

    assert [step["verb"] for step in said.data["steps"]] == ["open", "claim", "acknowledge"]
    assert "Bo" in text_of(said) and "standby" in text_of(said)


def test_mine_is_what_i_have_and_the_news_say_who_has_it_now(talk: Talk, assessed: tuple[Path, Answer]) -> None:
    _, said = assessed
    one = talk.crew.state.findings.get(said.shows[0])
    assert said.redraw == f"news {said.data['assessment']}"
    assert "nobody yet" in text_of(said)
    talk.ask(f"claim {one.short}")

    assert "Ana: claimed" in text_of(talk.ask(said.redraw))
    mine = talk.ask("mine")
    assert mine.private and [found["id"] for found in mine.data["claimed"]] == [one.id]
    assert talk.ask("mine", user="slack:UBO").data["claimed"] == []


def test_what_is_worth_it_gets_a_message_of_its_own(talk: Talk, assessed: tuple[Path, Answer]) -> None:
    _, said = assessed

    assert 0 < len(said.also) <= talk.crew.config.findings.own_messages
    worth = [talk.ask(after.ask).data["finding"]["monthly_waste"] for after in said.also]
    assert worth == sorted(worth, reverse=True) and min(worth) >= talk.crew.config.findings.own_message_from


def test_a_finding_is_sent_on_and_its_card_says_where(talk: Talk) -> None:
    one = first_finding(talk)
    assert "name a target under [[webhooks]]" in text_of(talk.ask(f"send {one.short}"))
    talk.crew.report = replace(talk.crew.report, webhooks=("jira", "pagerduty"))
    assert "Send to jira" in labels(talk.ask(f"card {one.short}"))
    assert "say where to: to=jira" in text_of(talk.ask(f"send {one.short}"))
    assert "did you mean jira" in text_of(talk.ask(f"send {one.short} to=jirra"))

    said = talk.ask(f"send {one.short} to=jira")
    assert said.replaces and "Sent to jira: on its way" in text_of(said) and "Send to jira" not in labels(said)
    [parcel] = [found for found in talk.crew.state.outbox.lease(9, 60) if found.place.platform == "webhook"]
    event = parcel.payload["event"]
    assert event["title"].startswith(one.title) and one.resource_id in event["text"] and event["act"]
    assert "is on its way" in text_of(talk.ask(f"send {one.short} to=jira", user="slack:UBO"))


def test_an_anomaly_is_sent_on_too(talk: Talk) -> None:
    talk.crew.report = replace(talk.crew.report, webhooks=("pagerduty",))
    event = talk.ask("anomalies").data["events"][0]
    said = talk.ask(f"send {event['id']}")

    assert said.private and said.title == "On its way to pagerduty"
    assert "Sent to pagerduty: on its way" in text_of(talk.ask(f"anomalies {event['id']}"))
