"""Words to Teams: the few calls of the Bot Connector's REST interface that a bot needs, on one pool of connections.

With ``adapter.py`` this is all that knows the protocol. It never retries: the outbox does, and knows what may have
arrived. Before anything is sent, the host is looked at, since it is sent our token.

Source: learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-api-reference.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import aiohttp
from yarl import URL

from bot.teams.cloud import Cloud, Tokens

HTTP_SECONDS = 10  # a sixth of the outbox's lease, so that a request is over before its lease is
PAGE = 200
MAX_PAGES = 50
FIRST_ERROR = 400
UNAUTHORIZED = 401

Json = Mapping[str, Any]


class WireError(Exception):
    """The Bot Connector took a call and did not do it."""

    def __init__(self, status: int, code: str, said: str, retry_after: str = "") -> None:
        super().__init__(f"{status} {code} {said}".rstrip())
        self.status, self.code, self.said, self.retry_after = status, code, said, retry_after


class UntrustedError(Exception):
    """A service URL that is no host of Teams: nothing was sent there."""


class NoTokenError(Exception):
    """Entra gives us no token."""


@dataclass(frozen=True, slots=True)
class Wire:
    """The Bot Connector; ``tokens`` gives our token, or nothing in the playground."""

    session: aiohttp.ClientSession
    cloud: Cloud
    tokens: Tokens | None = None

    async def send(self, service_url: str, conversation: str, activity: Json) -> str:
        """Say something in a conversation; its id."""
        said = await self._call("POST", service_url, f"conversations/{_part(conversation)}/activities", activity)
        return str(said.get("id", ""))

    async def update(self, service_url: str, conversation: str, message: str, activity: Json) -> None:
        """Put something in the place of one of our messages."""
        path = f"conversations/{_part(conversation)}/activities/{_part(message)}"
        await self._call("PUT", service_url, path, {**activity, "id": message})

    async def delete(self, service_url: str, conversation: str, message: str) -> None:
        """Take one of our messages back."""
        await self._call("DELETE", service_url, f"conversations/{_part(conversation)}/activities/{_part(message)}")

    async def begin(self, service_url: str, parameters: Json) -> tuple[str, str]:
        """Begin a conversation: a thread in a channel, a personal chat. Its id, and that of its first message."""
        said = await self._call("POST", service_url, "conversations", parameters)
        return str(said.get("id", "")), str(said.get("activityId") or "")

    async def members(self, service_url: str, conversation: str) -> Sequence[Json]:
        """Who is in a conversation, page by page."""
        found: list[Json] = []
        token = ""
        for _ in range(MAX_PAGES):
            more = f"&continuationToken={quote(token, safe='')}" if token else ""
            path = f"conversations/{_part(conversation)}/pagedmembers?pageSize={PAGE}{more}"
            page = await self._call("GET", service_url, path)
            found += page.get("members", ())
            token = page.get("continuationToken") or ""
            if not token:
                break
        return found

    async def member(self, service_url: str, conversation: str, member: str) -> Json:
        """One of them: name, address, time zone and role, as far as Teams tells."""
        return await self._call("GET", service_url, f"conversations/{_part(conversation)}/members/{_part(member)}")

    async def channels(self, service_url: str, team: str) -> Sequence[Json]:
        """The channels of a team: ``id`` and ``name``, which is empty for the first one, General."""
        said = await self._call("GET", service_url, f"teams/{_part(team)}/conversations")
        found: Sequence[Json] = said.get("conversations", ())
        return found

    async def _call(self, method: str, service_url: str, path: str, body: Json | None = None) -> Json:
        """One call.

        Raises:
            WireError: it was refused.
            UntrustedError: the address is no host of Teams.
            NoTokenError: we have no token.
            aiohttp.ClientError: the connection broke.
            TimeoutError: no answer came in time.
        """
        if not self.cloud.trusts(service_url):
            raise UntrustedError(f"{service_url[:100]!r} is no host of Teams")
        headers = {"Content-Type": "application/json", **await self._authorization()}
        url = URL(f"{service_url.rstrip('/')}/v3/{path}", encoded=True)
        data = json.dumps(body, separators=(",", ":")).encode() if body is not None else None
        async with self.session.request(method, url, data=data, headers=headers, allow_redirects=False) as said:
            text = await said.text(errors="replace")
            if said.status >= FIRST_ERROR - 100:  # a redirection would carry the token elsewhere
                raise WireError(said.status, *_why(text), said.headers.get("Retry-After", ""))
            return _object(text)

    async def _authorization(self) -> dict[str, str]:
        if self.tokens is None:
            return {}
        try:
            token = await asyncio.to_thread(self.tokens)
        except PermissionError as error:
            raise NoTokenError(str(error)) from error
        return {"Authorization": f"Bearer {token}"}


@asynccontextmanager
async def connected(*, seconds: float = HTTP_SECONDS) -> AsyncIterator[aiohttp.ClientSession]:
    """One pool of connections for everything that goes to Teams."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=seconds)) as session:
        yield session


def tokens_of(cloud: Cloud, app_id: str, tenant: str, password: str) -> Tokens:
    """Where our token comes from: the app's secret, or, without one, the managed identity of this machine.

    Both keep a token until shortly before it ends.
    """
    from azure.core.exceptions import AzureError, ClientAuthenticationError
    from azure.identity import ClientSecretCredential, CredentialUnavailableError, ManagedIdentityCredential

    credential = (
        ClientSecretCredential(tenant, app_id, password, authority=cloud.authority)
        if password
        else ManagedIdentityCredential(client_id=app_id)
    )

    def token() -> str:
        try:
            return credential.get_token(cloud.scope).token
        except (ClientAuthenticationError, CredentialUnavailableError) as error:
            raise PermissionError(f"Entra refuses the app's credentials: {_first(error)}") from error
        except AzureError as error:
            raise aiohttp.ClientConnectionError(f"Entra cannot be reached: {_first(error)}") from error

    return token


def _first(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0][:300]


def _part(word: str) -> str:
    return quote(word, safe="")


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
