"""Requests from Teams, believed or not, and turned into turns: Microsoft's SDK, with its defects mended.

botbuilder 4.17.1 answers bad tokens and good invokes by 500, fetches keys on the event loop, looks for no new key for a
day, believes whoever emulates Teams, and any host. Here everything that it raises is a refusal, keys are fetched aside,
and before and behind its checks stand ours. With ``wire.py`` this is all that knows the SDK.

Source: learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-authentication.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import aiohttp
import jwt
import structlog
from botbuilder.core import InvokeResponse, TurnContext
from botbuilder.core.teams import TeamsActivityHandler
from botbuilder.integration.aiohttp import CloudAdapter
from botbuilder.schema import Activity
from botframework.connector.auth.jwt_token_extractor import JwtTokenExtractor
from msrest.exceptions import ClientException

from bot.clock import Clock
from bot.teams.cloud import Cloud
from bot.teams.wire import Clients

log = structlog.get_logger(__name__)

CHANNEL = "msteams"
ALGORITHM = "RS256"
FRESH = timedelta(hours=24)  # how long keys are believed, as documented
USABLE = timedelta(days=5)  # how long old ones do while new ones cannot be fetched
AGAIN = timedelta(minutes=5)  # they are looked for this often at most, whatever somebody sends
AT_FIRST = timedelta(seconds=2)  # and this often while there are none
FETCH_SECONDS = 5


class RefusedError(Exception):
    """Not from Teams, or not for us; the words are for the log."""


class StrangerError(Exception):
    """From Teams, and none of ours."""


class UnreachableError(Exception):
    """Teams' keys cannot be had, so nobody can be believed."""


@dataclass(frozen=True, slots=True)
class Key:
    """One of the keys that the Bot Connector signs with, as the SDK wants it."""

    public_key: Any
    endorsements: tuple[str, ...]  # never empty: the SDK believes a key without any for every channel


@dataclass(slots=True)
class Keys:
    """The Bot Connector's keys: fetched when first needed, kept for a day, looked through again for an unknown one."""

    session: aiohttp.ClientSession
    url: str
    clock: Clock
    _found: Mapping[str, Key] = field(default_factory=dict)
    _fetched: datetime | None = None
    _tried: datetime | None = None
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def get(self, name: str) -> Key:
        """The key of that name: what the SDK asks its cache of keys for.

        Raises:
            RefusedError: there is none.
            UnreachableError: none can be fetched.
        """
        async with self._lock:
            if self._due(name):
                await self._fetch()
        if self._fetched is None:
            raise UnreachableError("the keys of the Bot Connector could not be fetched a moment ago")
        if name not in self._found:
            raise RefusedError("a key that Teams does not have")
        return self._found[name]

    def _due(self, name: str) -> bool:
        now = self.clock()
        if self._tried is not None and now - self._tried < (AT_FIRST if self._fetched is None else AGAIN):
            return False
        return self._fetched is None or now - self._fetched > FRESH or name not in self._found

    async def _fetch(self) -> None:
        now = self._tried = self.clock()
        try:
            document = await self._json(self.url)
            found = await self._json(document["jwks_uri"])
            self._found = {one["kid"]: _key(one) for one in found["keys"] if one.get("kty") == "RSA"}
        except (aiohttp.ClientError, TimeoutError, ValueError, KeyError, TypeError, jwt.PyJWTError) as error:
            log.warning("teams keys not fetched", error=f"{type(error).__name__} {error}".rstrip())
            if self._fetched is None or now - self._fetched > USABLE:
                raise UnreachableError("the keys of the Bot Connector cannot be fetched") from error
        else:
            self._fetched = now

    async def _json(self, url: str) -> Any:  # noqa: ANN401 (whatever they serve)
        async with self.session.get(url, timeout=aiohttp.ClientTimeout(total=FETCH_SECONDS)) as said:
            said.raise_for_status()
            return await said.json(content_type=None)


def _key(found: Mapping[str, Any]) -> Key:
    public = jwt.PyJWK({name: value for name, value in found.items() if name != "use"}, algorithm=ALGORITHM).key
    return Key(public, (*found.get("endorsements", ()), "nothing else"))


