"""Who may see and do what: nobody by default, groups by what Slack says now, and no company but ours."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial

import pytest

from bot.identity import caller_of, groups_of
from bot.ports import OUTSIDER, Ask, Place
from bot.slack.groups import BELIEVED_SECONDS, SlackGroups
from bot.slack.post import SlackPlatform, connected
from commands.core.caller import Permission
from tests.conftest import NOW, Talk
from tests.fake_slack import FakeSlack
from tests.walks.slack_crew import Walk, walk, words

ROLES = {
    "slack:UADMIN": [Permission.ADMIN],
    "slack-group:S1": [Permission.READ, Permission.ACT],
    "*": [Permission.READ],
}


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with FakeSlack.running() as running:
        yield running


def asked_by(user: str) -> Ask:
    return Ask("k", Place("slack", "T1", "C1"), user, "", "waste", NOW)


def may(user: str, members: dict[str, set[str]]) -> set[str]:
    caller = caller_of(asked_by(user), ROLES, lambda group, user: user in members.get(group, set()))
    return {permission.value for permission in caller.permissions}


def test_the_first_role_that_fits_decides_and_without_one_nobody_may_do_anything() -> None:
    members = {"S1": {"U1", "UADMIN"}}
    assert may("slack:UADMIN", members) == {"admin"}
    assert may("slack:U1", members) == {"read", "act"}
    assert may("slack:U2", members) == {"read"}
    assert not caller_of(asked_by("slack:U2"), {}).permissions


def test_a_group_of_slack_is_nobody_of_another_platform() -> None:
    assert may("teams:U1", {"S1": {"U1", "teams:U1"}}) == {"read"}


def test_an_outsider_may_do_nothing_whatever_the_roles_say() -> None:
    assert may(f"{OUTSIDER}slack:UADMIN", {}) == set()


async def test_who_left_a_group_has_left_it_at_the_next_look(slack: FakeSlack) -> None:
    slack.groups["S1"] = {"U1"}
    async with connected(slack.token, slack.url) as client:
        groups = SlackGroups(client, groups_of(ROLES))
        await groups.look()
        assert groups.has("S1", "U1") and not groups.has("S1", "U2") and not groups.has("S2", "U1")
        slack.groups["S1"] = {"U2"}
        await groups.look()
        assert groups.has("S1", "U2") and not groups.has("S1", "U1")


@pytest.mark.parametrize("error", ["ratelimited", "internal_error", "fatal_error"])
async def test_while_slack_does_not_tell_a_group_is_believed_for_a_quarter_of_an_hour_and_then_empty(
    slack: FakeSlack, error: str
) -> None:
    slack.groups["S1"] = {"U1"}
    moment = 0.0
    async with connected(slack.token, slack.url) as client:
        groups = SlackGroups(client, ["S1"], lambda: moment)
        await groups.look()
        slack.fail("usergroups.users.list", error)
        moment = BELIEVED_SECONDS - 1
        await groups.look()
        assert groups.has("S1", "U1")
        moment = BELIEVED_SECONDS
        assert not groups.has("S1", "U1")


async def test_a_group_that_is_no_more_is_empty_at_once(slack: FakeSlack) -> None:
    slack.groups["S1"] = {"U1"}
    async with connected(slack.token, slack.url) as client:
        groups = SlackGroups(client, ["S1"])
        await groups.look()
        del slack.groups["S1"]
        await groups.look()
        assert not groups.has("S1", "U1")


async def test_a_group_decides_when_somebody_asks_from_end_to_end(talk: Talk, slack: FakeSlack) -> None:
    slack.groups["S1"] = {"U1"}
    async with walk(talk.crew, slack, "http", roles={"slack-group:S1": ["read"]}) as walking:
        for user in ("U1", "U2"):
            await slack.type("/finops help", user=user)
            await walking.until(partial(slack.private, user))
        assert "Type" in words(slack.private("U1")[0]) or "forecast" in words(slack.private("U1")[0])
        assert "permission" in words(slack.private("U2")[0])


# --- other companies --------------------------------------------------------------------------------------------------


@pytest.fixture
async def walking(talk: Talk, slack: FakeSlack) -> AsyncIterator[Walk]:
    async with walk(talk.crew, slack, "http") as found:
        yield found


async def test_nothing_is_posted_where_another_company_reads(walking: Walk) -> None:
    slack = walking.slack
    slack.channels["C1"].shared = True
    await slack.mention("status")
    await walking.until(lambda: slack.private("U1"))

    assert not slack.ours("C1")
    assert "shared with another company" in words(slack.private("U1")[0])


async def test_a_channel_that_is_shared_later_is_found_out_within_ten_minutes(walking: Walk) -> None:
    slack, platform = walking.slack, walking.door.platforms["slack"]
    assert isinstance(platform, SlackPlatform) and platform.channels.shared_seconds == 600
    await slack.mention("status")
    await walking.until(lambda: slack.ours("C1"))
    slack.channels["C1"].shared = True
    platform.channels.shared_seconds = 0.0
    await slack.mention("help")
    await walking.until(lambda: slack.private("U1"))

    assert len(slack.ours("C1")) == 1


async def test_where_slack_does_not_say_whether_it_is_shared_nothing_is_posted(walking: Walk) -> None:
    slack = walking.slack
    for method in ("users.conversations", "conversations.info"):
        slack.fail(method, "missing_scope")
    await slack.mention("status")
    await walking.until(lambda: slack.private("U1"))

    assert not slack.ours("C1")
