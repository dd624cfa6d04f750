"""What people type, click and fill in arrives as asks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.ports import Kind
from commands.core.answer import Answer, Button, Buttons, Choices, Field, Form, Text
from tests.bot.teams.desk import Desk, not_saved
from tests.fake_teams import BOT, CHANNEL, TEAM, TENANT, FakeTeams, Refusal, words

CARD = Answer("Idle disk", (Buttons((Button("Claim", "claim 3f9a1c"), Button("Snooze", "snooze 3f9a1c"))),))
FIELDS = (Field("until", "Until", "date", value="2026-12-01"), Field("reason", "Why", "paragraph", optional=True))
FORM = Answer("Idle disk", (Form("Snooze …", "Snooze this", "snooze 3f9a1c", FIELDS),))


async def test_a_personal_message_is_an_ask(teams: FakeTeams, desk: Desk) -> None:
    assert (await teams.say("forecast team=search")).ok

    [ask] = desk.asks
    assert (ask.text, ask.user, ask.user_name, ask.loud) == ("forecast team=search", "teams:U1", "Person U1", True)
    assert (ask.place.conversation, ask.place.thread, ask.place.user) == ("a:U1", "", "U1")
    assert ask.key.startswith(f"teams:{TENANT}:a:U1:")


async def test_a_mention_is_answered_for_all_in_its_thread(teams: FakeTeams, desk: Desk) -> None:
    await teams.mention("waste", user="U2")
    await teams.mention("forecast", thread="1700000000000")

    first, second = desk.asks
    assert (first.text, first.user, first.loud) == ("waste", "teams:U2", True)
    assert first.place.conversation == second.place.conversation == CHANNEL
    assert first.place.thread == first.key.rpartition("=")[2].partition(":")[0]
    assert second.place.thread == "1700000000000"


TYPED = [
    ("<at>Pitcrew</at>&nbsp;waste", "waste"),
    ("<at>Pitcrew</at> /finops forecast", "/finops forecast"),
    ("<p><at>Pitcrew</at>\u00a0why team=a &amp; b</p>\n", "why team=a & b"),
    ("/finops why", "/finops why"),
    ("tags\u00a0team", "tags team"),
    ("", ""),
]


@pytest.mark.parametrize(("text", "meant"), TYPED)
async def test_what_teams_did_to_the_words_is_undone(teams: FakeTeams, desk: Desk, text: str, meant: str) -> None:
    entity = {"type": "mention", "text": "<at>Pitcrew</at>", "mentioned": {"id": BOT, "name": "Pitcrew"}}
    await teams.say(text, entities=[entity])
    assert [ask.text for ask in desk.asks] == [meant]


async def test_a_mention_without_its_entity_is_known_by_its_place(teams: FakeTeams, desk: Desk) -> None:
    await teams.say("<at>Pitcrew</at> claim 3f9 for <at>Ann Lee</at>")
    assert [ask.text for ask in desk.asks] == ["claim 3f9 for Ann Lee"]


async def test_somebody_is_seen_to_be_at_it(teams: FakeTeams, desk: Desk) -> None:
    await teams.say("forecast")
    await desk.settled()
    assert [one["type"] for one in teams.talks["a:U1"].messages] == ["typing"]
    assert desk.asks


async def test_a_button_asks_what_it_carries_about_the_message_it_is_on(teams: FakeTeams, desk: Desk) -> None:
    parcel = desk.parcel(CARD)
    await _posted(desk, CARD)
    said = await teams.click(teams.messages(CHANNEL)[0], "Claim", user="U2")

    [ask] = desk.asks
    name = teams.messages(CHANNEL)[0]["id"]
    assert (ask.text, ask.user, ask.clicked) == ("claim 3f9a1c", "teams:U2", True)
    assert (ask.place.message, ask.place.url) == (f"{name}/{name}", "")
    assert said.body["type"] == "application/vnd.microsoft.card.adaptive"
    assert "drawn anew by finding 3f9a1c" in words(said.body["value"])
    assert parcel.payload["card"] != said.body["value"]


async def test_a_button_of_a_private_card_says_which_card_is_swapped(teams: FakeTeams, desk: Desk) -> None:
    await desk.send(CARD, Kind.PRIVATE)
    desk.said = Answer("Claimed", (), replaces=True, shows=("3f9a1c",))
    said = await teams.click(teams.private("U1")[0], "Claim")

    [ask] = desk.asks
    assert (ask.place.message, ask.place.url) == ("", teams.private("U1")[0]["id"])
    assert "Claimed" in words(said.body["value"])


async def test_an_old_client_clicks_by_a_message(teams: FakeTeams, desk: Desk) -> None:
    await _posted(desk, CARD)
    assert (await teams.click_in_an_old_client(teams.messages(CHANNEL)[0], "Claim")).ok

    [ask] = desk.asks
    assert (ask.text, ask.clicked) == ("claim 3f9a1c", True)
    assert ask.place.message


async def test_a_click_is_one_however_often_and_by_whatever_name_it_comes(teams: FakeTeams, desk: Desk) -> None:
    await _posted(desk, CARD)
    click = teams.pressed(teams.messages(CHANNEL)[0], "Claim")
    for name in (click["id"], click["id"], "1799999999998", "1799999999999"):
        said = await teams.send({**click, "id": name})
        assert "drawn anew" in words(said.body["value"])
        teams.advance(16)
    assert len(desk.asks) == 1
    teams.advance(200)
    await teams.send({**click, "id": "1799999999990"})
    assert len(desk.asks) == 2, "the same button, minutes later, is another click"


async def test_a_choice_asks_what_was_chosen(teams: FakeTeams, desk: Desk) -> None:
    options = (Button("Orders", "units panel metric=orders"), Button("Customers", "units panel metric=customers"))
    await desk.send(Answer("Units", (Choices("Metric", options, "Customers"),)))
    message = teams.messages(CHANNEL)[0]
    await teams.click(message, "Show")
    [menu] = [one for one in message["attachments"][0]["content"]["body"] if one["type"] == "Input.ChoiceSet"]
    await teams.click(message, "Show", **{menu["id"]: "units panel metric=orders"})

    assert [ask.text for ask in desk.asks] == ["units panel metric=customers", "units panel metric=orders"]


async def test_a_form_opens_a_dialog_and_its_words_complete_the_ask(teams: FakeTeams, desk: Desk) -> None:
    await _posted(desk, FORM)
    message = teams.messages(CHANNEL)[0]
    dialog = await teams.open_dialog(message, "Snooze …")
    assert dialog.body["task"]["value"]["title"] == "Snooze this"
    assert not desk.asks
    said = await teams.fill_in(message, dialog, {"reason": "it's needed\nin spring"})

    [ask] = desk.asks
    assert ask.text == "snooze 3f9a1c until=2026-12-01 'reason=it'\"'\"'s needed\nin spring'"
    assert (ask.clicked, bool(ask.place.message)) == (True, True)
    assert said.ok and said.body == {}


async def test_a_form_that_was_no_good_says_so_in_its_dialog(teams: FakeTeams, desk: Desk) -> None:
    await _posted(desk, FORM)
    message = teams.messages(CHANNEL)[0]
    dialog = await teams.open_dialog(message, "Snooze …")
    desk.said = Answer("That did not work", (), data={"error": "BadAsk", "message": "until must be a day after today"})
    said = await teams.fill_in(message, dialog, {"until": "2020-01-01"})

    assert said.body == {"task": {"type": "message", "value": "until must be a day after today"}}


@pytest.mark.parametrize("form", [None, [], ["x"], ["a", "b", "c", [["n", "l", "html", [], "", False]]], {"title": 1}])
async def test_a_form_that_is_none_is_out_of_date(teams: FakeTeams, desk: Desk, form: Any) -> None:
    await _posted(desk, FORM)
    value = {"data": {"form": form}}
    said = await teams.send(teams.invoked("task/fetch", value, teams.messages(CHANNEL)[0], "U1"))
    assert "out of date" in said.body["task"]["value"]
    value = {"data": {"ask": form}}
    said = await teams.send(teams.invoked("task/submit", value, teams.messages(CHANNEL)[0], "U1"))
    assert "out of date" in said.body["task"]["value"]
    assert not desk.asks


async def test_a_button_that_no_version_made_is_out_of_date(teams: FakeTeams, desk: Desk) -> None:
    await _posted(desk, CARD)
    message = teams.messages(CHANNEL)[0]
    for data in ({}, {"ask": 7}, {"choice": "x"}, {"finding": "v1.x.-1"}):
        value = {"action": {"verb": "ask", "data": data}}
        said = await teams.send(teams.invoked("adaptiveCard/action", value, message, "U1"))
        assert "out of date" in said.body["value"]
    assert not desk.asks


async def test_a_card_refreshes_itself_for_its_only_reader(teams: FakeTeams, desk: Desk) -> None:
    parcel = desk.parcel(Answer("Idle disk", (Text("x"),), shows=("3f9a1c",)), Kind.PRIVATE)
    await desk.platform.send(parcel)
    [message] = teams.private("U1")
    refresh = message["attachments"][0]["content"]["refresh"]
    assert refresh["userIds"] == ["29:U1"]
    action = refresh["action"]
    value = {"action": {**action, "trigger": "automatic"}}
    said = await teams.send(teams.invoked("adaptiveCard/action", value, message, "U1"))

    assert "drawn anew for U1 by forecast" in words(said.body["value"])
    assert not desk.asks, "a look is no ask"


async def test_what_was_not_saved_says_so(teams: FakeTeams, desk: Desk) -> None:
    await _posted(desk, CARD)
    await _posted(desk, FORM, "p2")
    click, form = teams.messages(CHANNEL)
    dialog = await teams.open_dialog(form, "Snooze …")
    desk.trouble = not_saved()

    assert (await teams.say("waste")).ok
    assert "not saved" in teams.private("U1")[-1]["text"]
    assert "not saved" in (await teams.click(click, "Claim")).body["value"]
    assert "not saved" in (await teams.fill_in(form, dialog, {})).body["task"]["value"]
    teams.fail("send", *[Refusal(500)] * 4)
    assert (await teams.say("waste")).status == 503, "nobody could be told, so Teams hands it over again"


async def test_a_bug_of_ours_is_told_and_never_answered_by_500(teams: FakeTeams, desk: Desk) -> None:
    await _posted(desk, CARD)
    desk.trouble = RuntimeError("a bug")
    said = await teams.click(teams.messages(CHANNEL)[0], "Claim")
    assert said.ok and "broke on our side" in said.body["value"]
    assert (await teams.say("waste")).status == 503


async def test_guests_of_the_organization_see_nothing(teams: FakeTeams, desk: Desk) -> None:
    teams.joined("UGUEST", userRole="guest")
    teams.joined("UEXT", userPrincipalName="eve_evil.example#EXT#@example.com")
    for user in ("UGUEST", "UEXT"):
        assert (await teams.say("waste", user=user)).ok
        assert "not to guests" in teams.private(user)[-1]["text"]
        said = await teams.search("disk", user=user)
        assert "not to guests" in said.body["composeExtension"]["text"]
    assert not desk.received


async def test_who_writes_is_remembered_with_address_and_time_zone(teams: FakeTeams, desk: Desk) -> None:
    await teams.say("waste", user="U2")
    found = desk.state.conversations.person("teams", TENANT, "U2")
    assert found
    assert (found.member, found.name, found.email) == ("29:U2", "Person U2", "u2@example.com")
    assert (found.timezone, found.locale) == ("Europe/London", "en-GB")
    assert desk.state.conversations.by_email("teams", "U2@Example.com") == found


async def test_a_team_that_adds_the_app_tells_its_channels_and_people(teams: FakeTeams, desk: Desk) -> None:
    book = desk.state.conversations
    await teams.install(TEAM, "U3")
    await desk.settled()
    titles = [one.title for one in book.known("teams") if one.kind == "channel"]
    assert titles == ["Cloud/FinOps", "Cloud/General", "Cloud/Platform"]
    assert book.by_email("teams", "u2@example.com")
    assert [ask.text for ask in desk.asks] == ["help"], "it is welcomed with what can be asked"


async def test_a_channel_that_throws_the_app_out_is_marked(teams: FakeTeams, desk: Desk) -> None:
    book = desk.state.conversations
    await teams.uninstall(CHANNEL)
    lost = book.find("teams", TENANT, CHANNEL)
    assert lost and not lost.active and "taken out" in lost.why
    teams.talks[CHANNEL].blocked = False
    await teams.install(CHANNEL)
    back = book.find("teams", TENANT, CHANNEL)
    assert back and back.active


async def _posted(desk: Desk, answer: Answer, name: str = "p1") -> None:
    """Post a card into the channel as a view of a finding, as the outbox would remember it."""
    parcel = replace(desk.parcel(answer, name=name), ask="finding 3f9a1c", shows=("3f9a1c",))
    desk.state.outbox.put((parcel,), ())
    [leased] = desk.state.outbox.lease(1, 60)
    desk.state.outbox.sent(leased, await desk.platform.send(leased))
