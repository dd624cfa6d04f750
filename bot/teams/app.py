"""Teams' side of the door: what is typed, mentioned, clicked or filled in becomes an ask, is saved, and then answered.

Nothing is worked on here but what Teams wants in the same breath: the card that a clicker sees next, the dialog that a
button opens, the hits of a search.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from typing import Any, Protocol

import structlog

from analysis.errors import FinOpsError, NotSaved
from bot.clock import Clock
from bot.ports import Ask, Conversation, Conversations, Place
from bot.teams import dialog, render
from bot.teams.activity import (
    Json,
    MalformedError,
    carried,
    locale_of,
    message_clicked,
    part_of,
    text_of,
    thread_of,
    timezone_of,
    typed,
    user_of,
    word_of,
)
from bot.teams.adapter import Reply
from bot.teams.post import CARD, TeamsPlatform
from bot.teams.roster import Roster
from bot.teams.search import Search, result
from bot.words import clean
from commands.core.answer import Answer

log = structlog.get_logger(__name__)

NOT_SAVED = "That was not saved, so nothing has happened. Please try again."
BROKEN = "Something broke on our side, and nothing has happened. Please try again, or tell whoever runs Pitcrew."
GUEST = "Pitcrew shows cost to members of this organization only, not to guests."
OUT_OF_DATE = "That button is out of date. Type help to see what can be asked."
WORKING = "Pitcrew is at it: the card changes in a moment."
FOLLOWS = "The answer follows."
IN_YOUR_CHAT = "The answer is in your own chat with Pitcrew."
HEAR_SECONDS = 3.0  # of the five that Teams waits
SAME_CLICK_SECONDS = 60  # Teams sends a click again after half a minute, under another name
MESSAGE = "application/vnd.microsoft.activity.message"


class Desk(Protocol):
    """Who takes asks."""

    async def accept(self, ask: Ask) -> bool:
        """Save an ask; ``False`` if it is a copy."""

    async def accept_and_hear(self, ask: Ask, seconds: float) -> Answer | None:
        """Save an ask, and wait a little for its answer."""

    async def redraw(self, text: str, reader: Place | None = None) -> Answer:
        """What an ask says to any reader, or to one who may but read."""


Views = Callable[[str, tuple[str, ...], str], str | None]  # tenant, a conversation's names, a message: the ask of it


@dataclass(slots=True)
class Listeners:
    """What Pitcrew does with each kind of activity."""

    platform: TeamsPlatform
    desk: Desk
    book: Conversations
    views: Views
    search: Search
    clock: Clock
    roster: Roster = field(init=False)
    errands: set[asyncio.Task[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.roster = Roster(self.platform, self.book)

    async def on(self, activity: Json) -> Reply:
        """Answer one activity, whose sender was verified.

        Raises:
            MalformedError: it is not what an activity is.
        """
        where = await self.roster.where(activity)
        match activity.get("type"):
            case "message":
                return await self._message(activity, where)
            case "invoke":
                return await self._invoke(activity, where)
            case "installationUpdate" if activity.get("action") in {"remove", "remove-upgrade"}:
                await self._removed(where)
            case "installationUpdate":
                await self._installed(activity, where)
            case "conversationUpdate":
                await self._changed(activity, where)
            case _:
                pass
        return Reply()

    async def close(self) -> None:
        """Let go of what is looked up on the side."""
        for errand in self.errands:
            errand.cancel()
        await asyncio.gather(*self.errands, return_exceptions=True)

    # what is said

    async def _message(self, activity: Json, where: Conversation) -> Reply:
        user = await self.roster.sender(activity, where)
        thread = thread_of(activity, where)
        if user in self.roster.guests:
            await self.platform.whisper(where, thread, GUEST)
            return Reply()
        value = activity.get("value")
        if isinstance(value, Mapping) and not str(activity.get("text") or "").strip():
            return await self._submitted(activity, where, value, user)
        ask = self._ask(self._key(activity, where), self._place(activity, where, user), activity, typed(activity))
        ask = replace(ask, loud=True)
        self._on_the_side(self._typing(where, thread))
        try:
            await self.desk.accept(ask)
        except NotSaved:
            return Reply() if await self.platform.whisper(where, thread, NOT_SAVED) else Reply(503)
        return Reply()

    async def _submitted(self, activity: Json, where: Conversation, data: Json, user: str) -> Reply:
        """A click of an old client: a message with the card's data in it."""
        thread = thread_of(activity, where)
        try:
            text = carried(data, str(data.get("verb", "")))
        except ValueError:
            await self.platform.whisper(where, thread, OUT_OF_DATE)
            return Reply()
        ask = await self._click(activity, where, data, text, user)
        try:
            await self.desk.accept(ask)
        except NotSaved:
            return Reply() if await self.platform.whisper(where, thread, NOT_SAVED) else Reply(503)
        return Reply()

    async def _typing(self, where: Conversation, thread: str) -> None:
        await self.platform.typing(where, thread)

    # what wants an answer in the same breath

    async def _invoke(self, activity: Json, where: Conversation) -> Reply:
        user = await self.roster.sender(activity, where)
        name, value = activity.get("name"), activity.get("value")
        if not isinstance(value, Mapping):
            raise MalformedError("an invoke without a value")
        answers: dict[Any, Callable[[Json, Conversation, Json, str], Awaitable[Reply]]] = {
            "adaptiveCard/action": self._acted,
            "task/fetch": self._opened,
            "task/submit": self._filled_in,
            "composeExtension/query": self._searched,
            "composeExtension/queryLink": self._unfurled,
            "composeExtension/anonymousQueryLink": self._nothing,
        }
        if name not in answers:
            log.info("teams invoke unknown", name=str(name)[:80])
            return Reply(501)
        if user in self.roster.guests:
            return _refusal(str(name), GUEST)
        try:
            return await answers[name](activity, where, value, user)
        except NotSaved:
            return _refusal(str(name), NOT_SAVED)
        except MalformedError:
            raise
        except Exception:
            log.exception("teams invoke broke", name=name)
            return _refusal(str(name), BROKEN)

    async def _acted(self, activity: Json, where: Conversation, value: Json, user: str) -> Reply:
        """A click: the ask it carries; and the card as it is when that is done, for the clicker to see at once."""
        action = value.get("action")
        data = action.get("data") if isinstance(action, Mapping) else None
        if not isinstance(action, Mapping) or not isinstance(data, Mapping):
            raise MalformedError("an action without data")
        verb = str(action.get("verb", ""))
        if verb == "redraw":
            return await self._looked(activity, where, data, user)
        try:
            text = carried(data, verb)
        except ValueError:
            return _message(OUT_OF_DATE)
        ask = await self._click(activity, where, data, text, user)
        said = await self.desk.accept_and_hear(ask, HEAR_SECONDS)
        return await self._seen(ask, where, said)

    async def _seen(self, ask: Ask, where: Conversation, said: Answer | None) -> Reply:
        """What the clicker sees in the place of the card."""
        if ask.place.message and (drawer := await self._drawer(where, ask.place.message)):
            try:
                return await self._card(await self.desk.redraw(drawer, replace(ask.place, user="")), ask.key)
            except FinOpsError:
                pass  # it cannot be drawn any more; what was answered is told below
        if said is None:
            return _message(WORKING)
        if said.replaces and "error" not in said.data:
            return await self._card(said, ask.key)
        if said.shared and not said.private:
            return _message(FOLLOWS)
        return _message(FOLLOWS if where.kind == "personal" else IN_YOUR_CHAT)

    async def _looked(self, activity: Json, where: Conversation, data: Json, user: str) -> Reply:
        """A card that refreshes itself for its only reader."""
        text = data.get("ask")
        if not isinstance(text, str):
            return _message(OUT_OF_DATE)
        place = replace(self._place(activity, where, user), view=CARD)  # nobody else sees it so
        try:
            return await self._card(await self.desk.redraw(text, place), self._key(activity, where))
        except FinOpsError as error:
            return _message(str(error))

    async def _card(self, said: Answer, key: str) -> Reply:
        payload = render.render(said, unfold=self.platform.unfold)
        pictures = {f"{render.PICTURE}{one.digest}": one for one in said.pictures}
        card = await self.platform.drawn(payload, key, pictures)
        return Reply(body={"statusCode": 200, "type": CARD, "value": card})

    async def _opened(self, activity: Json, where: Conversation, value: Json, _user: str) -> Reply:
        """A form's button: shows the form, and asks nothing yet."""
        data = value.get("data")
        if not isinstance(data, Mapping):
            raise MalformedError("a dialog without data")
        try:
            form = dialog.unpacked(data.get("form"))
        except ValueError:
            return Reply(body=dialog.said(OUT_OF_DATE))
        return Reply(body=dialog.opened(form, message_clicked(activity, where)))

    async def _filled_in(self, activity: Json, where: Conversation, value: Json, user: str) -> Reply:
        """A form that was sent: the ask that it completes."""
        data = value.get("data")
        if not isinstance(data, Mapping):
            raise MalformedError("a dialog without data")
        try:
            text = dialog.completed(data)
        except ValueError:
            return Reply(body=dialog.said(OUT_OF_DATE))
        ask = await self._click(activity, where, data, text, user, message=str(data.get("message") or ""))
        said = await self.desk.accept_and_hear(ask, HEAR_SECONDS)
        if said is not None and "error" in said.data:
            return Reply(body=dialog.said(str(said.data.get("message") or said.title)))
        return Reply(body={})

    async def _searched(self, activity: Json, where: Conversation, value: Json, user: str) -> Reply:
        words = " ".join(
            str(one.get("value") or "")
            for one in value.get("parameters") or ()
            if isinstance(one, Mapping) and one.get("name") != "initialRun"
        )
        ask = self._ask(self._key(activity, where), self._place(activity, where, user), activity, clean(words))
        return Reply(body=await self.search.found(ask))

    async def _unfurled(self, activity: Json, where: Conversation, value: Json, user: str) -> Reply:
        link = str(value.get("url") or "")
        ask = self._ask(self._key(activity, where), self._place(activity, where, user), activity, link)
        return Reply(body=await self.search.unfurled(ask))

    async def _nothing(self, _activity: Json, _where: Conversation, _value: Json, _user: str) -> Reply:
        """Nobody who is not signed in sees cost."""
        return Reply(body=result(()))

    # who and where

    async def _click(
        self, activity: Json, where: Conversation, data: Json, text: str, user: str, *, message: str = ""
    ) -> Ask:
        """A click as an ask, the same for each time that Teams sends it.

        A card that everybody sees is in the book of messages, and is edited; another is private, and swapped.
        """
        clicked = message or message_clicked(activity, where)
        place = self._place(activity, where, user)
        known = clicked and await self._drawer(where, clicked) is not None
        place = replace(place, message=clicked if known else "", url="" if known else clicked)
        drawn = sha256(f"{text}\n{data.get('drawn', '')}".encode("utf-8", "replace")).hexdigest()[:16]
        name = f"teams:act:{where.tenant}:{where.id}:{clicked}:{user}:{drawn}"
        minute = int(self.clock().timestamp() // SAME_CLICK_SECONDS)
        ask = self._ask(f"{name}:{minute}", place, activity, text)
        return replace(ask, clicked=True, twins=(f"{name}:{minute - 1}",))

    async def _drawer(self, where: Conversation, message: str) -> str | None:
        return await asyncio.to_thread(self.views, where.tenant, (where.id, where.title), message)

    def _place(self, activity: Json, where: Conversation, user: str) -> Place:
        return Place("teams", where.tenant, where.id, thread=thread_of(activity, where), user=user)

    def _key(self, activity: Json, where: Conversation) -> str:
        return f"teams:{where.tenant}:{word_of(activity, 'conversation', 'id')}:{activity.get('id') or 'none'}"

    def _ask(self, key: str, place: Place, activity: Json, text: str) -> Ask:
        name = text_of(activity.get("from"), "name") or place.user
        alone = text_of(activity.get("conversation"), "conversationType") == "personal"
        return Ask(
            key,
            place,
            f"teams:{place.user}",
            clean(name),
            text,
            self.clock(),
            locale=locale_of(activity).replace("-", "_") if alone else "",
            timezone=timezone_of(activity),
        )

    # coming and going

    async def _installed(self, activity: Json, where: Conversation) -> None:
        """Welcome: what can be asked. In a team, its channels and people are learnt."""
        if where.kind == "channel":
            self._on_the_side(self.roster.learn(where))
        user = user_of(activity)
        if where.kind == "group" or not user or await self.roster.sender(activity, where) in self.roster.guests:
            return
        place = Place("teams", where.tenant, where.id, user=user)
        key = f"teams:installed:{where.tenant}:{where.id}:{self._day(activity)}"
        ask = replace(self._ask(key, place, activity, "help"), loud=True)
        try:
            await self.desk.accept(ask)
        except NotSaved as error:
            log.warning("teams welcome not saved", error=str(error))

    async def _removed(self, where: Conversation) -> None:
        name = where.team or where.id
        why = "Pitcrew's app was taken out there; add it again"
        await asyncio.to_thread(self.book.lost, "teams", where.tenant, name, why)

    async def _changed(self, activity: Json, where: Conversation) -> None:
        """Members and channels that come, go, or are called otherwise."""
        ours = text_of(activity.get("recipient"), "id")
        gone = [text_of(one, "id") for one in activity.get("membersRemoved") or ()]
        data = part_of(activity, "channelData")
        event = data.get("eventType")
        if ours and ours in gone:
            await self._removed(where)
        elif event == "channelDeleted":
            lost = self.book.lost
            await asyncio.to_thread(lost, "teams", where.tenant, where.id, "the channel was deleted")
        elif where.kind == "channel":
            self._on_the_side(self.roster.learn(where))

    def _on_the_side(self, errand: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(errand)
        self.errands.add(task)
        task.add_done_callback(self.errands.discard)

    def _day(self, activity: Json) -> str:
        try:
            return datetime.fromisoformat(str(activity.get("timestamp"))).date().isoformat()
        except ValueError:
            return self.clock().date().isoformat()


def _message(words: str) -> Reply:
    return Reply(body={"statusCode": 200, "type": MESSAGE, "value": words})


def _refusal(name: str, words: str) -> Reply:
    """Words in the shape that each kind of invoke takes."""
    if name.startswith("task/"):
        return Reply(body=dialog.said(words))
    if name.startswith("composeExtension/"):
        return Reply(body={"composeExtension": {"type": "message", "text": words}})
    return _message(words)
