"""What comes in, what goes out, and the ports between chat platforms, the state database and the rest of the bot.

An ask comes in (``Ask``), leaves a row in the inbox before it is acknowledged, is answered, and every message that
the answer causes goes out as a ``Parcel`` through the outbox. All store methods are plain functions that may block:
async code calls them with ``asyncio.to_thread``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from hashlib import sha256
from typing import Any, Protocol, TypeAlias

from charts.picture import Picture
from commands.core.answer import Answer, File

Enclosure: TypeAlias = Picture | File  # what travels beside a message, kept by its digest
WEBHOOK, OURS = "webhook", "onward"  # the platform of what is sent on, and its one tenant
HOME = "home"  # the ``view`` of a person's own page with the bot
DIRECT = "pitcrew"  # on the page: the conversation between a visitor and Pitcrew


@dataclass(frozen=True, slots=True)
class Place:
    """Where a message belongs, in words that every platform fills its own way."""

    platform: str  # "slack", "teams"
    tenant: str  # Slack team id, Teams tenant id
    conversation: str = ""  # channel or conversation id; or its name: "#finops", "Cloud/FinOps"
    thread: str = ""  # the root message to answer under
    message: str = ""  # the message to take the place of
    url: str = ""  # a reply address that the platform gave with the ask (Slack: response_url; Teams: a private card)
    user: str = ""  # for private messages: whose eyes only
    person: str = ""  # who ``user`` is in roles and findings, where that is not ``slack:U123``: of another workspace
    view: str = ""  # no message but a page of ``user``'s own: HOME, or the window that was opened with this id

    @property
    def caller(self) -> str:
        """Who ``user`` is in roles and findings."""
        return self.person or f"{self.platform}:{self.user}"

    @property
    def lane(self) -> str:
        """Messages of one lane go out one after the other, paced."""
        return f"{self.platform}:{self.tenant}:{self.conversation or self.user}"


@dataclass(frozen=True, slots=True)
class Ask:
    """Something a person typed or clicked, or the clock's turn; ``key`` is the same for every copy of it."""

    key: str
    place: Place
    user: str  # unforgeable, with its platform: "slack:U123", "clock:nightly assessment"
    user_name: str
    text: str
    received_at: datetime
    clicked: bool = False  # by a button on the message ``place.message``
    loud: bool = False  # may be answered for all to see (a mention, a direct message), not only for the asker
    attempt: int = 0  # how often it was leased; an ask that takes its answerer down is not tried for ever
    locale: str = ""  # how its reader writes figures (``de_DE``), where one person alone reads the answer
    timezone: str = ""  # where the asker is (``Europe/Berlin``), as far as the platform tells
    twins: tuple[str, ...] = ()  # other keys that a copy of it may have come by
    readers: tuple[Place, ...] = ()  # who reads the answer beside the asker: it holds what all of them may see


def run_of(key: str) -> str:
    """The short name of the work for an ask, by which it is cancelled."""
    return sha256(key.encode()).hexdigest()[:8]


OUTSIDER = "outsider:"  # before the ``user`` of an ask by somebody who may see nothing


class Priority(IntEnum):
    """Who goes first when everything wants to."""

    REPLY = 0
    ALERT = 1
    EDIT = 2
    DIGEST = 3


class Kind(StrEnum):
    """How a parcel is delivered."""

    POST = "post"  # a new message (in ``place.thread`` if set); reconciled by its id when unclear
    PRIVATE = "private"  # seen by ``place.user`` alone
    EDIT = "edit"  # takes the place of ``place.message``; harmless to repeat
    SWAP = "swap"  # takes the place of a private message, through ``place.url``; harmless to repeat
    VIEW = "view"  # fills the page ``place.view`` of ``place.user``; harmless to repeat, the newest counts
    UNFURL = "unfurl"  # shown under ``place.message``, that somebody else wrote, for its link ``place.url``
    FILE = "file"  # a document, handed over after the message that speaks of it; reconciled by its name when unclear

    @property
    def may_repeat(self) -> bool:
        """Whether sending it twice would be seen, so that an unclear one is looked for first."""
        return self in (Kind.POST, Kind.FILE)


