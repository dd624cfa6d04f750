"""R4: Slack takes a message when we no longer wait, even after the lease was over; the sweep takes back twins."""

from __future__ import annotations

import asyncio
from collections import Counter

from benchmarks.chaos.deadly import DeadlySlack, metadata_of
from benchmarks.chaos.trial import Ground, Outcome, until
from bot.clock import wall
from bot.delivery.courier import Courier
from bot.ports import Kind, Parcel, Place, Priority
from bot.slack.post import SlackPlatform, connected
from bot.state import State
from commands.core.answer import Answer

CHANNELS = 6
MOST_SECONDS = 60.0


async def late_accept(ground: Ground, *, late: float = 4.0, patience: float = 1.5, each: int = 2) -> Outcome:
    """With a lease that outlasts the lateness, and with one that does not: what stands before the sweep, and after."""
    patient = await _repeated(ground, late, patience, each, lease=late * 2)
    hasty = await _repeated(ground, late, patience, each, lease=late / 2)
    lost, repeated = patient[2] + hasty[2], patient[1] + hasty[1]
    return Outcome(
        "0 lost, 0 repeated after the sweep",
        f"{lost} lost, {repeated} repeated of {2 * each * CHANNELS}, {late:g} s late, time-out {patience:g} s;"
        f" before the sweep {patient[0]} with a lease of {late * 2:g} s, {hasty[0]} with one of {late / 2:g} s",
        lost == repeated == 0 and hasty[0] > 0,
    )


async def _repeated(ground: Ground, late: float, patience: float, each: int, *, lease: float) -> tuple[int, int, int]:
    """How many were repeated before the sweep and after it, and how many are not there at all."""
    async with DeadlySlack.running() as slack, connected(slack.token, slack.url, seconds=patience) as client:
        assert isinstance(slack, DeadlySlack)
        with State.open(ground.ready(ground.place()), wall) as state:
            names = [f"C{number}" for number in range(CHANNELS)]
            for name in names:
                slack.channel(name, name.lower())
            platform = SlackPlatform(client, state.outbox)
            payload, _ = platform.render(Answer("Spend"), "spend")
            places = [(Place("slack", "T1", name), number) for name in names for number in range(each)]
            state.outbox.put(
                [
                    Parcel(f"{place.lane}:{number}", place, Kind.POST, Priority.DIGEST, payload)
                    for place, number in places
                ],
                (),
            )
            before = await _delivered(slack, state, platform, lease, late)
            slack.late = 0.0
            sweeping = Courier(state.outbox, {"slack": platform}, _nothing, sweep_seconds=0.2, lateness_seconds=late)
            sweeping.start()
            await until(lambda: not state.outbox.twins(), MOST_SECONDS)
            await sweeping.stop()
            after = _said(slack)
    return _more(before), _more(after), len(places) - len(after)


async def _delivered(
    slack: DeadlySlack, state: State, platform: SlackPlatform, lease: float, late: float
) -> Counter[str]:
    """Deliver while Slack is late with whatever it is told first, and prompt afterwards; no sweep is due yet."""
    courier = Courier(
        state.outbox, {"slack": platform}, _nothing, lease_seconds=lease, lane_seconds=0.05, sweep_seconds=600.0
    )
    slack.late = late
    courier.start()
    await until(lambda: slack.counted["chat.postMessage"] >= CHANNELS, MOST_SECONDS)
    slack.late = 0.0
    await until(lambda: set(state.outbox.counts()) == {"sent"}, MOST_SECONDS)
    await asyncio.sleep(late)
    await courier.stop()
    return _said(slack)


def _said(slack: DeadlySlack) -> Counter[str]:
    return Counter(metadata_of(one) for name in slack.channels for one in slack.ours(name))


def _more(said: Counter[str]) -> int:
    return sum(times - 1 for times in said.values())


async def _nothing(_ask: str, _reader: Place | None, _since: float) -> Answer:
    return Answer("Nothing")
