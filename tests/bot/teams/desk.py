"""Pitcrew's Teams side put together as wiring does, on an inbox in memory and a book of conversations in a file."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from aiohttp import web

from analysis.errors import NotSaved
from bot.clock import wall
from bot.ports import Ask, Kind, Parcel, Place, Priority
from bot.state import State
from bot.teams.adapter import Adapter, Gate, Keys
from bot.teams.app import Listeners
from bot.teams.http import Entrance
from bot.teams.post import TeamsPlatform
from bot.teams.search import Search
from bot.teams.wire import Wire, connected
from commands.core.answer import Answer
from tests.fake_teams import APP, CHANNEL, TENANT, FakeTeams


@dataclass
class Desk:
    """Where asks arrive and parcels leave."""

    platform: TeamsPlatform
    state: State
    received: list[Ask] = field(default_factory=list)
    said: Answer | None = None
    trouble: Exception | None = None
    listeners: Listeners | None = None

    async def accept(self, ask: Ask) -> bool:
        if self.trouble:
            raise self.trouble
        new = all(known.key not in (ask.key, *ask.twins) for known in self.received)
        self.received.append(ask)
        return new

    async def accept_and_hear(self, ask: Ask, seconds: float) -> Answer | None:
        assert seconds < 5, "Teams waits five"
        return self.said if await self.accept(ask) else None

    async def redraw(self, text: str, reader: Place | None = None) -> Answer:
        return Answer(f"drawn anew for {reader.user} by {text}" if reader and reader.view else f"drawn anew by {text}")

    async def settled(self) -> None:
        """Wait until nothing is looked up on the side any more."""
        while self.listeners and self.listeners.errands:
            await asyncio.gather(*self.listeners.errands)

    @property
    def asks(self) -> list[Ask]:
        """Each ask once, however often it came."""
        found: dict[str, Ask] = {}
        for ask in self.received:
            if not any(key in found for key in (ask.key, *ask.twins)):
                found[ask.key] = ask
        return list(found.values())

    def parcel(self, answer: Answer, kind: Kind = Kind.POST, name: str = "p1", **place: str) -> Parcel:
        """An answer, packed for U1 in the channel unless ``place`` says otherwise."""
        where = Place("teams", TENANT, **{"conversation": CHANNEL, "user": "U1", **place})
        payload, pictures = self.platform.render(answer, "forecast")
        self.state.outbox.put((), [*pictures, *answer.files])
        return Parcel(name, where, kind, Priority.REPLY, payload, attempt=1)

    async def send(self, answer: Answer, kind: Kind = Kind.POST, name: str = "p1", **place: str) -> str:
        return await self.platform.send(self.parcel(answer, kind, name, **place))


def not_saved() -> NotSaved:
    return NotSaved("the disk is full")


@cache
def _empty_state() -> bytes:
    """A state database with nothing in it, migrated once."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "state.db"
        State.open(f"sqlite:///{path}", wall, folder=path.parent).close()
        return path.read_bytes()


@asynccontextmanager
async def desk(teams: FakeTeams, folder: Path, *, seconds: float = 10) -> AsyncIterator[Desk]:
    """A desk that can send, in a team and two personal chats, and hears nothing."""
    (folder / "state.db").write_bytes(_empty_state())
    url = f"sqlite:///{folder / 'state.db'}"
    wire = Wire(teams.line.cloud, teams.line.app, seconds)
    with State.open(url, teams.clock, folder=folder) as state:
        try:
            yield Desk(TeamsPlatform(wire, state.conversations, state.outbox, TENANT, APP), state)
        finally:
            wire.close()


@asynccontextmanager
async def reached(teams: FakeTeams, folder: Path) -> AsyncIterator[Desk]:
    """A desk that Teams reaches by signed requests."""
    async with desk(teams, folder) as found, connected() as session:
        state, cloud = found.state, teams.line.cloud
        gate = Gate(APP, cloud, teams.clock, frozenset({TENANT}), Keys(session, cloud.openid_url, teams.clock))
        views = state.outbox.drawn_by

        def _no_context(_ask: Ask) -> object:
            raise AssertionError("nobody searches here")

        listeners = Listeners(
            found.platform,
            found,
            state.conversations,
            lambda tenant, names, message: views("teams", tenant, names, message),
            Search(_no_context),  # type: ignore[arg-type]
            teams.clock,
        )
        found.listeners = listeners
        site = web.Application()
        Entrance(Adapter(found.platform.wire.clients, gate), listeners).mount(site)
        runner = web.AppRunner(site)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        teams.entrance = f"http://127.0.0.1:{runner.addresses[0][1]}/api/messages"
        try:
            yield found
        finally:
            await listeners.close()
            await runner.cleanup()
