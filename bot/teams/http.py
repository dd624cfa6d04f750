"""Teams' entrance: requests are measured, believed and read here, and never answered by 500."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from aiohttp import web

from bot import metrics
from bot.body import decoded, json_object, measured
from bot.teams.activity import MalformedError
from bot.teams.adapter import Adapter, RefusedError, Reply, StrangerError, UnreachableError
from bot.teams.app import Listeners

log = structlog.get_logger(__name__)

PATH = "/api/messages"
LOOPBACK = frozenset({"127.0.0.1", "::1"})
MAX_DEPTH = 60  # a card is about fifteen deep


@dataclass(frozen=True, slots=True)
class Entrance:
    """One address for everything that Teams sends."""

    adapter: Adapter
    listeners: Listeners

    def mount(self, site: web.Application) -> None:
        """Answer at ``/api/messages`` of ``site``."""
        site.router.add_post(PATH, self.handle)

    async def handle(self, request: web.Request) -> web.Response:
        """Measure, believe, read, believe again, and only then listen."""
        body = await measured(request)
        gate, header = self.adapter.gate, request.headers.get("Authorization")
        if gate.keys is None and request.remote not in LOOPBACK:
            raise web.HTTPUnauthorized
        try:
            gate.promising(header)
            return _answered(await self._heard(_read(body), header))
        except RefusedError as error:
            metrics.SIGNATURE_FAILURES.inc()
            log.warning("teams token refused", why=str(error)[:200])
            raise web.HTTPUnauthorized from error
        except UnreachableError as error:
            raise web.HTTPServiceUnavailable from error
        except StrangerError as error:
            log.warning("teams stranger refused", why=str(error))
            raise web.HTTPForbidden from error

    async def _heard(self, activity: Mapping[str, Any], header: str | None) -> Reply:
        try:
            return await self.adapter.heard(activity, header, self.listeners.on)
        except (RefusedError, UnreachableError, StrangerError):
            raise
        except (MalformedError, ValueError) as error:
            log.warning("teams request malformed", error=str(error))
            raise web.HTTPBadRequest from error
        except Exception:
            log.exception("teams listener broke")
            raise web.HTTPServiceUnavailable from None


def _read(body: bytes) -> Mapping[str, Any]:
    try:
        activity = json_object(decoded(body))
        _shallow(activity)
    except (ValueError, RecursionError) as error:
        log.warning("teams request malformed", error=type(error).__name__)
        raise web.HTTPBadRequest from error
    return activity


def _shallow(thing: Any, depth: int = 0) -> None:  # noqa: ANN401 (JSON)
    if depth > MAX_DEPTH:
        raise ValueError("nested too deep")
    if isinstance(thing, dict | list):
        for inner in thing.values() if isinstance(thing, dict) else thing:
            _shallow(inner, depth + 1)


def _answered(said: Reply) -> web.Response:
    if said.body is None:
        return web.Response(status=said.status)
    return web.json_response(said.body, status=said.status)
