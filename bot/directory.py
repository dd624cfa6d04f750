"""The directory: who is who on whichever platform is connected, for code that runs in threads."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import structlog

from bot.ports import People, Place, Profile

log = structlog.get_logger(__name__)

T = TypeVar("T")
PATIENCE_SECONDS = 6.0


class Directory:
    """Asks the platforms' people. Before one is connected, and where none tells, nobody is known."""

    def __init__(self) -> None:
        self._people: dict[str, People] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    def connect(self, platform: str, people: People) -> None:
        """Ask these for users of a platform from now on; called on the event loop that they live on."""
        self._people[platform] = people
        self._loop = asyncio.get_running_loop()

    @property
    def platforms(self) -> tuple[str, ...]:
        """Those that are connected."""
        return tuple(self._people)

    def email(self, user: str) -> str:
        """The address of a user (``slack:U123``) in small letters; empty where nobody tells. Blocks."""
        return self.profile(user).email.lower()

    def profile(self, user: str) -> Profile:
        """What is known of a user; a profile of the mere id where nobody tells. Blocks."""
        platform, _, name = user.partition(":")
        people = self._people.get(platform)
        found = self._told(people.profile(name)) if people and self._elsewhere() else None
        return found or Profile(name)

    def user(self, email: str) -> str:
        """The user with that address, with its platform; empty where nobody has it. Blocks."""
        for platform, people in self._people.items():
            if email and self._elsewhere() and (found := self._told(people.by_email(email))):
                return f"{platform}:{found}"
        return ""

    def title(self, place: Place) -> str:
        """What people call a channel (``#finops``); empty where nobody tells. Blocks."""
        people = self._people.get(place.platform)
        return (self._told(people.title(place)) or "") if people and self._elsewhere() else ""

    def _elsewhere(self) -> bool:
        """Whether this is not the loop's own thread, which cannot wait for itself."""
        if self._loop is None or not self._loop.is_running():
            return False
        try:
            return asyncio.get_running_loop() is not self._loop
        except RuntimeError:
            return True

    def _told(self, question: Coroutine[Any, Any, T]) -> T | None:
        assert self._loop is not None  # noqa: S101 (asked before)
        asked = asyncio.run_coroutine_threadsafe(question, self._loop)
        try:
            return asked.result(PATIENCE_SECONDS)
        except TimeoutError:
            asked.cancel()
            log.warning("nobody tells who that is")
            return None
