"""Who is in a group of Entra, and which channels of Teams another organization reads in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from analysis.errors import BadConfig
from bot import config as deployment
from bot.ports import Conversation, Later, Undeliverable
from bot.teams.groups import AGAIN_SECONDS, BELIEVED_SECONDS, FRESH_SECONDS, EntraGroups
from bot.teams.post import SHARED_SECONDS
from commands.core.answer import Answer
from tests.bot.teams.desk import Desk, desk
from tests.conftest import Talk
from tests.fake_teams import CHANNEL, TEAM, TENANT, TOKEN, FakeTeams, Refusal, words
from tests.walks.teams_crew import teams_walk

GROUP, OTHER = "0aa5c6a0-6f1c-4a0e-9f5b-3b6b2c1d7e01", "0aa5c6a0-6f1c-4a0e-9f5b-3b6b2c1d7e02"


@pytest.fixture
async def teams() -> AsyncIterator[FakeTeams]:
    async with FakeTeams.running() as running:
        yield running


class Watch:
    """A clock in seconds."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


def groups_of(teams: FakeTeams, watch: Watch, *groups: str) -> EntraGroups:
    return EntraGroups(f"{teams.url}/graph", lambda: TOKEN, groups or (GROUP,), watch)


def asked(teams: FakeTeams) -> int:
    return sum(call == "graph" for call, _ in teams.calls)


async def test_graph_is_asked_once_in_five_minutes_and_who_left_has_left_then(teams: FakeTeams) -> None:
    watch = Watch()
    groups = groups_of(teams, watch)
    teams.groups[GROUP] = {"U1"}
    assert await asyncio.to_thread(groups.has, GROUP, "U1")
    assert not await asyncio.to_thread(groups.has, OTHER, "U1"), "a group that no role names"
    assert not await asyncio.to_thread(groups.has, GROUP, "U2")
    assert asked(teams) == 2
    teams.groups[GROUP] = {"U2"}
    watch.at += FRESH_SECONDS - 1
    assert await asyncio.to_thread(groups.has, GROUP, "U1")
    assert asked(teams) == 2
    watch.at += 1
    assert not await asyncio.to_thread(groups.has, GROUP, "U1")


@pytest.mark.parametrize("status", [401, 403, 429, 500, 302])
async def test_while_graph_does_not_tell_somebody_is_believed_for_a_quarter_of_an_hour_and_then_in_no_group(
    teams: FakeTeams, status: int
) -> None:
    watch = Watch()
    groups = groups_of(teams, watch)
    teams.groups[GROUP] = {"U1"}
    assert await asyncio.to_thread(groups.has, GROUP, "U1")
    teams.fail("graph", *[Refusal(status)] * 3)
    watch.at += BELIEVED_SECONDS - 1
    assert await asyncio.to_thread(groups.has, GROUP, "U1")
    watch.at += 1
    assert not await asyncio.to_thread(groups.has, GROUP, "U1")
    assert asked(teams) == 2, "it is left alone for half a minute"
    watch.at += AGAIN_SECONDS
    assert not await asyncio.to_thread(groups.has, GROUP, "U1")
    assert asked(teams) == 3


async def test_somebody_whom_graph_never_told_of_is_in_no_group(teams: FakeTeams) -> None:
    teams.groups[GROUP] = {"U1", "nobody", "../groups"}
    teams.fail("graph", Refusal(500))
    assert not await asyncio.to_thread(groups_of(teams, Watch()).has, GROUP, "U1")
    assert not await asyncio.to_thread(groups_of(teams, Watch()).has, GROUP, "nobody")
    assert not await asyncio.to_thread(groups_of(teams, Watch()).has, GROUP, "../groups")


async def test_more_groups_than_graph_takes_at_once_are_asked_for_in_turns(teams: FakeTeams) -> None:
    many = [f"0aa5c6a0-6f1c-4a0e-9f5b-3b6b2c1d7{number:03d}" for number in range(45)]
    teams.groups[many[44]] = {"U1"}
    assert await asyncio.to_thread(groups_of(teams, Watch(), *many).has, many[44], "U1")
    assert asked(teams) == 3


@pytest.mark.parametrize("name", ["FinOps Team", "", "0aa5c6a0"])
def test_a_group_that_is_named_and_not_identified_stops_the_start(name: str) -> None:
    with pytest.raises(BadConfig, match="object id"):
        deployment.parse({"roles": {f"entra-group:{name}": ["read"]}}, lambda _: "toml:7")


async def test_a_group_of_entra_decides_when_somebody_asks_from_end_to_end(talk: Talk, teams: FakeTeams) -> None:
    teams.groups[GROUP] = {"U1"}
    async with teams_walk(talk.crew, teams, roles={f"entra-group:{GROUP}": ["read"]}) as walking:
        for user in ("U1", "U2"):
            await teams.say("help", user=user)
            await walking.until(partial(teams.private, user))
        assert "forecast" in words(teams.private("U1")[0])
        assert "needs the read permission" in words(teams.private("U2")[0])


# --- shared channels --------------------------------------------------------------------------------------------------

SAID = Answer("Cost: $1")


@pytest.fixture
async def post(teams: FakeTeams, tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk(teams, tmp_path) as found:
        yield found


async def met(teams: FakeTeams, post: Desk) -> None:
    post.state.conversations.met(
        Conversation("teams", TENANT, CHANNEL, "channel", teams.service_url, TEAM, "Cloud", "FinOps")
    )


async def test_nothing_is_posted_in_a_channel_that_another_organization_reads(teams: FakeTeams, post: Desk) -> None:
    await met(teams, post)
    teams.talks[CHANNEL].type = "shared"
    teams.joined("UELSE", tenantId="another-tenant")
    with pytest.raises(Undeliverable, match="shared with another organization"):
        await post.send(SAID)
    assert not teams.messages(CHANNEL)


async def test_a_channel_that_is_shared_within_the_organization_is_like_any_other(teams: FakeTeams, post: Desk) -> None:
    await met(teams, post)
    teams.talks[CHANNEL].type = "shared"
    await post.send(SAID)
    assert teams.messages(CHANNEL)


async def test_a_channel_that_is_shared_later_is_found_out_within_ten_minutes(teams: FakeTeams, post: Desk) -> None:
    assert SHARED_SECONDS == 600
    post.platform.shared_seconds = 0.0
    await met(teams, post)
    await post.send(SAID)
    teams.talks[CHANNEL].type = "shared"
    teams.joined("UELSE", tenantId="another-tenant")
    with pytest.raises(Undeliverable):
        await post.send(SAID, name="p2")
    assert len(teams.messages(CHANNEL)) == 1


async def test_where_teams_does_not_tell_whether_a_channel_is_shared_nothing_is_posted(
    teams: FakeTeams, post: Desk
) -> None:
    await met(teams, post)
    teams.fail("channels", Refusal(503))
    with pytest.raises(Later):
        await post.send(SAID)
    assert not teams.messages(CHANNEL)
