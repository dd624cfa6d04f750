"""Links to our charts that people paste: each is shown under the message, by the outbox, as Slack unfurls links."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import structlog

from analysis.errors import FinOpsError
from bot.ports import Kind, Parcel, Place, Priority
from bot.slack import render
from charts.picture import Picture
from commands.core.answer import Answer, Chart

log = structlog.get_logger(__name__)

MOST_LINKS = 5  # of one message


@dataclass(frozen=True, slots=True)
class Charts:
    """``opened`` gives the picture that a link of ours leads to, ``put`` has parcels delivered."""

    opened: Callable[[str], Picture | None]
    put: Callable[[Sequence[Parcel]], None]
    is_open: Callable[[Place], bool] = lambda _: True  # whether a place may hold any chart: nothing is private from it

    async def show(self, place: Place, urls: Sequence[str], event: str) -> None:
        """Show what is ours and not over; a link that leads nowhere stays a link."""
        if not await asyncio.to_thread(self.is_open, place):
            return
        parcels = [one for url in urls[:MOST_LINKS] if (one := await self._parcel(place, url, event))]
        if parcels:
            await asyncio.to_thread(self.put, parcels)

    async def _parcel(self, place: Place, url: str, event: str) -> Parcel | None:
        try:
            picture = await asyncio.to_thread(self.opened, url)
        except FinOpsError as error:
            log.warning("linked chart not shown", error=str(error))
            return None
        if picture is None:
            return None
        payload = render.render(Answer(picture.alt, (Chart(picture),)))
        name = f"unfurl:{place.tenant}:{event}:{picture.digest[:16]}"
        return Parcel(name, replace(place, url=url), Kind.UNFURL, Priority.EDIT, payload)
