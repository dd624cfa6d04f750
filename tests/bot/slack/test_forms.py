"""Drop-downs, forms and documents: what is chosen and filled in becomes an ask, and a document arrives once."""

from __future__ import annotations

import pytest

from bot.ports import Kind, Parcel, Place, Priority, Unclear
from bot.slack.render import render
from commands.core.answer import Answer, Button, Choices, Field, File, Form
from commands.core.registry import words_of
from tests.bot.slack.desk import Desk, not_saved
from tests.fake_slack import FakeSlack, Fault

METRICS = Choices(
    "Metric",
    (Button("Orders", "units panel metric=orders"), Button("Customers", "units panel metric=customers")),
    "Orders",
)
PANEL = Answer("An order costs $0.04", (METRICS,))
SNOOZE = Form(
    "Snooze …",
    "Snooze this finding",
    "snooze 3f9a1c",
    (
        Field("until", "Until", "date", value="2026-12-01"),
        Field("reason", "Why", "paragraph", optional=True),
        Field("team", "For", options=("search", "data"), value="data"),
    ),
)
SHEET = File("chargeback-2026-10.csv", "text/csv", b"team,cost\nsearch,1\n", "Cost of October by team.")


async def test_a_drop_down_shows_what_stands_and_asks_what_is_chosen(slack: FakeSlack, reached: Desk) -> None:
    ts = await reached.send(PANEL)
    [message] = slack.messages("C1")
    [section] = [block for block in message["blocks"] if block["type"] == "section"]
    assert section["accessory"]["initial_option"]["text"]["text"] == "Orders"

    assert (await slack.choose(message, "Metric", "Customers", user="U2")).ok

    [ask] = reached.asks
    assert (ask.text, ask.clicked, ask.place.message) == ("units panel metric=customers", True, ts)


def test_options_that_are_too_long_for_slack_become_buttons() -> None:
    long = "units panel " + "x" * 200
    blocks = render(Answer("Panel", (Choices("Metric", (Button("Orders", long),), "Orders"),)))["blocks"]

    [row] = [block for block in blocks if block["type"] == "actions"]
    assert row["elements"][0]["value"] == long


async def test_a_form_opens_and_its_words_complete_the_ask(slack: FakeSlack, reached: Desk) -> None:
    ts = await reached.send(Answer("Idle disk", (SNOOZE,)))
    assert (await slack.click(slack.messages("C1")[0], "Snooze …", user="U2")).ok
    assert not reached.asks
    assert slack.views[-1]["title"]["text"] == "Snooze this finding"

    said = await slack.fill_in({"reason": 'it\'s "needed" until=2030-01-01'}, user="U2")

    assert said.ok and said.text in {"", "{}"}
    [ask] = reached.asks
    assert words_of(ask.text) == [
        "snooze",
        "3f9a1c",
        "until=2026-12-01",
        'reason=it\'s "needed" until=2030-01-01',
        "team=data",
    ]
    assert (ask.user, ask.clicked, ask.place.message, ask.place.conversation) == ("slack:U2", True, ts, "C1")


async def test_a_form_that_is_sent_twice_is_one_ask(slack: FakeSlack, reached: Desk) -> None:
    await reached.send(Answer("Idle disk", (SNOOZE,)))
    await slack.click(slack.messages("C1")[0], "Snooze …")
    await slack.fill_in({})
    await slack.fill_in({})

    assert len(reached.received) == 2
    assert len(reached.asks) == 1


async def test_a_form_that_could_not_be_saved_stays_open_and_says_so(slack: FakeSlack, by_http: Desk) -> None:
    await by_http.send(Answer("Idle disk", (SNOOZE,)))
    await slack.click(slack.messages("C1")[0], "Snooze …")
    by_http.trouble = not_saved()

    said = await slack.fill_in({})

    assert "errors" in said.text and "not saved" in said.text


async def test_a_modal_that_slack_does_not_open_is_still_acknowledged(slack: FakeSlack, by_http: Desk) -> None:
    await by_http.send(Answer("Idle disk", (SNOOZE,)))
    slack.fail("views.open", "expired_trigger_id")

    assert (await slack.click(slack.messages("C1")[0], "Snooze …")).ok
    assert not slack.views


def test_a_form_too_large_for_a_button_says_how_it_is_typed() -> None:
    form = Form("Choose …", "Choose", "units", tuple(Field(f"f{n}", "x" * 60) for n in range(40)))
    payload = render(Answer("Panel", (form,)))

    assert "type /finops units" in str(payload["blocks"])


def document(desk: Desk, **place: str) -> Parcel:
    desk.shelf.documents[SHEET.digest] = SHEET
    payload = {"document": SHEET.digest, "name": SHEET.name, "said": SHEET.said}
    return Parcel("p1:file:0", Place("slack", "T1", **place), Kind.FILE, Priority.REPLY, payload, attempt=1)


async def test_a_document_for_one_person_goes_to_that_person(slack: FakeSlack, sending: Desk) -> None:
    await sending.platform.send(document(sending, user="U2"))

    assert not slack.messages("C1")
    [message] = slack.channels["DU2"].messages
    assert message["files"][0]["name"] == "chargeback-2026-10.csv"
    assert slack.files[message["files"][0]["id"]].content == SHEET.content


async def test_a_document_that_arrived_in_spite_of_an_error_is_found(slack: FakeSlack, sending: Desk) -> None:
    parcel = document(sending, conversation="C1")
    slack.fail("files.completeUploadExternal", Fault.TAKEN_THEN_500)
    with pytest.raises(Unclear):
        await sending.platform.send(parcel)

    assert await sending.platform.find(parcel) == slack.messages("C1")[0]["ts"]


async def test_a_document_that_never_arrived_is_not_found(sending: Desk) -> None:
    await sending.send(PANEL)

    assert await sending.platform.find(document(sending, conversation="C1")) is None
