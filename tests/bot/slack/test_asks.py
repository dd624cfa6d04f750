"""What people type, write and click in Slack becomes an ask that is saved before it is acknowledged."""

from __future__ import annotations

from typing import Any

import pytest

from bot.ports import Kind, Place
from bot.slack.app import as_typed
from commands.core.answer import Answer, Button, Buttons
from tests.bot.slack.desk import Desk, not_saved, over_http, over_socket
from tests.fake_slack import FakeSlack

CARD = Answer("Idle disk", (Buttons((Button("Claim", "claim 3f9a1c"), Button("Snooze", "snooze 3f9a1c"))),))


async def test_a_slash_command_is_an_ask_for_its_asker_alone(slack: FakeSlack, reached: Desk) -> None:
    said = await slack.type("/finops forecast months=6", user="U1", channel="C1", trigger_id="7.8")

    assert said.ok and said.text == ""
    [ask] = reached.asks
    assert (ask.key, ask.user, ask.user_name, ask.text) == ("slack:cmd:T1:7.8", "slack:U1", "u1", "forecast months=6")
    assert (ask.clicked, ask.loud) == (False, False)
    assert (ask.place.conversation, ask.place.user, ask.place.thread) == ("C1", "U1", "")
    assert ask.place.url.startswith(slack.url.replace("/api/", "/reply/"))


async def test_a_mention_is_answered_for_all_in_a_thread(slack: FakeSlack, reached: Desk) -> None:
    assert (await slack.mention("waste", user="U2")).ok

    [ask] = reached.asks
    assert (ask.text, ask.user, ask.user_name, ask.loud) == ("waste", "slack:U2", "Person U2", True)
    assert ask.place == Place("slack", "T1", "C1", thread=slack.messages("C1")[0]["ts"], user="U2")
    assert ask.key.startswith("slack:event:A1:Ev")


async def test_a_mention_in_a_thread_stays_in_it(slack: FakeSlack, reached: Desk) -> None:
    await slack.mention("waste")
    root = slack.messages("C1")[0]["ts"]
    await slack.mention("forecast", thread=root)

    assert [ask.place.thread for ask in reached.asks] == [root, root]


async def test_a_direct_message_is_an_ask(slack: FakeSlack, reached: Desk) -> None:
    assert (await slack.dm("status", user="U1")).ok

    [ask] = reached.asks
    assert (ask.text, ask.place, ask.loud) == ("status", Place("slack", "T1", "DU1", user="U1"), True)


@pytest.mark.parametrize("more", [{"bot_id": "B9"}, {"subtype": "message_changed"}, {"edited": {"ts": "1"}}])
async def test_machines_and_edits_are_not_asks(slack: FakeSlack, by_http: Desk, more: dict[str, Any]) -> None:
    assert (await slack.dm("status", **more)).ok
    assert (await slack.dm("status", user="UBOT")).ok
    assert not by_http.received


async def test_a_button_asks_what_it_carries_about_the_message_it_is_on(slack: FakeSlack, reached: Desk) -> None:
    ts = await reached.send(CARD)
    assert (await slack.click(slack.messages("C1")[0], "Claim", user="U2")).ok

    [ask] = reached.asks
    assert (ask.text, ask.user, ask.clicked, ask.place.message) == ("claim 3f9a1c", "slack:U2", True, ts)
    assert ask.key.startswith(f"slack:act:T1:C1:{ts}:ask:0:U2:")


async def test_a_button_on_a_private_message_leaves_only_its_address(slack: FakeSlack, reached: Desk) -> None:
    await reached.send(CARD, Kind.PRIVATE)
    await slack.click(slack.private("U1")[0], "Snooze")

    [ask] = reached.asks
    assert ask.place.message == ""
    assert ask.place.url


async def test_two_clicks_of_one_person_are_two_asks_but_a_copy_is_none(slack: FakeSlack, reached: Desk) -> None:
    await reached.send(CARD)
    click = slack.pressed(slack.messages("C1")[0], "Claim")
    for _ in range(4):
        assert (await slack.send(click)).ok
    await slack.click(slack.messages("C1")[0], "Claim")

    assert len(reached.received) == 5
    assert len(reached.asks) == 2


async def test_each_event_delivered_four_times_is_one_ask(slack: FakeSlack, reached: Desk) -> None:
    await slack.mention("waste", copies=4)
    await slack.dm("forecast", copies=4)

    assert [ask.text for ask in reached.received] == ["waste"] * 4 + ["forecast"] * 4
    assert [ask.text for ask in reached.asks] == ["waste", "forecast"]


async def test_a_command_that_is_redelivered_is_one_ask(slack: FakeSlack, reached: Desk) -> None:
    command = slack.command("/finops assess")
    for _ in range(3):
        assert (await slack.send(command)).ok

    assert len(reached.received) == 3
    assert len(reached.asks) == 1


async def test_a_command_that_was_not_saved_says_so(slack: FakeSlack, reached: Desk) -> None:
    reached.trouble = not_saved()
    said = await slack.type("/finops forecast")

    assert said.ok
    assert "not saved" in said.text


