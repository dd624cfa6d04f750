"""A managed identity: our token comes from the machine, and Teams is sent it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from aiohttp import web

from bot.ports import Conversation, Paused
from bot.sections.reach import TeamsSection
from bot.state import State
from bot.teams.line import line_of
from bot.teams.post import TeamsPlatform
from bot.teams.wire import Wire
from commands.core.answer import Answer, Text
from tests.bot.teams.desk import Desk
from tests.fake_teams import APP, CHANNEL, TENANT, TOKEN, FakeTeams, words

ANSWER = Answer("Forecast", (Text("November ends at $207,359."),))
RESOURCE = "https://api.botframework.com"


@dataclass
class MachineIdentity:
    """What App Service answers inside a machine: a token for a resource, to whoever knows its header."""

    header: str = "known inside"
    refuses: bool = False
    asked: list[dict[str, str]] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        said = dict(request.query)
        self.asked.append(said)
        if request.headers.get("X-IDENTITY-HEADER") != self.header or said.get("resource") != RESOURCE or self.refuses:
            return web.json_response({"statusCode": 400, "message": "no such identity here"}, status=400)
        return web.json_response({"access_token": TOKEN, "expires_on": "4102444800", "token_type": "Bearer"})


@asynccontextmanager
async def machine(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[MachineIdentity]:
    """This machine has an identity."""
    found = MachineIdentity()
    site = web.Application()
    site.router.add_get("/msi/token", found.answer)
    runner = web.AppRunner(site)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"http://127.0.0.1:{runner.addresses[0][1]}/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", found.header)
    try:
        yield found
    finally:
        await runner.cleanup()


@asynccontextmanager
async def desk_of(teams: FakeTeams, folder: Path) -> AsyncIterator[Desk]:
    """A desk whose deployment file says that the app is a managed identity."""
    app = line_of(TeamsSection(app_id=APP, tenant=TENANT, app_type="UserAssignedMSI"), "").app
    wire = Wire(replace(teams.line.cloud, scope=f"{RESOURCE}/.default"), app)
    with State.open(f"sqlite:///{folder / 'state.db'}", teams.clock, folder=folder) as state:
        state.conversations.met(Conversation("teams", TENANT, CHANNEL, "channel", teams.service_url))
        try:
            yield Desk(TeamsPlatform(wire, state.conversations, state.outbox, TENANT, APP), state)
        finally:
            wire.close()


async def test_a_machines_own_token_is_what_teams_is_sent(
    teams: FakeTeams, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with machine(monkeypatch) as identity, desk_of(teams, tmp_path) as desk:
        for name in ("p1", "p2"):
            await desk.send(ANSWER, name=name)

    assert ["November ends" in words(one) for one in teams.messages(CHANNEL)] == [True, True]
    [asked] = identity.asked  # the second message has the token that the first one got
    assert (asked["client_id"], asked["resource"]) == (APP, RESOURCE)


async def test_an_identity_that_is_not_this_machines_is_named(
    teams: FakeTeams, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with machine(monkeypatch) as identity, desk_of(teams, tmp_path) as desk:
        identity.refuses = True
        with pytest.raises(Paused, match="is the managed identity assigned to this machine"):
            await desk.send(ANSWER)
    assert not teams.messages(CHANNEL)
