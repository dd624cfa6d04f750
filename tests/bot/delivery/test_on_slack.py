"""The courier with the real Slack side, on a Slack that breaks off."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from analysis.errors import NotFound
from bot.clock import wall
from bot.delivery.courier import Courier
from bot.ports import Kind, Parcel, Place, Priority
from bot.slack.post import SlackPlatform, connected
from commands.core.answer import Answer, Text
from tests.fake_slack import FakeSlack, Fault, Status, Throttle
from tests.memory_store import MemoryStore


async def _no_redrawing(ask: str, reader: Place | None, since: float) -> Answer:  # noqa: ARG001 (nobody)
    raise NotFound(ask)


@asynccontextmanager
async def carrying(slack: FakeSlack, *, lease_seconds: float = 1.5) -> AsyncIterator[tuple[MemoryStore, SlackPlatform]]:
    """A courier with a short lease between a store and a Slack."""
    store = MemoryStore(wall)
    async with connected(slack.token, slack.url, seconds=lease_seconds / 6) as client:
        platform = SlackPlatform(client, store)
        courier = Courier(
            store,
            {"slack": platform},
            _no_redrawing,
            lease_seconds=lease_seconds,
            lane_seconds=0.05,
            unclear_lane_seconds=0.1,
            backoff_seconds=0.1,
        )
        courier.start()
        try:
            yield store, platform
        finally:
            await courier.stop()


async def sent(store: MemoryStore) -> None:
    async with asyncio.timeout(30):
        while set(store.counts()) != {"sent"}:  # noqa: ASYNC110 (nobody tells)
            await asyncio.sleep(0.05)


@pytest.mark.slow
@pytest.mark.parametrize(
    "failure",
    [Fault.CUT, Fault.TAKEN_THEN_CUT, Fault.TAKEN_THEN_500, Fault.TAKEN_THEN_HANG, Throttle(1), Status(503)],
    ids=str,
)
async def test_a_digest_stands_in_its_channel_once_however_slack_broke_off(failure: Fault | Throttle | Status) -> None:
    async with FakeSlack.running() as slack, carrying(slack) as (store, platform):
        slack.fail("chat.postMessage", failure)
        payload, _ = platform.render(Answer("Monthly review", (Text("all is well"),)), "summary")
        store.put([Parcel("d1", Place("slack", "T1", "#general"), Kind.POST, Priority.DIGEST, payload)], ())
        await sent(store)

        assert [message["ts"] for message in slack.ours("C1")] == [store.outbox["d1"].message]
