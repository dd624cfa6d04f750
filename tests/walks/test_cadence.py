"""The cadence from end to end: the clock asks, the channels of the personas hear, and a quiet night posts nothing."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from analysis.findings import State
from tests.conftest import NOW, Talk
from tests.fake_slack import FakeSlack
from tests.walks.slack_crew import walk, words

NIGHTLY: dict[str, Any] = {
    "findings": {"own_messages": 0},
    "alerts": {"least": 10_000_000, "budget_at": [], "silent_days": 99, "routes": [{"to": ["slack:#alerts"]}]},
    "personas": {"engineering": ["slack:#platform"], "practitioner": ["slack:#finops", "slack:#platform"]},
    "schedules": [
        {"name": "nightly", "cron": "30 9 * * *", "ask": "assess", "to": ["engineering", "practitioner"]},
        {"name": "views", "cron": "30 9 * * *", "ask": "summary {persona}", "to": ["engineering"], "post": "always"},
    ],
}
A_TICK = 40.0  # seconds within which the planner has looked at least twice


@pytest.mark.slow
async def test_a_night_with_news_is_told_once_in_each_channel_and_a_quiet_one_is_not(talk: Talk) -> None:
    async with FakeSlack.running() as slack:
        slack.channel("C2", "platform")
        slack.channel("C3", "finops")
        slack.channel("C4", "alerts")
        async with walk(talk.crew, slack, "socket", **NIGHTLY) as walking:
            runs = walking.crew.state.runs
            await walking.until(runs.last)  # the first look, when it starts
            [one] = walking.crew.state.findings.standing(State.OPEN)[:1]
            walking.crew.state.findings.seen([], "forgotten", frozenset({"sample"}), NOW)  # all of it seems fixed
            slack.advance(timedelta(minutes=31).total_seconds())
            await walking.until(lambda: slack.ours("C3") and len(slack.ours("C2")) >= 2, A_TICK)
            [news] = slack.ours("C3")
            assert "new findings worth" in words(news) and one.title in words(news)
            assert sorted("Engineering" in words(said) for said in slack.ours("C2")) == [False, True]

            slack.advance(timedelta(days=1).total_seconds())
            await walking.until(lambda: len(slack.ours("C2")) >= 3, A_TICK)
            await asyncio.sleep(2)
            assert len(slack.ours("C3")) == 1, "a quiet night posts nothing"
            assert len(slack.ours("C2")) == 3, "what is posted always is posted once"
