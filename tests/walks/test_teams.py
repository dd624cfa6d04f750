"""Teams from end to end: activities go in by signed requests, what is said comes out by the Bot Connector."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest

from analysis.findings import State
from bot.subscribed import place_of
from commands.core.cards import worth
from tests.conftest import Talk
from tests.fake_teams import CHANNEL, FakeTeams, actions, cards, words
from tests.fake_teams_cards import problems
from tests.walks.teams_crew import TeamsWalk, teams_walk

pytestmark = pytest.mark.slow


@pytest.fixture
async def walking(assessed: Talk) -> AsyncIterator[TeamsWalk]:
    """A crew that has assessed the sample company."""
    async with FakeTeams.running() as teams, teams_walk(assessed.crew, teams) as found:
        yield found
        assert not teams.wrong


async def test_a_message_is_answered_with_a_card_and_a_chart(walking: TeamsWalk) -> None:
    teams = walking.teams
    assert (await teams.say("forecast")).ok
    await walking.until(lambda: teams.private("U1"))

    [card] = cards(teams.private("U1")[0])
    assert "Forecast" in words(card)
    assert "data:image/png;base64," in str(card)
    assert ("send", "conversations/a:U1/activities") in teams.calls  # typing came before it


async def test_a_mention_is_answered_in_its_thread(walking: TeamsWalk) -> None:
    teams = walking.teams
    await teams.mention("/finops status", thread="1700000000000")
    await walking.until(lambda: teams.messages(CHANNEL))

    [said] = teams.messages(CHANNEL)
    assert said["_thread"] == "1700000000000"
    assert "How the crew is doing" in words(said)


async def test_a_claim_changes_the_clickers_card_and_everybody_elses(walking: TeamsWalk) -> None:
    teams = walking.teams
    finding = walking.crew.state.findings.standing(State.OPEN)[0]
    first, _second = await walking.card(finding.short), await walking.card(finding.short)
    said = await teams.click(first, "Claim", user="U1")

    assert said.status == 200 and said.body["statusCode"] == 200
    assert "claimed by Person U1" in words(said.body["value"])
    assert "Release" in {one["title"] for one in actions(said.body["value"])}
    await walking.until(lambda: all("claimed by Person U1" in words(one) for one in teams.messages(CHANNEL)))
    assert walking.crew.state.findings.get(finding.id).owner == "teams:U1"
    assert [one["_edits"] for one in teams.messages(CHANNEL)] == [1, 1]


async def test_the_second_wave_of_a_click_under_another_name_is_the_same_click(walking: TeamsWalk) -> None:
    teams, state = walking.teams, walking.crew.state
    finding = state.findings.standing(State.OPEN)[0]
    pressed = teams.pressed(await walking.card(finding.short), "Claim")
    first = await teams.send(pressed)
    teams.advance(31)
    again = [await teams.send({**pressed, "id": name}) for name in (pressed["id"], "1799999999999")]

    assert all("claimed by" in words(one.body["value"]) for one in (first, *again))
    assert len([line for line in state.audit.lines() if line.ask.startswith("claim")]) == 1


async def test_a_subscription_in_a_personal_chat_is_ones_own(walking: TeamsWalk) -> None:
    teams, state = walking.teams, walking.crew.state
    await teams.say("subscribe weekly 09:00 team=search", user="U1")
    await walking.until(lambda: "Subscribed" in str(list(map(words, teams.private("U1")))))

    [kept] = state.subscriptions.all()
    assert (kept.here.user, kept.here.conversation, kept.here.alone) == ("U1", "", True)
    assert place_of(kept.here).user == "U1"
    assert not teams.messages(CHANNEL) and not teams.private("U2")
    await teams.mention("routes", user="U2")
    told = await walking.until(lambda: teams.messages(CHANNEL))
    assert "direct messages of Person U1" in words(told[0]) and "a:U1" not in words(told[0])


async def test_the_search_beside_a_message_finds_findings_and_commands_as_cards_to_paste(walking: TeamsWalk) -> None:
    teams = walking.teams
    finding = walking.crew.state.findings.standing(State.OPEN)[0]
    said = await teams.search(finding.resource_name)
    hits = said.body["composeExtension"]

    assert said.status == 200 and (hits["type"], hits["attachmentLayout"]) == ("result", "list")
    found = next(one for one in hits["attachments"] if one["preview"]["content"]["title"] == finding.title)
    assert worth(finding) in found["preview"]["content"]["text"]
    assert finding.title in words(found["content"]) and not problems(found["content"])
    pasted = {"id": "1700000009999", "_where": "a:U1", "attachments": [found]}  # theirs, and no message of ours
    claimed = await teams.click(pasted, "Claim")
    assert walking.crew.state.findings.get(finding.id).owner == "teams:U1"
    assert "claimed by Person U1" in words(claimed.body["value"])

    [command, *_] = (await teams.search("forecast month")).body["composeExtension"]["attachments"]
    assert command["preview"]["content"]["title"] == "forecast"
    assert "/finops forecast" in words(command["content"]) and not problems(command["content"])
    assert (await teams.search("nothing is called so")).body["composeExtension"]["attachments"] == []
    assert len((await teams.search("")).body["composeExtension"]["attachments"]) == 15, "a page, and no more"

    asked = json.dumps(teams.invoked("composeExtension/query", {"commandId": "search", "parameters": []}, None, "U1"))
    forged = teams.token(key="somebody else's")
    for headers in ({}, {"Authorization": f"Bearer {forged}"}):
        assert (await teams.post(asked.encode(), headers)).status == 401


async def test_a_pasted_link_into_a_console_unfolds_as_the_finding_behind_it(walking: TeamsWalk) -> None:
    teams = walking.teams
    open_ones = walking.crew.state.findings.standing(State.OPEN)
    azure = next(one for one in open_ones if one.cloud == "azure")
    aws = next(one for one in open_ones if ":volume/" in one.resource_id)
    volume = aws.resource_id.rpartition("/")[2]
    links = {
        f"https://portal.azure.com/#@apex.example/resource{azure.resource_id}/overview": azure.title,
        f"https://us-east-1.console.aws.amazon.com/ec2/home#VolumeDetails:volumeId={volume}": aws.title,
    }
    for link, title in links.items():
        [card] = (await teams.paste(link)).body["composeExtension"]["attachments"]
        assert card["preview"]["content"]["title"] == title
        assert title in words(card["content"]) and not problems(card["content"])

    for other in ("https://portal.azure.com/#home", "https://evil.example/", "no link at all"):
        assert (await teams.paste(other)).body["composeExtension"]["attachments"] == []
