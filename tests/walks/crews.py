"""One crew on any platform: what people do, and what they then see, whatever it is that they look at."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from bot.cadence.planner import Planner
from bot.cadence.schedule import Schedule
from bot.chores import chores
from bot.door import Door
from bot.ports import DIRECT
from bot.subscribed import schedules as subscribed
from bot.wiring import Crew
from tests.fake_slack import FakeSlack
from tests.fake_teams import CHANNEL, TEAM, FakeTeams, cards
from tests.fake_teams import words as words_of_card
from tests.walks.page_visitor import PageWalk, Seen, Visitor, page_walk
from tests.walks.slack_crew import Walk, walk, words
from tests.walks.teams_crew import TeamsWalk, teams_walk

PATIENCE = 40.0
SLUG = "finops"
SLACK, TEAMS, PAGE = PLATFORMS = ("slack", "teams", "page")
HOME_CHANNEL = {SLACK: "#general", TEAMS: "Cloud/FinOps"}  # where all read, as routes name it; the page has its own


@dataclass(frozen=True, slots=True)
class Heard:
    """One message, as it can be read; ``it`` is the platform's own."""

    words: str
    it: Any


class People(Protocol):
    """Two people (1 and 2) in one channel with Pitcrew, on some platform."""

    name: str

    @property
    def crew(self) -> Crew:
        """The crew that they ask."""

    @property
    def door(self) -> Door:
        """Where it is asked."""

    def planner(self) -> Planner:
        """One that looks at the schedules and at what waits, when it is told to."""

    def come(self, moment: datetime) -> None:
        """Let it be that moment."""

    def called(self, who: int) -> str:
        """What the platform calls somebody."""

    async def mention(self, text: str, who: int = 1) -> None:
        """Ask where everybody reads."""

    async def alone(self, text: str, who: int = 1) -> None:
        """Ask where nobody else reads the answer."""

    async def public(self) -> Sequence[Heard]:
        """What Pitcrew said to the whole channel, in threads too."""

    async def private(self, who: int = 1) -> Sequence[Heard]:
        """What it said to one person."""

    def is_reply(self, message: Heard) -> bool:
        """Whether it stands in the thread of another message."""

    def names(self, message: Heard, who: int) -> bool:
        """Whether it names somebody, as the platform names people."""

    async def press(self, message: Heard, label: str, who: int = 1) -> None:
        """Press a button."""

    async def fill_in(self, message: Heard, label: str, filled: Mapping[str, str], who: int = 1) -> None:
        """Open a form by its button, fill it in, and send it."""


async def until(seen: Callable[[], Awaitable[Any]], seconds: float = PATIENCE) -> Any:
    """Wait until something can be seen, and give it back."""
    async with asyncio.timeout(seconds):
        while not (found := await seen()):  # noqa: ASYNC110 (what is waited for sets no event of ours)
            await asyncio.sleep(0.02)
    return found


@dataclass
class OnSlack:
    """People in Slack."""

    walk: Walk
    name: str = SLACK

    @property
    def crew(self) -> Crew:
        return self.walk.crew

    @property
    def door(self) -> Door:
        return self.walk.door

    def planner(self) -> Planner:
        return _second(self.crew, self.door)

    def come(self, moment: datetime) -> None:
        self.walk.slack.advance((moment - self.walk.slack.clock()).total_seconds())

    def called(self, who: int) -> str:
        return f"u{who}"

    async def mention(self, text: str, who: int = 1) -> None:
        await self.walk.slack.mention(text, user=f"U{who}")

    async def alone(self, text: str, who: int = 1) -> None:
        assert (await self.walk.slack.type(f"/finops {text}", user=f"U{who}")).ok

    async def public(self) -> Sequence[Heard]:
        return [Heard(words(one), one) for one in self.walk.slack.ours("C1")]

    async def private(self, who: int = 1) -> Sequence[Heard]:
        return [Heard(words(one), one) for one in self.walk.slack.private(f"U{who}")]

    def is_reply(self, message: Heard) -> bool:
        return bool(message.it.get("thread_ts", message.it["ts"]) != message.it["ts"])

    def names(self, message: Heard, who: int) -> bool:
        return str({"type": "user", "user_id": f"U{who}"}) in str(message.it["blocks"])

    async def press(self, message: Heard, label: str, who: int = 1) -> None:
        assert (await self.walk.slack.click(message.it, label, user=f"U{who}")).ok

    async def fill_in(self, message: Heard, label: str, filled: Mapping[str, str], who: int = 1) -> None:
        await self.press(message, label, who)
        assert (await self.walk.slack.fill_in(dict(filled), user=f"U{who}")).ok


