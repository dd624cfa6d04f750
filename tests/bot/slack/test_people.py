"""People in Slack: who has that address, and what time it is for them."""

from __future__ import annotations

from bot.slack.people import SlackPeople
from tests.bot.slack.desk import Desk
from tests.fake_slack import FakeSlack, Status

ANA = {"email": "ana@apex.example", "tz": "Europe/Berlin", "locale": "de-DE"}


def people(slack: FakeSlack, sending: Desk) -> SlackPeople:
    slack.users["U1"] |= ANA
    return SlackPeople(sending.platform.client)


async def test_an_address_finds_its_person_whatever_its_case_and_slack_is_asked_once(
    slack: FakeSlack, sending: Desk
) -> None:
    known = people(slack, sending)

    assert [await known.by_email(said) for said in ("Ana@Apex.example ", "ana@apex.example")] == ["U1", "U1"]
    assert len(slack.called("users.lookupByEmail")) == 1


async def test_an_address_that_nobody_has_is_nobodys(slack: FakeSlack, sending: Desk) -> None:
    known = people(slack, sending)

    assert await known.by_email("who@apex.example") is None
    assert await known.by_email("who@apex.example") is None
    assert len(slack.called("users.lookupByEmail")) == 1


async def test_a_profile_tells_address_time_zone_and_locale(slack: FakeSlack, sending: Desk) -> None:
    found = await people(slack, sending).profile("U1")

    assert (found.name, found.email, found.timezone, found.locale) == (
        "Person U1",
        "ana@apex.example",
        "Europe/Berlin",
        "de-DE",
    )


async def test_when_slack_does_not_tell_nothing_is_made_up_and_it_is_asked_again(
    slack: FakeSlack, sending: Desk
) -> None:
    known = people(slack, sending)
    slack.fail("users.lookupByEmail", "missing_scope", Status(503))

    assert await known.by_email("ana@apex.example") is None
    assert await known.by_email("ana@apex.example") is None
    assert await known.by_email("ana@apex.example") == "U1"
    assert (await known.profile("U999")).email == ""
