"""Words to Teams: the Bot Connector through Microsoft's SDK, one client for each address, kept as long as we run.

With ``adapter.py`` this is all that knows the SDK (botbuilder 4.17, archived), so that its successor is a swap of two
files. It makes a client for every turn, lets go of it when the garbage is collected, and tries broken requests again
without a word: here one is kept for each address, and never retries. The outbox does, and knows what may have arrived.
Before anything is sent, the host is looked at, since it is sent our token.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any, TypeVar

import aiohttp
import requests
from azure.core.exceptions import DeserializationError
from botbuilder.integration.aiohttp import (
    ConfigurationBotFrameworkAuthentication,
    ConfigurationServiceClientCredentialFactory,
)
from botbuilder.schema import Activity, ConversationParameters
from botframework.connector.aio import ConnectorClient
from botframework.connector.auth import (
    AppCredentials,
    BotFrameworkAuthentication,
    ClaimsIdentity,
    ConnectorFactory,
    ServiceClientCredentialsFactory,
)
from botframework.connector.teams import TeamsConnectorClient
from msrest.exceptions import ClientException, ClientRequestError, HttpOperationError

from bot.teams.cloud import Cloud, Tokens
from bot.teams.machine import Machine

HTTP_SECONDS = 10.0  # a sixth of the outbox's lease, so that a request is over before its lease is
PAGE = 200
MAX_PAGES = 50
NEVER_BEGUN = ("NewConnectionError", "ConnectTimeoutError", "NameResolutionError", "SSLError")

Json = Mapping[str, Any]
T = TypeVar("T")


class WireError(Exception):
    """The Bot Connector took a call and did not do it."""

    def __init__(self, status: int, code: str, said: str, retry_after: str = "") -> None:
        super().__init__(f"{status} {code} {said}".rstrip())
        self.status, self.code, self.said, self.retry_after = status, code, said, retry_after


class UntrustedError(Exception):
    """A service URL that is no host of Teams: nothing was sent there."""


class NoTokenError(Exception):
    """Entra gives us no token."""


class NotBegunError(Exception):
    """Nobody was reached, so nothing was said."""


class BrokenError(Exception):
    """The connection broke: it may have been heard."""


@dataclass(frozen=True, slots=True)
class App:
    """Who we are to Teams: the app's id, and its secret, or ``tokens`` from elsewhere, or a managed identity."""

    app_id: str
    tenant: str
    password: str = ""
    tokens: Tokens | None = None


def authentication(cloud: Cloud, app: App) -> BotFrameworkAuthentication:
    """The SDK's authentication of a bot of ours, with the addresses of its cloud."""
    settings = {"APP_ID": app.app_id, "APP_PASSWORD": app.password, "APP_TENANTID": app.tenant}
    settings["APP_TYPE"] = "SingleTenant"
    if cloud.issuer:
        settings |= {
            "TO_BOT_FROM_CHANNEL_OPENID_METADATA_URL": cloud.openid_url,
            "TO_BOT_FROM_EMULATOR_OPENID_METADATA_URL": cloud.openid_url,
            "TO_BOT_FROM_CHANNEL_TOKEN_ISSUER": cloud.issuer,
            "TO_CHANNEL_FROM_BOT_LOGIN_URL": f"{cloud.authority}/{app.tenant}",
            "TO_CHANNEL_FROM_BOT_OAUTH_SCOPE": cloud.scope,
            "OAUTH_URL": cloud.scope,
        }
    configuration = SimpleNamespace(**settings)
    given = _Given(app) if app.tokens or not app.app_id else None
    factory = given or ConfigurationServiceClientCredentialFactory(configuration)
    return ConfigurationBotFrameworkAuthentication(configuration, credentials_factory=factory)


class _Given(ServiceClientCredentialsFactory):  # type: ignore[misc]
    """Credentials whose token comes from elsewhere; none at all in the playground."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def is_valid_app_id(self, app_id: str) -> bool:
        """Whether a token was made for this bot."""
        return app_id == self.app.app_id

    async def is_authentication_disabled(self) -> bool:
        """Only the playground's app has no id."""
        return not self.app.app_id

    async def create_credentials(
        self, app_id: str, oauth_scope: str, login_endpoint: str, validate_authority: bool
    ) -> AppCredentials:
        """The credentials that requests are signed with."""
        _ = app_id, login_endpoint, validate_authority
        return _Token(self.app, oauth_scope)