async def test_a_click_that_was_not_saved_says_so_to_its_clicker(slack: FakeSlack, reached: Desk) -> None:
    await reached.send(CARD)
    reached.trouble = not_saved()
    assert (await slack.click(slack.messages("C1")[0], "Claim", user="U2")).ok

    assert ["not saved" in message["text"] for message in slack.private("U2")] == [True]


async def test_an_event_that_was_not_saved_is_handed_over_again(slack: FakeSlack, by_http: Desk) -> None:
    by_http.trouble = not_saved()
    event = slack.event({"type": "app_mention", "user": "U1", "text": "<@UBOT> waste", "channel": "C1", "ts": "1.1"})
    assert (await slack.send(event)).status == 503

    by_http.trouble = None
    assert (await slack.send(event, retry=1)).ok
    assert len(by_http.asks) == 1


async def test_an_event_that_is_never_saved_is_confessed_at_the_last_retry(slack: FakeSlack, by_http: Desk) -> None:
    by_http.trouble = not_saved()
    said = await slack.mention("waste", user="U2")

    assert said.status == 503
    assert ["not saved" in message["text"] for message in slack.private("U2")] == [True]


async def test_an_unacknowledged_socket_event_comes_again(slack: FakeSlack) -> None:
    async with over_socket(slack) as reached:
        reached.trouble, slack.patience = not_saved(), 0.3
        event = slack.event({"type": "app_mention", "user": "U1", "text": "<@UBOT> hi", "channel": "C1", "ts": "1.1"})
        assert (await slack.send(event)).status == 0
        reached.trouble = None
        assert (await slack.send(event, retry=1)).ok
        assert len(reached.asks) == 1


async def test_a_socket_is_made_anew_when_slack_asks_for_it(slack: FakeSlack) -> None:
    async with over_socket(slack) as reached:
        await slack.type("/finops forecast")
        await slack.refresh_sockets()
        assert (await slack.type("/finops waste")).ok
        assert [ask.text for ask in reached.asks] == ["forecast", "waste"]


async def test_a_bug_of_ours_is_answered_in_private(slack: FakeSlack, by_http: Desk) -> None:
    await by_http.send(CARD)
    by_http.trouble = RuntimeError("a bug")

    assert "broke on our side" in (await slack.type("/finops forecast")).text
    assert (await slack.click(slack.messages("C1")[0], "Claim")).ok
    assert "broke on our side" in slack.private("U1")[0]["text"]
    assert (await slack.mention("waste")).status == 503


async def test_unknown_buttons_and_commands_are_answered(slack: FakeSlack, reached: Desk) -> None:
    await reached.send(CARD)
    click = slack.pressed(slack.messages("C1")[0], "Claim")
    click["actions"][0]["action_id"] = "approve"
    assert (await slack.send(click)).ok
    assert "out of date" in slack.private("U1")[0]["text"]

    said = await slack.type("/costs please")
    assert said.ok and "/finops" in said.text
    assert not reached.received


async def test_events_that_nobody_asked_for_are_acknowledged(slack: FakeSlack, by_http: Desk) -> None:
    assert (await slack.send(slack.event({"type": "team_join", "user": {"id": "U9"}}))).ok
    assert (await slack.send(slack.event({"type": "message", "channel_type": "channel", "user": "U1"}))).ok
    assert not by_http.received


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("forecast team=<http://search.example|search.example>", "forecast team=search.example"),
        ("forecast <https://a.example/b>", "forecast https://a.example/b"),
        ("claim 3f9 for <mailto:ann@x.example|ann@x.example>", "claim 3f9 for ann@x.example"),
        ("watch <#C1|finops>", "watch #finops"),
        ("why a &amp; b &lt;c&gt; &amp;lt;", "why a & b <c> &lt;"),
    ],
)
def test_what_slack_did_to_the_words_is_undone(typed: str, meant: str) -> None:
    assert as_typed(typed) == meant


async def test_the_word_payload_in_a_command_is_only_a_word(slack: FakeSlack, by_http: Desk) -> None:
    await slack.type("/finops explain payload=x")

    assert [ask.text for ask in by_http.asks] == ["explain payload=x"]


async def test_strangers_are_refused_without_a_trace(slack: FakeSlack, reached: Desk) -> None:
    await reached.send(CARD)
    assert "does not serve" in (await slack.type("/finops forecast", team_id="T2")).text
    click = slack.pressed(slack.messages("C1")[0], "Claim")
    assert (await slack.send({**click, "user": {**click["user"], "team_id": "T2"}})).ok
    assert (await slack.send({**click, "team": {"id": "T2"}})).ok
    guest = {"type": "app_mention", "user": "U7", "user_team": "T2", "text": "hi", "channel": "C1", "ts": "1.1"}
    assert (await slack.send(slack.event(guest))).ok

    assert not reached.received
    assert not slack.ephemerals


async def test_another_app_is_refused_where_ours_is_named(slack: FakeSlack) -> None:
    async with over_http(slack, app_id="A1") as reached:
        assert "does not serve" in (await slack.type("/finops forecast", api_app_id="A2")).text
        assert (await slack.type("/finops forecast")).text == ""
        assert len(reached.asks) == 1
