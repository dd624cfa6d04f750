"""Chart pictures by signed, expiring link, for chats that fetch what they show: Teams' servers have no token of ours.

A link holds the picture's digest, the moment it ends, and a signature over both. Nobody can make one for another
picture or another moment without the key, and nothing is told apart from outside: whatever is not a valid link to a
picture that is here is not found.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
import re
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile
from urllib.parse import parse_qsl, urlsplit

from aiohttp import web

from analysis.errors import BadConfig, NotFound
from bot.clock import Clock
from charts.picture import Picture

PATH = "/pictures/"
SECRET = "PITCREW_LINK_SECRET"  # noqa: S105 (its name)
SECRET_FILE = "link-secret"  # noqa: S105 (its name)
SHORTEST_SECRET = 16
LASTS = timedelta(days=30)
PURPOSE = b"pitcrew picture links, 1"  # another use of the same secret gets another key
DIGEST = re.compile(r"[0-9a-f]{64}")
UNTIL = re.compile(r"[0-9]{1,12}")
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "cross-origin",  # a card is drawn on the chat's own host
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
}


@dataclass(frozen=True, slots=True)
class Pictures:
    """Makes the links of a deployment, and serves what they lead to; ``shown`` gives the picture of a digest."""

    public_url: str  # how the world reaches this server; empty if it does not
    secret: bytes = field(repr=False)
    shown: Callable[[str], Picture]
    clock: Clock

    def link(self, digest: str, now: datetime) -> str:
        """A link that is good for ``LASTS``, until the end of that day; empty where there is no public address.

        All links of one day to one picture are the same, so that it is fetched once and a message drawn anew is not
        another one.
        """
        if not self.public_url:
            return ""
        until = _midnight_after(now + LASTS)
        return f"{self.public_url.rstrip('/')}{PATH}{digest}?until={until}&sig={self._signature(digest, until)}"

    def opened(self, url: str) -> Picture | None:
        """The picture that a link of ours leads to, if it is not over.

        Raises:
            NotFound: it is not kept any more.
        """
        parts = urlsplit(url)
        here = f"{parts.scheme}://{parts.netloc}{parts.path}"
        start = f"{self.public_url.rstrip('/')}{PATH}"
        if not self.public_url or not here.startswith(start):
            return None
        digest, asked = here.removeprefix(start), dict(parse_qsl(parts.query))
        return self.shown(digest) if self._left(digest, asked.get("until", ""), asked.get("sig", "")) > 0 else None

    def mount(self, site: web.Application) -> None:
        """Answer at ``/pictures/…`` of ``site``."""
        site.router.add_route("*", PATH + "{digest:.*}", self.handle)

    async def handle(self, request: web.Request) -> web.Response:
        """The picture, if the link is one of ours and not over; not found for everything else."""
        digest, until = request.match_info["digest"], request.query.get("until", "")
        left = self._left(digest, until, request.query.get("sig", ""))
        if request.method not in {"GET", "HEAD"} or left <= 0:
            raise web.HTTPNotFound(headers=HEADERS)
        try:
            picture = await asyncio.to_thread(self.shown, digest)
        except NotFound:
            raise web.HTTPNotFound(headers=HEADERS) from None
        kept = {"Cache-Control": f"private, max-age={left}, immutable", "ETag": f'"{digest}"'}
        return web.Response(body=picture.png, content_type="image/png", headers=HEADERS | kept)

    def _left(self, digest: str, until: str, signature: str) -> int:
        """Seconds for which a link is still good; none if it is not one of ours."""
        if not DIGEST.fullmatch(digest) or not UNTIL.fullmatch(until):
            return 0
        ours = self._signature(digest, int(until))
        if not hmac.compare_digest(ours.encode(), signature.encode()):
            return 0
        return int(until) - int(self.clock().timestamp())

    def _signature(self, digest: str, until: int) -> str:
        key = hmac.digest(self.secret, PURPOSE, hashlib.sha256)
        made = hmac.digest(key, f"{digest} {until}".encode(), hashlib.sha256)
        return urlsafe_b64encode(made).decode().rstrip("=")


def kept_secret(given: str, folder: Path) -> bytes:
    """The secret that the environment gave, or the one that is kept in ``folder``, made when it is first needed.

    Several processes need the same one: they share the folder, or the environment gives it.

    Raises:
        BadConfig: what the environment gave is too short to be a secret.
    """
    if given:
        if len(given) < SHORTEST_SECRET:
            raise BadConfig(f"{SECRET} is too short; `openssl rand -hex 32` makes a good one")
        return given.encode()
    path = folder / SECRET_FILE
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile("w", dir=folder) as aside:  # which nobody else may read
            aside.write(secrets.token_hex(32))
            aside.flush()
            with suppress(FileExistsError):  # another process was first
                os.link(aside.name, path)
    return path.read_text().strip().encode()


def _midnight_after(moment: datetime) -> int:
    day = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return int((day + timedelta(days=1)).timestamp())