@dataclass(frozen=True, slots=True)
class Gate:
    """What must be so before and besides what the SDK checks. Without ``keys`` it is the playground."""

    app_id: str
    cloud: Cloud
    clock: Clock
    tenants: frozenset[str]  # of whom alone messages are taken; empty only in the playground
    keys: Keys | None = None

    def promising(self, header: str | None) -> None:
        """Look at a token before the SDK does: what is not even said to be ours makes it fetch no key of anybody.

        Raises:
            RefusedError: there is no token, or it does not say that it is the Bot Connector's for this bot.
        """
        if self.keys is None:
            return
        scheme, _, token = (header or "").partition(" ")
        if scheme != "Bearer" or not token or " " in token:
            raise RefusedError("no bearer token")
        try:
            head = jwt.get_unverified_header(token)
            said = jwt.decode(token, options={"verify_signature": False})
        except (jwt.PyJWTError, ValueError, TypeError) as error:
            raise RefusedError(type(error).__name__) from error
        if head.get("alg") != ALGORITHM or not isinstance(head.get("kid"), str):
            raise RefusedError("not signed as Teams signs")
        if said.get("iss") != self.cloud.issuer:
            raise RefusedError("another issuer")
        if said.get("aud") != self.app_id:
            raise RefusedError("another bot's")
        if not isinstance(said.get("exp"), int | float):
            raise RefusedError("no time that it ends")

    def at_home(self, activity: Mapping[str, Any]) -> str:
        """Why an activity is none of ours although its token is good; empty if it is ours."""
        if activity.get("channelId") != CHANNEL:
            return "another channel"
        if not isinstance(url := activity.get("serviceUrl"), str) or not self.cloud.trusts(url):
            return "an unknown host"
        if self.tenants and tenant_of(activity) not in self.tenants:
            return "another tenant"
        return ""


@dataclass(frozen=True, slots=True)
class Reply:
    """What Teams is answered: an HTTP status, and a body for invokes."""

    status: int = 200
    body: Mapping[str, Any] | None = None


Listen = Callable[[Mapping[str, Any]], Awaitable[Reply]]


class Turns(TeamsActivityHandler):  # type: ignore[misc]
    """One turn of the SDK, handed to ``listen`` as Teams sent it: the SDK's models drop what they do not know."""

    def __init__(self, listen: Listen, raw: Mapping[str, Any]) -> None:
        self.listen, self.raw, self.reply = listen, raw, Reply()

    async def on_message_activity(self, turn_context: TurnContext) -> None:
        """Something was said, or sent by an old client's card."""
        await self._heard(turn_context)

    async def on_conversation_update_activity(self, turn_context: TurnContext) -> None:
        """Somebody or something came, went, or is called otherwise."""
        await self._heard(turn_context)

    async def on_installation_update(self, turn_context: TurnContext) -> None:
        """The app was added or taken out."""
        await self._heard(turn_context)

    async def on_invoke_activity(self, turn_context: TurnContext) -> InvokeResponse:
        """A click, a dialog, a search: answered in the same breath, by JSON that is not serialised twice."""
        await self._heard(turn_context)
        return InvokeResponse(status=self.reply.status, body=self.reply.body)

    async def _heard(self, _turn: TurnContext) -> None:
        self.reply = await self.listen(self.raw)


class Adapter(CloudAdapter):  # type: ignore[misc]
    """The SDK's adapter: believes first, and only then begins a turn, on clients that are kept."""

    def __init__(self, clients: Clients, gate: Gate) -> None:
        super().__init__(clients.auth)
        self.clients, self.gate = clients, gate
        if gate.keys is not None:
            JwtTokenExtractor.metadataCache[gate.cloud.openid_url] = gate.keys

    async def heard(self, raw: Mapping[str, Any], header: str | None, listen: Listen) -> Reply:
        """Authenticate an activity, and hand it on.

        Raises:
            RefusedError: it is not from Teams, or not for us.
            UnreachableError: it cannot be told.
            StrangerError: it is from Teams, and none of ours.
            ValueError: it is no activity.
        """
        try:
            activity = Activity().deserialize(dict(raw))
        except (ClientException, AttributeError, TypeError) as error:
            raise ValueError("not an activity") from error
        try:
            found = await self.bot_framework_authentication.authenticate_request(activity, header or None)
        except UnreachableError:
            raise
        except Exception as error:
            raise RefusedError(f"{type(error).__name__} {error}") from error
        if why := self.gate.at_home(raw):
            raise StrangerError(why)
        found.connector_factory = self.clients
        turn = Turns(listen, raw)
        said = await self.process_activity(found, activity, turn.on_turn)
        return Reply(said.status, said.body) if said else turn.reply


def tenant_of(activity: Mapping[str, Any]) -> str:
    """Whose an activity is; empty if it does not say, or says two things."""
    conversation, data = activity.get("conversation"), activity.get("channelData")
    said = {
        str(found)
        for found in (
            conversation.get("tenantId") if isinstance(conversation, Mapping) else None,
            data["tenant"].get("id") if isinstance(data, Mapping) and isinstance(data.get("tenant"), Mapping) else None,
        )
        if found
    }
    return said.pop() if len(said) == 1 else ""
