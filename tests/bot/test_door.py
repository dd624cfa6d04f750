"""The door: saved before it is acknowledged, answered once, and nobody waits for somebody else's forecast."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, cast

import pytest

from analysis.errors import NotAllowed, NotSaved
from bot.cadence.schedule import Schedule
from bot.clock import wall
from bot.door import Door
from bot.identity import caller_of
from bot.ports import Ask, Kind, Parcel, Place, Priority
from charts.picture import Picture
from commands.core.answer import Answer
from commands.core.caller import Caller, Permission
from commands.core.context import Context
from commands.core.ports import Asked
from tests.bot.delivery.desk import FakePlatform
from tests.contracts.said import accepted
from tests.memory_store import MemoryStore
from tests.virtual_time import BEGINNING

ROLES = {"*": [Permission.READ, Permission.ACT]}
WEEKLY = Schedule("weekly", "0 9 * * mon", "help", ("finance",), always=True)
FINOPS = Place("slack", "T1", "#finops")


@dataclass
class Audit:
    """Remembers who asked what."""

    lines: list[tuple[str, str]] = field(default_factory=list)

    def record(self, caller: Caller, ask: str, outcome: str, now: datetime) -> None:  # noqa: ARG002
        self.lines.append((caller.key, outcome))

    def since(self, moment: datetime) -> Sequence[Asked]:  # noqa: ARG002
        return ()


class Rendering(FakePlatform):
    """Cannot render what is titled so."""

    unshowable = ""

    def render(self, answer: Answer, ask: str) -> tuple[Mapping[str, Any], Sequence[Picture]]:
        if answer.title == self.unshowable:
            raise ValueError("no such block")
        return super().render(answer, ask)


@dataclass
class Hall:
    """A door, what is behind it, and what came out."""

    store: MemoryStore
    door: Door
    audit: Audit
    platform: Rendering
    before: Callable[[Ask], None] = lambda _: None  # what happens while an ask is answered

    def context(self, ask: Ask) -> Context:
        self.before(ask)
        nothing = cast("Any", None)
        return Context(caller_of(ask, ROLES), BEGINNING, nothing, nothing, self.audit, nothing, nothing)

    async def out(self, count: int = 1) -> list[Parcel]:
        """The parcels that are in the outbox when there are ``count`` of them."""
        async with asyncio.timeout(20):
            while len(self.store.outbox) < count:  # noqa: ASYNC110 (nobody tells)
                await asyncio.sleep(0.01)
        return [row.parcel for row in self.store.outbox.values()]

    async def done(self, key: str) -> None:
        async with asyncio.timeout(20):
            while not self.store.asks[key].done:  # noqa: ASYNC110 (nobody tells)
                await asyncio.sleep(0.01)


def hall_of(store: MemoryStore, **settings: Any) -> Hall:
    """A hall that is not open yet."""
    platform, audit = Rendering(), Audit()
    hall = Hall(store, Door(store, cast("Any", None), {"slack": platform}, wall, **settings), audit, platform)
    hall.door.contexts = hall.context
    return hall


@asynccontextmanager
async def open_hall(store: MemoryStore | None = None, **settings: Any) -> AsyncIterator[Hall]:
    hall = hall_of(store or MemoryStore(wall), **settings)
    hall.door.start()
    try:
        yield hall
    finally:
        await hall.door.stop(2)


def ask(text: str = "help", key: str = "k1", **more: Any) -> Ask:
    place = Place("slack", "T1", "C1", url="https://reply", user="U1")
    return Ask(key, place, "slack:U1", "Ana", text, BEGINNING, **more)


async def test_an_ask_is_saved_answered_audited_and_mailed() -> None:
    mailed = asyncio.Event()
    async with open_hall(mailed=mailed.set) as hall:
        assert await hall.door.accept(ask())
        [parcel] = await hall.out()
        await asyncio.wait_for(mailed.wait(), 5)

    assert (parcel.id, parcel.kind, parcel.priority) == ("k1:0", Kind.PRIVATE, Priority.REPLY)
    assert hall.audit.lines == [("k1", "answered")]
    assert hall.store.asks["k1"].done


async def test_a_copy_is_accepted_and_changes_nothing() -> None:
    async with open_hall() as hall:
        assert [await hall.door.accept(ask()) for _ in range(4)] == [True, False, False, False]
        await hall.done("k1")

    assert len(hall.store.outbox) == len(hall.audit.lines) == 1


async def test_what_is_not_saved_is_not_acknowledged() -> None:
    async with open_hall() as hall:
        hall.store.broken = True
        with pytest.raises(NotSaved):
            await hall.door.accept(ask())
        hall.store.broken = False

    assert hall.store.asks == {}


async def test_a_database_that_hangs_is_not_waited_for() -> None:
    hang = threading.Event()
    store = MemoryStore(wall)
    hall = hall_of(store, ack_seconds=0.05)
    store.trouble = lambda _: hang.wait(5)
    try:
        with pytest.raises(NotSaved, match="too long"):
            await hall.door.accept(ask())
    finally:
        hang.set()
        await hall.door.stop()


async def test_nothing_is_taken_in_while_stopping() -> None:
    async with open_hall() as hall:
        await hall.door.stop()
        with pytest.raises(NotSaved, match="restarted"):
            await hall.door.accept(ask())


async def test_two_hundred_asks_at_once_keep_nobody_waiting_for_an_acknowledgement() -> None:
    async with open_hall() as hall:
        hall.before = lambda _: time.sleep(0.01)
        waits: list[float] = []

        async def one(number: int) -> None:
            began = time.monotonic()
            await hall.door.accept(ask(key=f"k{number}"))
            waits.append(time.monotonic() - began)

        await asyncio.gather(*(one(number) for number in range(200)))
        assert len(hall.store.outbox) < 200
        parcels = await hall.out(200)

    assert max(waits) < 1
    assert len({parcel.id for parcel in parcels}) == 200


async def test_asks_of_a_dead_process_are_answered_by_the_next_when_their_lease_is_over() -> None:
    store = MemoryStore(wall)
    accepted(store, ask())
    store.take(1, 0.3)  # and then it died
    async with open_hall(store, lease_seconds=0.1) as hall:
        assert [parcel.id for parcel in await hall.out()] == ["k1:0"]


async def test_dying_between_the_answer_and_its_saving_answers_once_in_the_end() -> None:
    store = MemoryStore(wall)

    def dies(method: str) -> None:
        if method == "done":
            raise ConnectionError("killed")

    store.trouble = dies
    async with open_hall(store, lease_seconds=0.2) as first:
        await first.door.accept(ask())
        async with asyncio.timeout(5):
            while not first.audit.lines:  # noqa: ASYNC110 (nobody tells)
                await asyncio.sleep(0.01)
        for task in first.door._tasks:
            task.cancel()
    store.trouble = lambda _: None
    async with open_hall(store, lease_seconds=0.2) as second:
        await second.done("k1")

    assert list(store.outbox) == ["k1:0"]


async def test_a_database_that_is_away_for_a_moment_costs_no_answer() -> None:
    store = MemoryStore(wall)
    failures = [ConnectionError("away")]

    def away(method: str) -> None:
        if method == "done" and failures:
            raise failures.pop()

    store.trouble = away
    async with open_hall(store) as hall:
        await hall.door.accept(ask())
        await hall.done("k1")

    assert len(hall.audit.lines) == 1


async def test_an_ask_that_takes_its_answerers_down_is_closed_with_an_apology() -> None:
    store = MemoryStore(wall)

    def broken(_: Ask) -> None:
        raise MemoryError("far too much")

    async with open_hall(store, lease_seconds=0.05) as hall:
        hall.before = broken
        await hall.door.accept(ask())
        [parcel] = await hall.out()

    assert parcel.payload["text"] == "This could not be answered"
    assert store.asks["k1"].done and store.asks["k1"].ask.attempt == 4


async def test_an_answer_that_cannot_be_rendered_is_replaced_by_words() -> None:
    async with open_hall() as hall:
        await hall.door.accept(ask(key="first"))
        [parcel] = await hall.out()
        hall.platform.unshowable = str(parcel.payload["text"])
        await hall.door.accept(ask(key="second"))
        await hall.out(2)

    assert hall.store.outbox["second:0"].parcel.payload["text"] == "Something broke on our side"


async def test_an_answer_that_takes_longer_than_its_lease_is_made_once() -> None:
    async with open_hall(lease_seconds=0.1) as hall:
        hall.before = lambda _: time.sleep(0.6)
        await hall.door.accept(ask())
        await hall.done("k1")

    assert len(hall.audit.lines) == 1


async def test_the_clock_is_answered_on_the_routes_of_its_personas() -> None:
    async with open_hall(schedules=[WEEKLY], routes={"finance": (FINOPS,)}) as hall:
        turn = replace(ask(key="clock:weekly:2026-W44"), place=Place("clock", "weekly"), user="clock:weekly")
        await hall.door.accept(turn)
        [parcel] = await hall.out()

    assert (parcel.id, parcel.place) == ("clock:weekly:2026-W44:slack:T1:#finops", FINOPS)


async def test_a_schedule_that_has_left_the_deployment_is_closed_in_silence() -> None:
    async with open_hall() as hall:
        await hall.door.accept(replace(ask(), place=Place("clock", "weekly"), user="clock:weekly"))
        await hall.done("k1")

    assert hall.store.outbox == {}


async def test_messages_are_drawn_anew_by_one_who_may_only_read() -> None:
    async with open_hall() as hall:
        assert (await hall.door.redraw("help")).title
        with pytest.raises(NotAllowed):
            await hall.door.redraw("claim 3f9a1c2e")

    assert hall.audit.lines == []


async def test_what_stands_in_many_places_is_drawn_once_for_all_that_were_leased_before() -> None:
    async with open_hall() as hall:
        time = asyncio.get_running_loop().time
        leased = time()
        first = await hall.door.redraw("help", FINOPS, leased)

        assert await hall.door.redraw("help", replace(FINOPS, conversation="C2"), leased) is first
        assert await hall.door.redraw("help forecast", FINOPS, leased) is not first
        assert await hall.door.redraw("help", FINOPS, time()) is not first, "something may have changed since"
        assert await hall.door.redraw("help") is not await hall.door.redraw("help")


async def test_what_cannot_be_finished_in_time_is_put_back_for_the_next_process() -> None:
    async with open_hall() as hall:
        began, ended = threading.Event(), threading.Event()

        def slow(_: Ask) -> None:
            began.set()
            ended.wait(5)

        hall.before = slow
        await hall.door.accept(ask())
        assert await asyncio.to_thread(began.wait, 5)
        await hall.door.stop(0.1)
        ended.set()

        assert [row.until for row in hall.store.asks.values()] == [None]
        assert [one.key for one in hall.store.take(5, 60)] == ["k1"]


async def test_stopping_finishes_what_is_being_answered() -> None:
    async with open_hall() as hall:
        began = threading.Event()

        def slow(_: Ask) -> None:
            began.set()
            time.sleep(0.2)

        hall.before = slow
        await hall.door.accept(ask())
        assert await asyncio.to_thread(began.wait, 5)
        await hall.door.stop(5)

    assert list(hall.store.outbox) == ["k1:0"]
