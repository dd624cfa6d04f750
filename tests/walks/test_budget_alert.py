"""A budget's alerts over real Bolt: each threshold once, the forecast once, taken back quietly, and closed."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.walks.days import Days, days, posts, replies
from tests.walks.slack_crew import words
from tests.walks.small_shop import Shop
from tests.walks.transcript import Transcript

DATA = "C3"
GATEWAY = "warehouse-nat"
SECTIONS: dict[str, Any] = {
    "personas": {"practitioner": ["slack:#finops"]},
    "budgets": [{"name": "data team", "amount": 4600, "where": {"team": "data"}}],
    "schedules": [{"name": "watch", "cron": "15 * * * *", "ask": "watch"}],
    "alerts": {"least": 100_000, "routes": [{"to": ["slack:#team-{team}"]}]},
}


def titles(walked: Days) -> list[str]:
    return [words(one).splitlines()[0] for one in posts(walked.slack, DATA)]


@pytest.mark.slow
async def test_a_budget_is_told_at_each_threshold_and_when_the_range_reaches_it_and_no_more(tmp_path: Path) -> None:
    story = Transcript(
        "A budget, through a month",
        "Written by `tests/walks/test_budget_alert.py`, over real Bolt. The data team may spend $4,600 a month.",
    )
    shop = Shop(tmp_path / "bill")
    async with days(tmp_path, shop, **SECTIONS) as walked:
        await half_is_spent(walked, story)
        await two_days_are_expensive(walked, story)
        await they_are_taken_back(walked, story)
    assert story.is_kept("budget.md"), "it says something else now: read it, with PITCREW_TRANSCRIPTS=write"


async def half_is_spent(walked: Days, story: Transcript) -> None:
    half = await walked.morning(20)
    [first] = posts(walked.slack, DATA)
    assert "passed 50%" in titles(walked)[0]
    story.at(half, "half of it is spent")
    story.show("#team-data", first)
    await walked.morning(21)
    assert len(titles(walked)) == 1, "the same threshold is not told again"


async def two_days_are_expensive(walked: Days, story: Transcript) -> None:
    walked.shop.more |= {(GATEWAY, date(2026, 11, day)): 700.0 for day in (18, 19)}
    surge = await walked.morning(22)
    told = titles(walked)
    assert len(told) == 3 and "Not so any more: " in told[0]
    assert any("passed 80%" in one for one in told[1:]) and any("may not last" in one for one in told[1:])
    story.at(surge, "two expensive days")
    story.tell("80% is passed, and the forecast reaches the budget. The message of 50% is edited, and says so.")
    for one in posts(walked.slack, DATA)[1:]:
        story.show("#team-data", one)


async def they_are_taken_back(walked: Days, story: Transcript) -> None:
    walked.shop.more.clear()
    back = await walked.morning(24)
    assert len(titles(walked)) == 3 and not replies(walked.slack, DATA)
    assert [one.partition(":")[0].strip("✅ ") for one in titles(walked)].count("Not so any more") == 2
    story.at(back, "the provider takes the two days back")
    story.tell("Two messages are edited, the first one stands again, and nobody is told anything:")
    story.tell("\n".join(f"- {one}" for one in titles(walked)))

    over = await walked.morning(3, month=12)
    assert len(titles(walked)) == 3 and not replies(walked.slack, DATA)
    assert "It ended on 30 Nov at $" in words(posts(walked.slack, DATA)[0])
    story.at(over, "the month is over")
    story.show("#team-data", posts(walked.slack, DATA)[0])
