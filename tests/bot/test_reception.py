"""The reception: who comes together is committed together, and what is wrong with one ask costs nobody else theirs."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import pytest

from analysis.errors import NotSaved
from bot.ports import Ask
from bot.reception import CALM_SECONDS, LONGEST_BURST, MANY, Reception
from tests.contracts.said import ask


class Book:
    """Writes down what was committed together; takes nothing that is named bad, and waits while it is shut."""

    def __init__(self) -> None:
        self.pages: list[list[str]] = []
        self.open = threading.Event()
        self.open.set()

    def write(self, waiting: Callable[[], Sequence[Ask]]) -> Sequence[bool]:
        assert self.open.wait(10)
        names = [one.key for one in waiting()]
        if "bad" in names:
            raise NotSaved("the state database did not take it")
        known = {name for page in self.pages for name in page}
        self.pages.append(names)
        return [name not in known for name in names]


@asynccontextmanager
async def receiving() -> AsyncIterator[tuple[Reception, Book]]:
    book = Book()
    reception = Reception(book.write)
    try:
        yield reception, book
    finally:
        reception.close()


async def test_whoever_comes_while_the_first_is_written_down_goes_together() -> None:
    async with receiving() as (reception, book):
        book.open.clear()
        waiting = [asyncio.create_task(reception.enter(ask(f"a{number}"))) for number in range(50)]
        await asyncio.sleep(0.05)
        book.open.set()

        assert await asyncio.gather(*waiting) == [True] * 50

    assert len(book.pages) <= 2
    assert [name for page in book.pages for name in page] == [f"a{number}" for number in range(50)]


async def test_an_ask_that_is_not_taken_costs_nobody_else_theirs() -> None:
    async with receiving() as (reception, _):
        names = ("a1", "bad", "a2", "a3")

        said = await asyncio.gather(*(reception.enter(ask(name)) for name in names), return_exceptions=True)

    assert [type(one) for one in said] == [bool, NotSaved, bool, bool]


async def test_whoever_gave_up_waiting_is_not_written_down_later() -> None:
    async with receiving() as (reception, book):
        book.open.clear()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await asyncio.gather(reception.enter(ask("first")), reception.enter(ask("second")))
        book.open.set()
        await reception.enter(ask("a1"))

    assert [page for page in book.pages if page] == [["a1"]]


async def test_answers_wait_until_a_burst_is_over_and_not_for_one_who_asks() -> None:
    async with receiving() as (reception, _):
        loop = asyncio.get_running_loop()
        await reception.enter(ask("alone"))
        began = loop.time()
        await reception.calm()
        alone = loop.time() - began

        await asyncio.gather(*(reception.enter(ask(f"a{number}")) for number in range(MANY)))
        began = loop.time()
        await reception.calm()
        burst = loop.time() - began

    assert alone < CALM_SECONDS / 2 < burst


async def test_a_busy_day_is_no_burst_that_answers_wait_for() -> None:
    async with receiving() as (reception, _):
        asking = True

        async def busy() -> None:
            number = 0
            while asking:
                await reception.enter(ask(f"a{(number := number + 1)}"))
                await asyncio.sleep(CALM_SECONDS / 5)

        day = asyncio.create_task(busy())
        await asyncio.sleep(LONGEST_BURST + CALM_SECONDS)
        began = asyncio.get_running_loop().time()
        await reception.calm()
        waited = asyncio.get_running_loop().time() - began
        asking = False
        await day

    assert waited < CALM_SECONDS
