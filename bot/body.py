"""The body of a request: measured, timed and read strictly, before anybody believes a word of it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from aiohttp import web

MAX_BODY = 1024 * 1024
BODY_SECONDS = 10


async def measured(request: web.Request) -> bytes:
    """The body, unless it is larger or slower than a chat platform's ever are."""
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


def decoded(body: bytes) -> str:
    """The body as text; whoever sends something else is told so."""
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise web.HTTPBadRequest from error


def json_object(text: str) -> dict[str, Any]:
    """A JSON object.

    Raises:
        ValueError: it is none, or a name comes twice in it, so that two readers could read two things.
        RecursionError: it is nested deeper than anything that a platform sends.
    """
    found = json.loads(text, object_pairs_hook=once)
    if not isinstance(found, dict):
        raise ValueError("not an object")  # noqa: TRY004 (bad input, not a bug)
    return found


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Pairs as a dictionary.

    Raises:
        ValueError: a name comes twice.
    """
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name comes twice")
    return found
