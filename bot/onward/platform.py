"""Webhooks as delivery sees them: a platform whose messages are signed requests, and whose answers are links.

Signed like Slack's requests: ``X-Pitcrew-Signature: v0=HMAC-SHA256(secret, "v0:<timestamp>:<body>")``. A request that
may have arrived is repeated with the same ``Idempotency-Key``; no redirect is followed; a name that leads to this
machine, or to a cloud's metadata, is not asked.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import aiohttp
import structlog
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from bot.clock import Clock
from bot.onward import template
from bot.onward.address import may_be
from bot.onward.template import Made, Refused, Target
from bot.ports import Later, Parcel, Place, Unclear, Undeliverable
from charts.picture import Picture
from commands.core.answer import Answer

log = structlog.get_logger(__name__)

SECONDS = 10.0  # a sixth of the outbox's lease
MOST_TRIES = 8
LONGEST_ANSWER = 64 * 1024
LATER_SECONDS = 60.0
TOO_MANY, SERVER_ERROR, REDIRECT = 429, 500, 300


class Links(Protocol):
    """Where what became of a request is remembered, and shown."""

    def arrived(self, of: str, target: str, made: Made) -> None:
        """It was taken, and this was made of it."""

    def failed(self, of: str, target: str, why: str) -> None:
        """It never will be."""


class OutsideResolver(AbstractResolver):
    """Names as the system resolves them, without those that would lead back inside."""

    def __init__(self) -> None:
        self._plain = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of a host that it may have.

        Raises:
            OSError: it has none.
        """
        found = await self._plain.resolve(host, port, family)
        kept = [one for one in found if may_be(host, one["host"])]
        if not kept:
            raise OSError(f"{host} leads to an address that no webhook goes to")
        return kept

    async def close(self) -> None:
        """Nothing is held."""


@asynccontextmanager
async def outside(*, seconds: float = SECONDS) -> AsyncIterator[aiohttp.ClientSession]:
    """A client that reaches what the deployment file names, and nothing inside."""
    connector = aiohttp.TCPConnector(resolver=OutsideResolver())
    timeout = aiohttp.ClientTimeout(total=seconds)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout, trust_env=False) as session:
        yield session


@dataclass(slots=True)
class WebhookPlatform:
    """Delivers parcels whose place names a target."""

    session: aiohttp.ClientSession
    targets: Mapping[str, Target]
    links: Links
    clock: Clock
    name: str = "webhook"

    def render(self, answer: Answer, ask: str) -> tuple[Mapping[str, Any], Sequence[Picture]]:  # noqa: ARG002
        """What is sent on is told as an event, by `send`; an answer is only its data."""
        return {"event": {"kind": "answer", "title": answer.title, "text": answer.title}}, ()

    async def send(self, parcel: Parcel) -> str:
        """Deliver, and give back what the other side calls it.

        Raises:
            DeliveryError: not now, perhaps, or never.
        """
        event = parcel.payload["event"]
        name = parcel.place.conversation
        try:
            made = await self._posted(self._target(name), event, parcel)
        except Undeliverable as error:
            await asyncio.to_thread(self.links.failed, str(event["id"]), name, str(error))
            raise
        await asyncio.to_thread(self.links.arrived, str(event["id"]), name, made)
        return made.key or parcel.id

    async def find(self, parcel: Parcel) -> str | None:  # noqa: ARG002
        """Nobody can be asked whether it arrived: it is sent again, with the same key."""
        return None

    async def withdraw(self, place: Place, message: str) -> None:
        """What was sent on belongs to the other side."""

    def _target(self, name: str) -> Target:
        if name not in self.targets:
            raise Undeliverable(f"no webhook is named {name} any more")
        return self.targets[name]

    async def _posted(self, target: Target, event: Mapping[str, Any], parcel: Parcel) -> Made:
        if parcel.attempt > MOST_TRIES:
            raise Undeliverable(f"{target.name} did not answer, {MOST_TRIES} times")
        said = json.dumps(template.body(target, event, parcel.id), ensure_ascii=False, separators=(",", ":")).encode()
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": hashlib.sha256(parcel.id.encode()).hexdigest(),
            **template.headers(target),
            **signature(target.secret, said, int(self.clock().timestamp())),
        }
        try:
            async with self.session.post(target.url, data=said, headers=headers, allow_redirects=False) as answer:
                text = await _read(answer)
                _refuse(target, answer.status, answer.headers.get("Retry-After", ""))
                return template.made(target, text)
        except Refused as error:
            raise Undeliverable(f"{target.name} says: {error}") from error
        except aiohttp.ClientConnectorError as error:
            raise Later(
                LATER_SECONDS, f"{target.name} cannot be reached: {error.os_error.strerror or 'no connection'}"
            ) from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Unclear(f"{target.name} broke off: {type(error).__name__}") from error


async def _read(answer: aiohttp.ClientResponse) -> str:
    """What was answered, in however many pieces it comes; no more of it than anybody has to say."""
    read = b""
    async for piece in answer.content.iter_any():
        read += piece
        if len(read) >= LONGEST_ANSWER:
            break
    return read[:LONGEST_ANSWER].decode("utf-8", "replace")


def signature(secret: str, body: bytes, timestamp: int) -> Mapping[str, str]:
    """The headers by which the other side knows that it was us, and when; none without a secret."""
    if not secret:
        return {}
    signed = hmac.new(secret.encode(), b"v0:%d:" % timestamp + body, hashlib.sha256).hexdigest()
    return {"X-Pitcrew-Request-Timestamp": str(timestamp), "X-Pitcrew-Signature": f"v0={signed}"}


def _refuse(target: Target, status: int, retry_after: str) -> None:
    """Tell what an HTTP status means.

    Raises:
        DeliveryError: that it was not taken.
    """
    if status == TOO_MANY:
        raise Later(
            float(retry_after) if retry_after.isdigit() else LATER_SECONDS, f"{target.name} asks us to slow down"
        )
    if status >= SERVER_ERROR:
        raise Unclear(f"{target.name} answered {status}")
    if status >= REDIRECT:
        raise Undeliverable(f"{target.name} answered {status}: look at its url, token and project")
