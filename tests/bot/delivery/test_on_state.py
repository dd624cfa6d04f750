"""The courier on the real state database: what it does on the one in memory, it does here too."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bot.ports import Gone, Kind, Later, Priority, Unclear
from bot.state import State
from tests.bot.delivery.desk import Desk, Killed, Taken, desk, parcel
from tests.virtual_time import now, on_virtual_time


@asynccontextmanager
async def on_sqlite(folder: Path) -> AsyncIterator[Desk]:
    with State.open(f"sqlite:///{folder / 'state.db'}", now, folder=folder) as state:
        async with desk(state.outbox) as found:
            yield found


@on_virtual_time
async def test_an_unclear_post_stands_once(tmp_path: Path) -> None:
    async with on_sqlite(tmp_path) as found:
        found.platform.script["*"].extend([Taken(Unclear("cut")), Unclear("cut"), Later(20, "slow down")])
        found.put(parcel("p1"), parcel("p2", "C2"), parcel("p3", "C3"))
        await found.settled()

    assert sorted(found.platform.said()) == ["p1", "p2", "p3"]


@on_virtual_time
async def test_kills_lose_and_repeat_nothing(tmp_path: Path) -> None:
    async with on_sqlite(tmp_path) as found:
        for number in range(40):
            found.put(parcel(f"p{number}", f"C{number % 6}"))
        for number in range(8):
            kill = Killed() if number % 2 else Taken(Killed())
            found.platform.script["*"].extend([*[Taken()] * 6, kill])
            await asyncio.sleep(20)
            await found.kill()
        await found.settled()

    assert sorted(found.platform.said()) == sorted(f"p{number}" for number in range(40))


@on_virtual_time
async def test_a_late_twin_is_taken_back(tmp_path: Path) -> None:
    async with on_sqlite(tmp_path) as found:
        found.platform.script["*"].append(Taken(Unclear("timed out"), seconds=90))
        found.put(parcel())
        await found.settled()
        await asyncio.sleep(40)
        assert found.platform.said() == ["p1", "p1"]
        await asyncio.sleep(900)
        assert found.store.twins() == []

    assert found.platform.said() == ["p1"]


@on_virtual_time
async def test_edits_are_coalesced_and_drawn_late_and_a_gone_message_is_posted_anew(tmp_path: Path) -> None:
    async with on_sqlite(tmp_path) as found:
        found.says["finding f1"] = "claimed"
        found.platform.script["*"].append(Gone("message_not_found"))
        found.put(*(parcel(f"e{n}", kind=Kind.EDIT, message="m", ask="finding f1") for n in range(5)))
        await found.settled()

    assert [sent.kind for _, sent in found.platform.sends] == [Kind.EDIT, Kind.POST]
    assert [one.payload["text"] for one in found.platform.messages] == ["claimed"]


@on_virtual_time
async def test_who_asked_goes_first(tmp_path: Path) -> None:
    async with on_sqlite(tmp_path) as found:
        found.put(parcel("digest"), parcel("alert", priority=Priority.ALERT), parcel("reply", priority=Priority.REPLY))
        await found.settled()

    assert found.platform.said() == ["reply", "alert", "digest"]