class _Token(AppCredentials):  # type: ignore[misc]
    def __init__(self, app: App, scope: str) -> None:
        super().__init__(app_id=app.app_id, oauth_scope=scope)
        self.tokens = app.tokens

    def get_access_token(self, force_refresh: bool = False) -> str:
        _ = force_refresh
        return self.tokens() if self.tokens else ""


@dataclass(slots=True)
class Wire:
    """The Bot Connector, as the platform speaks to it."""

    cloud: Cloud
    app: App
    seconds: float = HTTP_SECONDS
    clients: Clients = field(init=False)
    machine: Machine | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        if self.app.app_id and not self.app.password and self.app.tokens is None:
            self.machine = Machine(self.app.app_id, self.cloud.scope)
            self.app = replace(self.app, tokens=self.machine)
        self.clients = Clients(authentication(self.cloud, self.app), self.app.app_id, self.cloud, self.seconds)

    async def send(self, service_url: str, conversation: str, activity: Json) -> str:
        """Say something in a conversation; its id."""
        client = await self._client(service_url)
        said = Activity().deserialize(dict(activity))
        made = await _call(lambda: client.conversations.send_to_conversation(conversation, said))
        return str(made.id or "") if made else ""

    async def update(self, service_url: str, conversation: str, message: str, activity: Json) -> None:
        """Put something in the place of one of our messages."""
        client = await self._client(service_url)
        said = Activity().deserialize({**activity, "id": message})
        await _call(lambda: client.conversations.update_activity(conversation, message, said))

    async def delete(self, service_url: str, conversation: str, message: str) -> None:
        """Take one of our messages back."""
        client = await self._client(service_url)
        await _call(lambda: client.conversations.delete_activity(conversation, message))

    async def begin(self, service_url: str, parameters: Json) -> tuple[str, str]:
        """Begin a conversation: a thread in a channel, a personal chat. Its id, and that of its first message."""
        client = await self._client(service_url)
        asked = ConversationParameters().deserialize(dict(parameters))
        made = await _call(lambda: client.conversations.create_conversation(asked))
        return str(made.id or ""), str(made.activity_id or "")

    async def members(self, service_url: str, conversation: str) -> Sequence[Json]:
        """Who is in a conversation, page by page."""
        client = await self._client(service_url)
        pages, found, token = client.conversations.get_teams_conversation_paged_members, [], None
        for _ in range(MAX_PAGES):
            page = await _call(lambda token=token: pages(conversation, PAGE, token))  # type: ignore[misc]
            found += [_plain(one) for one in page.members or ()]
            token = page.continuation_token
            if not token:
                break
        return found

    async def member(self, service_url: str, conversation: str, member: str) -> Json:
        """One of them: name, address and role, as far as Teams tells."""
        client = await self._client(service_url)
        return _plain(await _call(lambda: client.conversations.get_conversation_member(conversation, member)))

    async def channels(self, service_url: str, team: str) -> Sequence[Json]:
        """The channels of a team: ``id``, ``type``, and ``name``, which is empty for the first one, General."""
        await self._client(service_url)
        client = await self.clients.of_teams(service_url)
        asked: Callable[[], Any] = lambda: client.teams.get_teams_channels(team)  # noqa: E731 (typed)
        found = await _call(lambda: asyncio.to_thread(asked))
        return [{"id": one.id, "name": one.name, "type": str(one.type or "")} for one in found.conversations or ()]

    async def welcome(self) -> None:
        """Ask Entra for our token, if there is none that is good yet.

        Raises:
            NoTokenError: it gives us none.
            NotBegunError: it cannot be reached.
        """
        for host in sorted(self.cloud.hosts)[:1]:
            await self._client(f"https://{host}/")

    def close(self) -> None:
        """Let go of every connection."""
        self.clients.close()
        if self.machine:
            self.machine.close()

    async def _client(self, service_url: str) -> ConnectorClient:
        """The client of an address, with a token that is good.

        Raises:
            UntrustedError: the address is no host of Teams.
            NoTokenError: we have no token.
            NotBegunError: Entra cannot be reached.
        """
        client = await self.clients.create(service_url)
        credentials = client.config.credentials
        if self.app.app_id:  # fetched here, in a thread: the SDK would fetch it on the event loop
            try:
                await asyncio.to_thread(credentials.get_access_token)
            except PermissionError as error:
                hint = "" if self.machine else "; renew TEAMS_APP_PASSWORD"
                raise NoTokenError(f"Entra refuses the app's credentials: {_first(error)}{hint}") from error
            except (requests.RequestException, ValueError, KeyError) as error:
                raise NotBegunError(f"Entra gives no token now: {_first(error)}") from error
        return client


