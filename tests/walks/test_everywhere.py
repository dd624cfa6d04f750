"""One contract on every platform: who is answered where, who wins a race, and whose messages change with it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from analysis.findings import State
from tests.conftest import Talk
from tests.walks.crews import PLATFORMS, Heard, People, people, until

pytestmark = pytest.mark.slow


@pytest.fixture(params=PLATFORMS)
async def here(request: pytest.FixtureRequest, assessed: Talk) -> AsyncIterator[People]:
    async with people(request.param, assessed.crew) as found:
        yield found


async def test_asks_are_answered_where_they_were_asked(here: People) -> None:
    await here.mention("status")
    await until(lambda: _public(here, "How the crew is doing"))

    await here.alone("waste")
    said = await until(lambda: _private(here, "The top ten make"))
    assert not await _public(here, "The top ten make")

    if here.name != "teams":  # a personal chat has no channel to share to
        await here.press(said, "Share to channel")
        await until(lambda: _public(here, "The top ten make"))

    await here.mention("forcast", who=2)
    await until(lambda: _private(here, "did you mean forecast", who=2))
    assert not await _public(here, "did you mean forecast")
    assert not await _private(here, "did you mean forecast", who=1)


async def test_a_finding_is_claimed_once_and_every_message_of_it_follows(here: People) -> None:
    finding = here.crew.state.findings.standing(State.OPEN)[0]
    await here.mention(f"finding {finding.short}")
    await until(lambda: _cards(here, finding.title, 1))
    await here.mention(f"finding {finding.short}", who=2)
    first, second = await until(lambda: _cards(here, finding.title, 2))

    await asyncio.gather(here.press(first, "Claim", 1), here.press(second, "Claim", 2))
    await until(lambda: _all_say(here, finding.title, "claimed by"))
    owner = here.crew.state.findings.get(finding.id)
    names = {who: here.called(who) for who in (1, 2)}
    [winner] = [who for who, name in names.items() if name in owner.owner_name.lower()]
    loser = 3 - winner
    await until(lambda: _private(here, f"already claimed by {owner.owner_name}", who=loser))
    assert not await _private(here, "already claimed", who=winner)
    assert len(await _cards(here, finding.title, 2)) == 2, "messages change; none is added"


async def test_a_form_puts_a_finding_to_sleep(here: People) -> None:
    finding = here.crew.state.findings.standing(State.OPEN)[0]
    await here.mention(f"finding {finding.short}")
    [card] = await until(lambda: _cards(here, finding.title, 1))
    await here.fill_in(card, "Snooze", {"days": "30", "until": "2026-12-24"})

    await until(lambda: _all_say(here, finding.title, "snoozed"))
    asleep = here.crew.state.findings.get(finding.id)
    assert (asleep.state, str(asleep.until)) == (State.SNOOZED, "2026-12-24")


async def _public(here: People, words: str) -> Heard | None:
    return next((one for one in await here.public() if words in one.words), None)


async def _private(here: People, words: str, who: int = 1) -> Heard | None:
    return next((one for one in await here.private(who) if words in one.words), None)


async def _cards(here: People, title: str, number: int) -> list[Heard]:
    found = [one for one in await here.public() if title in one.words and "Stands" in one.words]
    return found if len(found) >= number else []


async def _all_say(here: People, title: str, words: str) -> bool:
    found = await _cards(here, title, 1)
    return bool(found) and all(words in one.words for one in found)
