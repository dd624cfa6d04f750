"""Slack's side of the running bot: one workspace by its token, or several that installed the app."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial

from slack_bolt.async_app import AsyncApp

from analysis.errors import BadConfig
from bot.config import Config
from bot.door import Door
from bot.environment import secret
from bot.identity import groups_of
from bot.ports import Parcel, People
from bot.side import GivenPictures, Has, Mount, Side
from bot.slack.app import Workspace, build, recognise
from bot.slack.groups import SlackGroups
from bot.slack.http import Entrance
from bot.slack.install import KEY, App, Lobby, Store, Vault, lobby
from bot.slack.links import Charts
from bot.slack.post import SlackPlatform, connected
from bot.slack.socket import listening
from bot.slack.workspaces import Workspaces
from bot.wiring import Crew


def wants_slack(config: Config, environ: Mapping[str, str]) -> bool:
    """Whether there is a workspace, or may be."""
    return bool(config.slack.teams or secret("SLACK_BOT_TOKEN", environ))


async def slack_side(stack: AsyncExitStack, crew: Crew, environ: Mapping[str, str], pictures: GivenPictures) -> Side:
    """Connect to Slack.

    Raises:
        BadConfig: a token is missing or refused.
    """
    config = crew.config
    if config.slack.teams:
        kept, outbox = crew.state.installations, crew.state.outbox
        vault, home = Vault.of(secret(KEY, environ)), config.slack.teams[0]
        many = Workspaces(kept, vault, outbox, config.slack.api_url, home, groups_of(crew.named()))
        stack.push_async_callback(many.close)
        return SlackInstalled(crew, environ, pictures, many, home)
    needed = "SLACK_APP_TOKEN" if config.slack.mode == "socket" else "SLACK_SIGNING_SECRET"
    if not secret(needed, environ):
        raise BadConfig(f"{needed} is not in the environment; docs/slack.md says where Slack shows it")
    client = await stack.enter_async_context(connected(secret("SLACK_BOT_TOKEN", environ), config.slack.api_url))
    workspace = await recognise(client)
    platform = SlackPlatform(client, crew.state.outbox, newer_blocks=config.slack.newer_blocks)
    return SlackAlone(crew, environ, pictures, platform, workspace)


@dataclass
class SlackAlone:
    """One workspace by its token."""

    crew: Crew
    environ: Mapping[str, str]
    pictures: GivenPictures
    platform: SlackPlatform
    workspace: Workspace
    lane_seconds: float = 0.0
    singly: bool = False

    @property
    def tenant(self) -> str:
        """The workspace."""
        return self.workspace.team

    @property
    def people(self) -> People:
        """Its people."""
        return self.platform.people

    @property
    def welcome(self) -> Callable[[], Awaitable[object]]:
        """Slack, about our token."""
        return partial(recognise, self.platform.client)

    async def groups(self, stack: AsyncExitStack) -> Has | None:
        """Its user groups."""
        groups = SlackGroups(self.platform.client, groups_of(self.crew.named()))
        await stack.enter_async_context(groups.watched())
        return groups.has

    def hear(self, door: Door) -> None:
        """Nothing is to be known before it opens."""

    async def open(self, stack: AsyncExitStack, door: Door) -> Sequence[Mount]:
        """Its socket, or what is to be mounted for its requests."""
        app = _listening(self.crew, self.pictures, door, self.tenant, self.workspace, self.platform)
        if self.crew.config.slack.mode == "http":
            return [Entrance(app, _signing(self.environ), self.crew.clock).mount]
        await stack.enter_async_context(listening(app, secret("SLACK_APP_TOKEN", self.environ)))
        return []


@dataclass
class SlackInstalled:
    """Several workspaces that installed the app; ``tenant`` is where routes lead."""

    crew: Crew
    environ: Mapping[str, str]
    pictures: GivenPictures
    platform: Workspaces
    tenant: str
    lane_seconds: float = 0.0
    singly: bool = False

    @property
    def people(self) -> People:
        """Theirs."""
        return self.platform

    @property
    def welcome(self) -> Callable[[], Awaitable[object]]:
        """Slack, about each token."""
        return self.platform.welcome

    async def groups(self, stack: AsyncExitStack) -> Has | None:  # noqa: ARG002 (each workspace watches its own)
        """Their user groups."""
        return self.platform.has

    def hear(self, door: Door) -> None:
        """How each is listened to, before anything is delivered to one that installs it just then."""
        self.platform.listening = partial(_listening, self.crew, self.pictures, door, self.tenant)

    async def open(self, stack: AsyncExitStack, door: Door) -> Sequence[Mount]:  # noqa: ARG002
        """What is to be mounted for their requests, and for those who install it."""
        entered = await self._lobby()
        return [Entrance(self.platform.app_of, _signing(self.environ), self.crew.clock).mount, entered.mount]

    async def _lobby(self) -> Lobby:
        """Where workspaces install it, beginning with those that have."""
        names = ("SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET", "SLACK_SIGNING_SECRET")
        if missing := [name for name in names if not secret(name, self.environ)]:
            raise BadConfig(f"{', '.join(missing)} not in the environment; docs/slack.md says where Slack shows them")
        config, many = self.crew.config, self.platform
        await many.open()
        client_id, client_secret = (secret(name, self.environ) for name in names[:2])
        client = App(client_id, client_secret, config.slack.api_url, config.server.public_url)
        return lobby(client, Store(many.kept, many.vault, config.slack.teams, config.slack.api_url, many.seat))


def _signing(environ: Mapping[str, str]) -> list[str]:
    return [word.strip() for word in secret("SLACK_SIGNING_SECRET", environ).split(",") if word.strip()]


def _listening(
    crew: Crew, pictures: GivenPictures, door: Door, home: str, workspace: Workspace, platform: SlackPlatform
) -> AsyncApp:
    """Slack's side of the door, of one workspace."""
    charts = (
        Charts(
            pictures.opened,
            lambda parcels: _mailed(crew, door, parcels),
            lambda place: not crew.readers.hidden_in(place),
        )
        if pictures.public_url
        else None
    )
    return build(workspace, platform, door.accept, crew.clock, charts=charts, home=home)


def _mailed(crew: Crew, door: Door, parcels: Sequence[Parcel]) -> None:
    crew.state.outbox.put(parcels, ())
    door.mailed()
