"""People as Teams knows them: by the rosters of where Pitcrew is, and by what they wrote themselves.

Teams cannot be asked for an address; whoever is in no team with Pitcrew, and never wrote to it, is not known.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from bot.ports import Conversations, Place, Profile


@dataclass(frozen=True, slots=True)
class TeamsPeople:
    """Who is who in Teams. Users are the object ids of Entra."""

    book: Conversations
    tenant: str

    async def by_email(self, email: str) -> str | None:
        """The user whose address that is; ``None`` where nobody's that we met."""
        found = await asyncio.to_thread(self.book.by_email, "teams", email)
        return found.id if found else None

    async def profile(self, user: str) -> Profile:
        """What is known of a user; a profile of the mere id of one that we never met."""
        found = await asyncio.to_thread(self.book.person, "teams", self.tenant, user)
        if found is None:
            return Profile(user)
        return Profile(found.name or user, found.email, found.timezone, found.locale)

    async def title(self, place: Place) -> str:
        """What people call a channel that we met: ``Cloud/FinOps``."""
        found = await asyncio.to_thread(self.book.find, "teams", place.tenant, place.conversation)
        return found.title if found else ""
