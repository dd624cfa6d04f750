"""Long work from end to end: told in place by real Bolt, answered in the same message, and cancelled by its button."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from threading import Event

import pytest

from bot.wiring import Crew
from tests.conftest import Talk
from tests.fake_slack import FakeSlack
from tests.walks.slack_crew import Walk, walk, words

pytestmark = pytest.mark.slow


@pytest.fixture
async def walking(talk: Talk) -> AsyncIterator[Walk]:
    talk.ask("assess")
    async with FakeSlack.running() as slack, walk(talk.crew, slack, "http") as found:
        found.door.patience_seconds = found.door.patience_alone_seconds = found.door.tell_seconds = 0.1
        yield found


@contextmanager
def held(crew: Crew) -> Iterator[Event]:
    """The next assessment reads the first of two exports, and goes on when it is told to, or cancelled."""
    go, reports = Event(), crew.assessor.progress

    def _step(share: float, what: str) -> None:
        reports(share, what)
        while share >= 0.7 and not go.wait(0.1):
            reports(share, "reading 32 of 50 accounts")

    crew.assessor.progress = _step
    try:
        yield go
    finally:
        go.set()
        crew.assessor.progress = reports


async def test_a_mention_that_takes_long_is_answered_in_the_message_that_said_so(walking: Walk) -> None:
    slack = walking.slack
    with held(walking.crew) as go:
        await slack.mention("assess")
        await walking.until(lambda: slack.ours("C1") and "reading 32 of 50 accounts" in words(slack.ours("C1")[0]))
        assert "Cancel" in words(slack.ours("C1")[0])
        go.set()
        await walking.until(lambda: "Working on it" not in words(slack.ours("C1")[0]))

    [message] = slack.ours("C1")
    assert "a month" in words(message) and "Cancel" not in words(message)
    assert message["thread_ts"] == slack.messages("C1")[0]["ts"]


async def test_a_command_that_takes_long_goes_on_in_direct_messages(walking: Walk) -> None:
    slack = walking.slack
    with held(walking.crew) as go:
        await slack.type("/finops assess", user="U1", channel="C1")
        await walking.until(lambda: "DU1" in slack.channels and slack.messages("DU1"))
        await walking.until(lambda: any("direct messages" in words(one) for one in slack.private("U1")))
        go.set()
        await walking.until(lambda: "Working on it" not in words(slack.messages("DU1")[0]))

    assert len(slack.messages("DU1")) == 1
    assert not slack.ours("C1")


async def test_cancel_ends_it_at_its_next_step(walking: Walk) -> None:
    slack = walking.slack
    with held(walking.crew):
        await slack.mention("assess", user="U1")
        await walking.until(lambda: slack.ours("C1"))
        await slack.click(slack.ours("C1")[0], "Cancel", user="U2")
        await walking.until(lambda: slack.private("U2"))
        assert "or an admin may cancel that" in words(slack.private("U2")[0])

        await slack.click(slack.ours("C1")[0], "Cancel", user="U1")
        await walking.until(lambda: "cancelled it" in words(slack.ours("C1")[0]))

    assert "Stopped" in words(slack.ours("C1")[0]) and "Cancel" not in words(slack.ours("C1")[0]).splitlines()
