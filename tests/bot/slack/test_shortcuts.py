"""Shortcuts on a message and beside it, and links to our charts that somebody pastes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import pytest

from bot.ports import Kind, Parcel
from bot.slack.links import Charts
from bot.web.pictures import Pictures
from charts.picture import Picture
from commands.core.registry import words_of
from tests.bot.slack.desk import Desk, not_saved, over_http, picture
from tests.fake_slack import FakeSlack


async def test_a_message_that_is_pointed_at_is_asked_about_in_private(slack: FakeSlack, reached: Desk) -> None:
    said = {"channel": "C1", "ts": "1.1", "text": "EC2 in “prod” isn’t &lt; $400 <https://a.example|here>"}
    assert (await slack.shortcut({**said, "attachments": [{"fallback": "and 'more'"}]}, user="U2")).ok

    [ask] = reached.asks
    assert words_of(ask.text) == ["explain", "EC2 in \"prod\" isn't < $400 here and 'more'"]
    assert (ask.user, ask.loud, ask.place.message, ask.place.conversation) == ("slack:U2", False, "", "C1")
    assert ask.place.url


async def test_pointing_twice_by_one_trigger_is_one_ask(slack: FakeSlack, reached: Desk) -> None:
    payload = slack._reached("explain", "U1") | {
        "type": "message_action",
        "channel": {"id": "C1"},
        "message": {"text": "x"},
    }
    await slack.send(payload)
    await slack.send(payload)

    assert len(reached.received) == 2 and len(reached.asks) == 1


async def test_what_was_pointed_at_and_not_saved_is_told(slack: FakeSlack, by_http: Desk) -> None:
    by_http.trouble = not_saved()
    assert (await slack.shortcut({"channel": "C1", "ts": "1.1", "text": "x"})).ok
    assert "not saved" in slack.private("U1")[0]["text"]


async def test_the_shortcut_beside_messages_asks_by_a_form(slack: FakeSlack, reached: Desk) -> None:
    assert (await slack.reach_for("ask", user="U2")).ok
    assert (await slack.fill_in({"text": "why is prod up?"}, user="U2")).ok

    [ask] = reached.asks
    assert words_of(ask.text) == ["explain", "text=why is prod up?"]
    assert (ask.place.conversation, ask.place.user) == ("", "U2")


async def test_a_shortcut_of_another_version_does_nothing(slack: FakeSlack, reached: Desk) -> None:
    assert (await slack.reach_for("buy")).ok
    assert not reached.asks


@dataclass
class Links:
    """A deployment whose charts can be linked to."""

    slack: FakeSlack
    desk: Desk
    pictures: Pictures
    parcels: list[Parcel] = field(default_factory=list)

    async def delivered(self) -> None:
        for parcel in self.parcels:
            await self.desk.platform.send(parcel)


@pytest.fixture
async def links(slack: FakeSlack) -> AsyncIterator[Links]:
    shelf: dict[str, Picture] = {}
    pictures = Pictures("https://pitcrew.example", b"0123456789abcdef", shelf.__getitem__, slack.clock)
    put: list[Parcel] = []

    def mail(parcels: Sequence[Parcel]) -> None:
        put.extend(parcels)

    async with over_http(slack, charts=Charts(pictures.opened, mail)) as found:
        shelf[picture().digest] = found.shelf.pictures[picture().digest] = picture()
        yield Links(slack, found, pictures, put)


async def test_a_link_to_a_chart_of_ours_is_shown_under_its_message(slack: FakeSlack, links: Links) -> None:
    url = links.pictures.link(picture().digest, slack.clock())
    assert (await slack.link(url, "https://elsewhere.example/pictures/x")).ok
    [parcel] = links.parcels
    assert parcel.kind is Kind.UNFURL
    slack.messages("C1")[0]["text"] = url
    await links.delivered()

    [shown] = slack.messages("C1")[0]["attachments"]
    assert shown["from_url"] == url
    assert [block["type"] for block in shown["blocks"]] == ["image"]


async def test_a_link_that_is_over_or_forged_stays_a_link(slack: FakeSlack, links: Links) -> None:
    url = links.pictures.link(picture().digest, slack.clock())
    await slack.link(url + "x", url.replace("sig=", "sig=A"), url.replace("https://pitcrew", "http://pitcrew"))
    assert not links.parcels

    slack.advance(40 * 86_400)
    await slack.link(url)
    assert not links.parcels
