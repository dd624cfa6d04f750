"""Answers arrive in Teams where they belong, and what goes wrong is sorted by what is to be done."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.ports import DeliveryError, Gone, Held, Kind, Later, Paused, Person, Priority, Unclear, Undeliverable
from bot.teams import render
from bot.teams.people import TeamsPeople
from bot.teams.wire import Wire
from charts.picture import Picture
from commands.core.answer import Answer, Chart, File, Table, Text
from tests.bot.teams.desk import Desk
from tests.bot.teams.desk import desk as a_desk
from tests.fake_teams import CHANNEL, PLATFORM, TEAM, TENANT, FakeTeams, Fault, Refusal, cards, words

ANSWER = Answer("Forecast", (Text("12.3k"),))
PNG = Picture(b"\x89PNG", "Forecast: 12.3k USD", "forecast")


async def test_a_post_is_the_root_of_a_thread_and_a_reply_goes_under_it(teams: FakeTeams, desk: Desk) -> None:
    root = await desk.send(ANSWER)
    reply = await desk.send(ANSWER, name="p2", thread=root)

    first, second = teams.messages(CHANNEL)
    assert root == f"{first['id']}/{first['id']}"
    assert reply == f"{first['id']}/{second['id']}"
    assert second["_thread"] == first["id"]
    assert first["summary"] == "Forecast"


async def test_a_route_by_name_finds_its_channel(teams: FakeTeams, desk: Desk) -> None:
    await teams.install(TEAM)
    await desk.send(ANSWER, conversation="Cloud/FinOps")
    await desk.send(ANSWER, name="p2", conversation="cloud/platform")
    assert len(teams.messages(CHANNEL)) == len(teams.messages(PLATFORM)) == 1


async def test_a_channel_that_nobody_knows_is_looked_for_and_then_said(teams: FakeTeams, desk: Desk) -> None:
    with pytest.raises(Undeliverable, match="in no Teams channel named Cloud/Nowhere: add its app to that team"):
        await desk.send(ANSWER, conversation="Cloud/Nowhere")
    assert any(call == "channels" for call, _ in teams.calls)


async def test_what_is_private_goes_to_the_personal_chat(teams: FakeTeams, desk: Desk) -> None:
    assert await desk.send(ANSWER, Kind.PRIVATE) == teams.private("U1")[0]["id"]
    assert not teams.messages(CHANNEL)


async def test_a_personal_chat_is_begun_with_somebody_who_was_met_in_a_team(teams: FakeTeams, desk: Desk) -> None:
    await teams.mention("waste", user="U2")
    await desk.send(ANSWER, Kind.PRIVATE, user="U2")
    assert len(teams.private("U2")) == 1
    with pytest.raises(Undeliverable, match="has not met Pitcrew"):
        await desk.send(ANSWER, Kind.PRIVATE, user="U9")


async def test_an_edit_takes_the_place_of_its_message(teams: FakeTeams, desk: Desk) -> None:
    root = await desk.send(ANSWER)
    await desk.send(Answer("Newer"), Kind.EDIT, name="p2", message=root)
    private = await desk.send(ANSWER, Kind.PRIVATE, name="p3")
    await desk.send(Answer("Swapped"), Kind.SWAP, name="p4", conversation="a:U1", url=private)

    assert ["Newer" in words(one) for one in teams.messages(CHANNEL)] == [True]
    assert ["Swapped" in words(one) for one in teams.private("U1")] == [True]


async def test_a_message_is_taken_back_and_gone_is_as_good(teams: FakeTeams, desk: Desk) -> None:
    root = await desk.send(ANSWER)
    place = desk.parcel(ANSWER).place
    await desk.platform.withdraw(place, root)
    await desk.platform.withdraw(place, root)
    assert not teams.messages(CHANNEL)


async def test_a_picture_is_linked_where_the_world_reaches_us_and_else_sent_along(teams: FakeTeams, desk: Desk) -> None:
    chart = Answer("Forecast", (Chart(PNG),))
    await desk.send(chart)
    desk.platform.picture_link = lambda digest: f"https://pitcrew.example/pictures/{digest}?sig=x"
    await desk.send(chart, name="p2")

    first, second = (str(cards(one)) for one in teams.messages(CHANNEL))
    assert "data:image/png;base64,iVBORw" in first
    assert f"https://pitcrew.example/pictures/{PNG.digest}?sig=x" in second


async def test_a_document_is_a_link_in_the_card_and_no_second_message(teams: FakeTeams, desk: Desk) -> None:
    answer = Answer("Chargeback", (File("october.csv", "text/csv", b"a,b", "Cost of October"),))
    desk.platform.document_link = lambda digest: f"https://pitcrew.example/documents/{digest}?sig=x"
    await desk.send(answer)
    assert await desk.send(answer, Kind.FILE, name="p2") == ""
    assert "https://pitcrew.example/documents/" in str(cards(teams.messages(CHANNEL)[0]))
    assert len(teams.messages(CHANNEL)) == 1


async def test_a_document_that_nobody_could_reach_says_what_is_missing(teams: FakeTeams, desk: Desk) -> None:
    await desk.send(Answer("Chargeback", (File("october.csv", "text/csv", b"a,b", "Cost of October"),)))
    assert "public_url" in words(teams.messages(CHANNEL)[0])


WAITS = [
    (Refusal(429, "TooManyRequests", retry_after="7"), 7),
    (Refusal(429, "TooManyRequests"), 2),
    (Refusal(412, "PreconditionFailed"), 2),
    (Refusal(502, "BadGateway"), 2),
    (Refusal(503, "ServiceUnavailable", retry_after="9999"), 120),
]


@pytest.mark.parametrize(("refusal", "seconds"), WAITS)
async def test_what_teams_asks_us_to_wait_for_is_tried_later(
    teams: FakeTeams, desk: Desk, refusal: Refusal, seconds: float
) -> None:
    teams.fail("begin", refusal)
    with pytest.raises(Later) as later:
        await desk.send(ANSWER)
    assert seconds <= later.value.seconds <= seconds + 1


async def test_each_try_waits_longer(teams: FakeTeams, desk: Desk) -> None:
    waited = []
    for attempt in range(1, 6):
        teams.fail("begin", Refusal(429))
        with pytest.raises(Later) as later:
            await desk.platform.send(replace(desk.parcel(ANSWER), attempt=attempt))
        waited.append(later.value.seconds)
    assert waited == sorted(waited) and waited[-1] > 30


@pytest.mark.parametrize("fault", [Fault.TAKEN_THEN_CUT, Fault.TAKEN_THEN_504, Fault.CUT, Refusal(502, html=True)])
async def test_an_unclear_alert_is_said_again_and_an_unclear_digest_is_held(
    teams: FakeTeams, desk: Desk, fault: Fault | Refusal
) -> None:
    teams.fail("begin", fault, fault)
    with pytest.raises(Later, match="may have arrived"):
        await desk.platform.send(replace(desk.parcel(ANSWER), priority=Priority.ALERT))
    with pytest.raises(Held, match="may have arrived"):
        await desk.platform.send(replace(desk.parcel(ANSWER), priority=Priority.DIGEST))
    assert [call for call, _ in teams.calls].count("begin") == 2, "the SDK tries nothing again behind our back"


async def test_after_a_kill_an_alert_is_said_again_and_a_digest_waits_for_a_person(desk: Desk) -> None:
    parcel = replace(desk.parcel(ANSWER), unclear=True)
    assert await desk.platform.find(replace(parcel, priority=Priority.ALERT)) is None
    with pytest.raises(Held):
        await desk.platform.find(replace(parcel, priority=Priority.DIGEST))


async def test_an_edit_that_is_unclear_is_only_repeated(teams: FakeTeams, desk: Desk) -> None:
    root = await desk.send(ANSWER)
    teams.fail("update", Fault.TAKEN_THEN_504)
    with pytest.raises(Unclear):
        await desk.send(ANSWER, Kind.EDIT, message=root)


async def test_a_time_out_is_unclear(teams: FakeTeams, tmp_path: Path) -> None:
    async with a_desk(teams, tmp_path, seconds=0.2) as desk:
        from bot.ports import Conversation

        desk.state.conversations.met(Conversation("teams", TENANT, CHANNEL, "channel", teams.service_url, TEAM))
        teams.fail("begin", Fault.HANG)
        with pytest.raises(Held):
            await desk.platform.send(replace(desk.parcel(ANSWER), priority=Priority.DIGEST))


GONE = [
    Refusal(403, "BotNotInConversationRoster"),
    Refusal(403, "MessageWritesBlocked"),
    Refusal(403, "ConversationBlockedByUser"),
    Refusal(404, "ConversationNotFound"),
]


@pytest.mark.parametrize("refusal", GONE, ids=lambda one: one.code)
async def test_a_conversation_that_wants_nothing_is_marked_and_not_tried_again(
    teams: FakeTeams, desk: Desk, refusal: Refusal
) -> None:
    teams.fail("begin", refusal)
    with pytest.raises(Undeliverable):
        await desk.send(ANSWER)
    found = desk.state.conversations.find("teams", TENANT, CHANNEL)
    assert found and not found.active and refusal.code in found.why
    with pytest.raises(Undeliverable, match=refusal.code):
        await desk.send(ANSWER, name="p2")
    assert [call for call, _ in teams.calls].count("begin") == 1
    await teams.mention("waste")
    await desk.send(ANSWER, name="p3")


async def test_a_message_that_is_gone_cannot_be_edited(desk: Desk) -> None:
    with pytest.raises(Gone):
        await desk.send(ANSWER, Kind.EDIT, message="1/1")


async def test_content_that_teams_refuses_is_said_in_plain_words(teams: FakeTeams, desk: Desk) -> None:
    teams.fail("begin", Refusal(400, "BadSyntax"))
    await desk.send(ANSWER)
    teams.fail("begin", Refusal(413, "MessageSizeTooBig"))
    await desk.send(ANSWER, name="p2")
    assert [one["text"] for one in teams.messages(CHANNEL)] == ["Forecast\n12.3k"] * 2


async def test_a_token_that_is_refused_pauses_everything(teams: FakeTeams, desk: Desk) -> None:
    teams.fail("begin", Refusal(401, "Unauthorized"))
    with pytest.raises(Paused, match="TEAMS_APP_PASSWORD"):
        await desk.send(ANSWER)

    def no_token() -> str:
        raise PermissionError("Entra refuses the app's credentials: AADSTS7000222 the secret has expired")

    wire = desk.platform.wire
    desk.platform.wire = Wire(wire.cloud, replace(wire.app, tokens=no_token))
    with pytest.raises(Paused, match="expired"):
        await desk.send(ANSWER)


async def test_a_stored_address_that_is_no_host_of_teams_is_sent_nothing(desk: Desk) -> None:
    book = desk.state.conversations
    found = book.find("teams", TENANT, CHANNEL)
    assert found
    book.met(replace(found, service_url="https://evil.trafficmanager.net/"))
    with pytest.raises(Undeliverable, match="no host of Teams"):
        await desk.send(ANSWER)


async def test_a_teams_that_is_down_is_tried_later(desk: Desk) -> None:
    book = desk.state.conversations
    found = book.find("teams", TENANT, CHANNEL)
    assert found
    book.met(replace(found, service_url="http://127.0.0.1:9/"))
    with pytest.raises(Later, match="cannot be reached"):
        await desk.send(ANSWER)


async def test_an_unknown_error_is_tried_a_few_times_and_then_parked(teams: FakeTeams, desk: Desk) -> None:
    for attempt, kind in ((1, Later), (5, Undeliverable)):
        teams.fail("begin", Refusal(418, "Teapot"))
        with pytest.raises(DeliveryError) as error:
            await desk.platform.send(replace(desk.parcel(ANSWER), attempt=attempt))
        assert isinstance(error.value, kind)


def test_an_answer_that_is_too_long_goes_on_in_the_next_message() -> None:
    table = Table(tuple("abcdef"), (("x" * 100,) * 6,) * 20)
    payload = render.render(Answer("Everything", (table,) * 5))
    pages = [payload, *payload["more"]]

    assert len(pages) > 1
    assert all(render.letters(page["card"]) <= 40_000 for page in pages)
    assert "It goes on in the next message." in words(payload["card"])
    assert f"Everything (2 of {len(pages)})" in words(pages[1]["card"])


async def test_people_are_known_by_what_the_roster_and_they_said(desk: Desk) -> None:
    book = desk.state.conversations
    book.introduced(Person("teams", TENANT, "U7", "29:U7", "Ann Lee", "Ann@Example.com"))
    book.introduced(Person("teams", TENANT, "U7", timezone="Europe/Berlin"))
    people = TeamsPeople(book, TENANT)

    assert await people.by_email(" ann@example.COM") == "U7"
    assert await people.by_email("nobody@example.com") is None
    found = await people.profile("U7")
    assert (found.name, found.email, found.timezone) == ("Ann Lee", "ann@example.com", "Europe/Berlin")
    assert (await people.profile("U8")).name == "U8"
