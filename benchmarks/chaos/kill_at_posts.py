"""R2: killed at every seventh post, half before Slack took it and half after, over and over."""

from __future__ import annotations

import asyncio
from collections import Counter

from analysis.counting import so_many
from benchmarks.chaos.deadly import AFTER, BEFORE, DeadlySlack, metadata_of
from benchmarks.chaos.life import Orders, lived
from benchmarks.chaos.trial import Ground, Outcome

EVERY = 7


async def kill_at_posts(ground: Ground, *, replicas: int = 3, channels: int = 6, minutes: int = 18) -> Outcome:
    """A message to each channel each minute, by as many replicas at once; SQLite serves one."""
    replicas = replicas if ground.database == "postgresql" else 1
    async with DeadlySlack.running() as slack:
        assert isinstance(slack, DeadlySlack)
        slack.doom = _every_seventh_post
        for number in range(channels):
            slack.channel(f"C{number}", f"channel-{number}")
        orders = Orders(ground.ready(ground.place()), "slack", slack.url, channels, minutes)
        async with asyncio.TaskGroup() as together:
            begun = [together.create_task(lived(orders, slack.lives)) for _ in range(replicas)]
        said = Counter(metadata_of(one) for number in range(channels) for one in slack.ours(f"C{number}"))

    fires = channels * minutes
    lost, repeated = fires - len(said), sum(times - 1 for times in said.values())
    assert sum(one.result() for one in begun) == slack.kills + replicas, "each kill ended a life"
    return Outcome(
        "0 lost, 0 repeated",
        f"{lost} lost, {repeated} repeated of {fires} messages; {so_many(replicas, 'replica')}, {slack.kills} SIGKILLs",
        lost == repeated == 0 and slack.kills >= fires // EVERY // 2,
    )


def _every_seventh_post(call: str, number: int) -> str:
    if call != "chat.postMessage" or number % EVERY:
        return ""
    return BEFORE if number // EVERY % 2 else AFTER
