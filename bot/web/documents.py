"""Documents by signed link, for chats that take no file from a bot: whoever has the link of today has the document.

A link is good until the end of the next day, opens as a download and never as a page, and names nothing but a digest.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from aiohttp import web

from analysis.errors import NotFound
from bot.clock import Clock
from bot.web.pictures import DIGEST, HEADERS, UNTIL
from commands.core.answer import File

PATH = "/documents/"
LASTS = timedelta(days=1)
PURPOSE = b"pitcrew document links, 1"


@dataclass(frozen=True, slots=True)
class Documents:
    """Makes the links of a deployment, and serves what they lead to; ``kept`` gives the document of a digest."""

    public_url: str  # how the world reaches this server; empty if it does not
    secret: bytes = field(repr=False)
    kept: Callable[[str], File]
    clock: Clock

    def link(self, digest: str, now: datetime) -> str:
        """A link that is good until the end of tomorrow (UTC); empty where there is no public address."""
        if not self.public_url:
            return ""
        day = (now.astimezone(UTC) + LASTS).replace(hour=0, minute=0, second=0, microsecond=0)
        until = int((day + timedelta(days=1)).timestamp())
        return f"{self.public_url.rstrip('/')}{PATH}{digest}?until={until}&sig={self._signature(digest, until)}"

    def mount(self, site: web.Application) -> None:
        """Answer at ``/documents/…`` of ``site``."""
        site.router.add_route("*", PATH + "{digest:.*}", self.handle)

    async def handle(self, request: web.Request) -> web.Response:
        """The document, if the link is one of ours and not over; not found for everything else."""
        digest, until = request.match_info["digest"], request.query.get("until", "")
        known = DIGEST.fullmatch(digest) and UNTIL.fullmatch(until) and request.method in {"GET", "HEAD"}
        if not known or not self._good(digest, int(until), request.query.get("sig", "")):
            raise web.HTTPNotFound(headers=HEADERS)
        try:
            found = await asyncio.to_thread(self.kept, digest)
        except NotFound:
            raise web.HTTPNotFound(headers=HEADERS) from None
        download = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(found.name)}"}
        kind = {"Content-Type": found.media, "Cache-Control": "private, no-store"}
        return web.Response(body=found.content, headers=HEADERS | download | kind)

    def _good(self, digest: str, until: int, signature: str) -> bool:
        ours = self._signature(digest, until)
        return hmac.compare_digest(ours.encode(), signature.encode()) and until > self.clock().timestamp()

    def _signature(self, digest: str, until: int) -> str:
        key = hmac.digest(self.secret, PURPOSE, hashlib.sha256)
        made = hmac.digest(key, f"{digest} {until}".encode(), hashlib.sha256)
        return urlsafe_b64encode(made).decode().rstrip("=")
