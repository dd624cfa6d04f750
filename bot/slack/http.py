"""Slack's HTTP mode: requests are verified, measured and read here before Bolt sees them, and never answered by 500."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeAlias
from urllib.parse import parse_qsl

import structlog
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.signature import Clock as SlackClock
from slack_sdk.signature import SignatureVerifier

from bot import metrics
from bot.body import decoded, json_object, measured, once
from bot.clock import Clock

log = structlog.get_logger(__name__)

Apps: TypeAlias = Callable[[Mapping[str, Any]], Awaitable[AsyncApp | None]]

STRANGER = "Pitcrew does not serve this workspace."
PATH = "/slack/events"
MAX_FIELDS = 50  # a slash command has about fifteen
STAMP = re.compile(r"[0-9]{1,12}")  # the SDK would fall over anything else


class _Time(SlackClock):
    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    def now(self) -> float:
        return self.clock().timestamp()


class Entrance:
    """One address for commands, clicks and events, as the manifest names it.

    Of several workspaces ``app`` tells the one that a payload is for, and whether there is any. During the rotation of
    the signing secret both, the old and the new, are ``secrets``.
    """

    def __init__(self, app: AsyncApp | Apps, secrets: Sequence[str], clock: Clock) -> None:
        self.app = app if not isinstance(app, AsyncApp) else _only(app)
        self.verifiers = [SignatureVerifier(secret, _Time(clock)) for secret in secrets]
        if not self.verifiers:
            raise ValueError("without a signing secret anybody could be Slack")

    def mount(self, site: web.Application) -> None:
        """Answer at ``/slack/events`` of ``site``."""
        site.router.add_post(PATH, self.handle)

    async def handle(self, request: web.Request) -> web.Response:
        """Measure, verify, read, and only then dispatch."""
        body = await measured(request)
        text = decoded(body)
        if not self._signed(request, text):
            metrics.SIGNATURE_FAILURES.inc()
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
        app = await self.app(payload)
        if app is None:
            return _to_a_stranger(payload)
        said = await app.async_dispatch(asked)
        return await to_aiohttp_response(said)


def _only(app: AsyncApp) -> Apps:
    async def of(_payload: Mapping[str, Any]) -> AsyncApp:
        return app

    return of


def _to_a_stranger(payload: Mapping[str, Any]) -> web.Response:
    """Nothing is told to a workspace that is not served; Slack itself is told that the address is ours."""
    if payload.get("type") == "url_verification":
        return web.json_response({"challenge": str(payload.get("challenge", ""))})
    return web.Response(text=STRANGER if "command" in payload else "")


def read(text: str, content_type: str) -> dict[str, Any]:
    """What Slack sent: an event as JSON, a click as JSON inside a form, a command as a form.

    Raises:
        ValueError: it is none of these, or a name comes twice, so that two readers could read two things.
        RecursionError: it is nested deeper than anything of Slack's.
    """
    if content_type == "application/json":
        return json_object(text)
    pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=MAX_FIELDS)
    form = once(pairs)
    if "payload" in form:
        return json_object(form["payload"])
    if "command" not in form:
        raise ValueError("neither a command nor a payload")
    return form
