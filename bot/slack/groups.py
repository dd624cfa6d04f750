"""Slack's user groups as roles: who is in each group that the deployment file names, asked again every few minutes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import monotonic

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.errors import code

log = structlog.get_logger(__name__)

AGAIN_SECONDS = 300.0
BELIEVED_SECONDS = 900.0  # what was heard longer ago counts for nothing


@dataclass(slots=True)
class SlackGroups:
    """The members of ``groups`` (``S0123``). Where Slack does not tell, a group soon has no members."""

    client: AsyncWebClient
    groups: Collection[str]
    now: Callable[[], float] = monotonic
    _members: dict[str, tuple[float, frozenset[str]]] = field(default_factory=dict)

    def has(self, group: str, user: str) -> bool:
        """Whether a user is in a group, as far as it is known; may be called from any thread of the running loop."""
        heard, members = self._members.get(group, (0.0, frozenset()))
        return user in members and self.now() - heard < BELIEVED_SECONDS

    async def look(self) -> None:
        """Ask Slack once for the members of each group."""
        for group in self.groups:
            try:
                said = await self.client.usergroups_users_list(usergroup=group)
            except SlackApiError as error:
                log.warning("slack does not tell who is in a group", group=group, error=code(error))
                if code(error) in {"no_such_subteam", "missing_scope"}:
                    self._members.pop(group, None)
            except (SlackClientError, aiohttp.ClientError, TimeoutError) as error:
                log.warning("slack does not tell who is in a group", group=group, error=type(error).__name__)
            else:
                self._members[group] = (self.now(), frozenset(said["users"]))

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Look now, and again and again for as long as the context lasts."""
        if not self.groups:
            yield
            return
        await self.look()
        looking = asyncio.create_task(self._again(), name="groups")
        try:
            yield
        finally:
            looking.cancel()

    async def _again(self) -> None:
        while True:
            await asyncio.sleep(AGAIN_SECONDS)
            await self.look()
