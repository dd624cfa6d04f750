"""A month over real Bolt: a forgotten disk is found, owned, reminded of, fixed, and the saving verified in the bill.

Beside it a fix that was none: the bill says so, and it is open again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from analysis.findings import Action, Finding, State
from bot import config as deployment
from bot.cadence.planner import Planner
from bot.chores import chores
from bot.wiring import Crew, state_of
from providers.sample import SampleProvider
from providers.sample.changes import Change
from providers.sample.living import LivingCompany
from tests.builders import quietly
from tests.conftest import NOW
from tests.fake_slack import FakeSlack
from tests.walks.days import posts, replies
from tests.walks.slack_crew import Walk, walk, words
from tests.walks.transcript import Transcript

FINOPS, SEARCH, EXEC, ALERTS = "C2", "C3", "C4", "C5"
ANA, BO = "Ana", "Bo"
DISK, SWAP = "search-blue-green", "portal-swap-disk"
PATIENCE = 300.0
FILE: dict[str, Any] = {
    "personas": {"practitioner": ["slack:#finops"], "leadership": ["slack:#exec-cloud"]},
    "findings": {"own_message_from": 50},
    "alerts": {  # another story
        "least": 10_000_000,
        "budget_at": [],
        "silent_days": 99,
        "routes": [{"to": ["slack:#alerts"]}],
    },
    "owners": {
        "rules": {DISK: "ana@apex.example"},
        "teams": {
            "search": {"people": [], "channel": ""},
            "relevance": {"people": ["ana@apex.example"], "channel": "slack:#relevance"},
        },
    },
    "schedules": [
        {"name": "nightly", "cron": "0 6 * * *", "ask": "assess", "to": ["practitioner"]},
        {"name": "weekly", "cron": "0 9 * * mon", "ask": "summary leadership", "to": ["leadership"], "post": "always"},
    ],
}


@dataclass
class Month:
    """A walk through a month of the sample company, with what its people do to it."""

    walking: Walk
    company: LivingCompany
    changes: list[Change] = field(default_factory=list)

    @property
    def slack(self) -> FakeSlack:
        return self.walking.slack

    def finding(self, name: str) -> Finding:
        """What was found on the resource of that name."""
        [found] = [one for one in self.walking.crew.state.findings.standing() if one.resource_name == name]
        return found

    async def come(self, month: int, day: int, hour: int, minute: int = 1) -> datetime:
        """Let it become that moment, with the bill of that morning, and do what the clock wants done."""
        moment = datetime(2026, month, day, hour, minute, tzinfo=UTC)
        await asyncio.to_thread(self.company.go_on, moment.date(), tuple(self.changes))
        self.slack.advance((moment - self.slack.clock()).total_seconds())
        crew, door = self.walking.crew, self.walking.door
        planner = Planner(
            crew.state.fires, door.schedules, crew.clock, chores=chores(crew, door, {"slack": self.slack.team})
        )
        await asyncio.to_thread(planner.tick)
        door.wake()
        await self.settled()
        return moment

    async def settled(self) -> None:
        """Wait until everything that was asked is answered, and everything that is to be said was said."""
        state = self.walking.crew.state
        await self.walking.until(
            lambda: not state.inbox.unanswered() and not state.outbox.counts().keys() & {"pending", "leased"}, PATIENCE
        )

    async def press(self, message: dict[str, Any], label: str, user: str) -> None:
        """Somebody presses a button, and everything that follows from it has happened."""
        assert (await self.slack.click(message, label, user=user)).ok
        await self.settled()


@asynccontextmanager
async def month(folder: Path, beginning: SampleProvider) -> AsyncIterator[Month]:
    """The company's crew from the morning of ``NOW`` on, when everything that is known is told of already."""
    async with FakeSlack.running() as slack:
        for channel, name in (
            (FINOPS, "finops"),
            (SEARCH, "relevance"),
            (EXEC, "exec-cloud"),
            (ALERTS, "alerts"),
        ):
            slack.channel(channel, name, ANA, BO)
        slack.users[ANA] = {
            "id": ANA,
            "name": "ana",
            "real_name": "Ana Keller",
            "email": "ana@apex.example",
            "tz": "Europe/Berlin",
        }
        slack.users[BO] = {
            "id": BO,
            "name": "bo",
            "real_name": "Bo Lind",
            "email": "bo@apex.example",
            "tz": "Europe/Berlin",
        }
        slack.advance((NOW - slack.clock()).total_seconds())
        raw = {
            "data": {"folder": str(folder)},
            "providers": [{"kind": "sample"}],
            "roles": {"*": ["read", "act"]},
            **FILE,
        }
        config = deployment.parse(raw, lambda _: "test")
        company = LivingCompany(beginning, folder / "company", months=MONTHS)
        with state_of(config, slack.clock) as state:
            crew = Crew(config, slack.clock, state, [company], quietly)
            await asyncio.to_thread(crew.assessor.fresh, slack.clock())
            async with walk(crew, slack, "socket", **FILE) as walking:
                yield Month(walking, company)


