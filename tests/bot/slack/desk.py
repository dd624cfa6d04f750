"""Pitcrew's Slack side put together as wiring does, on an inbox and a picture shelf in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from analysis.errors import NotSaved
from bot.ports import Ask, Kind, Parcel, Place, Platform, Priority
from bot.slack.app import build, recognise
from bot.slack.http import Entrance
from bot.slack.post import SlackPlatform, connected
from bot.slack.socket import listening
from charts.picture import Picture
from commands.core.answer import Answer, File
from tests.fake_slack import PNG, FakeSlack


@dataclass
class Shelf:
    """Pictures and their uploads."""

    pictures: dict[str, Picture] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    documents: dict[str, File] = field(default_factory=dict)

    def find_upload(self, platform: str, tenant: str, digest: str) -> str | None:
        return self.files.get(f"{platform}/{tenant}/{digest}")

    def uploaded(self, platform: str, tenant: str, digest: str, file: str) -> None:
        self.files[f"{platform}/{tenant}/{digest}"] = file

    def picture(self, digest: str) -> Picture:
        return self.pictures[digest]

    def document(self, digest: str) -> File:
        return self.documents[digest]


@dataclass
class Desk:
    """Where asks arrive and parcels leave."""

    platform: SlackPlatform
    shelf: Shelf
    received: list[Ask] = field(default_factory=list)
    trouble: Exception | None = None

    async def intake(self, ask: Ask) -> bool:
        if self.trouble:
            raise self.trouble
        new = all(known.key != ask.key for known in self.received)
        self.received.append(ask)
        return new

    @property
    def asks(self) -> list[Ask]:
        """Each ask once, however often it came."""
        return list({ask.key: ask for ask in self.received}.values())

    def parcel(self, answer: Answer, kind: Kind = Kind.POST, name: str = "p1", **place: str) -> Parcel:
        """An answer, packed for U1 in C1 unless ``place`` says otherwise."""
        where = Place("slack", "T1", **{"conversation": "C1", "user": "U1", **place})
        platform: Platform = self.platform
        payload, pictures = platform.render(answer, "forecast")
        self.shelf.pictures |= {picture.digest: picture for picture in pictures}
        return Parcel(name, where, kind, Priority.REPLY, payload, attempt=1)

    async def send(self, answer: Answer, kind: Kind = Kind.POST, name: str = "p1", **place: str) -> str:
        return await self.platform.send(self.parcel(answer, kind, name, **place))


def not_saved() -> NotSaved:
    return NotSaved("the disk is full")


def picture(alt: str = "Forecast: 12.3k USD, 8% over October", *, content: bytes = b"1") -> Picture:
    return Picture(PNG + content, alt, "forecast")


async def _no_pause(_seconds: float) -> None:
    """Nobody waits in a test."""


@asynccontextmanager
async def desk(slack: FakeSlack, *, seconds: float = 10) -> AsyncIterator[Desk]:
    """A desk that can send, and hears nothing."""
    async with connected(slack.token, slack.url, seconds=seconds) as client:
        shelf = Shelf()
        yield Desk(SlackPlatform(client, shelf, _no_pause), shelf)


@asynccontextmanager
async def over_http(slack: FakeSlack, secrets: Sequence[str] = (), **options: Any) -> AsyncIterator[Desk]:
    """A desk that Slack reaches by signed requests."""
    async with desk(slack) as found:
        workspace = await recognise(found.platform.client)
        app = build(workspace, found.platform, found.intake, slack.clock, **options)
        site = web.Application()
        Entrance(app, secrets or [slack.signing_secret], slack.clock).mount(site)
        runner = web.AppRunner(site)
        await runner.setup()
        listener = web.TCPSite(runner, "127.0.0.1", 0)
        await listener.start()
        slack.entrance = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
        try:
            yield found
        finally:
            await runner.cleanup()


@asynccontextmanager
async def over_socket(slack: FakeSlack) -> AsyncIterator[Desk]:
    """A desk that keeps a socket to Slack open."""
    async with desk(slack) as found:
        workspace = await recognise(found.platform.client)
        app = build(workspace, found.platform, found.intake, slack.clock)
        async with listening(app, slack.app_token, ping_seconds=0.2):
            yield found