@dataclass
class OnTeams:
    """People in Teams."""

    walk: TeamsWalk
    name: str = TEAMS

    @property
    def crew(self) -> Crew:
        return self.walk.crew

    @property
    def door(self) -> Door:
        return self.walk.door

    def planner(self) -> Planner:
        return _second(self.crew, self.door)

    def come(self, moment: datetime) -> None:
        self.walk.teams.advance((moment - self.walk.teams.clock()).total_seconds())

    def called(self, who: int) -> str:
        return f"person u{who}"

    async def mention(self, text: str, who: int = 1) -> None:
        assert (await self.walk.teams.mention(text, user=f"U{who}")).ok

    async def alone(self, text: str, who: int = 1) -> None:
        assert (await self.walk.teams.say(text, user=f"U{who}")).ok

    async def public(self) -> Sequence[Heard]:
        return [Heard(words_of_card(one), one) for one in self.walk.teams.messages(CHANNEL)]

    async def private(self, who: int = 1) -> Sequence[Heard]:
        return [Heard(words_of_card(one), one) for one in self.walk.teams.private(f"U{who}")]

    def is_reply(self, message: Heard) -> bool:
        return bool(message.it["_thread"] != message.it["id"])

    def names(self, message: Heard, who: int) -> bool:
        return any(one["mentioned"]["id"] == f"U{who}" for card in cards(message.it) for one in _entities(card))

    async def press(self, message: Heard, label: str, who: int = 1) -> None:
        assert (await self.walk.teams.click(message.it, label, user=f"U{who}")).ok

    async def fill_in(self, message: Heard, label: str, filled: Mapping[str, str], who: int = 1) -> None:
        teams = self.walk.teams
        dialog = await teams.open_dialog(message.it, label, user=f"U{who}")
        assert (await teams.fill_in(message.it, dialog, filled, user=f"U{who}")).ok


@dataclass
class OnPage:
    """People at the page; what one presses is theirs, so each reads the message anew."""

    walk: PageWalk
    visitors: list[Visitor] = field(default_factory=list)
    name: str = PAGE

    @property
    def crew(self) -> Crew:
        return self.walk.crew

    @property
    def door(self) -> Door:
        return self.walk.working.door

    def planner(self) -> Planner:
        return self.walk.working.planner

    def come(self, moment: datetime) -> None:
        self.walk.clock.set(moment)

    def called(self, who: int) -> str:
        return ("sam", "ada")[who - 1]

    async def mention(self, text: str, who: int = 1) -> None:
        await self.visitors[who - 1].type(f"@Pitcrew {text}", SLUG)

    async def alone(self, text: str, who: int = 1) -> None:
        await self.visitors[who - 1].type(f"/finops {text}", SLUG)

    async def public(self) -> Sequence[Heard]:
        return [Heard(one.words, one) for one in await self._all(1) if not one.private]

    async def private(self, who: int = 1) -> Sequence[Heard]:
        here = [one for one in await self._all(who) if one.private]
        alone = [one for one in await self.visitors[who - 1].messages(DIRECT) if "mine" not in one.classes]
        return [Heard(one.words, one) for one in (*here, *alone)]

    def is_reply(self, message: Heard) -> bool:
        return not any("?thread=" in link for link in message.it.links.values())

    def names(self, message: Heard, who: int) -> bool:
        return f"@{self.called(who).capitalize()}" in message.words

    async def press(self, message: Heard, label: str, who: int = 1) -> None:
        await self.visitors[who - 1].press(message.it, label)

    async def fill_in(self, message: Heard, label: str, filled: Mapping[str, str], who: int = 1) -> None:
        await self.visitors[who - 1].press(message.it, label.removesuffix(" …"), **filled)

    async def _all(self, who: int) -> list[Seen]:
        """What stands in the channel and its threads, but for what people typed."""
        visitor = self.visitors[who - 1]
        roots = await visitor.messages(SLUG)
        found = list(roots)
        for root in roots:
            if "mine" in root.classes or "reply" in root.words or "repl" in root.words:
                found += await visitor.messages(SLUG, root.id)
        return [one for one in {one.id: one for one in found}.values() if one.buttons or "mine" not in one.classes]


def _entities(card: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return [one for one in card["msteams"].get("entities", ()) if f"<at>{one['mentioned']['name']}</at>" in str(card)]


def _second(crew: Crew, door: Door) -> Planner:
    """A second planner, since the first one looks every fifteen seconds."""
    kept = crew.state.subscriptions
    own = chores(crew, door, crew.desk.tenants)
    return Planner(crew.state.fires, door.schedules, crew.clock, subscribed=lambda: subscribed(kept.all()), chores=own)


@asynccontextmanager
async def people(platform: str, crew: Crew, schedules: Sequence[Schedule] = ()) -> AsyncIterator[People]:
    """Two people with Pitcrew on one of the platforms; the page, which has no file, is told its schedules."""
    match platform:
        case "slack":
            async with FakeSlack.running() as slack, walk(crew, slack, "http") as on_slack:
                yield OnSlack(on_slack)
        case "teams":
            async with FakeTeams.running() as teams, teams_walk(crew, teams) as on_teams:
                assert (await teams.install(TEAM)).ok
                yield OnTeams(on_teams)
                assert not teams.wrong
        case _:
            async with page_walk(crew, schedules=schedules) as page:
                found = OnPage(page, [await page.visitor(), await page.visitor()])
                yield found
