"""What Slack lets us do: whose token it is, which scopes and channels are missing, and whether the clock is off."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from bot.doctor import Level, Patient, Seen, probe
from bot.environment import secret

if TYPE_CHECKING:
    from slack_sdk.web.async_client import AsyncWebClient

SKEW_SECONDS, REFUSED_SECONDS = 60, 300  # Slack's requests are refused beyond five minutes
INSTALL = "api.slack.com/apps → your app → OAuth & Permissions: add it from manifest.yml, and reinstall the app"


@dataclass(frozen=True, slots=True)
class Told:
    """What one look at a workspace told."""

    team: str
    scopes: frozenset[str]
    skew: float  # seconds that our clock is ahead of Slack's
    channels: frozenset[str]  # those we are in, by name


@probe("slack")
def slack(patient: Patient) -> Iterator[Seen]:
    """Each workspace that is connected: by the bot token of the environment, or by its installation."""
    config, environ = patient.config.slack, patient.environ
    if config.teams:
        yield from _many(patient)
        return
    token = secret("SLACK_BOT_TOKEN", environ)
    if not token:
        return
    needed = "SLACK_APP_TOKEN" if config.mode == "socket" else "SLACK_SIGNING_SECRET"
    if not secret(needed, environ):
        yield Seen(Level.FAIL, f"{needed} is not in the environment", "docs/slack.md says where Slack shows it")
    yield from _workspace(patient, token)


def _many(patient: Patient) -> Iterator[Seen]:
    """The keys and secrets of an installation, and each workspace that is named."""
    from bot.slack.install import KEY, Vault
    from bot.wiring import state_of

    for name in ("SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET", "SLACK_SIGNING_SECRET", KEY):
        if not secret(name, patient.environ):
            yield Seen(Level.FAIL, f"{name} is not in the environment", "docs/slack.md, Several workspaces")
    vault = Vault.of(secret(KEY, patient.environ))
    with state_of(patient.config, patient.clock, visiting=True) as state:
        installed = {one.team: one for one in state.installations.all()}
    for team in patient.config.slack.teams:
        if team not in installed:
            where = f"{patient.config.server.public_url}/slack/install"
            yield Seen(Level.WARN, f"workspace {team} has not installed Pitcrew", f"its admin opens {where}")
        else:
            yield from _workspace(patient, vault.opened(installed[team].token))


def _workspace(patient: Patient, token: str) -> Iterator[Seen]:
    from slack_sdk.errors import SlackApiError, SlackClientError

    from bot.slack.errors import code

    try:
        told = asyncio.run(_asked(patient, token))
    except SlackApiError as error:
        yield Seen(Level.FAIL, f"Slack refuses the token ({code(error)})", "install the app and copy its bot token")
        return
    except (SlackClientError, OSError, TimeoutError) as error:
        why = str(error) or type(error).__name__
        yield Seen(Level.FAIL, f"Slack cannot be reached: {why}", "look at proxy and firewall")
        return
    yield Seen(Level.OK, f"{told.team}: the token is good")
    yield from _scopes(told)
    yield _clock(told)
    yield from _channels(patient, told)


def _scopes(told: Told) -> Iterator[Seen]:
    from bot.slack.scopes import NEEDED, SCOPES

    missing = [(name, lost) for name, lost in SCOPES.items() if name not in told.scopes]
    for name, lost in missing:
        level = Level.FAIL if name in NEEDED else Level.WARN
        yield Seen(level, f"{told.team}: the scope {name} is missing, so {lost}", INSTALL)
    if not missing:
        yield Seen(Level.OK, f"{told.team}: all {len(SCOPES)} scopes are there")


def _clock(told: Told) -> Seen:
    size = abs(told.skew)
    if size <= SKEW_SECONDS:
        return Seen(Level.OK, f"{told.team}: our clock is {size:.0f} s off Slack's")
    side = "ahead of" if told.skew > 0 else "behind"
    level = Level.FAIL if size >= REFUSED_SECONDS else Level.WARN
    return Seen(
        level, f"{told.team}: our clock is {size:.0f} s {side} Slack's", "let NTP set the clock of this machine"
    )


def _channels(patient: Patient, told: Told) -> Iterator[Seen]:
    """Every channel that a persona or a team is routed to, and whether we are in it."""
    wanted: dict[str, list[str]] = {}
    for persona, routes in patient.config.personas.items():
        for route in routes:
            platform, _, name = route.partition(":")
            if platform == "slack" and name.strip().startswith("#"):
                wanted.setdefault(name.strip(), []).append(persona)
    for name, personas in wanted.items():
        if name in told.channels:
            yield Seen(Level.OK, f"{told.team}: in {name}")
        else:
            why = f"{told.team}: not in {name}, where {', '.join(personas)} should hear us"
            yield Seen(Level.FAIL, why, f"type /invite @Pitcrew in {name}")


async def _asked(patient: Patient, token: str) -> Told:
    from bot.slack.post import connected

    async with connected(token, patient.config.slack.api_url) as client:
        said = await client.auth_test()
        headers: Mapping[str, str] = {name.lower(): value for name, value in dict(said.headers).items()}
        date = headers.get("date", "")
        skew = (patient.clock() - parsedate_to_datetime(date)).total_seconds() if date else 0.0
        scopes = frozenset(one.strip() for one in headers.get("x-oauth-scopes", "").split(",") if one.strip())
        channels = frozenset([name async for name in _names(client)]) if "channels:read" in scopes else frozenset()
        return Told(str(said["team"]), scopes, skew, channels)


async def _names(client: AsyncWebClient) -> Any:  # noqa: ANN401 (an async iterator of names)
    pages = await client.users_conversations(types="public_channel,private_channel", exclude_archived=True, limit=200)
    async for page in pages:
        for channel in page["channels"]:
            yield f"#{channel['name']}"
