"""Who is who in Teams: conversations and people are remembered as they speak, and the roster tells who is a guest."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, fields, replace

import structlog

from bot.ports import Conversation, Conversations, DeliveryError, Person
from bot.teams.activity import (
    LONGEST_ID,
    Json,
    MalformedError,
    locale_of,
    part_of,
    text_of,
    timezone_of,
    user_of,
    word_of,
)
from bot.teams.errors import translated
from bot.teams.post import THREAD, TeamsPlatform
from bot.words import clean

log = structlog.get_logger(__name__)

ROSTER_SECONDS = 2.0
KINDS = {"personal": "personal", "channel": "channel", "groupChat": "group"}


@dataclass(slots=True)
class Roster:
    """The people and conversations of one tenant, as they were met."""

    platform: TeamsPlatform
    book: Conversations
    guests: set[str] = field(default_factory=set)
    _people: dict[str, Person] = field(default_factory=dict)

    async def where(self, activity: Json) -> Conversation:
        """The conversation of an activity, remembered with what it says of itself."""
        whole = word_of(activity, "conversation", "id")
        data = part_of(activity, "channelData")
        team, channel = data.get("team"), data.get("channel")
        kind = KINDS.get(text_of(activity.get("conversation"), "conversationType"), "")
        kind = kind or ("channel" if team else "personal")
        base = whole.partition(THREAD)[0]
        if len(base) > LONGEST_ID:
            raise MalformedError("a conversation with a name that is too long")
        name = text_of(channel, "id") or base if kind == "channel" else base
        team_id = text_of(team, "id")
        title = text_of(channel, "name") or ("General" if team_id and team_id == name else "")
        found = Conversation(
            "teams",
            self.platform.tenant,
            name,
            kind,
            word_of(activity, "serviceUrl"),
            team_id,
            clean(text_of(team, "name")),
            clean(title) if kind == "channel" else "",
            user=user_of(activity) if kind == "personal" else "",
            bot=text_of(activity.get("recipient"), "id"),
        )
        removal = activity.get("type") == "installationUpdate" and "remove" in str(activity.get("action"))
        if not removal:
            await asyncio.to_thread(self._remember, found)
        return found

    def _remember(self, found: Conversation) -> None:
        """Write down what is new of a conversation; that it spoke to us means that it is there."""
        known = self.book.find("teams", found.tenant, found.id)
        if known is None or not known.active or _more(known, found) != known:
            self.book.met(found)

    async def sender(self, activity: Json, where: Conversation) -> str:
        """Who it is, remembered with what is known of them; the roster tells who is a guest.

        Raises:
            MalformedError: the activity does not say.
        """
        user = user_of(activity)
        if not user:
            raise MalformedError("nobody sent it")
        sender = activity.get("from")
        person = Person(
            "teams",
            where.tenant,
            user,
            text_of(sender, "id"),
            clean(text_of(sender, "name")),
            timezone=timezone_of(activity),
            locale=locale_of(activity),
        )
        if self._people.get(user) != person:
            if user not in self._people:
                person = await self._rostered(person, where)
            await asyncio.to_thread(self.book.introduced, person)
            self._people[user] = replace(person, email="")
        return user

    async def _rostered(self, person: Person, where: Conversation) -> Person:
        """What the roster adds: the address, and whether it is a guest; nothing when it takes too long."""
        try:
            async with asyncio.timeout(ROSTER_SECONDS):
                with translated(attempt=0):
                    found = await self.platform.wire.member(where.service_url, where.id, person.member)
        except (DeliveryError, TimeoutError) as error:
            log.info("teams roster not read", error=str(error) or type(error).__name__)
            return person
        return self._entered(person, found)

    def _entered(self, person: Person, found: Json) -> Person:
        principal = text_of(found, "userPrincipalName")
        if text_of(found, "userRole").lower() in {"guest", "anonymous"} or "#ext#" in principal.lower():
            self.guests.add(person.id)
        else:
            self.guests.discard(person.id)
        email = text_of(found, "email") or principal
        return replace(person, email=email, name=person.name or clean(text_of(found, "name")))

    async def learn(self, where: Conversation) -> None:
        """The channels of a team, and its people."""
        try:
            with translated(attempt=0):
                if where.team:
                    await self.platform.channels_of(where)
                for found in await self.platform.wire.members(where.service_url, where.id):
                    user = text_of(found, "aadObjectId") or text_of(found, "objectId")
                    if user:
                        person = Person(
                            "teams", where.tenant, user, text_of(found, "id"), clean(text_of(found, "name"))
                        )
                        await asyncio.to_thread(self.book.introduced, self._entered(person, found))
        except DeliveryError as error:
            log.warning("teams roster not read", team=where.team_name, error=str(error))


def _more(known: Conversation, found: Conversation) -> Conversation:
    """What is known of a conversation, with what was found of it now."""
    said = {one.name: getattr(found, one.name) for one in fields(found) if one.name not in {"active", "why"}}
    return replace(known, **{name: value for name, value in said.items() if value})
