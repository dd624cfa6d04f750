"""One contract on every platform for what comes unasked: an alert, a digest, a reminder, and what the bill says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from analysis.findings import State
from bot import config as deployment
from bot.cadence.schedule import Schedule
from bot.wiring import Crew, state_of
from tests.builders import quietly
from tests.conftest import NOW
from tests.walks.crews import HOME_CHANNEL, PLATFORMS, Heard, People, people, until
from tests.walks.living_shop import DISK, NAME, LivingShop
from tests.walks.small_shop import Shop

GATEWAY = "warehouse-nat"
SCHEDULES = (Schedule("nightly", "0 6 * * *", "assess", ("practitioner",)), Schedule("watch", "15 9 * * *", "watch"))
OFF = {17: 620.0, 18: 380.0, 19: 640.0}  # dollars beyond the usual, by day of November


@dataclass
class Announced:
    """People on some platform to whom mornings come, each with its bill."""

    here: People
    provider: LivingShop

    async def morning(self, day: int, month: int = 11) -> None:
        """A quarter past nine of that day, with its bill; everything that the clock wants has been said."""
        moment = datetime(2026, month, day, 9, 15, 30, tzinfo=UTC)
        await asyncio.to_thread(self.provider.shop.deliver, moment.date())
        self.here.come(moment)
        await self.tick()
        await self.settled()

    async def tick(self) -> None:
        """Look at the schedules and at what waits, now."""
        await asyncio.to_thread(self.here.planner().tick)
        self.here.door.wake()

    async def settled(self) -> None:
        """Wait until everything that was asked is answered, and everything that is to be said was said."""

        async def quiet() -> bool:
            state = self.here.crew.state
            return not state.inbox.unanswered() and not state.outbox.counts().keys() & {"pending", "leased"}

        await until(quiet)

    async def posts(self, words: str) -> Sequence[Heard]:
        """Our messages of the channel, threads too, that say something."""
        return [one for one in await self.here.public() if words in one.words]

    async def private(self, words: str, who: int = 1) -> Sequence[Heard]:
        """The same of what one person alone is told."""
        return [one for one in await self.here.private(who) if words in one.words]


@asynccontextmanager
async def announced(platform: str, folder: Path) -> AsyncIterator[Announced]:
    """The small shop's crew on a platform; its first look is over."""
    off = {(GATEWAY, date(2026, 11, day)): dollars for day, dollars in OFF.items()}
    shop = Shop(folder / "bill", off, begins=date(2026, 8, 17))
    provider = LivingShop(shop)
    shop.deliver(NOW.date())
    raw: dict[str, Any] = {
        "data": {"folder": str(folder / "data")},
        "providers": [{"kind": "focus", "name": NAME, "path": str(shop.folder)}],
        "roles": {"*": ["read", "act"]},
        "alerts": {"least": 50, "budget_at": []},
    }
    if route := HOME_CHANNEL.get(platform):
        raw["personas"] = {"practitioner": [f"{platform}:{route}"]}
        raw["alerts"]["routes"] = [{"to": [f"{platform}:{route}"]}]
        raw["schedules"] = [{"name": one.name, "cron": one.cron, "ask": one.ask, "to": one.to} for one in SCHEDULES]
    config = deployment.parse(raw, lambda _: "test")
    moments = [NOW]
    with state_of(config, lambda: moments[-1]) as state:
        crew = Crew(config, lambda: moments[-1], state, [provider], quietly)
        await asyncio.to_thread(crew.assessor.fresh, NOW)
        async with people(platform, crew, SCHEDULES) as here:
            told = Announced(here, provider)
            await told.tick()  # from now on the schedules are known
            yield told


@pytest.mark.slow
@pytest.mark.parametrize("platform", PLATFORMS)
async def test_alerts_digests_reminders_and_savings_arrive(platform: str, tmp_path: Path) -> None:
    async with announced(platform, tmp_path) as told:
        await somebody_takes_the_disk_on_and_subscribes(told)
        await an_anomaly_begins(told)
        await a_digest_comes_with_its_details(told)
        await the_anomaly_ends_and_the_owner_is_reminded(told)
        await the_bill_tells_the_saving(told)

        [disk] = told.here.crew.state.findings.standing(State.RESOLVED)
        assert disk.resource_name == DISK.name, "and the disk is gone for good"


async def somebody_takes_the_disk_on_and_subscribes(told: Announced) -> None:
    here = told.here
    [disk] = here.crew.state.findings.standing(State.OPEN)
    await here.mention(f"finding {disk.short}")
    [card] = await until(lambda: told.posts("nobody has it yet"))
    await here.press(card, "Claim")
    await here.mention("subscribe weekly 09:10")
    await until(lambda: told.posts("Mon 23 Nov at 09:10"))
    await told.settled()
    [disk] = here.crew.state.findings.standing(State.CLAIMED)
    assert here.called(1) in disk.owner_name.lower()


async def an_anomaly_begins(told: Announced) -> None:
    await told.morning(20)
    [alert] = await told.posts(GATEWAY)
    assert "+$620" in alert.words and "up for 1 day from 17 Nov" in alert.words


async def a_digest_comes_with_its_details(told: Announced) -> None:
    before = len(await told.here.public())
    await told.morning(23)
    [alert] = await told.posts("nobody has looked at it yet")
    assert "+$1,641" in alert.words and "up for 3 days" in alert.words, "it has grown in its place"
    [_] = await told.posts("Still growing: $1,641 now")
    [root] = await told.posts("of usage in the 7 days to 19 November")
    assert "more than the 7 days before (+48%)" in root.words and "expected for November" in root.words
    details = ("more or less was used", "1 anomaly: $1,64", "The top ten make")
    for words in details:
        [detail] = await told.posts(words)
        assert told.here.is_reply(detail)
    assert not told.here.is_reply(root)
    assert len(await told.here.public()) == before + 2 + len(details), "nothing is told twice"


async def the_anomaly_ends_and_the_owner_is_reminded(told: Announced) -> None:
    before = len(await told.posts("Waits for"))
    await told.morning(27)
    [alert] = await told.posts("Ended: +$1,641")
    assert "nobody looked into it" in alert.words and not told.here.is_reply(alert)
    ends = await told.posts("Ended on 19 Nov: $1,641 more than expected in 3 days")
    assert len([one for one in ends if told.here.is_reply(one)]) == 1
    [reminder] = await told.posts("Waits for 9 days")
    assert before == 0 and DISK.name in reminder.words and told.here.is_reply(reminder)
    assert told.here.names(reminder, 1) and not told.here.names(reminder, 2), "they are told that they were named"
    assert not await told.private("waits for you"), "nobody hears it twice"


async def the_bill_tells_the_saving(told: Announced) -> None:
    here = told.here
    [disk] = here.crew.state.findings.standing(State.CLAIMED)
    await here.alone(f"done {disk.short}")
    await told.settled()
    told.provider.delete_disk(date(2026, 11, 27))
    await told.morning(8, 12)
    [thread] = await told.posts("a month, verified from 8 billed days")
    assert here.is_reply(thread) and DISK.name in thread.words
    [news] = await told.posts("saved, verified in the bill")
    assert not here.is_reply(news)
    [reminder] = await told.posts("Nothing waits any more")
    assert DISK.name not in reminder.words, "what is fixed is not asked for any more"
