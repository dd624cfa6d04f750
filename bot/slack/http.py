"""Slack's HTTP mode: requests are verified, measured and read here before Bolt sees them, and never answered by 500."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl

import structlog
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.signature import Clock as SlackClock
from slack_sdk.signature import SignatureVerifier

from bot.clock import Clock

log = structlog.get_logger(__name__)

PATH = "/slack/events"
MAX_BODY = 1024 * 1024
BODY_SECONDS = 10
MAX_FIELDS = 50  # a slash command has about fifteen
STAMP = re.compile(r"[0-9]{1,12}")  # the SDK would fall over anything else


class _Time(SlackClock):
    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    def now(self) -> float:
        return self.clock().timestamp()


class Entrance:
    """One address for commands, clicks and events, as the manifest names it.

    During the rotation of the signing secret both, the old and the new, are ``secrets``.
    """

    def __init__(self, app: AsyncApp, secrets: Sequence[str], clock: Clock) -> None:
        self.app = app
        self.verifiers = [SignatureVerifier(secret, _Time(clock)) for secret in secrets]
        if not self.verifiers:
            raise ValueError("without a signing secret anybody could be Slack")

    def mount(self, site: web.Application) -> None:
        """Answer at ``/slack/events`` of ``site``."""
        site.router.add_post(PATH, self.handle)

    async def handle(self, request: web.Request) -> web.Response:
        """Measure, verify, read, and only then dispatch."""
        body = await _measured(request)
        text = _decoded(body)
        if not self._signed(request, text):
            log.warning("slack signature refused")
            raise web.HTTPUnauthorized
        try:
            payload = read(text, request.content_type)
        except (ValueError, RecursionError) as error:
            log.warning("slack request malformed", error=type(error).__name__)
            raise web.HTTPBadRequest from error
        return await self._dispatched(payload, request)

    def _signed(self, request: web.Request, text: str) -> bool:
        stamp = request.headers.get("X-Slack-Request-Timestamp", "")
        signature = request.headers.get("X-Slack-Signature", "")
        if not (STAMP.fullmatch(stamp) and signature.isascii()):
            return False
        return any(verifier.is_valid(text, stamp, signature) for verifier in self.verifiers)

    async def _dispatched(self, payload: dict[str, Any], request: web.Request) -> web.Response:
        """Hand the payload to Bolt as Socket Mode would: already read.

        Bolt's own reading of forms loses a slash command whose text has the word "payload" in it.
        """
        headers = {name: value for name, value in request.headers.items() if name.lower().startswith("x-slack-retry")}
        try:
            asked = AsyncBoltRequest(mode="socket_mode", body=payload, headers=headers)  # type: ignore[arg-type]
        except (AttributeError, KeyError, TypeError, IndexError) as error:
            log.warning("slack request malformed", error=type(error).__name__)
            raise web.HTTPBadRequest from error
        said = await self.app.async_dispatch(asked)
        return await to_aiohttp_response(said)


async def _measured(request: web.Request) -> bytes:
    """The body, unless it is larger or slower than Slack's ever are."""
    if (request.content_length or 0) > MAX_BODY:
        raise web.HTTPRequestEntityTooLarge(MAX_BODY, request.content_length or 0)
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > MAX_BODY:
                    raise web.HTTPRequestEntityTooLarge(MAX_BODY, len(body))
    except TimeoutError as error:
        raise web.HTTPRequestTimeout from error
    return bytes(body)


def _decoded(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise web.HTTPBadRequest from error


def read(text: str, content_type: str) -> dict[str, Any]:
    """What Slack sent: an event as JSON, a click as JSON inside a form, a command as a form.

    Raises:
        ValueError: it is none of these, or a name comes twice, so that two readers could read two things.
        RecursionError: it is nested deeper than anything of Slack's.
    """
    if content_type == "application/json":
        return _object(text)
    pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=MAX_FIELDS)
    form = _once(pairs)
    if "payload" in form:
        return _object(form["payload"])
    if "command" not in form:
        raise ValueError("neither a command nor a payload")
    return form


def _object(text: str) -> dict[str, Any]:
    found = json.loads(text, object_pairs_hook=_once)
    if not isinstance(found, dict):
        raise ValueError("not an object")  # noqa: TRY004 (bad input, not a bug)
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name comes twice")
    return found