@dataclass(frozen=True, slots=True)
class Parcel:
    """One message on its way out. ``id`` is unique for ever: the same id is the same message.

    ``payload`` is what ``Platform.render`` made of an Answer. An EDIT or a VIEW may come without one: it is then drawn
    at the moment of sending by asking ``ask`` again, a VIEW as its own reader. So may a POST, which then says what is
    true when it leaves. ``shows`` names what the message is a view of: findings, alerts.

    ``under`` is the id of another parcel, the root: this one waits until that one is sent, and then answers in its
    thread (POST, FILE) or takes its place (EDIT). If the root is never delivered, neither is this one.
    """

    id: str
    place: Place
    kind: Kind
    priority: Priority
    payload: Mapping[str, Any] = field(default_factory=dict)
    ask: str = ""
    shows: tuple[str, ...] = ()
    under: str = ""
    due: datetime | None = None  # not before
    attempt: int = 0  # how often it was leased; also the fencing token
    first_try: datetime | None = None
    unclear: bool = False  # an earlier attempt may have arrived: look before sending again
    trace: str = ""  # of the ask that caused it, as 32 hexadecimal digits

    @property
    def lane(self) -> str:
        """Its place's lane; what only one person sees keeps nobody else waiting, and waits for nobody else."""
        if self.kind is Kind.VIEW:
            return f"{self.place.platform}:{self.place.tenant}:{self.place.user}:view:{self.place.view}"
        alone = self.kind in (Kind.PRIVATE, Kind.SWAP)
        return f"{self.place.lane}:{self.place.user}" if alone else self.place.lane


def anew(lane: str, message: str) -> str:
    """The id of the parcel that is posted once in the place of a message that is gone."""
    return f"anew:{lane}:{message}"


class DeliveryError(Exception):
    """Why a parcel was not delivered."""


class Later(DeliveryError):
    """Not now: try again after ``seconds`` (a rate limit, a platform that is down and surely did not take it)."""

    def __init__(self, seconds: float, why: str) -> None:
        super().__init__(why)
        self.seconds = seconds


class Unclear(DeliveryError):
    """It may have arrived, or not (a time-out, a broken connection, a 5xx)."""


class Undeliverable(DeliveryError):
    """It never will: the channel is gone, the bot was removed, the platform refuses the content."""


class Held(DeliveryError):
    """It may have arrived, nobody can look, and twice would be worse than late: a person decides."""


class Gone(DeliveryError):
    """The message to edit is no longer there, or can no longer be edited."""


class Paused(DeliveryError):
    """The whole workspace refuses us (token revoked, account inactive): nothing is dropped, everything waits."""


class Platform(Protocol):
    """A chat platform, seen from delivery."""

    name: str

    def render(self, answer: Answer, ask: str) -> tuple[Mapping[str, Any], Sequence[Picture]]:
        """The payload of one message, and the pictures it refers to by their digests. Pure."""

    async def send(self, parcel: Parcel) -> str:
        """Deliver, and give back the platform's id of the message ("" where it has none).

        Raises:
            DeliveryError: one of its kinds.
        """

    async def find(self, parcel: Parcel) -> str | None:
        """Look whether an unclear parcel arrived after all: its message id, or ``None``.

        Raises:
            DeliveryError: it cannot be told now.
        """

    async def withdraw(self, place: Place, message: str) -> None:
        """Take back one of our own messages (a late twin of another)."""


@dataclass(frozen=True, slots=True)
class Profile:
    """A person as a platform knows them; what it does not tell is empty. ``timezone`` is an IANA name."""

    name: str
    email: str = ""
    timezone: str = ""
    locale: str = ""  # like en-GB
    outsider: str = ""  # why no cost is for their eyes: a guest, somebody of another company, an account that is closed


class People(Protocol):
    """Who is who on one platform. Users are its own ids, without the platform's name (``U123``)."""

    async def by_email(self, email: str) -> str | None:
        """The user whose address that is; ``None`` where nobody's, or where the platform does not tell now."""

    async def profile(self, user: str) -> Profile:
        """What is known of a user; a profile of the mere id where the platform does not tell now."""

    async def title(self, place: Place) -> str:
        """What people call a channel that is known by its id; empty where the platform does not tell now."""


class Inbox(Protocol):
    """Everything that was asked, kept until it is answered."""

    def accept_all(self, waiting: Callable[[], Sequence[Ask]]) -> Sequence[bool]:
        """Commit the asks that wait when the transaction has begun; of each, ``False`` if a copy is already here.

        They are acknowledged afterwards.

        Raises:
            NotSaved: the database did not take them, and none of them is here.
        """

    def take(self, limit: int, lease_seconds: float) -> Sequence[Ask]:
        """Lease asks that nobody is answering, the oldest first; each says in ``attempt`` how often it was leased."""

    def meanwhile(self, key: str, parcels: Sequence[Parcel], lease_seconds: float) -> None:
        """Say something while an ask is still being answered, and lease it for so much longer."""

    def cancelled(self, key: str) -> str:
        """Who has cancelled an ask; "" for nobody."""

    def put_back(self, key: str) -> None:
        """Let go of an ask whose answerer stops, so that the next one need not wait for the lease."""

    def done(self, key: str, parcels: Sequence[Parcel], enclosures: Sequence[Enclosure]) -> None:
        """Close an ask and put what it caused into the outbox, in one transaction."""


