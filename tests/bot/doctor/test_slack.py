"""`pitcrew doctor slack`: every missing scope and channel is named, and a clock that is off."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from bot import config as deployment
from bot.clock import Clock, wall
from bot.doctor import Level, Patient, examined
from tests.fake_slack import FakeSlack


@contextmanager
def running() -> Iterator[FakeSlack]:
    """A Slack in a thread of its own: the doctor has a loop of its own."""
    loop, ready, over = asyncio.new_event_loop(), threading.Event(), asyncio.Event()
    found: list[FakeSlack] = []

    async def serve() -> None:
        async with FakeSlack.running() as slack:
            found.append(slack)
            ready.set()
            await over.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    ready.wait(10)
    try:
        yield found[0]
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(10)
        loop.close()


def said(slack: FakeSlack, clock: Clock = wall, token: str = "", **sections: Any) -> dict[Level, list[str]]:
    raw = {"slack": {"api_url": slack.url}, "providers": [{"kind": "sample"}], **sections}
    environ = {"SLACK_BOT_TOKEN": token or slack.token, "SLACK_APP_TOKEN": "xapp-1"}
    patient = Patient(deployment.parse(raw, lambda _: "test"), environ, clock)
    told: dict[Level, list[str]] = {level: [] for level in Level}
    for _, seen in examined(patient, "slack"):
        told[seen.level].append(f"{seen.what}: {seen.remedy}")
    return told


def test_all_is_well_where_it_is() -> None:
    with running() as slack:
        told = said(slack, personas={"finance": ["slack:#general"]})

    assert not told[Level.FAIL] and not told[Level.WARN]
    assert any("in #general" in one for one in told[Level.OK])


def test_every_missing_scope_is_named_with_what_it_costs() -> None:
    with running() as slack:
        slack.scopes -= {"files:write", "chat:write"}
        told = said(slack)

    assert any("chat:write is missing" in one for one in told[Level.FAIL])
    assert any("files:write is missing, so there are no charts" in one for one in told[Level.WARN])


def test_every_channel_that_it_is_not_in_is_named() -> None:
    with running() as slack:
        told = said(slack, personas={"finance": ["slack:#money"], "product": ["slack:#money"]})

    [missing] = told[Level.FAIL]
    assert "not in #money, where finance, product should hear us" in missing and "/invite" in missing


def test_a_clock_that_is_off_is_told_before_slack_is_refused() -> None:
    with running() as slack:
        assert "s ahead of Slack's" in said(slack, lambda: wall() + timedelta(seconds=120.4))[Level.WARN][0]
        assert "behind Slack's" in said(slack, lambda: wall() - timedelta(seconds=400))[Level.FAIL][0]


def test_a_token_that_slack_refuses_and_a_slack_that_is_not_there_are_told() -> None:
    with running() as slack:
        assert "refuses the token (invalid_auth)" in said(slack, token="xoxb-wrong")[Level.FAIL][0]
        url = slack.url
    gone = FakeSlack()
    gone.url = url
    assert "cannot be reached" in said(gone)[Level.FAIL][0]
