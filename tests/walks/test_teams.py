"""Teams from end to end: activities go in by signed requests, what is said comes out by the Bot Connector."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from analysis.findings import State
from tests.conftest import Talk
from tests.fake_teams import CHANNEL, FakeTeams, actions, cards, words
from tests.walks.teams_crew import TeamsWalk, teams_walk


@pytest.fixture
async def walking(talk: Talk) -> AsyncIterator[TeamsWalk]:
    """A crew that has assessed the sample company."""
    talk.ask("assess")
    async with FakeTeams.running() as teams, teams_walk(talk.crew, teams) as found:
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
