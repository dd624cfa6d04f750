"""Pitcrew in Microsoft 365 Agents Playground: asked, clicked and looked at in a real browser."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from analysis.findings import State
from bot.clock import wall
from bot.config import Config
from bot.door import Door
from bot.ports import Kind, Parcel, Place, Priority
from bot.serve import running
from bot.teams.line import HOME, PLAYGROUND
from bot.wiring import Crew
from commands.core.answer import Answer, Facts, Note, Table, Text
from tests.conftest import NOW, Talk
from tests.playground.client import Client, client
from tests.walks.slack_crew import free_port

pytestmark = pytest.mark.slow


@dataclass(frozen=True, slots=True)
class Sitting:
    """Somebody before the playground, and the crew behind it."""

    client: Client
    crew: Crew
    door: Door


@asynccontextmanager
async def sitting(talk: Talk, folder: Path, **sections: Any) -> AsyncIterator[Sitting]:
    port = free_port()
    raw = talk.crew.config.model_dump() | {"server": {"host": "127.0.0.1", "port": port}, **sections}
    begun = wall()
    talk.crew.state.database.clock = lambda: NOW + (wall() - begun)  # so that lanes rest, and no longer
    crew = replace(talk.crew, config=Config.model_validate(raw), clock=talk.crew.state.database.clock)
    crew.lake = talk.crew.lake
    async with (
        running(crew, {}, teams=PLAYGROUND) as door,
        client(f"http://127.0.0.1:{port}/api/messages", free_port(), folder) as found,
    ):
        yield Sitting(found, crew, door)


async def test_a_forecast_is_asked_a_finding_claimed_and_an_alert_posted(talk: Talk, tmp_path: Path) -> None:
    talk.ask("assess")
    async with sitting(talk, tmp_path) as here:
        client, page = here.client, here.client.page
        await client.write("forecast")
        await client.seen("Expected at month end")
        await client.keep("teams-forecast")

        finding = here.crew.state.findings.standing(State.OPEN)[0]
        for number in (1, 2):  # two messages show it
            await client.write(f"/finops finding {finding.short}")
            await _until(lambda: page.get_by_text("nobody has it yet").count(), number)
        await client.press("Claim")
        await client.seen("claimed by Alex Wilber")
        await _until(lambda: page.get_by_text("claimed by Alex Wilber").count(), 2)
        assert await page.get_by_role("button", name="Claim", exact=True).count() == 0
        assert here.crew.state.findings.get(finding.id).owner.startswith("teams:00000000-")
        await client.keep("teams-claimed")

        await client.open_channel("FinOps")  # the app is added to the team
        await client.seen("What Pitcrew can do for you")
        said = await here.door.redraw("anomalies")
        payload, seen = here.door.platforms["teams"].render(said, "anomalies")
        alert = Parcel("alert:1", Place("teams", HOME, "Cloud/FinOps"), Kind.POST, Priority.ALERT, payload)
        here.crew.state.outbox.put([alert], seen)
        here.door.mailed()
        await client.seen(said.title)
        await client.keep("teams-channel")

    said_of = await asyncio.to_thread(client.log.read_text)
    assert "invoke 500" not in said_of and "502 Bad Gateway" not in said_of
    assert not {"held", "failed"} & set(here.crew.state.outbox.counts())


async def test_what_others_named_stays_text_in_the_real_client(talk: Talk, tmp_path: Path) -> None:
    async with sitting(talk, tmp_path) as here:
        client = here.client
        await client.write("status")
        await client.seen("How the crew is doing")
        evil = "[click](https://evil.example) **loud** <at>everyone</at> {{DATE(2026-01-01T00:00:00Z)}} http://evil.example"
        said = Answer(evil, (Text("x " + evil), Facts(((evil, evil),)), Table((evil,), ((evil,),)), Note(evil)))
        payload, _ = here.door.platforms["teams"].render(said, "")
        user = here.crew.state.conversations.known("teams")[0]
        hostile = Parcel("p", Place("teams", HOME, user.id), Kind.POST, Priority.ALERT, payload)
        here.crew.state.outbox.put([hostile], ())
        here.door.mailed()
        await client.seen("everyone")
        card = client.page.locator(".ac-adaptiveCard").last
        assert await card.locator("a").count() == 0
        assert await card.locator("em, at").count() == 0
        text = (await card.inner_text()).replace("\u200b", "").replace("\u200a", "")
        assert text.count("[click](https://evil.example) **loud** <at>everyone</at>") == 6


async def _until(count: Callable[[], Awaitable[int]], wanted: int, seconds: float = 60) -> None:
    async with asyncio.timeout(seconds):
        while await count() != wanted:  # noqa: ASYNC110 (a browser sets no event of ours)
            await asyncio.sleep(0.1)