class Outbox(Protocol):
    """Everything that is to be said, kept until it is delivered."""

    def put(self, parcels: Sequence[Parcel], enclosures: Sequence[Enclosure]) -> None:
        """Enqueue; a parcel whose id was ever enqueued is ignored."""

    def lease(self, limit: int, seconds: float, unedited: Sequence[str] = ()) -> Sequence[Parcel]:
        """Take the next parcels that are due, one a lane at most, by priority and age, lanes at rest left out.

        In the workspaces that are ``unedited`` (``slack:T1``) no edit is given but an answer that somebody waits for.
        What lies ``under`` another parcel comes with that one's message filled in, and not before there is one.
        A parcel that was begun when its lease ran out comes back with ``unclear`` set. Of several pending edits of one
        message only the newest is given; the older ones are closed as superseded.
        """

    def begun(self, parcel: Parcel) -> bool:
        """It is being sent from now on, so that it is unclear if nobody comes back; ``False`` if the lease was lost."""

    def sent(self, parcel: Parcel, message: str) -> bool:
        """Delivered as ``message``; remembered as a view of ``shows``. ``False`` if the lease was lost meanwhile."""

    def later(self, parcel: Parcel, seconds: float, why: str, *, unclear: bool = False) -> None:
        """Give back, to be tried again after ``seconds``."""

    def failed(self, parcel: Parcel, why: str) -> None:
        """Park as undeliverable, with the reason."""

    def hold(self, parcel: Parcel, why: str) -> None:
        """Keep until a person decides whether it is sent again."""

    def rest(self, lane: str, seconds: float) -> None:
        """Let a lane rest: nothing of it is leased for ``seconds``."""

    def find_upload(self, platform: str, tenant: str, digest: str) -> str | None:
        """The platform's file id of a picture that was uploaded before."""

    def uploaded(self, platform: str, tenant: str, digest: str, file: str) -> None:
        """Remember an upload."""

    def picture(self, digest: str) -> Picture:
        """The picture of that digest."""

    def document(self, digest: str) -> File:
        """The document of that digest."""

    def twins(self) -> Sequence[tuple[Parcel, str]]:
        """Parcels that were unclear and later sent, with their message ids, whose lateness is not yet over."""

    def swept(self, parcel_id: str) -> None:
        """The late twins of a parcel were looked for; it need not be done again."""

    def counts(self) -> Mapping[str, int]:
        """How many parcels are in each state."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """Where a platform that must be told so lets us speak: a personal chat, a channel of a team, a group."""

    platform: str
    tenant: str
    id: str
    kind: str  # "personal", "channel", "group"
    service_url: str
    team: str = ""  # the team's id
    team_name: str = ""
    name: str = ""  # the channel's
    user: str = ""  # of a personal chat: whose it is
    bot: str = ""  # what the platform calls us there
    active: bool = True
    why: str = ""  # it is not active: what the platform said

    @property
    def title(self) -> str:
        """What people call it: ``Cloud/FinOps`` for a channel."""
        return f"{self.team_name}/{self.name}" if self.kind == "channel" else self.name


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom a platform told us of."""

    platform: str
    tenant: str
    id: str  # as in ``Ask.user``, without the platform
    member: str = ""  # how the platform wants to be told whom to write to
    name: str = ""
    email: str = ""
    timezone: str = ""  # an IANA name; empty if the platform never said
    locale: str = ""


class Conversations(Protocol):
    """The conversations and people that a platform told us of; what is unknown of one keeps what was known."""

    def met(self, conversation: Conversation) -> None:
        """Remember a conversation, which is active now."""

    def lost(self, platform: str, tenant: str, conversation: str, why: str) -> None:
        """It takes nothing from us any more; ``conversation`` is its id, or its team's."""

    def find(self, platform: str, tenant: str, conversation: str) -> Conversation | None:
        """The conversation of that id, or, for a channel, of that ``Team/Channel``."""

    def personal(self, platform: str, tenant: str, user: str) -> Conversation | None:
        """The personal chat with somebody, if there is one."""

    def known(self, platform: str) -> Sequence[Conversation]:
        """All of a platform, channels first, by name."""

    def introduced(self, person: Person) -> None:
        """Remember somebody."""

    def person(self, platform: str, tenant: str, user: str) -> Person | None:
        """Somebody, by their id."""

    def by_email(self, platform: str, email: str) -> Person | None:
        """Somebody, by their address, in whatever case it is written."""


class Fires(Protocol):
    """Which schedule fired for which period: the unique row is the lock."""

    def fire(self, schedule: str, label: str, ask: Ask) -> bool:
        """Enter a fire and its ask, in one transaction; ``False`` if that period has one already."""

    def skip(self, schedule: str, label: str, why: str) -> bool:
        """Record that a period was passed over."""

    def last(self, schedule: str) -> str | None:
        """The newest label of a schedule."""
