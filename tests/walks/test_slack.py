"""Slack from end to end: what is typed and clicked goes in by real Bolt, what is said comes out by Slack's API."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest

from analysis.findings import State
from tests.conftest import Talk
from tests.fake_slack import FakeSlack
from tests.walks.slack_crew import Walk, walk, words

pytestmark = pytest.mark.slow


@pytest.fixture(params=["http", "socket"])
async def walking(request: pytest.FixtureRequest, talk: Talk) -> AsyncIterator[Walk]:
    """A crew that has assessed the sample company, served in each of Slack's modes."""
    talk.ask("assess")
    async with FakeSlack.running() as slack, walk(talk.crew, slack, request.param) as found:
        yield found


async def test_a_slash_command_answers_its_asker_alone_with_a_chart(walking: Walk) -> None:
    slack = walking.slack
    assert (await slack.type("/finops forecast")).ok
    await walking.until(lambda: slack.private("U1"))

    [said] = slack.private("U1")
    [image] = [block for block in said["blocks"] if block["type"] == "image"]
    assert image["slack_file"]["id"] in slack.files
    assert "expected at month end" in image["alt_text"]
    assert "Expected at month end" in said["text"]
    assert not slack.ours("C1")


async def test_share_shows_it_to_the_channel(walking: Walk) -> None:
    slack = walking.slack
    await slack.type("/finops waste")
    await walking.until(lambda: slack.private("U1"))
    await slack.click(slack.private("U1")[-1], "Share to channel")
    await walking.until(lambda: slack.ours("C1"))

    assert "a month" in words(slack.ours("C1")[0])


async def test_a_mention_is_answered_in_its_thread_and_a_direct_message_where_it_is(walking: Walk) -> None:
    slack = walking.slack
    await slack.mention("status")
    await walking.until(lambda: slack.ours("C1"))
    assert slack.ours("C1")[0]["thread_ts"] == slack.messages("C1")[0]["ts"]

    await slack.dm("forecast team=search")
    await walking.until(lambda: slack.private("U1"))
    assert "Forecast of team search" in words(slack.private("U1")[0])


async def test_a_mistake_is_told_to_its_maker_alone(walking: Walk) -> None:
    slack = walking.slack
    await slack.mention("forcast")
    await walking.until(lambda: slack.private("U1"))

    assert "did you mean forecast" in words(slack.private("U1")[0])
    assert not slack.ours("C1")


async def test_a_claim_changes_every_message_that_shows_the_finding(walking: Walk) -> None:
    slack = walking.slack
    finding = walking.crew.state.findings.standing(State.OPEN)[0]
    first, _second = await walking.card(finding.short), await walking.card(finding.short)
    await slack.click(first, "Claim", user="U1")
    await walking.until(lambda: all("claimed by" in words(message) for message in slack.ours("C1")))

    for message in slack.ours("C1"):
        assert "u1" in words(message).lower()
        assert "Release" in words(message) and "\nClaim\n" not in words(message)
    assert walking.crew.state.findings.get(finding.id).owner == "slack:U1"


async def test_a_private_finding_is_swapped_for_its_claimed_self(walking: Walk) -> None:
    slack = walking.slack
    finding = walking.crew.state.findings.standing(State.OPEN)[0]
    await slack.type(f"/finops finding {finding.short}")
    await walking.until(lambda: slack.private("U1"))
    await slack.click(slack.private("U1")[0], "Claim")
    await walking.until(lambda: "claimed by" in words(slack.private("U1")[0]))

    assert len(slack.private("U1")) == 1


def claims(walking: Walk) -> Counter[str]:
    """How the clicks on Claim ended, by the audit."""
    lines = walking.crew.state.audit.lines(5000)
    return Counter(line.outcome.split(":")[0] for line in lines if line.ask.startswith("claim"))


async def one_race(walking: Walk, card: dict[str, Any], finding: str, rounds: int) -> None:
    """Two people press Claim at the same instant; the loser is told who won, and the winner gives it back."""
    slack, findings = walking.slack, walking.crew.state.findings
    both = await asyncio.gather(*(slack.click(card, "Claim", user=user) for user in ("U1", "U2")))
    assert all(one.ok for one in both)
    await walking.until(lambda: claims(walking).total() == 2 * rounds)
    winner = findings.get(finding).owner.removeprefix("slack:")
    loser = {"U1": "U2", "U2": "U1"}[winner]
    await walking.until(lambda: slack.private(loser))
    assert f"already claimed by {findings.get(finding).owner_name}" in words(slack.private(loser)[-1])
    slack.ephemerals.clear()
    await slack.type(f"/finops release {finding}", user=winner)
    await walking.until(lambda: findings.get(finding).state is State.OPEN and slack.private(winner))
    slack.ephemerals.clear()


async def test_two_people_claim_at_the_same_instant_two_hundred_times(walking: Walk) -> None:
    """One winner each time, and an audit row for each click."""
    rounds = 200
    finding = walking.crew.state.findings.standing(State.OPEN)[0].short
    card = await walking.card(finding)
    for number in range(1, rounds + 1):
        await one_race(walking, card, finding, number)

    assert claims(walking) == {"answered": rounds, "TooLate": rounds}


async def test_the_same_click_four_times_is_one_click(walking: Walk) -> None:
    slack, state = walking.slack, walking.crew.state
    finding = state.findings.standing(State.OPEN)[0]
    pressed = slack.pressed(await walking.card(finding.short), "Claim")
    for _ in range(4):
        assert (await slack.send(pressed)).ok
    await walking.until(lambda: state.findings.get(finding.id).state is State.CLAIMED)
    await walking.until(lambda: "claimed by" in words(slack.ours("C1")[-1]))

    assert len([line for line in state.audit.lines() if line.ask.startswith("claim")]) == 1
    assert not slack.private("U1")
