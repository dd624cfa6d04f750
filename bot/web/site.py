"""The page over HTTP: server-rendered, told of news by server-sent events, and closed to every other site.

Nothing is fetched from elsewhere (Content-Security-Policy), another site's name for this machine is refused (the Host
header, against DNS rebinding), and what changes anything needs the token that only the page itself can read.
"""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from importlib.resources import files
from typing import Any, Protocol
from urllib.parse import quote, urlsplit

import structlog
from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from analysis.errors import BadAsk, FinOpsError, NotFound
from bot.ports import DIRECT, HOME
from bot.web import slack_look, teams_look
from bot.web.complete import Suggestion
from bot.web.desk import CONVERSATIONS, Conversation, Desk, Visitor
from bot.web.draw import DOCUMENTS, PICTURES
from bot.web.page import LOOKS
from bot.web.timeline import Entry
from charts.picture import Picture
from commands.core.answer import File

log = structlog.get_logger(__name__)

MAX_BODY = 64 * 1024
STATIC = {"page.css": "text/css", "page.js": "text/javascript", "icon.svg": "image/svg+xml"}
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self';"
        " frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
HERE = frozenset({"localhost", "127.0.0.1", "::1"})
BEAT_SECONDS = 15.0  # an empty line, so that a connection that is gone is noticed
MOVES = {"1": 1, "7": 7, "30": 30}
UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Kept(Protocol):
    """Where pictures and documents are kept by their digests."""

    def picture(self, digest: str) -> Picture:
        """The picture of that digest."""

    def document(self, digest: str) -> File:
        """The document of that digest."""


@dataclass
class Behind:
    """What stands behind the page once everything is ready."""

    kept: Kept
    complete: Callable[[str, str], list[Suggestion]]  # what was typed, and by which user
    pass_to: Callable[[date], Awaitable[None]] | None = None  # none until the first morning has come


