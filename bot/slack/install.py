"""Installing Pitcrew in several workspaces by OAuth: who may, where the tokens go, and what a person sees of it.

Only the workspaces that the deployment file names may install it, since whoever does sees the company's cost. Tokens
are sealed before they are written, by keys that are in the environment and nowhere else.
"""

from __future__ import annotations

import asyncio
import html
import logging
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field

import structlog
from aiohttp import web
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.error import BoltError
from slack_bolt.oauth.async_callback_options import AsyncCallbackOptions, AsyncFailureArgs, AsyncSuccessArgs
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackClientError
from slack_sdk.oauth.installation_store.async_installation_store import AsyncInstallationStore
from slack_sdk.oauth.installation_store.models import Installation as Given
from slack_sdk.oauth.state_store.async_state_store import AsyncOAuthStateStore
from slack_sdk.web.async_client import AsyncWebClient

from analysis.errors import BadConfig
from bot.slack.scopes import SCOPES
from bot.state.installations import Installation, InstallationsTable

log = structlog.get_logger(__name__)

INSTALL, REDIRECT = "/slack/install", "/slack/oauth_redirect"
KEY = "SLACK_TOKEN_KEY"
Installed = Callable[[Installation], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Vault:
    """Seals tokens, and opens what it or an older key has sealed."""

    keys: MultiFernet = field(repr=False)

    @classmethod
    def of(cls, given: str) -> Vault:
        """Keys with commas between them; the first seals, the others open what was sealed before.

        Raises:
            BadConfig: there is none, or one is no Fernet key.
        """
        try:
            return cls(MultiFernet([Fernet(word.strip()) for word in given.split(",") if word.strip()]))
        except ValueError:
            raise BadConfig(
                f"{KEY} is no key; make one: python -c 'from cryptography.fernet import Fernet;"
                " print(Fernet.generate_key().decode())'"
            ) from None

    def sealed(self, token: str) -> bytes:
        """A token as it may be written down."""
        return self.keys.encrypt(token.encode())

    def opened(self, sealed: bytes) -> str:
        """The token.

        Raises:
            BadConfig: none of the keys has sealed it.
        """
        try:
            return self.keys.decrypt(sealed).decode()
        except InvalidToken:
            raise BadConfig(
                f"no key of {KEY} opens the tokens that are kept: write the old key behind the new one"
            ) from None

    def resealed(self, sealed: bytes) -> bytes:
        """The same by the first key.

        Raises:
            BadConfig: none of the keys has sealed it.
        """
        try:
            return self.keys.rotate(sealed)
        except InvalidToken:
            return self.sealed(self.opened(sealed))


class Store(AsyncInstallationStore):
    """Where the SDK puts what Slack gave it."""

    def __init__(
        self, kept: InstallationsTable, vault: Vault, allowed: Collection[str], api_url: str, installed: Installed
    ) -> None:
        self.kept, self.vault, self.allowed = kept, vault, frozenset(allowed)
        self.api_url, self.installed = api_url, installed

    @property
    def logger(self) -> logging.Logger:
        """The SDK's errors."""
        return logging.getLogger("bot.slack.install")

    async def async_save(self, installation: Given) -> None:
        """Keep a workspace's token, sealed; one that may not have Pitcrew gives its token back.

        Raises:
            BoltError: that workspace may not.
        """
        team, token = installation.team_id or "", installation.bot_token or ""
        if team not in self.allowed or not token:
            await self._given_back(token)
            log.warning("slack workspace refused", team=team)
            raise BoltError(f"workspace {team} is not named in the deployment file, under teams of [slack]")
        one = Installation(
            team,
            installation.team_name or team,
            installation.bot_user_id or "",
            installation.bot_id or "",
            self.vault.sealed(token),
            ",".join(installation.bot_scopes or ()),
            f"slack:{installation.user_id}",
        )
        await asyncio.to_thread(self.kept.enter, one)
        log.info("slack workspace installed", team=team)
        await self.installed(one)

    async def _given_back(self, token: str) -> None:
        try:
            await AsyncWebClient(token, base_url=self.api_url, retry_handlers=[]).auth_revoke()
        except (SlackClientError, TimeoutError) as error:
            log.warning("slack token not given back", error=type(error).__name__)


class States(AsyncOAuthStateStore):
    """Which installations were begun here."""

    def __init__(self, kept: InstallationsTable) -> None:
        self.kept = kept

    @property
    def logger(self) -> logging.Logger:
        """The SDK's errors."""
        return logging.getLogger("bot.slack.install")

    async def async_issue(self, *_args: object, **_named: object) -> str:
        """A new one."""
        return await asyncio.to_thread(self.kept.issue)

    async def async_consume(self, state: str) -> bool:
        """Whether it is good; afterwards it is not."""
        return await asyncio.to_thread(self.kept.consume, state)


@dataclass(frozen=True, slots=True)
class Lobby:
    """The two addresses of an installation: where it begins, and where Slack sends people back to."""

    flow: AsyncOAuthFlow

    def mount(self, site: web.Application) -> None:
        """Answer at ``/slack/install`` and ``/slack/oauth_redirect`` of ``site``."""
        site.router.add_get(INSTALL, self.begin)
        site.router.add_get(REDIRECT, self.end)

    async def begin(self, request: web.Request) -> web.Response:
        """On to Slack, which says what is asked for."""
        return await to_aiohttp_response(await self.flow.handle_installation(await to_bolt_request(request)))

    async def end(self, request: web.Request) -> web.Response:
        """What Slack says of it."""
        return await to_aiohttp_response(await self.flow.handle_callback(await to_bolt_request(request)))


@dataclass(frozen=True, slots=True)
class App:
    """Our app as Slack knows it, and how Slack is reached."""

    client_id: str
    client_secret: str = field(repr=False)
    api_url: str
    public_url: str


def lobby(app: App, store: Store) -> Lobby:
    """The whole installation for an app, into a store."""
    # GovSlack asks people on its own host, as does whatever stands in for Slack
    authorize = app.api_url.removesuffix("api/") + "oauth/v2/authorize"
    settings = AsyncOAuthSettings(
        client_id=app.client_id,
        client_secret=app.client_secret,
        scopes=list(SCOPES),
        redirect_uri=f"{app.public_url}{REDIRECT}",
        install_path=INSTALL,
        install_page_rendering_enabled=False,  # Slack's own page says what is asked for
        redirect_uri_path=REDIRECT,
        callback_options=AsyncCallbackOptions(success=_welcome, failure=_refused),
        authorization_url=authorize,
        installation_store=store,
        installation_store_bot_only=True,
        state_store=States(store.kept),
    )
    client = AsyncWebClient(base_url=app.api_url, retry_handlers=[])
    return Lobby(AsyncOAuthFlow(client=client, settings=settings))


async def _welcome(args: AsyncSuccessArgs) -> BoltResponse:
    name = args.installation.team_name or "your workspace"
    return _page(200, "Pitcrew is in", f"Open {name}, type /finops forecast, or look at Pitcrew's Home.")


async def _refused(args: AsyncFailureArgs) -> BoltResponse:
    log.warning("slack installation refused", reason=args.reason, error=str(args.error or ""))
    why = {
        "access_denied": "Nothing was installed, as you chose.",
        "invalid_browser": "Begin again in this browser: the link was opened in another one, or cookies are off.",
        "invalid_state": "That link is used up or older than ten minutes. Please begin again.",
        "storage_error": f"{args.error}. Ask whoever runs Pitcrew to add it.",
    }.get(args.reason, "Slack did not take it. Please begin again.")
    status = 403 if args.reason == "storage_error" else args.suggested_status_code
    return _page(status, "Pitcrew is not installed", why)


def _page(status: int, title: str, words: str) -> BoltResponse:
    body = (
        f"<!doctype html><meta charset=utf-8><meta name=viewport content='width=device-width'><title>{title}</title>"
        "<body style='font:16px/1.5 system-ui;max-width:32rem;margin:20vh auto;padding:0 1rem'>"
        f"<h1 style='font-size:1.4rem'>{html.escape(title)}</h1><p>{html.escape(words)}</p>"
    )
    return BoltResponse(status=status, body=body, headers={"Content-Type": "text/html; charset=utf-8"})
