"""Parcels arrive in Slack once, in words if not in pictures, and what went wrong is told apart."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.ports import DeliveryError, Gone, Kind, Later, Parcel, Paused, Place, Profile, Unclear, Undeliverable
from bot.slack.app import recognise
from bot.slack.post import trusted
from bot.slack.render import pictures
from commands.core.answer import Answer, Button, Buttons, Chart, Facts, Text
from tests.bot.slack.desk import Desk, desk, picture
from tests.fake_slack import FakeSlack, Fault, Status, Throttle

ANSWER = Answer("Forecast", (Facts((("November", "12,345.67 USD"),)),))
DRAWN = Answer("Forecast", (Text("This month"), Chart(picture()), Buttons((Button("Claim", "claim 3f"),))))


async def test_a_post_carries_its_delivery_id_and_notifies_nobody(slack: FakeSlack, sending: Desk) -> None:
    ts = await sending.send(ANSWER, name="digest/2026-11-23")

    [message] = slack.messages("C1")
    assert message["ts"] == ts
    assert message["metadata"] == {
        "event_type": "pitcrew_delivery",
        "event_payload": {"delivery_id": "digest/2026-11-23"},
    }
    quiet = {"unfurl_links": False, "unfurl_media": False, "link_names": False, "mrkdwn": False, "parse": "none"}
    assert quiet.items() <= message.items()
    assert message["text"] == "Forecast\nNovember: 12,345.67 USD"


async def test_a_post_may_go_under_another_message(slack: FakeSlack, sending: Desk) -> None:
    root = await sending.send(ANSWER)
    await sending.send(ANSWER, name="p2", thread=root)

    assert slack.messages("C1")[1]["thread_ts"] == root


async def test_a_channel_may_be_named(slack: FakeSlack, sending: Desk) -> None:
    for number in range(250):
        slack.channel(f"C{number + 100}", f"team-{number}")
    await sending.send(ANSWER, conversation="#team-249")
    await sending.send(ANSWER, conversation="#team-3", name="p2")

    assert len(slack.messages("C349")) == len(slack.messages("C103")) == 1
    assert len(slack.called("users.conversations")) == 2  # two pages, once


async def test_a_channel_without_pitcrew_is_undeliverable_and_says_how_to_invite_it(sending: Desk) -> None:
    with pytest.raises(Undeliverable, match=r"no channel named #secret: type /invite @Pitcrew"):
        await sending.send(ANSWER, conversation="#secret")


async def test_without_a_conversation_a_post_opens_a_direct_message(slack: FakeSlack, sending: Desk) -> None:
    await sending.send(ANSWER, conversation="", user="U2")

    assert [message["text"][:8] for message in slack.private("U2")] == ["Forecast"]


async def test_an_edit_takes_the_place_of_its_message(slack: FakeSlack, sending: Desk) -> None:
    ts = await sending.send(DRAWN)
    assert await sending.send(ANSWER, Kind.EDIT, message=ts) == ts

    [message] = slack.messages("C1")
    assert [block["type"] for block in message["blocks"]] == ["header", "rich_text"]


async def test_a_private_answer_goes_where_it_was_asked(slack: FakeSlack, sending: Desk) -> None:
    assert await sending.send(ANSWER, Kind.PRIVATE, url=slack.reply_address("C1", "U1")) == ""

    assert len(slack.private("U1")) == 1
    assert not slack.messages("C1")
    assert not slack.called("chat.postEphemeral")


async def test_a_private_answer_after_half_an_hour_is_still_private(slack: FakeSlack, sending: Desk) -> None:
    url = slack.reply_address("C1", "U1")
    slack.advance(1900)
    await sending.send(ANSWER, Kind.PRIVATE, url=url)

    assert len(slack.private("U1")) == 1
    assert slack.called("chat.postEphemeral")[0]["user"] == "U1"


async def test_a_sixth_answer_to_one_ask_still_arrives(slack: FakeSlack, sending: Desk) -> None:
    url = slack.reply_address("C1", "U1")
    for number in range(6):
        await sending.send(ANSWER, Kind.PRIVATE, name=f"p{number}", url=url)

    assert len(slack.private("U1")) == 6


async def test_where_no_private_answer_can_be_shown_it_goes_by_direct_message(slack: FakeSlack, sending: Desk) -> None:
    slack.channel("C2", "elsewhere", "U2")
    await sending.send(ANSWER, Kind.PRIVATE, conversation="C2")
    await sending.send(ANSWER, Kind.PRIVATE, conversation="C404", name="p2")

    assert [message["channel"] for message in slack.private("U1")] == ["DU1", "DU1"]
    assert not slack.messages("C2")


async def test_in_a_direct_message_a_private_answer_is_simply_posted(slack: FakeSlack, sending: Desk) -> None:
    await slack_dm(slack)
    assert await sending.send(ANSWER, Kind.PRIVATE, conversation="DU1")
    assert not slack.called("chat.postEphemeral")


async def test_a_swap_takes_the_place_of_a_private_message(slack: FakeSlack, sending: Desk) -> None:
    await sending.send(DRAWN, Kind.PRIVATE)
    seen = slack.private("U1")[0]
    await sending.send(ANSWER, Kind.SWAP, url=slack.reply_address("C1", "U1", seen["ts"]))

    [message] = slack.private("U1")
    assert "12,345.67" in message["text"]


async def test_a_swap_that_comes_too_late_is_shown_in_private(slack: FakeSlack, sending: Desk) -> None:
    url = slack.reply_address("C1", "U1", "1.1")
    slack.advance(1900)
    await sending.send(ANSWER, Kind.SWAP, url=url)

    assert len(slack.private("U1")) == 1
    assert not slack.messages("C1")


@pytest.mark.parametrize(
    ("url", "is_trusted"),
    [
        ("https://hooks.slack.com/commands/T1/2/3", True),
        ("https://hooks.slack-gov.com/actions/T1/2/3", True),
        ("http://127.0.0.1:8080/reply/1", True),
        ("http://hooks.slack.com/commands/T1", False),
        ("https://hooks.slack.com:8443/commands/T1", False),
        ("https://hooks.slack.com.evil.example/", False),
        ("https://hooks.slack.com@evil.example/", False),
        ("https://me@hooks.slack.com/", False),
        ("http://127.0.0.1:8081/reply/1", False),
        ("http://127.0.0.1/reply/1", False),
        ("https://127.0.0.1:8080/reply/1", False),
        ("http://169.254.169.254/latest", False),
        ("http://127.0.0.1:99999999/", False),
        ("http://[::1", False),
        ("file:///etc/passwd", False),
        ("", False),
    ],
)
def test_answers_go_to_slacks_own_hosts_only(url: str, is_trusted: bool) -> None:
    assert trusted(url, "http://127.0.0.1:8080/api/") is is_trusted


async def test_an_address_elsewhere_is_never_called(slack: FakeSlack, sending: Desk) -> None:
    await sending.send(ANSWER, Kind.PRIVATE, url="http://127.0.0.1:9/reply")
    assert len(slack.private("U1")) == 1


# --- pictures -------------------------------------------------------------------------------------------------------


async def test_a_picture_is_uploaded_once_and_shown_from_its_file(slack: FakeSlack, sending: Desk) -> None:
    await sending.send(DRAWN)
    await sending.send(DRAWN, name="p2", conversation="C1")

    [file] = slack.files.values()
    assert (file.name, file.completed, file.alt) == ("forecast.png", True, picture().alt)
    assert [block["slack_file"]["id"] for block in _images(slack)] == [file.id, file.id]
    assert all("channel_id" not in args for args in slack.called("files.completeUploadExternal"))


async def test_a_picture_is_shown_when_slack_is_done_with_it(slack: FakeSlack, sending: Desk) -> None:
    slack.busy_looks = 2
    await sending.send(DRAWN)

    assert len(_images(slack)) == 1
    assert len(slack.called("files.info")) == 3


async def test_a_picture_that_slack_takes_long_for_is_tried_again(slack: FakeSlack, sending: Desk) -> None:
    slack.busy_looks = 6
    await sending.send(DRAWN)

    assert len(_images(slack)) == 1
    assert len(slack.messages("C1")) == 1


async def test_a_picture_that_never_becomes_usable_is_told_in_words(slack: FakeSlack, sending: Desk) -> None:
    slack.busy_looks = 1000
    await sending.send(DRAWN)

    [message] = slack.messages("C1")
    assert not _images(slack)
    assert picture().alt in str(message["blocks"])
    assert message["blocks"][-1]["type"] == "actions"


@pytest.mark.parametrize("method", ["files.getUploadURLExternal", "files.completeUploadExternal", "files.info"])
async def test_a_picture_that_slack_refuses_is_told_in_words(slack: FakeSlack, sending: Desk, method: str) -> None:
    slack.fail(method, "not_allowed_token_type", "storage_limit_reached")
    parcel = replace(sending.parcel(DRAWN), attempt=5)
    await sending.platform.send(parcel)

    assert picture().alt in str(slack.messages("C1")[0]["blocks"])


async def test_an_upload_that_broke_is_tried_once_more_and_then_left(slack: FakeSlack, sending: Desk) -> None:
    slack.fail("upload", Status(500), Fault.CUT)
    parcel = sending.parcel(DRAWN)
    with pytest.raises(Later):
        await sending.platform.send(parcel)
    assert not slack.messages("C1")

    await sending.platform.send(replace(parcel, attempt=2))
    assert not _images(slack)
    assert len(slack.messages("C1")) == 1


async def test_slacks_limits_on_uploads_are_waited_for(slack: FakeSlack, sending: Desk) -> None:
    slack.fail("files.getUploadURLExternal", Throttle(17))
    with pytest.raises(Later) as caught:
        await sending.send(DRAWN)
    assert caught.value.seconds == 17


# --- content that Slack refuses -------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", ["invalid_blocks", "msg_too_long", "msg_blocks_too_long"])
@pytest.mark.parametrize("kind", [Kind.POST, Kind.EDIT, Kind.PRIVATE])
async def test_blocks_that_are_refused_give_way_to_plain_text(
    slack: FakeSlack, sending: Desk, error: str, kind: Kind
) -> None:
    ts = await sending.send(DRAWN, name="before") if kind is Kind.EDIT else ""
    method = {Kind.POST: "chat.postMessage", Kind.EDIT: "chat.update", Kind.PRIVATE: "response_url"}[kind]
    slack.fail(method, error)
    await sending.send(ANSWER, kind, message=ts, url=slack.reply_address("C1", "U1"))

    [message] = slack.private("U1") if kind is Kind.PRIVATE else slack.messages("C1")
    assert "12,345.67" in message["text"]
    assert not message.get("blocks")


async def test_text_that_is_refused_too_is_undeliverable(slack: FakeSlack, sending: Desk) -> None:
    slack.fail("chat.postMessage", "invalid_blocks", "invalid_blocks")
    with pytest.raises(Undeliverable, match="invalid_blocks"):
        await sending.send(ANSWER)
    assert len(slack.called("chat.postMessage")) == 2


# --- what went wrong ------------------------------------------------------------------------------------------------

PAUSED = ["account_inactive", "invalid_auth", "not_authed", "org_login_required", "token_expired", "token_revoked"]
GONE = ["cant_update_message", "edit_window_closed", "message_not_found"]
NEVER = ["channel_not_found", "is_archived", "missing_scope", "not_in_channel", "restricted_action", "user_not_found"]
UNWELL = ["fatal_error", "internal_error", "service_unavailable", "request_timeout"]


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        *((error, Paused) for error in PAUSED),
        *((error, Gone) for error in GONE),
        *((error, Undeliverable) for error in NEVER),
        *((error, Unclear) for error in UNWELL),
        *((error, Later) for error in ("ratelimited", "rate_limited", "message_limit_exceeded")),
        *((Status(status), Unclear) for status in (500, 502, 503, 504)),
        *((fault, Unclear) for fault in Fault),
        (Throttle(30), Later),
        ("something_new", Later),
    ],
)
@pytest.mark.parametrize("method", ["chat.postMessage", "chat.update"])
async def test_each_failure_is_of_its_kind(
    slack: FakeSlack, method: str, failure: Fault | Status | Throttle | str, kind: type[DeliveryError]
) -> None:
    async with desk(slack, seconds=0.3) as sending:
        ts = await sending.send(ANSWER, name="before")
        slack.fail(method, failure)
        with pytest.raises(kind):
            await sending.send(ANSWER, Kind.POST if method == "chat.postMessage" else Kind.EDIT, message=ts)


async def test_slack_says_itself_how_long_to_wait(slack: FakeSlack, sending: Desk) -> None:
    slack.fail("chat.postMessage", Throttle(42))
    slack.fail("response_url", Throttle(7))
    with pytest.raises(Later) as caught:
        await sending.send(ANSWER)
    assert caught.value.seconds == 42
    with pytest.raises(Later) as caught:
        await sending.send(ANSWER, Kind.PRIVATE, url=slack.reply_address("C1", "U1"))
    assert caught.value.seconds == 7


async def test_slacks_own_pace_is_one_message_a_second_and_channel(slack: FakeSlack, sending: Desk) -> None:
    slack.paced = True
    await sending.send(ANSWER)
    with pytest.raises(Later):
        await sending.send(ANSWER, name="p2")
    slack.advance(1)
    await sending.send(ANSWER, name="p2")

    assert len(slack.messages("C1")) == 2


async def test_an_error_that_nobody_knows_is_parked_in_the_end(slack: FakeSlack, sending: Desk) -> None:
    slack.fail("chat.postMessage", "something_new", "something_new")
    with pytest.raises(Later):
        await sending.platform.send(replace(sending.parcel(ANSWER), attempt=4))
    with pytest.raises(Undeliverable, match="something_new"):
        await sending.platform.send(replace(sending.parcel(ANSWER), attempt=5))


async def test_a_response_url_that_broke_is_unclear(slack: FakeSlack) -> None:
    async with desk(slack, seconds=0.3) as sending:
        for failure in (Status(502), Fault.HANG, Fault.TAKEN_THEN_CUT, Fault.TAKEN_THEN_500):
            slack.fail("response_url", failure)
            with pytest.raises(Unclear):
                await sending.send(ANSWER, Kind.PRIVATE, url=slack.reply_address("C1", "U1"))


async def test_a_slack_that_cannot_be_reached_took_nothing(sending: Desk) -> None:
    sending.platform.client.base_url = "http://127.0.0.1:9/api/"
    with pytest.raises(Later, match="cannot be reached"):
        await sending.send(ANSWER)


async def test_a_token_that_slack_refuses_is_told_at_once(slack: FakeSlack, sending: Desk) -> None:
    slack.fail("auth.test", "invalid_auth")
    with pytest.raises(Exception, match=r"Slack refuses SLACK_BOT_TOKEN \(invalid_auth\)"):
        await recognise(sending.platform.client)


# --- did it arrive? -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("thread", [False, True])
@pytest.mark.parametrize("fault", [Fault.TAKEN_THEN_CUT, Fault.TAKEN_THEN_500, Fault.CUT])
async def test_an_unclear_post_is_found_if_it_arrived(
    slack: FakeSlack,
    sending: Desk,
    fault: Fault,
    thread: bool,
) -> None:
    root = await sending.send(ANSWER, name="root") if thread else ""
    parcel = replace(sending.parcel(ANSWER, name="p2", thread=root), first_try=slack.clock())
    slack.fail("chat.postMessage", fault)
    with pytest.raises(Unclear):
        await sending.platform.send(parcel)
    for number in range(120):  # people go on talking
        slack.channels["C1"].messages.append(
            {"ts": slack._ts(), "text": f"chat {number}", "user": "U2", **({"thread_ts": root} if thread else {})}
        )

    found = await sending.platform.find(parcel)
    arrived = [one["ts"] for one in slack.ours("C1") if one["ts"] != root]
    assert [found] == (arrived or [None])
    assert bool(arrived) is (fault is not Fault.CUT)


async def test_a_message_from_long_before_is_not_looked_at(slack: FakeSlack, sending: Desk) -> None:
    await sending.send(ANSWER)
    slack.advance(3600)
    assert await sending.platform.find(replace(sending.parcel(ANSWER), first_try=slack.clock())) is None


async def test_only_posts_leave_a_trace(slack: FakeSlack, sending: Desk) -> None:
    assert await sending.platform.find(sending.parcel(ANSWER, Kind.PRIVATE)) is None
    assert not slack.called("conversations.history")


async def test_where_we_may_not_look_nothing_is_found(slack: FakeSlack, sending: Desk) -> None:
    slack.fail("conversations.history", "missing_scope", Throttle(9))
    assert await sending.platform.find(sending.parcel(ANSWER)) is None
    with pytest.raises(Later):
        await sending.platform.find(sending.parcel(ANSWER))


async def test_a_late_twin_is_found_and_withdrawn(slack: FakeSlack, sending: Desk) -> None:
    parcel: Parcel = replace(sending.parcel(ANSWER), first_try=slack.clock())
    first = await sending.platform.send(parcel)
    twin = await sending.platform.send(parcel)
    assert await sending.platform.find(parcel) == twin

    await sending.platform.withdraw(parcel.place, twin)
    await sending.platform.withdraw(parcel.place, twin)  # once more is as good
    assert await sending.platform.find(parcel) == first


async def test_a_whisper_never_raises(slack: FakeSlack, sending: Desk) -> None:
    place = Place("slack", "T1", "C1", user="U1")
    slack.fail("chat.postEphemeral", "something_new")
    await sending.platform.whisper(place, "lost")
    await sending.platform.whisper(place, "*heard* <!channel>")

    assert [message["text"] for message in slack.private("U1")] == ["\u200b*\u200bheard\u200b*\u200b &lt;!channel&gt;"]


async def test_people_are_called_by_their_names(slack: FakeSlack, sending: Desk) -> None:
    slack.fail("users.info", Status(500))
    assert (await sending.platform.person("U1")).name == "U1"
    slack.users["U1"] |= {"locale": "de-DE", "tz": "Europe/Berlin"}
    known = Profile("Person U1", "", "Europe/Berlin", "de-DE")
    assert [await sending.platform.person("U1") for _ in range(2)] == [known] * 2
    assert len(slack.called("users.info")) == 2


def _images(slack: FakeSlack) -> list[dict[str, dict[str, str]]]:
    found = [block for one in slack.messages("C1") for block in one["blocks"] if block["type"] == "image"]
    assert not any(pictures(one) for one in slack.messages("C1"))
    return found


async def slack_dm(slack: FakeSlack) -> None:
    """Make sure there is a direct message conversation with U1."""
    slack.channel("DU1", "DU1", "U1", private=True)


async def test_many_channels_are_asked_about_at_once(slack: FakeSlack, sending: Desk) -> None:
    for number in range(60):
        slack.channel(f"C5{number}", f"digest-{number}")
    slack.channel("C599", "with-others").shared = True
    for number in range(60):
        await sending.send(ANSWER, conversation=f"C5{number}", name=f"d{number}")
    with pytest.raises(Undeliverable, match="shared with another company"):
        await sending.send(ANSWER, conversation="C599", name="d99")

    assert len(slack.called("users.conversations")) == 1 and not slack.called("conversations.info")
