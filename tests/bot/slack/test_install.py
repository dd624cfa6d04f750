"""Several workspaces: each installs by OAuth, is served by its own token, and hears nothing of another."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from cryptography.fernet import Fernet

from analysis.errors import BadConfig
from analysis.findings import State as Standing
from bot.config import Config
from bot.slack.install import Vault
from bot.state import State
from bot.wiring import Crew
from tests.conftest import Talk
from tests.fake_slack import FakeSlack
from tests.walks.slack_crew import Walk, served, words

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()
TEAMS = ("T1", "T2")


def test_tokens_are_sealed_by_the_first_key_and_opened_by_any() -> None:
    before, after = Vault.of(OLD), Vault.of(f"{NEW}, {OLD}")
    sealed = before.sealed("xoxb-1")

    assert b"xoxb" not in sealed
    assert after.opened(sealed) == "xoxb-1"
    again = after.resealed(sealed)
    assert Vault.of(NEW).opened(again) == "xoxb-1"
    with pytest.raises(BadConfig, match="write the old key behind the new one"):
        Vault.of(NEW).opened(sealed)


@pytest.mark.parametrize("keys", ["", "short", f"{NEW},x"], ids=["none", "too short", "one of two"])
def test_what_is_no_key_is_refused(keys: str) -> None:
    with pytest.raises(BadConfig, match="SLACK_TOKEN_KEY"):
        Vault.of(keys)


def test_a_state_is_good_once_and_only_its_digest_is_kept(tmp_path: Path, talk: Talk) -> None:
    with State.open(f"sqlite:///{tmp_path / 'other.db'}", talk.crew.clock) as state:
        given = state.installations.issue()
        assert given.encode() not in (tmp_path / "other.db").read_bytes()
        assert not state.installations.consume("another")
        assert [state.installations.consume(given) for _ in range(2)] == [True, False]


def test_several_workspaces_need_an_address(talk: Talk) -> None:
    raw = talk.crew.config.model_dump()
    with pytest.raises(BadConfig, match="public_url"):
        Config.model_validate(raw | {"slack": {"teams": ["T1"], "mode": "http"}})


@dataclass
class Company:
    """Two workspaces of one company, and the bot that serves both."""

    here: FakeSlack
    there: FakeSlack
    walk: Walk

    @property
    def site(self) -> str:
        return self.here.entrance.removesuffix("/slack/events")

    async def install(self, slack: FakeSlack, *, state: str | None = None) -> tuple[int, str]:
        """Go through the installation as an admin's browser does, and tell what it ends with."""
        async with aiohttp.ClientSession() as browser:
            async with browser.get(f"{self.site}/slack/install", allow_redirects=False) as begun:
                page = begun.headers["Location"]
                cookie = begun.cookies["slack-app-oauth-state"].value
            given = re.search(r"state=([^&]+)", page)
            assert given and "/oauth/v2/authorize?" in page and "users:read.email" in page
            self.here.codes["c1"] = slack
            query = {"code": "c1", "state": state or given[1]}
            headers = {"Cookie": f"slack-app-oauth-state={cookie}"}
            async with browser.get(f"{self.site}/slack/oauth_redirect", params=query, headers=headers) as ended:
                return ended.status, await ended.text()


@asynccontextmanager
async def company(crew: Crew, teams: tuple[str, ...] = TEAMS, **sections: Any) -> AsyncIterator[Company]:
    async with FakeSlack.running() as here:
        there = here.neighbour("T2")
        async with served(crew, here, teams, OLD, **sections) as walk:
            there.entrance, there._offset = here.entrance, here._offset
            yield Company(here, there, walk)


@pytest.fixture
async def two(talk: Talk) -> AsyncIterator[Company]:
    talk.ask("assess")
    async with company(talk.crew) as found:
        assert (await found.install(found.here))[0] == 200
        assert (await found.install(found.there))[0] == 200
        yield found


async def test_a_workspace_installs_it_and_has_its_first_answer(talk: Talk) -> None:
    async with company(talk.crew) as two:
        assert "does not serve" in (await two.there.type("/finops status")).text
        status, page = await two.install(two.there)
        assert status == 200 and "Pitcrew is in" in page

        assert (await two.there.type("/finops status")).text == ""
        await two.walk.until(lambda: two.there.private("U1"))
    kept = talk.crew.state.installations.of("T2")
    assert kept and kept.by == "slack:U1"
    assert kept.token and two.there.token.encode() not in kept.token


async def test_a_workspace_that_is_not_named_gives_its_token_back(talk: Talk) -> None:
    async with company(talk.crew, ("T1",)) as two:
        status, page = await two.install(two.there)

        assert status == 403 and "T2 is not named" in page
        assert two.there.revoked == {two.there.token}
        assert talk.crew.state.installations.all() == []


async def test_a_forged_or_used_state_installs_nothing(talk: Talk) -> None:
    async with company(talk.crew) as two:
        assert (await two.install(two.here, state="forged"))[0] in {400, 401}
        assert talk.crew.state.installations.all() == []


