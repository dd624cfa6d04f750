"""The page as a platform: an answer becomes HTML, beside the payloads that Slack and Teams would get of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.clock import Clock
from bot.ports import DIRECT, HOME, Gone, Kind, Parcel, Place
from bot.slack.render import render as as_slack
from bot.teams import render as as_teams
from bot.web import draw
from bot.web.timeline import PITCREW, Timeline
from charts.picture import Picture
from commands.core.answer import Answer

NAME = "page"
TENANT = "apex"
LOOKS = ("page", "slack", "teams")


@dataclass(slots=True)
class PagePlatform:
    """A small chat that lives in this process."""

    timeline: Timeline
    clock: Clock
    name: str = NAME

    def render(self, answer: Answer, ask: str) -> tuple[Mapping[str, Any], Sequence[Picture]]:  # noqa: ARG002 (buttons carry their own)
        """The same answer three times: as the page draws it, as Slack's blocks, as Teams' card."""
        payload = {
            "title": answer.title,
            "tone": str(answer.tone),
            "html": str(draw.body(answer)),
            "slack": as_slack(answer),
            "teams": _linked(as_teams.render(answer)),
        }
        return payload, answer.pictures

    async def send(self, parcel: Parcel) -> str:
        """Put a message into the timeline, or change the one that is meant.

        Raises:
            Gone: the message to change is not there.
        """
        place = parcel.place
        match parcel.kind:
            case Kind.POST:
                return await self._new(parcel)
            case Kind.PRIVATE:
                await self._new(parcel, only=place.user)
                return ""
            case Kind.EDIT:
                return await self._changed(place.message, parcel)
            case Kind.SWAP:
                await self._changed(place.url, parcel)
                return ""
            case Kind.VIEW:
                return await self._own_page(parcel)
            case Kind.FILE | Kind.UNFURL:  # its message links to it already
                return ""

    async def find(self, parcel: Parcel) -> str | None:
        """The message that a parcel has brought, if it has."""
        found = self.timeline.brought(parcel.id)
        return found.id if found else None

    async def withdraw(self, place: Place, message: str) -> None:  # noqa: ARG002 (ids are unique)
        """Take a message back."""
        await self.timeline.change(message, gone=True)

    async def _new(self, parcel: Parcel, *, only: str = "") -> str:
        place = parcel.place
        entry = await self.timeline.add(
            place.conversation or DIRECT,
            PITCREW,
            self.clock(),
            payload=parcel.payload,
            thread=place.thread,
            only=only or (place.user if not place.conversation or place.conversation == DIRECT else ""),
            parcel=parcel.id,
        )
        return entry.id

    async def _own_page(self, parcel: Parcel) -> str:
        """Somebody's own page: one message, that takes its own place."""
        user = parcel.place.user
        known = next(
            (one for one in self.timeline.seen_by(user) if one.conversation == HOME and one.only == user), None
        )
        if known is not None:
            await self.timeline.change(known.id, payload=parcel.payload, at=self.clock())
            return known.id
        entry = await self.timeline.add(HOME, PITCREW, self.clock(), payload=parcel.payload, only=user)
        return entry.id

    async def _changed(self, name: str, parcel: Parcel) -> str:
        entry = await self.timeline.change(name, payload=parcel.payload, edited=True)
        if entry is None:
            raise Gone(f"message {name} is not on the page")
        return entry.id


def _linked(payload: Mapping[str, Any]) -> Any:  # noqa: ANN401 (JSON)
    """A card whose pictures and documents are addresses of this page: Teams fetches them by links, too."""
    places = {as_teams.PICTURE: draw.PICTURES, as_teams.DOCUMENT: draw.DOCUMENTS}
    links = {
        name: f"{place}{name.removeprefix(kind)}"
        for name in as_teams.names(payload)
        for kind, place in places.items()
        if name.startswith(kind)
    }
    return as_teams.filled(payload, links)
