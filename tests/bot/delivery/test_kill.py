"""Killed again and again, before and after Slack has taken a message: nothing is lost, nothing is said twice."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.fake_slack import FakeSlack

ROOT = Path(__file__).parents[3]
CHANNELS, MINUTES, EVERY = 6, 8, 7


class DeadlySlack(FakeSlack):
    """Kills the poster at every seventh post: half before it was taken, half after."""

    victim = 0
    posts = kills = 0

    def _chat_postMessage(self, args: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        self.posts += 1
        deadly = self.posts % EVERY == 0
        taken = {} if deadly and self.kills % 2 == 0 else super()._chat_postMessage(args)
        if deadly:
            self.kills += 1
            os.kill(self.victim, signal.SIGKILL)
        return taken


async def lives_until_it_is_done(slack: DeadlySlack, folder: Path) -> int:
    """Start the bot again each time it was killed; how many lives it took."""
    for lives in range(1, 40):
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.bot.delivery.mortal",
            *map(str, (folder, slack.url, slack.token, CHANNELS, MINUTES)),
            cwd=ROOT,
            stdout=asyncio.subprocess.DEVNULL,
        )
        slack.victim = process.pid
        try:
            ended = await asyncio.wait_for(process.wait(), 60)
        finally:
            if process.returncode is None:
                process.kill()
        if ended == 0:
            return lives
        assert ended == -signal.SIGKILL
    raise AssertionError("it never came to an end")


@pytest.mark.slow
async def test_forty_eight_digests_and_a_kill_at_every_seventh_post(tmp_path: Path) -> None:
    async with DeadlySlack.running() as slack:
        assert isinstance(slack, DeadlySlack)
        for number in range(CHANNELS):
            slack.channel(f"C{number}", f"channel-{number}")
        lives = await lives_until_it_is_done(slack, tmp_path)
        said = Counter(
            (number, message["metadata"] if isinstance(message["metadata"], str) else str(message["metadata"]))
            for number in range(CHANNELS)
            for message in slack.ours(f"C{number}")
        )

    assert slack.kills >= 5 and lives == slack.kills + 1
    assert len(said) == CHANNELS * MINUTES
    assert set(said.values()) == {1}