class Clients(ConnectorFactory):  # type: ignore[misc]
    """The SDK's clients, one for each address, instead of one for each turn."""

    def __init__(self, auth: BotFrameworkAuthentication, app_id: str, cloud: Cloud, seconds: float) -> None:
        self.auth, self.cloud, self.seconds = auth, cloud, seconds
        self.factory = auth.create_connector_factory(ClaimsIdentity({"aud": app_id, "appid": app_id}, True))
        self.kept: dict[str, ConnectorClient] = {}
        self.kept_of_teams: dict[str, TeamsConnectorClient] = {}

    async def create(self, service_url: str, audience: str | None = None) -> ConnectorClient:
        """The client of an address.

        Raises:
            UntrustedError: the address is no host of Teams.
        """
        _ = audience
        if not self.cloud.trusts(service_url):
            raise UntrustedError(f"{service_url[:100]!r} is no host of Teams")
        if service_url not in self.kept:
            self.kept[service_url] = self._tamed(await self.factory.create(service_url, self.cloud.scope or None))
        return self.kept[service_url]

    async def of_teams(self, service_url: str) -> TeamsConnectorClient:
        """The client of what only Teams has."""
        if service_url not in self.kept_of_teams:
            credentials = (await self.create(service_url)).config.credentials
            self.kept_of_teams[service_url] = self._tamed(TeamsConnectorClient(credentials, service_url))
        return self.kept_of_teams[service_url]

    def _tamed(self, client: Any) -> Any:  # noqa: ANN401 (either of the two)
        client.config.connection.timeout = self.seconds
        policy = client.config.retry_policy
        policy.retries = 0
        for how in ("total", "connect", "read", "redirect", "status"):
            setattr(policy.policy, how, 0)
        client.config.redirect_policy.allow = False  # a redirection would carry the token elsewhere
        return client

    def close(self) -> None:
        """Close every client's session."""
        for client in self.kept_of_teams.values():
            client.close()
        for client in self.kept.values():
            _closed(client)


def _closed(client: ConnectorClient) -> None:
    """Close what the SDK's asynchronous client holds, which is a session of requests."""
    sender = getattr(client._client.config.pipeline, "_sender", None)
    session = getattr(getattr(sender, "driver", None), "session", None)
    if session is not None:
        session.close()


async def _call(call: Callable[[], Awaitable[T]]) -> T:
    """One call.

    Raises:
        WireError: it was refused.
        NotBegunError: nobody was reached.
        BrokenError: the connection broke, or no answer came in time.
    """
    try:
        return await call()
    except HttpOperationError as error:
        raise _refused(error) from error
    except (ClientRequestError, requests.RequestException) as error:
        words = f"{type(error).__name__} {error}"
        raise (NotBegunError if any(name in words for name in NEVER_BEGUN) else BrokenError)(words[:300]) from error
    except (ClientException, DeserializationError) as error:  # a page of HTML, from something in between
        raise BrokenError(f"an answer that cannot be read: {_first(error)}") from error


def _refused(error: HttpOperationError) -> WireError:
    response = error.response
    headers = getattr(response, "headers", None) or {}
    try:
        text = response.text() if callable(response.text) else response.text
    except (AttributeError, TypeError, ValueError):
        text = ""
    return WireError(int(response.status_code), *_why(text or ""), str(headers.get("Retry-After", "")))


def _plain(account: Any) -> Json:  # noqa: ANN401 (one of the SDK's models)
    found: dict[str, Any] = {**account.serialize(), **(account.additional_properties or {})}
    return found


@asynccontextmanager
async def connected(*, seconds: float = HTTP_SECONDS) -> AsyncIterator[aiohttp.ClientSession]:
    """A pool of connections for the keys of Teams."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=seconds)) as session:
        yield session


def _first(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0][:300]


def _object(text: str) -> Json:
    try:
        found = json.loads(text) if text.strip() else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _why(text: str) -> tuple[str, str]:
    """The Bot Connector's own word for what is wrong, and what it says of it; both may be empty."""
    found = _object(text)
    error = found.get("error", found)
    if not isinstance(error, dict):
        return "", str(error)[:200]
    inner = error.get("innerHttpError")
    code = str(error.get("code", "")) or (str(inner) if inner else "")
    return code[:80], str(error.get("message", ""))[:200]
