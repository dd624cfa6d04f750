"""Inbox, outbox and fires in memory, as ``bot.ports`` says they behave: for quick tests of what stands on them."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import RLock

from analysis.errors import NotSaved
from bot.clock import Clock
from bot.ports import Ask, Enclosure, Kind, Parcel, Priority
from charts.picture import Picture
from commands.core.answer import File


@dataclass
class Asked:
    """A row of the inbox."""

    ask: Ask
    until: datetime | None = None
    done: bool = False
    cancelled: str = ""


@dataclass
class Sending:
    """A row of the outbox."""

    parcel: Parcel
    number: int
    due: datetime
    state: str = "pending"  # pending, leased, sent, failed, held, superseded
    until: datetime | None = None
    message: str = ""
    why: str = ""
    was_unclear: bool = False
    swept: bool = False
    begun: bool = False


class MemoryStore:
    """What the state database remembers, forgotten when the test is over."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.broken = False  # whether the disk is full
        self.trouble: Callable[[str], object] = lambda _: None  # called with each method that writes, may raise
        self.asks: dict[str, Asked] = {}
        self.outbox: dict[str, Sending] = {}
        self.fired: dict[tuple[str, str], str] = {}
        self.pictures: dict[str, Picture] = {}
        self.documents: dict[str, File] = {}
        self.files: dict[tuple[str, str, str], str] = {}
        self.resting: dict[str, datetime] = {}
        self.views: dict[tuple[str, str], tuple[str, tuple[str, ...]]] = {}  # (lane, message) -> ask, shows
        self._numbers = itertools.count()
        self._lock = RLock()

    # inbox

    def accept_all(self, waiting: Callable[[], Sequence[Ask]]) -> Sequence[bool]:
        with self._lock:
            self._writable("accept")
            return [self._enter(one) for one in waiting()]

    def _enter(self, ask: Ask) -> bool:
        if any(key in self.asks for key in (ask.key, *ask.twins)):
            return False
        self.asks[ask.key] = Asked(ask)
        return True

    def take(self, limit: int, lease_seconds: float) -> Sequence[Ask]:
        with self._lock:
            self._writable("take")
            now = self.clock()
            free = [row for row in self.asks.values() if not row.done and (row.until is None or row.until <= now)]
            for row in free[:limit]:
                row.until = now + timedelta(seconds=lease_seconds)
                row.ask = replace(row.ask, attempt=row.ask.attempt + 1)
            return [row.ask for row in free[:limit]]

    def meanwhile(self, key: str, parcels: Sequence[Parcel], lease_seconds: float) -> None:
        with self._lock:
            self._writable("meanwhile")
            if not self.asks[key].done:
                self.asks[key].until = self.clock() + timedelta(seconds=lease_seconds)
                self.put(parcels, ())

    def put_back(self, key: str) -> None:
        if not self.asks[key].done:
            self.asks[key].until = None

    def cancelled(self, key: str) -> str:
        return self.asks[key].cancelled

    def done(self, key: str, parcels: Sequence[Parcel], enclosures: Sequence[Enclosure]) -> None:
        with self._lock:
            self._writable("done")
            self.asks[key].done = True
            self.put(parcels, enclosures)

    # outbox

    def put(self, parcels: Sequence[Parcel], enclosures: Sequence[Enclosure]) -> None:
        with self._lock:
            self._writable("put")
            self.pictures |= {one.digest: one for one in enclosures if isinstance(one, Picture)}
            self.documents |= {one.digest: one for one in enclosures if isinstance(one, File)}
            for parcel in parcels:
                due = max(self.clock(), parcel.due or self.clock())
                self.outbox.setdefault(parcel.id, Sending(parcel, next(self._numbers), due))

    def lease(self, limit: int, seconds: float, unedited: Sequence[str] = ()) -> Sequence[Parcel]:
        with self._lock:
            self._writable("lease")
            now = self.clock()
            self._overdue(now)
            self._coalesce()
            busy = {row.parcel.lane for row in self.outbox.values() if row.state == "leased"}
            busy |= {lane for lane, until in self.resting.items() if until > now}
            given: list[Parcel] = []
            for row in sorted(self.outbox.values(), key=lambda row: (row.parcel.priority, row.number)):
                lane = row.parcel.lane
                if (row.parcel.kind, row.parcel.priority) == (Kind.EDIT, Priority.EDIT) and lane.startswith(
                    tuple(f"{workspace}:" for workspace in unedited)
                ):
                    continue
                if row.state == "pending" and row.due <= now and lane not in busy and len(given) < limit:
                    if (rooted := self._rooted(row)) is None:
                        continue
                    row.parcel = rooted
                    busy.add(lane)
                    row.state, row.until, row.begun = "leased", now + timedelta(seconds=seconds), False
                    first = row.parcel.first_try or now
                    row.parcel = replace(row.parcel, attempt=row.parcel.attempt + 1, first_try=first)
                    given.append(row.parcel)
            return given

    def begun(self, parcel: Parcel) -> bool:
        row = self._mine(parcel, "begun")
        if row is not None:
            row.begun = True
        return row is not None

    def sent(self, parcel: Parcel, message: str) -> bool:
        row = self._mine(parcel, "sent")
        if row is None:
            return False
        row.state, row.message = "sent", message
        if message and parcel.shows:
            self.views[parcel.lane, message] = (parcel.ask, parcel.shows)
        return True

    def later(self, parcel: Parcel, seconds: float, why: str, *, unclear: bool = False) -> None:
        if row := self._mine(parcel, "later"):
            row.state, row.due, row.why = "pending", self.clock() + timedelta(seconds=seconds), why
            row.was_unclear |= unclear
            row.parcel = replace(row.parcel, unclear=unclear)

    def failed(self, parcel: Parcel, why: str) -> None:
        if row := self._mine(parcel, "failed"):
            row.state, row.why = "failed", why

    def hold(self, parcel: Parcel, why: str) -> None:
        if row := self._mine(parcel, "hold"):
            row.state, row.why = "held", why

    def rest(self, lane: str, seconds: float) -> None:
        until = self.clock() + timedelta(seconds=seconds)
        self.resting[lane] = max(until, self.resting.get(lane, until))

    def find_upload(self, platform: str, tenant: str, digest: str) -> str | None:
        return self.files.get((platform, tenant, digest))

    def uploaded(self, platform: str, tenant: str, digest: str, file: str) -> None:
        self.files[platform, tenant, digest] = file

    def picture(self, digest: str) -> Picture:
        return self.pictures[digest]

    def document(self, digest: str) -> File:
        return self.documents[digest]

    def twins(self) -> Sequence[tuple[Parcel, str]]:
        rows = self.outbox.values()
        return [(row.parcel, row.message) for row in rows if row.state == "sent" and row.was_unclear and not row.swept]

    def swept(self, parcel_id: str) -> None:
        self.outbox[parcel_id].swept = True

    def counts(self) -> Mapping[str, int]:
        return Counter(row.state for row in self.outbox.values())

    # fires

    def fire(self, schedule: str, label: str, ask: Ask) -> bool:
        with self._lock:
            self._writable("fire")
            return self.skip(schedule, label, "fired") and self._enter(ask)

    def skip(self, schedule: str, label: str, why: str) -> bool:
        with self._lock:
            self._writable("skip")
            new = (schedule, label) not in self.fired
            self.fired.setdefault((schedule, label), why)
            return new

    def last(self, schedule: str) -> str | None:
        return max((label for name, label in self.fired if name == schedule), default=None)

    # within

    def _writable(self, method: str) -> None:
        self.trouble(method)
        if self.broken:
            raise NotSaved("the disk is full")

    def _mine(self, parcel: Parcel, method: str) -> Sending | None:
        self._writable(method)
        row = self.outbox[parcel.id]
        return row if row.state == "leased" and row.parcel.attempt == parcel.attempt else None

    def _overdue(self, now: datetime) -> None:
        for row in self.outbox.values():
            if row.state == "leased" and row.until is not None and row.until <= now:
                row.state, row.was_unclear = "pending", row.was_unclear or row.begun
                row.parcel = replace(row.parcel, unclear=row.parcel.unclear or row.begun)

    def _rooted(self, row: Sending) -> Parcel | None:
        parcel = row.parcel
        if not parcel.under:
            return parcel
        root = self.outbox.get(parcel.under)
        if root is None or root.state in {"failed", "superseded"}:
            row.state = "failed"
        if root is None or root.state != "sent":
            return None
        place = parcel.place
        if parcel.kind is Kind.EDIT:
            return replace(parcel, place=replace(place, message=root.message))
        return replace(parcel, place=replace(place, thread=place.thread or root.message))

    def _coalesce(self) -> None:
        newest: dict[tuple[str, str, str], Sending] = {}
        for row in self.outbox.values():
            if row.state == "pending" and row.parcel.kind in {Kind.EDIT, Kind.VIEW}:
                place = row.parcel.lane, row.parcel.place.message, row.parcel.under
                if older := newest.get(place):
                    older.state = "superseded"
                newest[place] = row
