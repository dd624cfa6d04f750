"""Pages of somebody's own: Home, and windows that stay open while their answer changes."""

from __future__ import annotations

from bot.ports import HOME, Kind, Parcel, Place, Priority
from bot.slack.render import render
from commands.core.answer import Answer, Button, Buttons, Choices, Field, Form, Table, Text
from tests.bot.slack.desk import Desk, not_saved
from tests.fake_slack import FakeSlack

PANEL = Answer(
    "An order costs $0.04",
    (
        Table(("Month", "Cost"), (("October", "$12"),), numbers=(1,)),
        Choices("By", (Button("Team", "units panel by=team"), Button("Service", "units panel by=service")), "Team"),
        Form("Choose …", "Unit economics", "units panel", (Field("metric", "Metric"),)),
        Buttons((Button("Share to channel", "share units"), Button("Open in a window", "units panel", window=True))),
    ),
)
PAGE = Answer(
    "$12 spent",
    (Buttons((Button("Claim", "claim 3f9a"),)), Form("Change …", "How", "prefer", (Field("team", "Teams"),))),
)


def parcel(answer: Answer, **place: str) -> Parcel:
    where = Place("slack", "T1", user="U1", **place)
    return Parcel("v1", where, Kind.VIEW, Priority.REPLY, render(answer), attempt=1)


async def test_looking_at_home_asks_for_it(slack: FakeSlack, reached: Desk) -> None:
    assert (await slack.come_home(user="U2", copies=2)).ok
    assert (await slack.come_home(user="U2", tab="messages")).ok

    [ask] = reached.asks
    assert (ask.text, ask.user, ask.place) == ("home", "slack:U2", Place("slack", "T1", user="U2", view=HOME))


async def test_home_that_could_not_be_saved_is_handed_over_again(slack: FakeSlack, by_http: Desk) -> None:
    by_http.trouble = not_saved()
    assert (await slack.come_home()).status == 503


async def test_home_is_filled_and_its_buttons_and_forms_ask_from_there(slack: FakeSlack, reached: Desk) -> None:
    assert await reached.platform.send(parcel(PAGE, view=HOME)) == HOME
    home = slack.homes["U1"]
    assert (await slack.click_in(home, "Claim")).ok
    assert (await slack.click_in(home, "Change …")).ok
    assert (await slack.fill_in({"team": "search"})).ok

    there = Place("slack", "T1", user="U1", view=HOME)
    assert [(ask.text, ask.place) for ask in reached.asks] == [("claim 3f9a", there), ("prefer team=search", there)]


async def test_home_has_no_tables_of_slacks_own(slack: FakeSlack, sending: Desk) -> None:
    await sending.platform.send(parcel(PANEL, view=HOME))

    assert "table" not in {block["type"] for block in slack.homes["U1"]["blocks"]}
    assert "October   $12" in str(slack.homes["U1"]["blocks"])


async def test_a_window_opens_at_once_and_is_filled_when_the_answer_is_there(slack: FakeSlack, reached: Desk) -> None:
    await reached.send(PANEL)
    assert (await slack.click(slack.messages("C1")[0], "Open in a window", user="U2")).ok
    [view] = slack.views
    assert "One moment" in str(view["blocks"])
    [ask] = reached.asks
    assert (ask.text, ask.place.view, ask.place.message, ask.place.url) == ("units panel", view["id"], "", "")
    assert (ask.place.conversation, ask.place.user) == ("C1", "U2")

    await reached.platform.send(Parcel("v", ask.place, Kind.VIEW, Priority.REPLY, render(PANEL), attempt=1))
    labels = [
        one["text"]["text"] for block in view["blocks"] if block["type"] == "actions" for one in block["elements"]
    ]
    assert labels == ["Share to channel"]  # a form or a window on top of a window is one too many


async def test_what_is_chosen_in_a_window_is_asked_from_it_and_what_is_shared_goes_where_it_was_opened(
    slack: FakeSlack, reached: Desk
) -> None:
    await reached.send(PANEL)
    await slack.click(slack.messages("C1")[0], "Open in a window")
    place = reached.asks[0].place
    await reached.platform.send(Parcel("v", place, Kind.VIEW, Priority.REPLY, render(PANEL), attempt=1))
    await slack.choose_in(slack.views[0], "By", "Service")
    await slack.click_in(slack.views[0], "Share to channel")

    asked = [(ask.text, ask.place.view, ask.place.conversation) for ask in reached.asks[1:]]
    assert asked == [("units panel by=service", place.view, "C1"), ("share units", place.view, "C1")]


async def test_a_window_that_was_closed_meanwhile_is_no_trouble(slack: FakeSlack, reached: Desk) -> None:
    await reached.send(PANEL)
    await slack.click(slack.messages("C1")[0], "Open in a window")
    slack.closed.add(slack.views[0]["id"])
    place = reached.asks[0].place

    assert await reached.platform.send(Parcel("v", place, Kind.VIEW, Priority.REPLY, render(PANEL), attempt=1)) == ""


async def test_where_slack_opens_no_window_the_answer_comes_as_a_message(slack: FakeSlack, by_http: Desk) -> None:
    await by_http.send(PANEL)
    slack.fail("views.open", "expired_trigger_id")
    assert (await slack.click(slack.messages("C1")[0], "Open in a window")).ok

    [ask] = by_http.asks
    assert ask.place.view == "" and ask.place.message


async def test_who_reads_alone_reads_their_own_figures(slack: FakeSlack, reached: Desk) -> None:
    slack.users["U1"] |= {"locale": "de-DE", "tz": "Europe/Berlin"}
    await slack.type("/finops forecast")
    await slack.dm("forecast")
    await slack.mention("forecast")
    await reached.send(Answer("Idle disk", (Text("x"), Buttons((Button("Claim", "claim 1"),)))))
    await slack.click(slack.ours("C1")[0], "Claim")

    assert [ask.locale for ask in reached.asks] == ["de_DE", "de_DE", "", ""]
    assert {ask.timezone for ask in reached.asks} == {"Europe/Berlin"}