@pytest.mark.slow
async def test_each_workspace_is_answered_by_its_own_token_and_no_other_hears_it(two: Company) -> None:
    here, there = two.here, two.there
    await here.mention("forecast")
    await there.mention("units panel")
    await two.walk.until(lambda: here.ours("C1") and there.ours("C1"))

    assert "expected at month end" in words(here.ours("C1")[0]).lower()
    assert "An order cost" in words(there.ours("C1")[0])
    assert len(here.ours("C1")) == len(there.ours("C1")) == 1
    assert not set(here.files) & set(there.files)


@pytest.mark.slow
async def test_people_of_the_same_id_in_two_workspaces_are_two_people(two: Company) -> None:
    here, there, findings = two.here, two.there, two.walk.crew.state.findings
    finding = findings.standing(Standing.OPEN)[0]
    await here.type(f"/finops claim {finding.short}", user="U1")
    await two.walk.until(lambda: findings.get(finding.id).owner == "slack:U1")
    await there.type(f"/finops release {finding.short}", user="U1")
    await two.walk.until(lambda: there.private("U1"))
    assert "or an admin may release" in words(there.private("U1")[0])

    await there.come_home(user="U1")
    await two.walk.until(lambda: "U1" in there.homes)
    assert "Your findings\nNone" in words(there.homes["U1"]).replace("\n\n", "\n") and "U1" not in here.homes
    other = findings.standing(Standing.OPEN)[0]
    await there.type(f"/finops claim {other.short}", user="U1")
    await two.walk.until(lambda: "1, worth" in words(there.homes["U1"]))
    assert findings.get(other.id).owner == "slack:T2:U1" and "U1" not in here.homes


async def test_each_workspace_tells_who_is_in_its_own_groups(talk: Talk) -> None:
    async with company(talk.crew, roles={"slack-group:S1": ["read"]}) as two:
        two.here.groups["S1"], two.there.groups["S1"] = {"U1"}, {"U2"}
        for slack in (two.here, two.there):
            assert (await two.install(slack))[0] == 200
            for user in ("U1", "U2"):
                await slack.type("/finops status", user=user)
                await two.walk.until(partial(slack.private, user))
        refused = [
            (slack.team, user)
            for slack in (two.here, two.there)
            for user in ("U1", "U2")
            if "needs the read permission" in words(slack.private(user)[0])
        ]
    assert refused == [("T1", "U2"), ("T2", "U1")]


@pytest.mark.slow
async def test_a_finding_that_both_show_is_drawn_anew_in_both(two: Company) -> None:
    here, there, findings = two.here, two.there, two.walk.crew.state.findings
    finding = findings.standing(Standing.OPEN)[0]
    await here.mention(f"finding {finding.short}")
    await there.mention(f"finding {finding.short}")
    await two.walk.until(lambda: here.ours("C1") and there.ours("C1"))
    await here.click(here.ours("C1")[0], "Claim", user="U2")
    await two.walk.until(lambda: all("claimed by" in words(one.ours("C1")[0]) for one in (here, there)))
    assert findings.get(finding.id).owner == "slack:U2"
    assert len(here.ours("C1")) == len(there.ours("C1")) == 1, "in its place"


@pytest.mark.slow
@pytest.mark.parametrize(
    "event", [{"type": "app_uninstalled"}, {"type": "tokens_revoked", "tokens": {"oauth": [], "bot": ["UBOT"]}}]
)
async def test_who_leaves_is_forgotten_and_what_was_meant_for_them_waits(
    two: Company, event: dict[str, object]
) -> None:
    here, there, state = two.here, two.there, two.walk.crew.state
    assert (await there.send(there.event(event))).ok
    await two.walk.until(lambda: state.installations.of("T2") is None)
    there.revoked.add(there.token)
    assert "does not serve" in (await there.type("/finops status")).text

    await here.type("/finops status")
    await two.walk.until(lambda: here.private("U1"))
    there.revoked.clear()
    assert (await two.install(there))[0] == 200
    assert (await there.type("/finops status")).text == ""


@pytest.mark.slow
async def test_a_token_of_a_person_that_is_revoked_is_none_of_ours(two: Company) -> None:
    event = {"type": "tokens_revoked", "tokens": {"oauth": ["U1"], "bot": []}}
    assert (await two.there.send(two.there.event(event))).ok
    assert two.walk.crew.state.installations.of("T2")


@pytest.mark.slow
async def test_a_click_that_names_another_workspace_reaches_nobody(two: Company) -> None:
    click = {
        **two.here.command("/finops status"),
        "team_id": "T9",
    }
    assert "does not serve" in (await two.here.send(click)).text


async def test_a_restart_serves_who_was_there_and_a_new_key_seals_anew(talk: Talk) -> None:
    async with company(talk.crew) as two:
        await two.install(two.here)
        before = talk.crew.state.installations.of("T1")
    async with FakeSlack.running() as again, served(talk.crew, again, TEAMS, f"{NEW},{OLD}") as walk:
        assert (await again.type("/finops status")).text == ""
        await walk.until(lambda: again.private("U1"))
    after = talk.crew.state.installations.of("T1")
    assert before and after and before.token != after.token
    assert Vault.of(NEW).opened(after.token) == FakeSlack.token
