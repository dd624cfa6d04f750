"""A side of the running bot: one chat platform, with all that it needs to be served."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeAlias

from aiohttp import web

from bot.door import Door
from bot.ports import People, Platform
from charts.picture import Picture

Mount: TypeAlias = Callable[[web.Application], None]
Has: TypeAlias = Callable[[str, str], bool]  # whether a group has a user


class Given(Protocol):
    """What is given out by signed links, at ``public_url``; there are no links where that is empty."""

    @property
    def public_url(self) -> str:
        """How the world reaches this server."""

    def link(self, digest: str, now: datetime) -> str:
        """The link to one of them."""

    def mount(self, site: web.Application) -> None:
        """Answer to the links."""


class GivenPictures(Given, Protocol):
    """Pictures, of which a link says which it leads to."""

    def opened(self, url: str) -> Picture | None:
        """The picture that a link leads to; ``None`` if it is none of ours, or over."""


@dataclass(frozen=True, slots=True)
class Links:
    """What messages link to: pictures; and documents, at an address that stands in where the world has none."""

    pictures: GivenPictures
    documents: Callable[[str], Given]


class Side(Protocol):
    """A platform that is connected; whatever it opens is closed with the stack that it is given.

    ``lane_seconds`` are what lies between two messages in one conversation, where that is more than usual; ``singly``:
    nobody can look whether a digest has arrived, so that one goes after the other.
    """

    lane_seconds: float
    singly: bool

    @property
    def platform(self) -> Platform:
        """Where messages are delivered."""

    @property
    def tenant(self) -> str:
        """The workspace or tenant to which routes lead."""

    @property
    def people(self) -> People:
        """Who is asked about its people."""

    @property
    def welcome(self) -> Callable[[], Awaitable[object]] | None:
        """What asks the platform whether we are welcome; ``None`` where there is nobody to ask."""

    async def groups(self, stack: AsyncExitStack) -> Has | None:
        """Who tells who is in a group that roles or private scopes name, as long as the stack is open."""

    def hear(self, door: Door) -> None:
        """Take notice of the door, before anything is delivered."""

    async def open(self, stack: AsyncExitStack, door: Door) -> Sequence[Mount]:
        """Begin to listen; what is to be mounted at our own address."""