MONTHS = 4


@pytest.mark.slow
async def test_a_forgotten_disk_is_found_owned_reminded_of_fixed_and_its_saving_verified(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    beginning = SampleProvider.cached(tmp_path_factory.mktemp("apex"), NOW.date(), months=MONTHS)
    story = Transcript(
        "A month, from a forgotten disk to a verified saving",
        "Written by `tests/walks/test_month.py`, which plays it over real Bolt against a Slack on loopback, with the"
        " sample company's bill, and a clock that can be moved. On 16 November the search team switches to new"
        " volumes, and forgets an old one.",
    )
    async with month(tmp_path, beginning) as played:
        before = await it_is_found(played, story)
        await it_is_reminded_of(played, story)
        await it_is_claimed_and_fixed(played, story)
        await the_bill_tells(played, story)
        await leadership_reads_it(played, story, before)
    assert story.is_kept("month.md"), "it says something else now: read it, with PITCREW_TRANSCRIPTS=write"


async def it_is_found(played: Month, story: Transcript) -> Sequence[Any]:
    slack = played.slack
    saved = played.walking.crew.assessor.latest(slack.clock()).savings
    assert saved
    night = await played.come(11, 24, 6)
    [news] = posts(slack, FINOPS)
    [own] = posts(slack, SEARCH)
    disk = played.finding(DISK)
    assert disk.title in words(news) and "nobody yet" in words(news)
    assert disk.title in words(own) and (disk.whose, disk.team) == ("ana@apex.example", "relevance")
    story.at(night, "the nightly assessment")
    story.tell("What is new is told in the practitioner's channel:")
    story.show("#finops", news)
    story.tell(
        "The disk is worth a message of its own. A rule of the deployment file says whose it is, so that it stands in"
        " her team's channel:"
    )
    story.show("#relevance", own)
    return [saved.annualised, saved.roi]


async def it_is_reminded_of(played: Month, story: Transcript) -> None:
    slack = played.slack
    early = await played.come(12, 1, 6)
    assert not replies(slack, SEARCH), "it is seven in Berlin"
    morning = await played.come(12, 1, 8)
    [reminder] = replies(slack, SEARCH)
    assert played.finding(DISK).title in words(reminder) and "Waits for 7 days" in words(reminder)
    assert str({"type": "user", "user_id": ANA}) in str(reminder["blocks"]) and not slack.private(ANA)
    assert early.date() == morning.date()
    story.at(morning, "a week later, nine o'clock in Berlin")
    story.tell("Nobody has moved it. Ana, found in Slack by her address, is named in the thread of its message:")
    story.show("the thread in #relevance", reminder)
    await played.come(12, 1, 14)
    assert len(replies(slack, SEARCH)) == 1, "once a week at most"


async def it_is_claimed_and_fixed(played: Month, story: Transcript) -> None:
    slack = played.slack
    await played.press(posts(slack, SEARCH)[0], "Claim", ANA)
    [own], [news], [reminder] = posts(slack, SEARCH), posts(slack, FINOPS), replies(slack, SEARCH)
    assert "claimed by" in words(own) and "ana: claimed" in words(news).lower()
    story.tell("She presses *Claim* in her team's channel. Every message that shows the disk says so at once:")
    story.show("#relevance", own)
    story.show("#finops", news)
    assert "Nothing waits any more" in words(reminder)
    story.show("the thread in #relevance", reminder)

    await played.press(own, "Show command", ANA)
    how = slack.private(ANA)[0]
    assert "aws ec2 delete-volume" in words(how) and "create-volume" in words(how)
    story.tell("*Show command* is for her eyes only. Pitcrew runs nothing; she does, with her own rights:")
    story.show("#relevance, seen by Ana alone", how)

    when = await played.come(12, 2, 10)
    played.changes.append(Change(played.finding(DISK).resource_id, Action.DELETE_DISK, "", when.date()))
    await played.press(posts(slack, SEARCH)[0], "Done", ANA)
    [own] = posts(slack, SEARCH)
    assert "done, says" in words(own) and "Claim" not in words(own)
    story.at(when, "Ana deletes the disk, and presses Done")
    story.show("#relevance", own)

    await slack.type(f"/finops done {played.finding(SWAP).short}", user=BO, channel=FINOPS)
    await played.settled()
    assert played.finding(SWAP).state is State.DONE
    story.tell("Bo says that another one is done too, the portal's swap disk. He is mistaken: it is still there.")

    night = await played.come(12, 3, 6)
    assert played.finding(DISK).state is State.RESOLVED and played.finding(SWAP).state is State.DONE
    assert len(posts(slack, FINOPS)) == 1, "a quiet night posts nothing"
    story.at(night, "the next night")
    story.tell("Ana's disk is gone from the inventory. Nobody is told: what counts is the bill.")


async def the_bill_tells(played: Month, story: Transcript) -> None:
    slack = played.slack
    night = await played.come(12, 14, 6)
    _, saving = replies(slack, SEARCH)
    assert "a month, verified from" in words(saving) and "billed days" in words(saving)
    assert "Open again, still billed" in "\n".join(map(words, replies(slack, FINOPS)))
    assert played.finding(SWAP).state is State.REOPENED
    again = next(one for one in replies(slack, FINOPS) if "still billed" in words(one))
    story.at(night, "the bill has had its say")
    story.tell("In the thread of the disk's message:")
    story.show("the thread in #relevance", saving)
    story.tell("Of the swap disk the bill says something else, and it is open to everybody again:")
    story.show("the thread in #finops", again)
    story.tell("Both are news of that night, for the practitioner:")
    story.show("#finops", posts(slack, FINOPS)[-1])
    entries = played.walking.crew.state.ledger.entries(played.finding(DISK).id)
    assert [one.status for one in entries][-1] == "verified"


async def leadership_reads_it(played: Month, story: Transcript, before: Sequence[Any]) -> None:
    monday = await played.come(12, 14, 9)
    view = posts(played.slack, EXEC)[-1]
    saved = played.walking.crew.assessor.latest(played.slack.clock()).savings
    assert saved and saved.roi is not None
    [mine] = [line for line in saved.verified if line.finding.resource_name == DISK]
    assert mine.monthly.amount > 0 and str(saved.annualised) in words(view) and f"ROI {saved.roi:.0%}" in words(view)
    without = saved.annualised - mine.yearly
    assert saved.annualised > without
    story.at(monday, "what leadership reads")
    story.tell(
        f"The saving is counted: {mine.monthly} a month is {mine.yearly} of the {saved.annualised} a year that are"
        f" verified. Three weeks ago it was {before[0]}, with an ROI of {before[1]:.0%}."
    )
    story.show("#exec-cloud, its first half", first_half(view))


def first_half(view: dict[str, Any]) -> dict[str, Any]:
    """The headline of leadership's view, its figures up to what is to do, and its picture."""
    [header, facts, *rest] = view["blocks"]
    runs = facts["elements"][0]["elements"]
    end = next(at for at, run in enumerate(runs) if "Maturity" in run.get("text", ""))
    section = {**facts["elements"][0], "elements": runs[:end]}
    pictures = [block for block in rest if block["type"] == "image"]
    return {"blocks": [header, {**facts, "elements": [section]}, *pictures]}
