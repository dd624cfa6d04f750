"""Requests from Teams, believed or not: the Bot Connector's tokens are checked here as its documentation lists.

Microsoft's SDK for this (botbuilder-core 4.17.1) is archived, and answers bad tokens and good invokes by 500; what is
needed of it are these checks. With ``wire.py`` this is all that knows the protocol: a successor SDK would replace these
two files.

Sources: learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-authentication.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import aiohttp
import jwt
import structlog

from bot.clock import Clock
from bot.teams.cloud import Cloud

log = structlog.get_logger(__name__)

CHANNEL = "msteams"
ALGORITHM = "RS256"
SKEW = 5 * 60  # seconds that clocks may differ
FRESH = timedelta(hours=24)  # how long keys are believed, as documented
USABLE = timedelta(days=5)  # how long old ones do while new ones cannot be fetched
AGAIN = timedelta(minutes=5)  # they are looked for this often at most, whatever somebody sends
AT_FIRST = timedelta(seconds=2)  # and this often while there are none
FETCH_SECONDS = 5


class RefusedError(Exception):
    """Not from Teams, or not for us; the words are for the log."""


class UnreachableError(Exception):
    """Teams' keys cannot be had, so nobody can be believed."""


@dataclass(frozen=True, slots=True)
class Key:
    """One of the keys that the Bot Connector signs with."""

    public: Any
    endorsements: frozenset[str]


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

    async def key(self, name: str) -> Key:
        """The key of that name.

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
    return Key(jwt.PyJWK(dict(found), algorithm=ALGORITHM).key, frozenset(found.get("endorsements", ())))


@dataclass(frozen=True, slots=True)
class Gate:
    """Decides who is Teams. Without ``keys`` everybody on this machine is: the playground."""

    app_id: str
    cloud: Cloud
    clock: Clock
    tenants: frozenset[str]  # of whom alone messages are taken; empty only in the playground
    keys: Keys | None = None

    async def claims(self, header: str | None) -> Mapping[str, Any]:
        """What a request's token says, which is true; nothing in the playground.

        Raises:
            RefusedError: there is no token, or it is not the Bot Connector's for this bot.
            UnreachableError: it cannot be told.
        """
        if self.keys is None:
            return {}
        scheme, _, token = (header or "").partition(" ")
        if scheme != "Bearer" or not token or " " in token:
            raise RefusedError("no bearer token")
        try:
            head = jwt.get_unverified_header(token)
            if head.get("alg") != ALGORITHM or not isinstance(head.get("kid"), str):
                raise RefusedError("not signed as Teams signs")
            key = await self.keys.key(head["kid"])
            said = jwt.decode(token, key.public, algorithms=[ALGORITHM], options=_BY_OUR_CLOCK)
        except (jwt.PyJWTError, ValueError, TypeError) as error:
            raise RefusedError(type(error).__name__) from error
        self._meant_for_us(said)
        return {**said, "endorsements": key.endorsements}

    def _meant_for_us(self, said: Mapping[str, Any]) -> None:
        now = self.clock().timestamp()
        if said.get("iss") != self.cloud.issuer:
            raise RefusedError("another issuer")
        if said.get("aud") != self.app_id:
            raise RefusedError("another bot's")
        ends, begins = said.get("exp"), said.get("nbf", 0)
        if not isinstance(ends, int | float) or not isinstance(begins, int | float):
            raise RefusedError("no time that it ends")
        if now > ends + SKEW or now < begins - SKEW:
            raise RefusedError("over, or not yet begun")

    def fits(self, claims: Mapping[str, Any], activity: Mapping[str, Any]) -> None:
        """Make sure that an activity is what its token was made for.

        Raises:
            RefusedError: it is not.
        """
        if self.keys is None:
            return
        if claims.get("serviceurl") != activity.get("serviceUrl"):
            raise RefusedError("another service URL")
        if activity.get("channelId") not in claims["endorsements"]:
            raise RefusedError("a key that is not for this channel")

    def at_home(self, activity: Mapping[str, Any]) -> str:
        """Why an activity is none of ours although its token is good; empty if it is ours."""
        if activity.get("channelId") != CHANNEL:
            return "another channel"
        if not isinstance(url := activity.get("serviceUrl"), str) or not self.cloud.trusts(url):
            return "an unknown host"
        if self.tenants and tenant_of(activity) not in self.tenants:
            return "another tenant"
        return ""


_BY_OUR_CLOCK: Any = {
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
    "verify_aud": False,
    "verify_iss": False,
}


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
