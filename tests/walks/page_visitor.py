"""A visitor of the page over plain HTTP, as a browser without eyes: types, presses, fills forms in, and reads."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from html.parser import HTMLParser
from typing import Any
from uuid import uuid4

from aiohttp import ClientResponse, ClientSession, CookieJar

from bot.cadence.schedule import Schedule
from bot.clock import wall
from bot.web.days import MovedClock
from bot.web.demo import Address, Working, answering, completing, serving
from bot.web.desk import Desk
from bot.web.page import PagePlatform
from bot.web.site import Behind, Site
from bot.web.timeline import Timeline
from bot.wiring import Crew
from tests.conftest import NOW

PATIENCE = 60.0  # the first forecast of a process draws its first chart


@dataclass
class Seen:
    """One message as it stands on the page."""

    id: str
    classes: set[str]
    words: str = ""
    buttons: dict[str, str] = field(default_factory=dict)  # label -> ask
    options: dict[str, str] = field(default_factory=dict)  # of all drop-downs, label -> ask
    forms: dict[str, str] = field(default_factory=dict)  # what is sent, by the label of its button
    fields: set[str] = field(default_factory=set)
    links: dict[str, str] = field(default_factory=dict)
    pictures: dict[str, str] = field(default_factory=dict)  # alt -> address

    @property
    def private(self) -> bool:
        """Whether it says that only one person sees it."""
        return "only you see this" in self.words


class _Reader(HTMLParser):
    """Collects the messages of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.body: dict[str, str] = {}
        self.found: list[Seen] = []
        self._inside = False
        self._labelled: tuple[str, str] | None = None
        self._form = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: C901 (a line a tag)
        said = {name: value or "" for name, value in attrs}
        if tag == "body":
            self.body = said
        if tag == "article":
            self._inside = True
            self.found.append(Seen(said["data-message"], set(said["class"].split())))
        if not self._inside:
            return
        one = self.found[-1]
        match tag:
            case "button" if "data-ask" in said:
                self._labelled = ("button", said["data-ask"])
            case "button" if said.get("type") == "submit":
                self._labelled = ("form", self._form)
            case "option" if "value" in said:
                self._labelled = ("option", said["value"])
            case "a":
                self._labelled = ("link", said["href"])
            case "form":
                self._form = said.get("data-ask", "")
            case "img":
                one.pictures[said["alt"]] = said["src"]
            case _:
                pass
        if tag in {"input", "select", "textarea"} and "name" in said:
            one.fields.add(said["name"])

    def handle_data(self, data: str) -> None:
        if not self._inside:
            return
        one = self.found[-1]
        one.words += data
        if self._labelled and data.strip():
            kind, value = self._labelled
            {"button": one.buttons, "form": one.forms, "option": one.options, "link": one.links}[kind][data.strip()] = (
                value
            )
            self._labelled = None

    def handle_endtag(self, tag: str) -> None:
        if tag == "article":
            self._inside = False


@dataclass
class Visitor:
    """Somebody with the page open at ``where``."""

    client: ClientSession
    where: str
    token: str = ""

    async def page(self, slug: str = "pitcrew", thread: str = "") -> tuple[ClientResponse, str]:
        """Open a conversation."""
        query = f"?thread={thread}" if thread else ""
        async with self.client.get(f"{self.where}c/{slug}{query}") as said:
            text = await said.text()
        read = _Reader()
        read.feed(text)
        self.token = read.body.get("data-token", self.token)
        return said, text

    async def messages(self, slug: str = "pitcrew", thread: str = "") -> list[Seen]:
        """What stands in a conversation, or in one of its threads without the root."""
        _, text = await self.page(slug, thread)
        if thread:
            text = text.partition('<div class="root">')[2]
        read = _Reader()
        read.feed(text)
        return read.found[1:] if thread else read.found

    async def post(self, path: str, **said: str) -> ClientResponse:
        """Send something as the page's script does."""
        body = {"nonce": uuid4().hex, **said}
        async with self.client.post(f"{self.where}{path}", data=body, headers={"X-Token": self.token}) as answer:
            await answer.read()
            return answer

    async def type(self, text: str, slug: str = "pitcrew", thread: str = "") -> ClientResponse:
        """Type into a conversation."""
        await self.page(slug)
        return await self.post("ask", conversation=slug, thread=thread, text=text)

    async def press(self, message: Seen, label: str, **fields: str) -> ClientResponse:
        """Press a button of a message, choose an option, or send a form that is filled in."""
        ask = (message.buttons | message.options | message.forms)[label]
        return await self.post(
            "ask", message=message.id, ask=ask, **{f"field.{name}": said for name, said in fields.items()}
        )

    async def until(
        self, seen: Callable[[list[Seen]], Any], slug: str = "pitcrew", thread: str = "", seconds: float = PATIENCE
    ) -> Any:
        """Wait until something can be seen in a conversation, and give it back."""
        async with asyncio.timeout(seconds):
            while not (found := seen(await self.messages(slug, thread))):  # noqa: ASYNC110 (a browser only asks)
                await asyncio.sleep(0.02)
        return found

    async def answer(self, slug: str = "pitcrew", *, after: int = 0) -> Seen:
        """The newest message of Pitcrew's that came after so many messages."""

        def newest(found: list[Seen]) -> Seen | None:
            new = [one for one in found[after:] if "mine" not in one.classes]
            return new[-1] if new else None

        said: Seen = await self.until(newest, slug)
        return said


@dataclass
class PageWalk:
    """The crew, the page, and the people who visit it."""

    crew: Crew
    where: str
    desk: Desk
    working: Working
    clock: MovedClock
    sessions: list[ClientSession] = field(default_factory=list)

    async def visitor(self) -> Visitor:
        """Somebody new."""
        session = ClientSession(cookie_jar=CookieJar(unsafe=True))
        self.sessions.append(session)
        visitor = Visitor(session, self.where)
        await visitor.page()
        return visitor


@asynccontextmanager
async def page_walk(crew: Crew, *, others: bool = False, schedules: Sequence[Schedule] = ()) -> AsyncIterator[PageWalk]:
    """Let the crew serve the page from the morning of ``NOW`` on."""
    clock = MovedClock(wall, NOW)
    crew.state.database.clock = clock
    here = replace(crew, clock=clock)
    here.lake, here.report, here.drivers = crew.lake, crew.report, crew.drivers
    timeline = Timeline()
    platform = PagePlatform(timeline, clock)
    desk = Desk(timeline, platform, clock)
    site = Site(desk, others=others)
    async with answering(here, desk, platform, schedules) as working, serving(site, Address(port=0)) as where:
        site.behind = Behind(crew.state.outbox, partial(completing, here))
        await desk.let_in(working.door.accept)
        walk = PageWalk(here, where, desk, working, clock)
        try:
            yield walk
        finally:
            for session in walk.sessions:
                await session.close()
