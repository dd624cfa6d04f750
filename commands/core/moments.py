"""Moments inside an answer's words: told to each reader in their own time, where their platform can.

A moment stands in the text as ``⟦2026-11-18T09:02Z⟧``. A renderer fills it in its own way (Slack by a date element,
Teams by ``{{DATE(…)}}``, a page by ``<time>``); where it cannot, ``spoken`` writes it in UTC.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

MOMENT = re.compile(r"⟦(\d{4}-\d\d-\d\dT\d\d:\d\d)Z⟧")


def moment(at: datetime) -> str:
    """A moment as it stands in an answer's words, to the minute."""
    return f"⟦{at.astimezone(UTC):%Y-%m-%dT%H:%M}Z⟧"


def in_utc(at: datetime) -> str:
    """A moment in words, for readers whose time nobody knows."""
    return f"{at:%d %b %Y at %H:%M} UTC"


def spoken(text: str) -> str:
    """The text with its moments in UTC."""
    return "".join(piece if isinstance(piece, str) else in_utc(piece) for piece in split(text))


def split(text: str) -> Iterator[str | datetime]:
    """The text in pieces: words, and the moments between them. What only looks like a moment stays words."""
    at = 0
    for found in MOMENT.finditer(text):
        try:
            when = datetime.fromisoformat(found[1]).replace(tzinfo=UTC)
        except ValueError:
            continue
        if before := text[at : found.start()]:
            yield before
        yield when
        at = found.end()
    if at < len(text):
        yield text[at:]
