"""A weekly digest over real Bolt: somebody subscribes a channel, a root comes on Monday, its details in the thread."""

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
SECTIONS: dict[str, Any] = {
    "personas": {"practitioner": ["slack:#finops"]},
    "budgets": [{"name": "data team", "amount": 4600, "where": {"team": "data"}}],
    "schedules": [{"name": "nightly", "cron": "0 6 * * *", "ask": "watch"}],
    "alerts": {"budget_at": [100]},
}


@pytest.mark.slow
async def test_a_channel_subscribes_and_hears_its_week_once_with_the_details_in_the_thread(tmp_path: Path) -> None:
    story = Transcript(
        "A weekly digest",
        "Written by `tests/walks/test_digest.py`, over real Bolt: somebody subscribes a channel on Wednesday, and on"
        " Monday it reads what matters in ten seconds; whoever wants more opens the thread.",
    )
    shop = Shop(tmp_path / "bill", {("warehouse-nat", date(2026, 11, day)): 260.0 for day in (19, 20)})
    async with days(tmp_path, shop, **SECTIONS) as walked:
        await somebody_subscribes(walked, story)
        await monday_comes(walked, story)
        await somebody_has_enough(walked, story)
    assert story.is_kept("digest.md"), "it says something else now: read it, with PITCREW_TRANSCRIPTS=write"


async def somebody_subscribes(walked: Days, story: Transcript) -> None:
    slack = walked.slack
    today = slack.clock()
    assert (await slack.type("/finops subscribe weekly 09:10 team=data", user="ana", channel=DATA)).ok
    [told] = await walked.walking.until(lambda: posts(slack, DATA))
    await walked.settled()
    assert "Mon 23 Nov at 09:10" in words(told)
    story.at(today, "somebody types `/finops subscribe weekly 09:10 team=data`")
    story.tell("The whole channel sees that it will hear something, who wanted it, and how to end it:")
    story.show("#team-data", told)


async def monday_comes(walked: Days, story: Transcript) -> None:
    slack = walked.slack
    await walked.morning(23, hour=6)
    monday = await walked.morning(23)
    _, root = posts(slack, DATA)
    details = replies(slack, DATA)
    assert "Team data: $" in words(root) and "the 7 days before" in words(root) and "budget" in words(root)
    assert details and {one["thread_ts"] for one in details} == {root["ts"]}
    assert all(float(one["ts"]) > float(root["ts"]) for one in details)
    story.at(monday, "it comes")
    story.show("#team-data", root)
    story.tell("In its thread, each a message with its own buttons:")
    for one in details:
        story.tell(f"- {words(one).splitlines()[0]}")

    said = len(slack.ours(DATA))
    await walked.morning(24, hour=6)
    assert len(slack.ours(DATA)) == said, "once a week is once a week"


async def somebody_has_enough(walked: Days, story: Transcript) -> None:
    slack = walked.slack
    await slack.type("/finops unsubscribe weekly team=data", channel=DATA)
    await walked.walking.until(lambda: len(posts(slack, DATA)) == 3)
    await walked.settled()
    said = len(slack.ours(DATA))
    last = await walked.morning(30, hour=11)
    assert len(slack.ours(DATA)) == said
    story.at(last, "nothing, since somebody typed `/finops unsubscribe weekly team=data` on Tuesday")
    story.show("#team-data", posts(slack, DATA)[-1])


@pytest.mark.slow
async def test_in_quiet_hours_a_digest_waits_until_they_are_over(tmp_path: Path) -> None:
    async with days(tmp_path, Shop(tmp_path / "bill"), **SECTIONS) as walked:
        slack, counts = walked.slack, walked.walking.crew.state.outbox.counts
        await slack.type("/finops subscribe daily 09:10 team=data quiet=21:00-10:00 to=me", channel=DATA)
        await walked.walking.until(lambda: "Subscribed" in str(slack.private("U1")))
        await walked.settled()
        await slack.type("/finops preview weekly team=data", channel=DATA)
        await walked.walking.until(lambda: len(slack.ephemerals) >= 4)
        await walked.settled()
        assert "Preview: Team data: $" in words(slack.ephemerals[1]), "and its details after it"
        heard = len(slack.private("U1"))

        await walked.morning(19, hour=6)
        await walked.morning(19, settled=False)
        await walked.walking.until(lambda: counts().get("pending", 0) >= 2)
        assert len(slack.private("U1")) == heard
        slack.advance(45 * 60)
        await walked.settled()
        assert "Team data: $" in words(slack.private("U1")[heard])
        assert not slack.ours(DATA), "to=me is for one pair of eyes"
