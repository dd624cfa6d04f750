"""An anomaly from its first alert to its end over real Bolt: one message that lives, and never a second one."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.walks.days import Days, days, posts, replies
from tests.walks.slack_crew import words
from tests.walks.small_shop import Shop
from tests.walks.transcript import Transcript

WATCHING: dict[str, Any] = {
    "personas": {"practitioner": ["slack:#finops"]},
    "alerts": {"least": 50, "routes": [{"to": ["slack:#team-{team}"]}]},
    "schedules": [{"name": "watch", "cron": "15 * * * *", "ask": "watch"}],
}
GATEWAY = "warehouse-nat"
OFF = {16: 410.0, 17: 620.0, 18: 380.0, 19: 640.0}  # dollars beyond the usual, by day of November
DATA = "C3"  # the data team's channel


def labels(message: dict[str, Any]) -> list[str]:
    blocks = [block for block in message["blocks"] if block["type"] == "actions"]
    return [one["text"]["text"] for block in blocks for one in block["elements"]]


@pytest.mark.slow
async def test_an_anomaly_is_one_message_from_its_first_day_to_its_end(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "bill", {(GATEWAY, date(2026, 11, day)): dollars for day, dollars in OFF.items()})
    story = Transcript(
        "An anomaly, from first alert to closing",
        "Written by `tests/walks/test_anomaly.py`, which plays it over real Bolt against a Slack on loopback with a"
        " clock that can be moved. The shop's network gateway costs $60 a day, until somebody copies a warehouse.",
    )
    async with days(tmp_path, shop, **WATCHING) as walked:
        await it_begins(walked, story)
        await it_grows(walked, story)
        await it_ends(walked, story)
        slack = walked.slack
        assert not slack.ours("C2"), "its owner hears of it, and nobody else"
        assert len([one for one in slack.called("chat.postMessage") if not one.get("thread_ts")]) == 1
    assert story.is_kept("anomaly.md"), "it says something else now: read it, with PITCREW_TRANSCRIPTS=write"


async def it_begins(walked: Days, story: Transcript) -> None:
    quiet = await walked.morning(18)
    assert not walked.slack.ours(DATA)
    story.at(quiet, "a quiet morning")
    story.tell("The bill is complete up to 15 November, and is watched every hour. Nobody hears anything.")

    first = await walked.morning(19)
    [alert] = posts(walked.slack, DATA)
    assert "+$4" in words(alert) and "warehouse-nat" in words(alert) and "data (its tag" in words(alert)
    story.at(first, "the first day that is out of line is complete")
    story.show("#team-data", alert)


async def it_grows(walked: Days, story: Transcript) -> None:
    slack = walked.slack
    [root] = [one["ts"] for one in posts(slack, DATA)]
    second = await walked.morning(20)
    [grown] = replies(slack, DATA)
    assert [one["ts"] for one in posts(slack, DATA)] == [root] and "up for 2 days" in words(posts(slack, DATA)[0])
    story.at(second, "it grows")
    story.tell("The message is edited in place. Its thread is told, for it has more than doubled:")
    story.show("the thread", grown)

    await slack.click(posts(slack, DATA)[0], "Investigating", user="ana")
    await walked.walking.until(lambda: "is looking into it" in words(posts(slack, DATA)[0]))
    await walked.settled()
    [alert] = posts(slack, DATA)
    assert "Investigating" not in labels(alert) and "Expected" in labels(alert)
    story.tell("Ana presses *Investigating*. The message, for everybody who looks at it:")
    story.show("#team-data", alert)

    walked.shop.more[GATEWAY, date(2026, 11, 17)] = 540.0
    third = await walked.morning(21)
    assert len(replies(slack, DATA)) == 1 and "up for 3 days" in words(posts(slack, DATA)[0])
    restated = next(line for line in words(posts(slack, DATA)[0]).splitlines() if line.startswith("Restated: by"))
    story.at(third, "a third day, and the provider restates the second")
    story.tell("Edited in place. It is not half as much again as was last told, so the thread stays silent.")
    story.tell(f"> {restated}")

    fourth = await walked.morning(22)
    assert len(replies(slack, DATA)) == 2
    story.at(fourth, "a fourth day")
    story.show("the thread", replies(slack, DATA)[-1])


async def it_ends(walked: Days, story: Transcript) -> None:
    slack = walked.slack
    await walked.morning(23)
    over = await walked.morning(24)
    [alert] = posts(slack, DATA)
    assert words(alert).startswith("✅ Ended: +$") and "Ended on 19 Nov: $" in words(replies(slack, DATA)[-1])
    story.at(over, "two complete days are as they used to be")
    story.show("the thread", replies(slack, DATA)[-1])
    story.tell("And the message itself, for whoever comes by later:")
    story.show("#team-data", alert)

    before = len(slack.ours(DATA)), len(slack.called("chat.update"))
    last = await walked.morning(25)
    assert (len(slack.ours(DATA)), len(slack.called("chat.update"))) == before == (4, len(slack.called("chat.update")))
    story.at(last, "quiet again")
    story.tell("One message in the channel, three lines in its thread. Nobody was told anything twice.")
