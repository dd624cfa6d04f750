"""A platform that does as it is told, and parcels for it."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

from analysis.errors import NotFound
from bot.delivery.courier import Courier
from bot.ports import Kind, Outbox, Parcel, Place, Priority
from charts.picture import Picture
from commands.core.answer import Answer
from tests.memory_store import MemoryStore
from tests.virtual_time import AtOnce, now


class Killed(BaseException):
    """The process is gone: nothing after this line happens."""


@dataclass(frozen=True, slots=True)
class Taken:
    """The message is taken ``seconds`` after the request, which then ends by raising ``error``, if there is one."""

    error: BaseException | None = None
    seconds: float = 0.0


@dataclass(slots=True)
class Message:
    """What stands in a conversation."""

    id: str
    parcel: str
    lane: str
    payload: Mapping[str, Any]
    at: float


@dataclass
class FakePlatform:
    """Takes what it is sent, unless ``script`` says otherwise: what to do with the next sends, by lane or for all."""

    name: str = "slack"
    messages: list[Message] = field(default_factory=list)
    script: dict[str, deque[BaseException | Taken]] = field(default_factory=lambda: defaultdict(deque))
    sends: list[tuple[float, Parcel]] = field(default_factory=list)
    finds: list[str] = field(default_factory=list)

    def render(self, answer: Answer, ask: str) -> tuple[Mapping[str, Any], Sequence[Picture]]:
        return {"text": answer.title, "ask": ask, "parts": str(answer.parts)}, answer.pictures

    async def send(self, parcel: Parcel) -> str:
        self.sends.append((_seconds(), parcel))
        for name in (parcel.place.lane, "*"):
            if self.script[name]:
                return await self._scripted(parcel, self.script[name].popleft())
        await asyncio.sleep(0.1)
        return self._took(parcel)

    async def find(self, parcel: Parcel) -> str | None:
        self.finds.append(parcel.id)
        return next((one.id for one in reversed(self.messages) if one.parcel == parcel.id), None)

    async def withdraw(self, place: Place, message: str) -> None:
        assert any(one.id == message and one.lane == place.lane for one in self.messages)
        self.messages = [one for one in self.messages if one.id != message]

    def said(self) -> list[str]:
        """The parcels that stand somewhere, in their order."""
        return [one.parcel for one in self.messages]

    async def _scripted(self, parcel: Parcel, told: BaseException | Taken) -> str:
        if isinstance(told, BaseException):
            raise told
        if told.seconds and told.error:
            asyncio.get_running_loop().call_later(told.seconds, self._took, parcel)
            raise told.error
        await asyncio.sleep(told.seconds)
        message = self._took(parcel)
        if told.error:
            raise told.error
        return message

    def _took(self, parcel: Parcel) -> str:
        number = f"m{len(self.sends)}.{_seconds():.1f}"
        if parcel.kind in {Kind.EDIT, Kind.SWAP}:
            found = next((one for one in self.messages if one.id == parcel.place.message), None)
            if found:
                found.payload = parcel.payload
            return parcel.place.message
        self.messages.append(Message(number, parcel.id, parcel.place.lane, parcel.payload, _seconds()))
        return number


@dataclass
class Desk:
    """An outbox, a platform, and a courier between them that can be killed and replaced."""

    store: MemoryStore
    platform: FakePlatform
    courier: Courier
    says: dict[str, str]

    async def kill(self) -> None:
        """End the courier without a word, and put a new one in its place."""
        old = self.courier
        tasks = [*old._running, *old._under_way]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.courier = courier(self.store, self.platform, self.says)
        self.courier.start()

    async def settled(self, seconds: float = 3600) -> None:
        """Wait until nothing is pending any more."""
        async with asyncio.timeout(seconds):
            while {"pending", "leased"} & set(self.store.counts()):  # noqa: ASYNC110 (nobody tells)
                await asyncio.sleep(0.2)

    def put(self, *parcels: Parcel) -> None:
        self.store.put(parcels, ())
        self.courier.wake()

    def states(self) -> dict[str, str]:
        return {name: row.state for name, row in self.store.outbox.items()}


def courier(store: Outbox, platform: FakePlatform, says: Mapping[str, str]) -> Courier:
    async def redraw(ask: str, reader: Place | None, since: float) -> Answer:  # noqa: ARG001 (nobody in particular)
        if ask not in says:
            raise NotFound(f"nothing answers {ask}")
        return Answer(says[ask], shows=(f"f-{ask}",))

    return Courier(store, {platform.name: platform}, redraw, pool=AtOnce())


@asynccontextmanager
async def desk(outbox: Outbox | None = None) -> AsyncIterator[Desk]:
    """A desk with its courier under way, on virtual time; on another outbox than the one in memory if one is given."""
    store, platform, says = cast("MemoryStore", outbox or MemoryStore(now)), FakePlatform(), dict[str, str]()
    found = Desk(store, platform, courier(store, platform, says), says)
    found.courier.start()
    try:
        yield found
    finally:
        await found.courier.stop()


def parcel(
    name: str = "p1",
    channel: str = "C1",
    kind: Kind = Kind.POST,
    priority: Priority = Priority.DIGEST,
    **more: Any,
) -> Parcel:
    place = Place("slack", "T1", channel, message=more.pop("message", ""), user=more.pop("user", ""))
    payload = {} if "ask" in more else {"text": name}
    return Parcel(name, place, kind, priority, more.pop("payload", payload), **more)


def _seconds() -> float:
    return asyncio.get_running_loop().time()
