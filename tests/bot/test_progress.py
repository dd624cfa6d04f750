"""Work that takes long says how far it is, in place, and can be cancelled."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from threading import Event
from typing import Any, cast

import pytest

from analysis.errors import Cancelled, NoData, NotReadable
from bot.clock import wall
from bot.ports import HOME, Ask, Kind, Parcel, Place, run_of
from bot.progress import Run, report
from tests.bot.test_door import Hall, ask, open_hall
from tests.memory_store import MemoryStore
from tests.virtual_time import BEGINNING

RUN = run_of("k1")


@dataclass
class Seconds:
    """A clock that goes when it is told to."""

    at: float = 0.0

    def __call__(self) -> float:
        return self.at


@pytest.mark.parametrize(
    ("share", "gone", "said"),
    [
        (0.0, 60, "reading"),
        (0.5, 2, "reading"),
        (0.9, 60, "reading, less than a minute left"),
        (0.5, 60, "reading, about 1 minute left"),
        (0.25, 40, "reading, about 2 minutes left"),
    ],
)
def test_what_is_left_is_told_when_it_can_be(share: float, gone: float, said: str) -> None:
    clock = Seconds()
    run = Run("r", "assess", seconds=clock)
    clock.at = gone
    run.tell(share, "reading")

    assert run.said() == said


def test_what_somebody_cancelled_ends_at_its_next_step() -> None:
    clock = Seconds()
    run = Run("r", "assess", lambda: "Ben", clock)
    run.tell(0.1, "reading")  # nobody is asked more than once a second
    clock.at = 1.5
    with run.heard(), pytest.raises(Cancelled, match="Ben cancelled it"):
        report(0.2, "still reading")


def test_where_nobody_waits_nothing_is_told() -> None:
    clock = Seconds()
    run = Run("r", "assess", lambda: "Ben", clock)
    with run.heard():
        pass
    clock.at = 5.0
    before = run.shown()
    report(0.5, "reading")  # and Ben's wish, which was for the run before, cancels nothing here

    assert run.shown() == before


@asynccontextmanager
async def working(steps: Callable[[], None], store: MemoryStore | None = None) -> AsyncIterator[Hall]:
    """A hall in which every answer takes ``steps``, and nobody is patient."""
    quick = {"patience_seconds": 0.02, "patience_alone_seconds": 0.02, "tell_seconds": 0.02}
    async with open_hall(store or MemoryStore(wall), **quick) as hall:
        hall.door.contexts = lambda one: replace(
            hall.context(one), findings=cast("Any", Slow(steps)), costs=cast("Any", Empty())
        )
        yield hall


class Empty:
    """Where nothing is billed."""

    def freshness(self, _now: object) -> object:
        raise NoData("nothing is billed yet")


@dataclass
class Slow:
    """Findings that take their time."""

    steps: Callable[[], None]

    def standing(self) -> list[object]:
        self.steps()
        return []


def mention(**more: object) -> Ask:
    place = Place("slack", "T1", "C1", thread="1.0", user="U1")
    return Ask("k1", place, "slack:U1", "Ana", "status", BEGINNING, loud=True, **more)  # type: ignore[arg-type]


async def told(asked: Ask, trouble: Exception | None = None) -> list[Parcel]:
    """What comes out of an ask that takes its time, and reports twice."""
    store = MemoryStore(wall)
    first, second = Event(), Event()

    def steps() -> None:
        report(0.2, "reading 10 of 50 exports")
        first.wait(5)
        report(0.4, "reading 20 of 50 exports")
        second.wait(5)
        if trouble:
            raise trouble

    async with working(steps, store) as hall:
        await hall.door.accept(asked)
        if asked.place.view or asked.place.platform == "clock":
            first.set()
        else:
            await hall.out(1 if asked.loud else 2)
            first.set()
            await hall.out(2)
        second.set()
        await hall.done("k1")
    return [row.parcel for row in store.outbox.values()]


async def test_a_mention_is_told_in_its_thread_and_the_answer_takes_that_place() -> None:
    first, then, *_, last = await told(mention())

    assert (first.id, first.kind, first.place.thread) == (f"wait:{RUN}", Kind.POST, "1.0")
    assert "reading 10 of 50 exports" in str(first.payload) + str(then.payload)
    assert f"cancel {RUN}" in str(first.payload)
    assert (last.id, last.kind, last.under) == ("k1:0", Kind.EDIT, first.id)
    assert "How the crew is doing" in str(last.payload)


async def test_a_command_is_told_where_it_goes_on_and_answered_there() -> None:
    parcels = {one.id: one for one in await told(ask("status"))}

    first, where, last = parcels[f"wait:{RUN}"], parcels[f"wait:{RUN}:where"], parcels["k1:0"]
    assert (first.kind, first.place) == (Kind.POST, Place("slack", "T1", user="U1"))
    assert (where.kind, where.place.url) == (Kind.PRIVATE, "https://reply")
    assert (last.kind, last.under, last.place) == (Kind.EDIT, first.id, first.place)
    assert "Share to channel" not in str(last.payload)


async def test_a_click_waits_in_private_too() -> None:
    parcels = {one.id: one for one in await told(ask("status", clicked=True))}

    assert (parcels["k1:0"].kind, parcels["k1:0"].place) == (Kind.EDIT, Place("slack", "T1", user="U1"))


async def test_on_a_page_of_their_own_nobody_is_told_by_a_message() -> None:
    place = Place("slack", "T1", user="U1", view=HOME)
    parcels = await told(Ask("k1", place, "slack:U1", "Ana", "status", BEGINNING, clicked=True))

    assert not [one for one in parcels if one.id.startswith("wait")]


async def test_what_is_shared_leaves_a_word_where_its_asker_waited() -> None:
    place = Place("slack", "T1", "C1", url="https://reply", user="U1")
    parcels = await told(Ask("k1", place, "slack:U1", "Ana", "share status", BEGINNING))

    by_id = {one.id: one for one in parcels}
    assert by_id["k1:0"].kind is Kind.POST
    assert (by_id["k1:over"].kind, by_id["k1:over"].under) == (Kind.EDIT, f"wait:{RUN}")


async def test_a_private_mistake_leaves_a_word_in_the_thread() -> None:
    place = Place("slack", "T1", "C1", thread="1.0", user="U1")
    parcels = await told(Ask("k1", place, "slack:U1", "Ana", "status", BEGINNING, loud=True), NotReadable("AWS", "no"))

    by_id = {one.id: one for one in parcels}
    assert by_id["k1:0"].kind is Kind.PRIVATE
    assert (by_id["k1:over"].kind, by_id["k1:over"].under) == (Kind.EDIT, f"wait:{RUN}")


async def test_progress_is_an_edit_of_the_same_message_and_keeps_the_lease() -> None:
    store, go = MemoryStore(wall), Event()
    counted = 0

    def steps() -> None:
        nonlocal counted
        while not go.wait(0.03):
            counted += 1
            report(counted / 100, f"reading {counted} of 100 exports")

    async with working(steps, store) as hall:
        await hall.door.accept(mention())
        parcels = await hall.out(3)
        until = store.asks["k1"].until
        assert until and (until - wall()).total_seconds() > 50
        go.set()
        await hall.done("k1")

    assert [one.kind for one in parcels[:3]] == [Kind.POST, Kind.EDIT, Kind.EDIT]
    assert {one.under for one in parcels[1:3]} == {f"wait:{RUN}"}
    assert len({one.id for one in parcels}) == len(parcels)


async def test_what_is_cancelled_says_so_in_the_place_of_the_answer() -> None:
    store = MemoryStore(wall)
    steps_taken = Event()

    def steps() -> None:
        report(0.1, "reading")
        store.asks["k1"].cancelled = "Ana"
        for _ in range(100):
            steps_taken.wait(0.03)
            report(0.2, "reading on")

    async with working(steps, store) as hall:
        await hall.door.accept(mention())
        await hall.done("k1")
    last = store.outbox["k1:0"].parcel

    assert "Ana cancelled it" in str(last.payload)
