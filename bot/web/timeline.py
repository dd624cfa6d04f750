"""The timeline: every message of the page, who sees it, and what has changed since a reader last looked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

PITCREW = "Pitcrew"


@dataclass(frozen=True, slots=True)
class Entry:
    """One message. ``payload`` is what ``PagePlatform.render`` made of an answer, or ``words`` that somebody typed.

    ``version`` counts the changes of the whole timeline: it is that of the entry's last one.
    """

    id: str
    conversation: str
    by: str
    at: datetime
    payload: Mapping[str, Any] = field(default_factory=dict)
    words: str = ""
    thread: str = ""  # the id of the message that it answers under
    only: str = ""  # the one user who sees it; empty for everybody
    parcel: str = ""  # the id of the parcel that brought it
    version: int = 0
    edited: bool = False
    gone: bool = False

    @property
    def private(self) -> bool:
        """Whether only one person sees it."""
        return bool(self.only)


class Timeline:
    """All messages since the page was opened; of the event loop, so that nobody needs a lock."""

    def __init__(self) -> None:
        self.version = 0
        self._entries: dict[str, Entry] = {}
        self._parcels: dict[str, str] = {}
        self._states: dict[str, tuple[int, Any]] = {}
        self._changed = asyncio.Condition()
        self._listeners: list[Callable[[Entry], None]] = []

    def listen(self, listener: Callable[[Entry], None]) -> None:
        """Have ``listener`` told of each new message."""
        self._listeners.append(listener)

    async def add(self, conversation: str, by: str, at: datetime, **more: Any) -> Entry:  # noqa: ANN401 (of an Entry)
        """Put a new message at the end; one whose parcel is here already is that one."""
        if known := self.brought(more.get("parcel", "")):
            return known
        entry = Entry(str(len(self._entries) + 1), conversation, by, at, **more)
        entry = await self._put(entry)
        if entry.parcel:
            self._parcels[entry.parcel] = entry.id
        for listener in self._listeners:
            listener(entry)
        return entry

    async def change(self, name: str, **what: Any) -> Entry | None:  # noqa: ANN401 (of an Entry)
        """Change a message in its place; ``None`` if there is none of that name any more."""
        known = self.get(name)
        return await self._put(replace(known, **what)) if known else None

    def get(self, name: str) -> Entry | None:
        """The message of that id, unless it was taken back."""
        found = self._entries.get(name)
        return None if found is None or found.gone else found

    def brought(self, parcel: str) -> Entry | None:
        """The message that a parcel brought."""
        return self.get(self._parcels.get(parcel, ""))

    def seen_by(self, user: str, *, since: int = -1) -> Iterator[Entry]:
        """What ``user`` may see and what has changed since a version, in the order of the timeline."""
        return (one for one in self._entries.values() if one.version > since and one.only in ("", user))

    async def tell(self, topic: str, state: Any) -> None:  # noqa: ANN401 (plain JSON)
        """Let all readers know a state of things that is no message: how far something is, what time it is."""
        if self._states.get(topic, (0, None))[1] != state:
            self._states[topic] = (await self._next(), state)

    def told(self, *, since: int = -1) -> dict[str, Any]:
        """The states that have changed since a version."""
        return {topic: state for topic, (version, state) in self._states.items() if version > since}

    async def beyond(self, version: int) -> int:
        """Wait until there is something newer than a version."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.version > version)
        return self.version

    async def _put(self, entry: Entry) -> Entry:
        entry = replace(entry, version=self.version + 1)
        self._entries[entry.id] = entry
        await self._next()
        return entry

    async def _next(self) -> int:
        async with self._changed:
            self.version += 1
            self._changed.notify_all()
        return self.version
