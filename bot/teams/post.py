"""Answers on their way into Teams: channel posts as roots of threads, replies, private answers, edits in place."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import structlog

from bot.delivery.manner import redrawn_by
from bot.ports import (
    Conversation,
    Conversations,
    DeliveryError,
    Gone,
    Held,
    Kind,
    Later,
    Parcel,
    Place,
    Priority,
    Unclear,
    Undeliverable,
)
from bot.teams import render
from bot.teams.errors import CONTENT, Shut, translated, wait
from bot.teams.wire import Wire, WireError
from charts.picture import Picture
from commands.core.answer import Answer, File

log = structlog.get_logger(__name__)

LANE_SECONDS = 2.0  # 1,800 messages an hour in one conversation, the tightest of Teams' documented limits
WHISPER_SECONDS = 3.0
SHARED_SECONDS = 600.0
THREAD = ";messageid="
CARD = "application/vnd.microsoft.card.adaptive"

Json = Mapping[str, Any]


class Shelf(Protocol):
    """The pictures and documents that answers refer to."""

    def picture(self, digest: str) -> Picture:
        """The picture of that digest."""

    def document(self, digest: str) -> File:
        """The document of that digest."""


Link = Callable[[str], str]  # of a digest: a link that ends, or nothing where the world cannot reach us


def no_link(_digest: str) -> str:
    """Nobody outside reaches us."""
    return ""


@dataclass(slots=True)
class TeamsPlatform:
    """Teams, as delivery sees it."""

    wire: Wire
    book: Conversations
    shelf: Shelf
    tenant: str
    app_id: str
    picture_link: Link = no_link
    document_link: Link = no_link
    unfold: bool = False  # forms in the card itself: the playground opens no dialogs
    name: str = "teams"
    shared_seconds: float = SHARED_SECONDS
    _looked: set[str] = field(default_factory=set)  # routes that teams were asked about
    _shared: dict[str, tuple[float, bool]] = field(default_factory=dict)

    def render(self, answer: Answer, ask: str) -> tuple[Json, Sequence[Picture]]:
        """The card of one message, with the ask that refreshes it for its only reader, and its pictures."""
        again = (answer.redraw or redrawn_by(ask)) if answer.shows and not answer.private else ""
        return render.render(answer, again=again, unfold=self.unfold), answer.pictures

    async def send(self, parcel: Parcel) -> str:
        """Deliver, and give back the message: ``root/activity`` in a channel, ``activity`` elsewhere.

        Teams has no key that tells two sendings of one message apart, and lets no bot look. What is unclear is sent
        again where twice is better than never, and held where it is not: a digest.

        Raises:
            DeliveryError: one of its kinds.
        """
        if parcel.kind is Kind.FILE:
            return ""  # the card before it holds the link
        try:
            with translated(parcel.attempt):
                return await self._sent(parcel)
        except Unclear as error:
            if not parcel.kind.may_repeat and parcel.kind is not Kind.PRIVATE:
                raise
            if parcel.priority is Priority.DIGEST:
                raise Held(f"it may have arrived: {error}") from error
            raise Later(wait("", parcel.attempt), f"it may have arrived, and is said again: {error}") from error

    async def find(self, parcel: Parcel) -> str | None:
        """Nobody can look: what may be said twice is, a digest waits for a person.

        Raises:
            Held: it is a digest.
        """
        if parcel.kind is Kind.POST and parcel.priority is Priority.DIGEST:
            raise Held("it was under way when Pitcrew stopped, so it may have arrived")
        return None

    async def withdraw(self, place: Place, message: str) -> None:
        """Take back one of our own messages; that it is gone already is as good.

        Raises:
            DeliveryError: one of its kinds.
        """
        where = await self._where(place)
        try:
            with translated(attempt=0):
                await self.wire.delete(where.service_url, *_address(where, message))
        except Gone:
            return

    async def whisper(self, where: Conversation, thread: str, text: str) -> bool:
        """Say one line at once, or never: for what goes wrong before there is anything to deliver."""
        return await self._at_once(where, thread, {"type": "message", "text": text, "textFormat": "plain"})

    async def typing(self, where: Conversation, thread: str) -> bool:
        """Show that somebody is at it."""
        return await self._at_once(where, thread, {"type": "typing"})

    async def drawn(self, payload: Json, mark: str, at_hand: Mapping[str, Picture] | None = None) -> Json:
        """A payload's card as it is sent: links in place, actions that say of which drawing they are.

        ``at_hand`` are pictures that were just made, by their names in the card; others are on the shelf.
        """
        links = await self._links(render.names(payload["card"]), at_hand or {})
        card = render.bare(payload["card"]) if self.unfold else payload["card"]
        found: Json = render.stamped(render.filled(card, links), mark)
        return found

    async def _at_once(self, where: Conversation, thread: str, activity: Json) -> bool:
        try:
            async with asyncio.timeout(WHISPER_SECONDS):
                with translated(attempt=0):
                    await self.wire.send(where.service_url, _threaded(where, thread), activity)
        except (DeliveryError, TimeoutError) as error:
            log.warning("teams whisper lost", error=str(error) or type(error).__name__)
            return False
        return True

    async def _sent(self, parcel: Parcel) -> str:
        where = await self._addressee(parcel)
        try:
            activity = await self._activity(parcel, where)
            try:
                return await self._said(parcel, where, activity)
            except WireError as error:
                if error.status not in CONTENT:
                    raise
                log.warning("teams refused content", parcel=parcel.id, error=str(error))
                plain = {"type": "message", "text": parcel.payload["text"], "textFormat": "plain"}
                return await self._said(parcel, where, plain)
        except WireError as error:
            await self._shut(error, where)
            raise

    async def _shut(self, error: WireError, where: Conversation) -> None:
        """Remember a conversation that wants nothing from us any more: it is not tried again, and told of."""
        try:
            with translated(attempt=0):
                raise error
        except Shut as shut:
            log.warning("teams conversation lost", conversation=where.title or where.id, error=str(shut))
            lost = self.book.lost
            await asyncio.to_thread(lost, self.name, where.tenant, where.id, str(shut))
        except DeliveryError:
            return

    async def _said(self, parcel: Parcel, where: Conversation, activity: Json) -> str:
        match parcel.kind:
            case Kind.EDIT | Kind.SWAP:
                message = parcel.place.message if parcel.kind is Kind.EDIT else parcel.place.url
                await self.wire.update(where.service_url, *_address(where, message), activity)
                return message
            case _ if where.kind == "channel" and not parcel.place.thread:
                return await self._posted(where, activity)
            case _:  # a thread is named by its root, or by a message of ours in it
                thread = parcel.place.thread.partition("/")[0] if where.kind == "channel" else ""
                made = await self.wire.send(where.service_url, _threaded(where, thread), activity)
                return f"{thread}/{made}" if thread else made

    async def _posted(self, where: Conversation, activity: Json) -> str:
        """A new thread in a channel."""
        channel = {"channel": {"id": where.id}, "tenant": {"id": where.tenant}, "team": {"id": where.team or where.id}}
        parameters = {
            "isGroup": True,
            "channelData": channel,
            "activity": activity,
            "bot": {"id": where.bot or f"28:{self.app_id}"},
            "tenantID": where.tenant,
        }
        conversation, message = await self.wire.begin(where.service_url, parameters)
        root = conversation.partition(THREAD)[2] or message
        return f"{root}/{message or root}"

    async def _activity(self, parcel: Parcel, where: Conversation) -> Json:
        """The message of a parcel; a card that only one person sees refreshes itself when they come back to it."""
        drawn = await self.drawn(parcel.payload, parcel.id)
        again = str(parcel.payload.get("again", ""))
        if again and parcel.kind in (Kind.PRIVATE, Kind.SWAP) and where.kind == "personal":
            somebody = await asyncio.to_thread(self.book.person, self.name, where.tenant, parcel.place.user)
            if somebody and somebody.member:
                action = {"type": "Action.Execute", "title": "Refresh", "verb": "redraw", "data": {"ask": again}}
                drawn = {**drawn, "refresh": {"action": action, "userIds": [somebody.member]}}
        summary = str(parcel.payload["text"]).split("\n", 1)[0]
        return {"type": "message", "attachments": [{"contentType": CARD, "content": drawn}], "summary": summary}

    async def _links(self, names: Iterable[str], at_hand: Mapping[str, Picture]) -> Mapping[str, str]:
        return {name: await asyncio.to_thread(self._link, name, at_hand.get(name)) for name in set(names)}

    def _link(self, name: str, at_hand: Picture | None) -> str:
        """A link where the world reaches us, else the picture itself; documents have only the link."""
        kind, _, digest = name.partition(":")
        if f"{kind}:" == render.DOCUMENT:
            return self.document_link(digest)
        if at_hand is None and (found := self.picture_link(digest)):
            return found
        picture = at_hand or self.shelf.picture(digest)
        return f"data:image/png;base64,{base64.b64encode(picture.png).decode()}"

    async def _addressee(self, parcel: Parcel) -> Conversation:
        """Where a parcel goes: what is for one person goes to their personal chat.

        Raises:
            DeliveryError: there is no such place, or it wants nothing from us.
        """
        place = parcel.place
        where = await self._where(place) if place.conversation else None
        if where is None or (parcel.kind is Kind.PRIVATE and where.kind != "personal"):
            where = await self._personal(place)
        if not where.active:
            raise Undeliverable(f"{where.title or 'that chat'}: {where.why}")
        if where.kind == "channel":
            await self._refuse_shared(where)
        return where

    async def _refuse_shared(self, where: Conversation) -> None:
        """Look, every ten minutes, whether another organization reads in a channel.

        Raises:
            Undeliverable: it does.
            WireError: Teams does not tell, so that nothing is posted.
        """
        now = asyncio.get_running_loop().time()
        looked, shared = self._shared.get(where.id, (-self.shared_seconds, False))
        if now - looked >= self.shared_seconds:
            shared = await self._is_shared(where)
            self._shared[where.id] = (now, shared)
        if shared:
            raise Undeliverable("that channel is shared with another organization, so no figures are posted there")

    async def _is_shared(self, where: Conversation) -> bool:
        """Whether a channel is of the shared kind, and has members of another tenant (who are no guests of ours)."""
        if not where.team:
            return False
        channels = await self.wire.channels(where.service_url, where.team)
        if not any(one.get("id") == where.id and one.get("type") == "shared" for one in channels):
            return False
        members = await self.wire.members(where.service_url, where.id)
        return any(str(one.get("tenantId") or self.tenant) != self.tenant for one in members)

    async def _where(self, place: Place) -> Conversation:
        name = place.conversation
        found = await self._found(name)
        if found is None and "/" in name and name not in self._looked:
            self._looked.add(name)
            await self.look_around()
            found = await self._found(name)
        if found is None:
            raise Undeliverable(f"Pitcrew is in no Teams channel named {name}: add its app to that team")
        return found

    async def _found(self, name: str) -> Conversation | None:
        return await asyncio.to_thread(self.book.find, self.name, self.tenant, name)

    async def look_around(self) -> None:
        """Ask each team that we are in which channels it has."""
        known = await asyncio.to_thread(self.book.known, self.name)
        teams = {one.team: one for one in known if one.kind == "channel" and one.active and one.team}
        for one in teams.values():
            with translated(attempt=0):
                await self.channels_of(one)

    async def channels_of(self, general: Conversation) -> None:
        """Learn the channels of a team."""
        for channel in await self.wire.channels(general.service_url, general.team):
            if (name := channel.get("id")) and isinstance(name, str):
                title = channel.get("name") or "General"
                met = Conversation(
                    self.name,
                    general.tenant,
                    name,
                    "channel",
                    general.service_url,
                    general.team,
                    general.team_name,
                    str(title),
                    bot=general.bot,
                )
                await asyncio.to_thread(self.book.met, met)

    async def _personal(self, place: Place) -> Conversation:
        """The personal chat with somebody, begun if there is none yet."""
        found = await asyncio.to_thread(self.book.personal, self.name, self.tenant, place.user)
        if found is not None:
            return found
        somebody = await asyncio.to_thread(self.book.person, self.name, self.tenant, place.user)
        near = next(iter(await asyncio.to_thread(self.book.known, self.name)), None)
        if somebody is None or not somebody.member or near is None:
            raise Undeliverable("that person has not met Pitcrew in Teams: they add the app, or write to it once")
        parameters = {
            "isGroup": False,
            "bot": {"id": near.bot or f"28:{self.app_id}"},
            "members": [{"id": somebody.member}],
            "tenantID": self.tenant,
            "channelData": {"tenant": {"id": self.tenant}},
        }
        conversation, _ = await self.wire.begin(near.service_url, parameters)
        begun = Conversation(
            self.name, self.tenant, conversation, "personal", near.service_url, user=place.user, bot=near.bot
        )
        await asyncio.to_thread(self.book.met, begun)
        return begun


def _threaded(where: Conversation, thread: str) -> str:
    return f"{where.id}{THREAD}{thread}" if thread else where.id


def _address(where: Conversation, message: str) -> tuple[str, str]:
    """The conversation and the activity of a message of ours."""
    thread, slash, activity = message.rpartition("/")
    return (_threaded(where, thread), activity) if slash else (where.id, message)


def message_of(thread: str, activity: str) -> str:
    """One of our messages, as ``send`` gives it back."""
    return f"{thread}/{activity}" if thread else activity
