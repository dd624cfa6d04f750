"""The desk behind the page: who visits, what they type and press as asks at the real door, and what is under way."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from analysis.errors import BadAsk, NotFound, NotSaved
from bot.clock import Clock
from bot.ports import DIRECT, HOME, Ask, Enclosure, Inbox, Parcel, Place
from bot.web.page import LOOKS, NAME, TENANT, PagePlatform
from bot.web.timeline import Entry, Timeline
from commands.core.answer import Answer, Button, Buttons, Text
from commands.core.registry import LONGEST_ASK, discover, quoted, words_of

Intake = Callable[[Ask], Awaitable[bool]]

PEOPLE = ("Sam", "Ada", "Noor", "Lee", "Kim", "Max")
MOST_VISITORS = 200
SLASH = re.compile(r"^\s*/?finops\b", re.IGNORECASE)
MENTION = re.compile(r"^\s*@pitcrew\b[:,]?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Conversation:
    """A channel, or the direct message; ``slug`` is its name in an address."""

    name: str
    slug: str
    title: str
    about: str
    persona: str = ""


CONVERSATIONS = (
    Conversation(HOME, HOME, "Home", "Your own page: the month, what is yours to do, and how you like it"),
    Conversation(DIRECT, DIRECT, "Pitcrew", "Direct message: ask anything, only you see it"),
    Conversation(
        "#exec-cloud", "exec-cloud", "#exec-cloud", "Leadership: the month, the year, what FinOps returns", "leadership"
    ),
    Conversation(
        "#finops-finance", "finops-finance", "#finops-finance", "Finance: forecast, budgets, chargeback", "finance"
    ),
    Conversation(
        "#product-cost", "product-cost", "#product-cost", "Product: what an order and a customer cost", "product"
    ),
    Conversation("#finops", "finops", "#finops", "The practitioner: anomalies, coverage, the cadence", "practitioner"),
    Conversation(
        "#platform", "platform", "#platform", "Engineering: what to switch off or make smaller", "engineering"
    ),
)


@dataclass
class Visitor:
    """Somebody with the page open. ``key`` is the secret in their cookie, ``token`` the one in their page."""

    key: str
    token: str
    user: str
    name: str
    look: str = LOOKS[0]
    seen: dict[str, int] = field(default_factory=dict)  # conversation -> the version that was looked at


@dataclass
class NoticingInbox:
    """An inbox that tells when an ask is closed."""

    inbox: Inbox
    closed: Callable[[str], None]

    def accept_all(self, waiting: Callable[[], Sequence[Ask]]) -> Sequence[bool]:
        """As the inbox does."""
        return self.inbox.accept_all(waiting)

    def take(self, limit: int, lease_seconds: float) -> Sequence[Ask]:
        """As the inbox does."""
        return self.inbox.take(limit, lease_seconds)

    def meanwhile(self, key: str, parcels: Sequence[Parcel], lease_seconds: float) -> None:
        """As the inbox does."""
        self.inbox.meanwhile(key, parcels, lease_seconds)

    def put_back(self, key: str) -> None:
        """As the inbox does."""
        self.inbox.put_back(key)

    def cancelled(self, key: str) -> str:
        """As the inbox does."""
        return self.inbox.cancelled(key)

    def done(self, key: str, parcels: Sequence[Parcel], enclosures: Sequence[Enclosure]) -> None:
        """As the inbox does, and tell it."""
        self.inbox.done(key, parcels, enclosures)
        self.closed(key)


class Desk:
    """Takes in what visitors do. Until it is ``ready`` nobody can be answered."""

    def __init__(self, timeline: Timeline, platform: PagePlatform, clock: Clock) -> None:
        self.timeline, self.platform, self.clock = timeline, platform, clock
        self.intake: Intake | None = None
        self._visitors: dict[str, Visitor] = {}
        self._open: dict[str, str] = {}  # asks under way, each with its conversation
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def ready(self) -> bool:
        """Whether asks are answered."""
        return self.intake is not None

    async def let_in(self, intake: Intake) -> None:
        """Begin to take asks in."""
        self.intake = intake
        await self.timeline.tell("ready", state=True)

    def visitor(self, key: str) -> Visitor | None:
        """Whose cookie that is."""
        return self._visitors.get(key)

    async def welcome(self) -> Visitor:
        """A new visitor, with a name and a first message."""
        number = len(self._visitors)
        while len(self._visitors) >= MOST_VISITORS:
            self._visitors.pop(next(iter(self._visitors)))
        user = f"visitor-{number + 1}-{secrets.token_hex(4)}"
        name = PEOPLE[number % len(PEOPLE)] if number < len(PEOPLE) else f"Visitor {number + 1}"
        visitor = Visitor(secrets.token_urlsafe(32), secrets.token_urlsafe(32), user, name)
        self._visitors[visitor.key] = visitor
        await self._say(visitor, DIRECT, WELCOME)
        return visitor

    async def typed(self, visitor: Visitor, conversation: str, thread: str, text: str, nonce: str) -> None:
        """What somebody typed: in the direct message anything is an ask, elsewhere what begins as Slack has it.

        Raises:
            BadAsk: nothing was typed, or too much.
            NotSaved: it could not be taken in.
        """
        text = text.strip()
        if not text or len(text) > LONGEST_ASK:
            raise BadAsk(f"Type something of at most {LONGEST_ASK:,} letters, like /finops forecast.")
        loud = conversation == DIRECT or bool(MENTION.match(text))
        alone = conversation == DIRECT or bool(SLASH.match(text))
        echo = await self.timeline.add(
            conversation, visitor.name, self.clock(), words=text, thread=thread, only=visitor.user if alone else ""
        )
        words = MENTION.sub("", text, count=1).strip()
        if not loud and not SLASH.match(text):
            await self._say(visitor, conversation, _unheard(words), thread=thread)
            return
        place = Place(NAME, TENANT, conversation, thread, user=visitor.user)
        if loud and conversation != DIRECT:
            place = replace(place, thread=thread or echo.id)
        await self._asked(visitor, place, words, f"typed:{nonce}", loud=loud)

    async def pressed(self, visitor: Visitor, message: str, ask: str, fields: Mapping[str, str], nonce: str) -> None:
        """A button, a choice, or a form that was filled in, of a message that the visitor sees.

        Raises:
            NotFound: there is no such message for them.
            NotSaved: it could not be taken in.
        """
        entry = self.timeline.get(message)
        if entry is None or entry.only not in ("", visitor.user):
            raise NotFound("That message is no longer there.")
        filled = [f"{name}={value.strip()}" for name, value in fields.items() if value.strip()]
        text = f"{ask} {quoted(filled)}".strip()
        if not ask.strip() or len(text) > LONGEST_ASK:
            raise BadAsk("That is more than an ask can hold; please write less.")
        place = Place(NAME, TENANT, entry.conversation, entry.thread, user=visitor.user)
        if entry.conversation == HOME:
            place = _at_home(visitor)
        elif entry.private:
            place = replace(place, url=entry.id)
        else:
            place = replace(place, message=entry.id)
        await self._asked(visitor, place, text, f"pressed:{nonce}", clicked=True)

    async def at_home(self, visitor: Visitor) -> None:
        """Draw the visitor's own page anew."""
        if self.ready:
            await self._asked(visitor, _at_home(visitor), HOME, f"home:{secrets.token_hex(8)}")

    def conversations(self, visitor: Visitor) -> list[tuple[Conversation, int]]:
        """Everything that can be opened, with the number of messages that were not looked at yet."""
        new = {one.name: 0 for one in CONVERSATIONS}
        for entry in self.timeline.seen_by(visitor.user):
            unseen = entry.version > visitor.seen.get(entry.conversation, 0) and not entry.edited
            if unseen and entry.by != visitor.name and entry.conversation in new and not entry.gone:
                new[entry.conversation] += 1
        return [(one, new[one.name]) for one in CONVERSATIONS]

    def closed(self, key: str) -> None:
        """An ask has come to its end; called from any thread."""
        self._loop.call_soon_threadsafe(self._settle, key)

    def progress(self, share: float, what: str) -> None:
        """How far something long is; called from any thread."""
        self._loop.call_soon_threadsafe(self._later, self.timeline.tell("progress", {"share": share, "what": what}))

    async def _asked(
        self, visitor: Visitor, place: Place, text: str, key: str, *, clicked: bool = False, loud: bool = False
    ) -> None:
        if self.intake is None:
            raise NotSaved("Pitcrew is still reading the bill; please try again in a moment.")
        ask = Ask(
            f"{NAME}:{visitor.user}:{key}",
            place,
            f"{NAME}:{visitor.user}",
            visitor.name,
            text,
            self.clock(),
            clicked=clicked,
            loud=loud,
        )
        self._open[ask.key] = place.conversation or place.view
        await self._working()
        try:
            new = await self.intake(ask)
        except NotSaved:
            new = False
            raise
        finally:
            if not new:
                self._open.pop(ask.key, None)
                await self._working()

    def _settle(self, key: str) -> None:
        if self._open.pop(key, None) is not None:
            self._later(self._working())

    async def _working(self) -> None:
        await self.timeline.tell("working", sorted(set(self._open.values())))

    def _later(self, work: Any) -> None:  # noqa: ANN401 (a coroutine)
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _say(self, visitor: Visitor, conversation: str, answer: Answer, *, thread: str = "") -> Entry:
        """A word of the page's own, for one visitor."""
        payload, _ = self.platform.render(answer, "")
        return await self.timeline.add(
            conversation, "Pitcrew", self.clock(), payload=payload, only=visitor.user, thread=thread
        )


