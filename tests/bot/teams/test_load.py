"""Ten thousand messages (said, answered, and seen to be typed) through the real SDK leave nothing open behind them."""

from __future__ import annotations

import asyncio
import gc
from pathlib import Path

import pytest

from bot.ports import Kind
from commands.core.answer import Answer, Text
from tests.bot.teams.desk import Desk
from tests.fake_teams import CHANNEL, FakeTeams

ANSWER = Answer("Forecast", (Text("12.3k"),))
AT_ONCE = 20


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.slow
async def test_ten_thousand_messages_in_and_out_open_no_more_descriptors(teams: FakeTeams, desk: Desk) -> None:
    root = await desk.send(ANSWER)
    parcel = desk.parcel(ANSWER, Kind.POST, thread=root)

    async def both() -> None:
        assert (await teams.say("waste")).status == 200
        await desk.platform.send(parcel)

    async def many(number: int) -> None:
        for _ in range(number // AT_ONCE):
            await asyncio.gather(*(both() for _ in range(AT_ONCE)))
            await desk.settled()

    await many(200)
    gc.disable()  # the SDK's clients of each turn would be let go by it alone
    try:
        before = descriptors()
        for _ in range(8):
            await many(400)
            for talk in teams.talks.values():
                talk.messages.clear()
            desk.received.clear()
        after = descriptors()
    finally:
        gc.enable()

    assert CHANNEL in teams.talks
    assert after <= before + AT_ONCE, f"{before} descriptors became {after}"