@dataclass
class Site:
    """All of the page's addresses."""

    desk: Desk
    others: bool = False  # whether other machines may reach it
    behind: Behind | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _moving: bool = False

    def __post_init__(self) -> None:
        loader = PackageLoader("bot.web", "")
        self._templates = Environment(
            loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        self._static = {name: files("bot.web").joinpath("static", name).read_bytes() for name in STATIC}

    def application(self) -> web.Application:
        """The application, with its guard in front."""
        site = web.Application(client_max_size=MAX_BODY, middlewares=[self.guarded])
        site.router.add_get("/", self.home)
        site.router.add_get("/c/{slug}", self.shown)
        site.router.add_get("/events", self.events)
        site.router.add_get("/complete", self.completed)
        site.router.add_get("/message/{id:[0-9]+}/{look:slack|teams}.json", self.payload)
        site.router.add_get(PICTURES + "{digest:[0-9a-f]{64}}", self.picture)
        site.router.add_get(DOCUMENTS + "{digest:[0-9a-f]{64}}", self.document)
        site.router.add_get("/static/{name}", self.static)
        site.router.add_post("/ask", self.ask)
        site.router.add_post("/look", self.look)
        site.router.add_post("/clock", self.clock)
        return site

    @web.middleware
    async def guarded(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Only this machine's own names, only this page's own posts; and the same headers on everything."""
        try:
            if not self._named_rightly(request) or not self._same_site(request):
                raise web.HTTPForbidden(text="This page answers to its own address only.")
            said = await handler(request)
        except web.HTTPException as refusal:
            refusal.headers.update(HEADERS)
            raise
        except FinOpsError as error:
            status = 404 if isinstance(error, NotFound) else 422
            said = web.Response(status=status, text=str(error))
        if not said.prepared:
            said.headers.update({name: value for name, value in HEADERS.items() if name not in said.headers})
        return said

    async def home(self, request: web.Request) -> web.StreamResponse:  # noqa: ARG002 (whoever comes)
        """The direct message is where one begins."""
        raise web.HTTPFound(f"/c/{DIRECT}")

    async def shown(self, request: web.Request) -> web.StreamResponse:
        """A conversation, and beside it the thread that is open."""
        conversation = _conversation(request.match_info["slug"])
        visitor = self._visitor(request)
        new = visitor is None
        if visitor is None:
            visitor = await self.desk.welcome()
        if conversation.name == HOME:
            await self.desk.at_home(visitor)
        timeline = self.desk.timeline
        entries = [
            one for one in timeline.seen_by(visitor.user) if one.conversation == conversation.name and not one.gone
        ]
        thread = request.query.get("thread", "")
        root = next((one for one in entries if one.id == thread), None)
        unseen = self.desk.conversations(visitor)
        visitor.seen[conversation.name] = timeline.version
        answers = Counter(one.thread for one in entries if one.thread)
        draw = partial(self._message, visitor, answers)
        text = self._templates.get_template("page.html.j2").render(
            here=conversation,
            conversations=[(one, 0 if one == conversation else count) for one, count in unseen],
            log=[draw(one) for one in entries if not one.thread],
            root=root,
            thread=[draw(one) for one in entries if root and one.thread == root.id],
            drawn_root=draw(root) if root else "",
            visitor=visitor,
            looks=LOOKS,
            states=self._states(timeline.told()),
            version=timeline.version,
            direct=conversation.name == DIRECT,
            home=conversation.name == HOME,
        )
        said = web.Response(text=text, content_type="text/html")
        if new:
            said.set_cookie(self._cookie(request), visitor.key, httponly=True, samesite="Strict", path="/")
        return said

    async def events(self, request: web.Request) -> web.StreamResponse:
        """News for one open page, as server-sent events, until it is closed."""
        visitor = self._known(request)
        version = _number(request.headers.get("Last-Event-ID") or request.query.get("since", ""))
        here = request.query.get("c", "")
        said = web.StreamResponse(headers=HEADERS | {"Content-Type": "text/event-stream"})
        await said.prepare(request)
        with suppress(ConnectionResetError):  # they have closed the page
            while True:
                try:
                    async with asyncio.timeout(BEAT_SECONDS):
                        newest = await self.desk.timeline.beyond(version)
                except TimeoutError:
                    await said.write(b": still here\n\n")
                    continue
                news = self._news(visitor, version, here)
                version = newest
                await said.write(f"id: {version}\nevent: news\ndata: {json.dumps(news)}\n\n".encode())
        return said

    async def completed(self, request: web.Request) -> web.StreamResponse:
        """How what is typed may go on."""
        visitor = self._known(request)
        if self.behind is None:
            return web.json_response([])
        found = await asyncio.to_thread(self.behind.complete, request.query.get("text", "")[:400], visitor.user)
        return web.json_response([asdict(one) for one in found])

    async def payload(self, request: web.Request) -> web.StreamResponse:
        """What a chat platform would get for a message, as JSON."""
        entry = self._entry(request, request.match_info["id"])
        found = entry.payload.get(request.match_info["look"])
        if found is None:
            raise web.HTTPNotFound(text="Nobody but you wrote this message.")
        return web.Response(text=json.dumps(found, indent=2, ensure_ascii=False), content_type="application/json")

    async def picture(self, request: web.Request) -> web.StreamResponse:
        """A chart."""
        self._known(request)
        found = await asyncio.to_thread(self._behind().kept.picture, request.match_info["digest"])
        kept = {"Cache-Control": "private, max-age=86400, immutable"}
        return web.Response(body=found.png, content_type="image/png", headers=kept)

    async def document(self, request: web.Request) -> web.StreamResponse:
        """A document, to be kept and not to be shown: it may be HTML."""
        self._known(request)
        found = await asyncio.to_thread(self._behind().kept.document, request.match_info["digest"])
        kept = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(found.name)}"}
        return web.Response(body=found.content, content_type=found.media, headers=kept)

    async def static(self, request: web.Request) -> web.StreamResponse:
        """Style and script."""
        name = request.match_info["name"]
        if name not in STATIC:
            raise web.HTTPNotFound
        return web.Response(body=self._static[name], content_type=STATIC[name], charset="utf-8")

    async def ask(self, request: web.Request) -> web.StreamResponse:
        """Something typed or pressed."""
        visitor, said = await self._posted(request)
        nonce = said.get("nonce", "")[:64]
        if message := said.get("message"):
            fields = {name.removeprefix("field."): value for name, value in said.items() if name.startswith("field.")}
            await self.desk.pressed(visitor, message, said.get("ask", ""), fields, nonce)
        else:
            conversation = _conversation(said.get("conversation", ""))
            await self.desk.typed(visitor, conversation.name, said.get("thread", ""), said.get("text", ""), nonce)
        return web.Response(status=204)

    async def look(self, request: web.Request) -> web.StreamResponse:
        """Draw everything as another platform would."""
        visitor, said = await self._posted(request)
        if said.get("look") in LOOKS:
            visitor.look = said["look"]
        back = said.get("back", "")
        raise web.HTTPSeeOther(back if back.startswith("/c/") else "/")

    async def clock(self, request: web.Request) -> web.StreamResponse:
        """Let days pass; the page is told as they do."""
        _, said = await self._posted(request)
        days = MOVES.get(said.get("days", ""))
        if days is None:
            raise BadAsk("The clock can be moved a day, a week or a month.")
        pass_to = self.behind.pass_to if self.behind else None
        if pass_to is None or self._moving:
            raise BadAsk("Time is passing already; one moment.")
        self._moving = True
        task = asyncio.create_task(self._passed(pass_to(self.desk.clock().date() + timedelta(days=days))))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return web.Response(status=202)

    async def _passed(self, days: Awaitable[None]) -> None:
        try:
            await days
        except Exception:
            log.exception("days did not pass")
            await self.desk.timeline.tell("moving", {"share": 1.0, "what": ""})
        finally:
            self._moving = False

    def _news(self, visitor: Visitor, version: int, here: str) -> dict[str, Any]:
        timeline = self.desk.timeline
        fresh = list(timeline.seen_by(visitor.user, since=version))
        threads = {one.thread for one in fresh if one.thread}
        seen = list(timeline.seen_by(visitor.user))
        answers = Counter(one.thread for one in seen if one.thread and not one.gone)
        for one in fresh:
            if one.conversation == here:
                visitor.seen[here] = max(visitor.seen.get(here, 0), one.version)
        return {
            "messages": [
                {
                    "id": one.id,
                    "conversation": one.conversation,
                    "thread": one.thread,
                    "gone": one.gone,
                    "html": "" if one.gone else str(self._message(visitor, answers, one)),
                    "said": _announced(one, visitor),
                }
                for one in fresh
            ],
            "threads": {root: answers[root] for root in threads},
            "unread": {one.slug: count for one, count in self.desk.conversations(visitor)},
            "states": self._states(timeline.told(since=version)),
        }

    def _states(self, told: Mapping[str, Any]) -> dict[str, Any]:
        return dict(told)

    def _message(self, visitor: Visitor, answers: Mapping[str, int], entry: Entry) -> Markup:
        body = Markup("")
        if entry.payload:
            match visitor.look:
                case "slack":
                    body = slack_look.body(entry.payload["slack"])
                case "teams":
                    body = teams_look.body(entry.payload["teams"])
                case _:
                    body = Markup(entry.payload["html"])  # noqa: S704 (made by bot.web.draw, which escapes)
        slug = next(one.slug for one in CONVERSATIONS if one.name == entry.conversation)
        template = self._templates.get_template("message.html.j2")
        return Markup(  # noqa: S704 (autoescaped)
            template.render(
                one=entry,
                body=body,
                slug=slug,
                look=visitor.look,
                direct=entry.conversation in {DIRECT, HOME},
                mine=entry.by == visitor.name,
                answers=answers.get(entry.id, 0),
            )
        )

    def _named_rightly(self, request: web.Request) -> bool:
        """Whether the Host header is a name of this machine: a page elsewhere can point its own name here."""
        name, _ = _host_of(request)
        return name in HERE or (self.others and _is_address(name))

    def _same_site(self, request: web.Request) -> bool:
        origin = request.headers.get("Origin")
        if request.method not in UNSAFE or origin is None:
            return True
        return urlsplit(origin).netloc == request.host

    async def _posted(self, request: web.Request) -> tuple[Visitor, dict[str, str]]:
        """Who posts what; nobody without the token of their own page."""
        visitor = self._known(request)
        form = await request.post()
        said = {name: value for name, value in form.items() if isinstance(value, str)}
        token = request.headers.get("X-Token") or said.get("token", "")
        if not hmac.compare_digest(token.encode(), visitor.token.encode()):
            raise web.HTTPForbidden(text="This page is out of date; please load it again.")
        return visitor, said

    def _visitor(self, request: web.Request) -> Visitor | None:
        return self.desk.visitor(request.cookies.get(self._cookie(request), ""))

    def _known(self, request: web.Request) -> Visitor:
        visitor = self._visitor(request)
        if visitor is None:
            raise web.HTTPForbidden(text="This page is out of date; please load it again.")
        return visitor

    def _entry(self, request: web.Request, name: str) -> Entry:
        visitor = self._known(request)
        entry = self.desk.timeline.get(name)
        if entry is None or entry.only not in ("", visitor.user):
            raise web.HTTPNotFound(text="There is no such message.")
        return entry

    def _behind(self) -> Behind:
        if self.behind is None:
            raise NotFound("Pitcrew is still reading the bill.")
        return self.behind

    def _cookie(self, request: web.Request) -> str:
        """One a port: browsers send the cookies of one name to all servers of a machine."""
        return f"pitcrew-{_host_of(request)[1]}"


def _host_of(request: web.Request) -> tuple[str, int]:
    """The name and the port that were asked for; empty where they are none."""
    try:
        there = urlsplit(f"//{request.host}")
        port = there.port or 80
    except ValueError:
        return "", 0
    return there.hostname or "", port


def told_time(moment: datetime) -> str:
    """A moment as the page's clock shows it."""
    return f"{moment:%A}, {moment.day} {moment:%B %Y}, {moment:%H:%M} UTC"


def _conversation(slug: str) -> Conversation:
    found = next((one for one in CONVERSATIONS if one.slug == slug), None)
    if found is None:
        raise web.HTTPNotFound(text="There is no such channel.")
    return found


def _announced(entry: Entry, visitor: Visitor) -> str:
    """What is read out when a message comes; nothing of one's own."""
    if entry.by == visitor.name or entry.gone or not entry.payload:
        return ""
    where = "to you" if entry.private else f"in {entry.conversation}"
    changed = "changed: " if entry.edited else ""
    return f"Pitcrew {where}: {changed}{entry.payload.get('title', '')}"


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _number(text: str) -> int:
    return int(text) if text.isdigit() and len(text) < 12 else 0  # noqa: PLR2004 (no version is as long)
