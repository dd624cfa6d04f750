"""Which channels Slack has us in, and whether another company reads them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.ports import Place, Undeliverable

log = structlog.get_logger(__name__)

PAGE = 200
SHARED_SECONDS = 600.0  # how long it is believed that a channel is ours alone


@dataclass(slots=True)
class Channels:
    """The channels of one workspace, as Slack last told of them."""

    client: AsyncWebClient
    shared_seconds: float = SHARED_SECONDS
    _ids: dict[str, str] = field(default_factory=dict)  # "#finops" -> "C0123"
    _shared: dict[str, tuple[float, bool]] = field(default_factory=dict)  # when it was asked, and what was said
    _listed: float = -SHARED_SECONDS  # when it was last asked for all of them
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def of(self, place: Place) -> str:
        """The id of the conversation: found by its name, or opened with the person it is for."""
        name = place.conversation
        if not name:
            return str((await self.client.conversations_open(users=place.user))["channel"]["id"])
        if not name.startswith("#"):
            return name
        if name not in self._ids:
            await self._look_around()
        if name not in self._ids:
            raise Undeliverable(f"Pitcrew is in no channel named {name}: type /invite @Pitcrew there")
        return self._ids[name]

    async def ours(self, place: Place) -> str:
        """The id of the conversation, if nobody of another company is in it; asked again every ten minutes.

        Raises:
            Undeliverable: it is shared, or about to be.
        """
        channel = await self.of(place)
        if not channel.startswith("D") and await self._is_shared(channel):
            raise Undeliverable("that channel is shared with another company, so no figures are posted there")
        return channel

    async def _is_shared(self, channel: str) -> bool:
        """Whether others read it. Hundreds of channels are told of by a few pages, the one that is not there is asked.

        Slack answers fifty questions a minute about single channels, and a digest may go to hundreds.
        """
        async with self._asking:
            if self._is_stale(self._listed):
                try:
                    await self._look_around()
                except (SlackApiError, SlackClientError) as error:
                    log.warning("slack channels not listed", error=str(error)[:200])
            if channel not in self._shared or self._is_stale(self._shared[channel][0]):
                self._remember((await self.client.conversations_info(channel=channel))["channel"])
        return self._shared[channel][1]

    def _is_stale(self, looked: float) -> bool:
        return asyncio.get_running_loop().time() - looked >= self.shared_seconds

    async def _look_around(self) -> None:
        """Learn of all our channels at once: their names, and whether others read them."""
        self._listed = asyncio.get_running_loop().time()
        pages = await self.client.users_conversations(
            types="public_channel,private_channel", exclude_archived=True, limit=PAGE
        )
        async for page in pages:
            for told in page["channels"]:
                self._ids[f"#{told['name']}"] = str(told["id"])
                if "is_ext_shared" in told:
                    self._remember(told)

    def _remember(self, told: Mapping[str, Any]) -> None:
        shared = any(told.get(key) for key in ("is_ext_shared", "is_pending_ext_shared"))
        self._shared[str(told["id"])] = (asyncio.get_running_loop().time(), shared)
