"""Several workspaces behind one name: each has a client, an app and a platform of its own, and knows of no other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import structlog
from slack_bolt.async_app import AsyncApp

from analysis.errors import BadConfig
from bot.ports import Parcel, Paused, Place, Profile
from bot.slack import render
from bot.slack.app import Workspace, recognise
from bot.slack.groups import SlackGroups
from bot.slack.install import Vault
from bot.slack.people import SlackPeople
from bot.slack.post import SlackPlatform, connected
from bot.slack.uploads import Uploads
from bot.state.installations import Installation, InstallationsTable
from charts.picture import Picture
from commands.core.answer import Answer

log = structlog.get_logger(__name__)

LEAVING = frozenset({"app_uninstalled", "tokens_revoked"})
Listening = Callable[[Workspace, SlackPlatform], AsyncApp]


@dataclass(frozen=True, slots=True)
class Seat:
    """One workspace that is served."""

    workspace: Workspace
    platform: SlackPlatform
    app: AsyncApp
    groups: SlackGroups
    stack: AsyncExitStack


@dataclass(slots=True)
class Workspaces:
    """Every workspace that installed Pitcrew; what is meant for one that left waits until it comes back.

    Several processes may serve them: what one of them has not heard of is looked up where it is kept.
    """

    kept: InstallationsTable
    vault: Vault
    uploads: Uploads
    api_url: str
    home: str  # whose people are known by their ids alone
    groups: frozenset[str] = frozenset()  # the user groups that roles name
    listening: Listening = field(init=False)  # set before anything is served
    name: str = "slack"
    _seats: dict[str, Seat] = field(default_factory=dict)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def open(self) -> None:
        """Serve those that are installed already, their tokens sealed by the newest key."""
        await asyncio.to_thread(self.kept.resealed, self.vault.resealed)
        for one in await asyncio.to_thread(self.kept.all):
            try:
                await self.seat(one)
            except BadConfig as error:
                log.warning("slack workspace not served", team=one.team, error=str(error))

    async def close(self) -> None:
        """Hang up everywhere."""
        for team in list(self._seats):
            await self._left(team)

    async def welcome(self) -> None:
        """Ask every workspace whether its token is still good.

        Raises:
            BadConfig: one refuses it.
        """
        for seat in list(self._seats.values()):
            await recognise(seat.platform.client)

    async def seat(self, one: Installation) -> None:
        """Serve a workspace from now on, by the token that it gave last.

        Raises:
            BadConfig: its token cannot be opened, or Slack refuses it.
        """
        async with self._lock:
            await self._left(one.team)
            stack = AsyncExitStack()
            client = await stack.enter_async_context(connected(self.vault.opened(one.token), self.api_url))
            try:
                workspace = await recognise(client)
            except BadConfig:
                await stack.aclose()
                raise
            platform = SlackPlatform(client, self.uploads)
            groups = SlackGroups(client, self.groups)
            await stack.enter_async_context(groups.watched())
            self._seats[one.team] = Seat(workspace, platform, self.listening(workspace, platform), groups, stack)

    async def app_of(self, payload: Mapping[str, Any]) -> AsyncApp | None:
        """The app of the workspace that a request comes from; ``None`` for a stranger's, and when one leaves."""
        team = _team(payload)
        event = payload.get("event")
        if isinstance(event, Mapping) and _leaves(event):
            await asyncio.to_thread(self.kept.drop, team)
            await self._left(team)
            log.warning("slack workspace left", team=team, why=event["type"])
            return None
        seat = await self._seat(team)
        return seat.app if seat else None

    def render(self, answer: Answer, ask: str) -> tuple[Mapping[str, Any], Sequence[Picture]]:  # noqa: ARG002
        """The same in every workspace."""
        return render.render(answer), answer.pictures

    async def send(self, parcel: Parcel) -> str:
        """Deliver by the workspace's own client.

        Raises:
            DeliveryError: one of its five kinds.
        """
        return await (await self._at(parcel.place)).send(parcel)

    async def find(self, parcel: Parcel) -> str | None:
        """Look there whether it arrived.

        Raises:
            DeliveryError: it cannot be told now.
        """
        return await (await self._at(parcel.place)).find(parcel)

    async def withdraw(self, place: Place, message: str) -> None:
        """Take back there.

        Raises:
            DeliveryError: one of its five kinds.
        """
        await (await self._at(place)).withdraw(place, message)

    async def by_email(self, email: str) -> str | None:
        """The user whose address that is in the first workspace that knows it."""
        for seat in list(self._seats.values()):
            if found := await SlackPeople(seat.platform.client).by_email(email):
                return found
        return None

    async def profile(self, user: str) -> Profile:
        """What is known of a user, by the first workspace that knows them."""
        for seat in list(self._seats.values()):
            told = await seat.platform.people.profile(user)
            if told.name != user:
                return told
        return Profile(user)

    def has(self, group: str, user: str) -> bool:
        """Whether a user (``U1``, or ``T2:U1`` of another workspace than the first) is in a group of their own."""
        team, _, name = user.rpartition(":")
        seat = self._seats.get(team or self.home)
        return seat is not None and seat.groups.has(group, name)

    async def title(self, place: Place) -> str:
        """What people call a channel of one of the workspaces."""
        seat = await self._seat(place.tenant)
        return await seat.platform.people.title(place) if seat else ""

    async def _at(self, place: Place) -> SlackPlatform:
        seat = await self._seat(place.tenant)
        if seat is None:
            raise Paused(f"workspace {place.tenant} has not installed Pitcrew, or took it out")
        return seat.platform

    async def _seat(self, team: str) -> Seat | None:
        if team not in self._seats and (one := await asyncio.to_thread(self.kept.of, team)):
            try:
                await self.seat(one)
            except BadConfig as error:
                log.warning("slack workspace not served", team=team, error=str(error))
        return self._seats.get(team)

    async def _left(self, team: str) -> None:
        if seat := self._seats.pop(team, None):
            await seat.stack.aclose()


def _team(payload: Mapping[str, Any]) -> str:
    team = payload.get("team")
    found = team.get("id") if isinstance(team, Mapping) else payload.get("team_id")
    return found if isinstance(found, str) else ""


def _leaves(event: Mapping[str, Any]) -> bool:
    """Whether a workspace takes our app out, or our bot's token back; a person's own token is none of ours."""
    if event.get("type") == "app_uninstalled":
        return True
    tokens = event.get("tokens")
    return event.get("type") == "tokens_revoked" and isinstance(tokens, Mapping) and bool(tokens.get("bot"))