WELCOME = Answer(
    "Welcome to Apex Outfitters, an online shop that does not exist",
    (
        Text(
            "It is billed by AWS and Azure, and some of what it pays for is waste. Pitcrew reads its bill, tells each"
            " of its five channels what it needs to know, and works with whoever answers. Three things to try:"
        ),
        Text("**1. Ask.** Press a button, or type below: `/finops forecast team=search`."),
        Text(
            "**2. Act.** Open **#platform**, claim a finding and press Done. Every message that shows it changes, and"
            " here what is said to be done is done: from tomorrow it is billed no longer."
        ),
        Text(
            "**3. Let time pass.** A day later an anomaly arrives in **#finops**. Two weeks later your saving is"
            " verified in the bill, and the return on FinOps in **#exec-cloud** has climbed."
        ),
        Buttons(
            (
                Button("What will this month cost?", "forecast"),
                Button("What is wasted?", "waste"),
                Button("What did we save?", "savings"),
                Button("Everything that can be asked", "help"),
            )
        ),
    ),
)


def _at_home(visitor: Visitor) -> Place:
    return Place(NAME, TENANT, user=visitor.user, view=HOME)


def _unheard(words: str) -> Answer:
    """What is said to somebody who did not speak to Pitcrew, but perhaps meant to."""
    try:
        known = (words_of(words) or [""])[0].lower() in discover()
    except BadAsk:
        known = False
    meant = (Buttons((Button(f"/finops {words}"[:70], words),)),) if known else ()
    said = "Begin with `/finops` to ask for yourself, or with `@Pitcrew` to ask in front of everybody."
    return Answer("Pitcrew only listens when it is meant", (Text(said), *meant))
