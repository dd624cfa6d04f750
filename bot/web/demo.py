"""The demo as a page: the sample company's chat on this machine, with everything real behind it but the clouds."""

from __future__ import annotations

import asyncio
import signal
import sys
import webbrowser
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

from aiohttp import web

from analysis.errors import BadConfig
from bot import config as deployment
from bot.cadence.planner import Planner
from bot.cadence.schedule import Schedule
from bot.chores import chores, placed
from bot.clock import Clock
from bot.delivery.courier import Courier
from bot.door import Door
from bot.environment import environment
from bot.lookout import AlertRoute
from bot.ports import DIRECT, Ask, Place
from bot.subscribed import audience
from bot.subscribed import schedules as subscribed
from bot.web.complete import Suggestion, suggestions
from bot.web.days import OFFICE, Days, MovedClock
from bot.web.desk import CONVERSATIONS, Desk, NoticingInbox
from bot.web.page import NAME, TENANT, PagePlatform
from bot.web.site import Behind, Site, told_time
from bot.web.timeline import Timeline
from bot.wiring import Crew, state_of
from providers.provider import Progress
from providers.sample import SampleProvider
from providers.sample.living import LivingCompany

PORT = 8765
TENANTS = {NAME: TENANT}
ASSESS, WATCH, VIEWS = "nightly assessment", "watch", "weekly views"
ALERTS = (
    AlertRoute(("page:#finops-finance",), kind="budget"),
    AlertRoute(("page:#finops-finance",), kind="commitment"),
    AlertRoute(("page:#finops",)),
)
SCHEDULES = (
    Schedule(ASSESS, "0 6 * * *", "assess", ("engineering",)),
    Schedule(WATCH, "30 6 * * *", "watch"),
    Schedule(
        VIEWS,
        "0 8 * * mon",
        "summary {persona}",
        tuple(one.persona for one in CONVERSATIONS if one.persona),
        always=True,
    ),
    Schedule("savings", "30 8 * * mon", "savings", ("leadership",), always=True),
)
SETTLED_SECONDS, LOOK_SECONDS = 120.0, 0.05
TICK_SECONDS = 5.0
STOP_SECONDS = 5.0

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Address:
    """Where the page is served. Port 0 is any that is free; without one it is the usual, or any if that is taken."""

    host: str = "127.0.0.1"
    port: int | None = None
    others: bool = False  # whether other machines may reach it

    def __post_init__(self) -> None:
        """Refuse to serve strangers by accident.

        Raises:
            BadConfig: the host is not this machine alone, and nobody said that it may be.
        """
        if not self.others and self.host not in {"127.0.0.1", "localhost", "::1"}:
            raise BadConfig(
                f"--host {self.host}: whoever reaches it could use the demo; say --allow-others if that is meant"
            )


def run(wall: Clock, out: Path, address: Address, *, moment: datetime | None, browse: bool, say: Say) -> None:
    """Serve the page until Ctrl-C.

    Raises:
        BadConfig: the address cannot be served.
    """
    asyncio.run(_until_stopped(wall, out, address, moment, browse, say))


async def _until_stopped(
    wall: Clock, out: Path, address: Address, moment: datetime | None, browse: bool, say: Say
) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    morning = moment or datetime.combine(wall().date(), OFFICE, UTC)
    async with AsyncExitStack() as stack:
        clock = MovedClock(wall, morning)
        timeline = Timeline()
        platform = PagePlatform(timeline, clock)
        desk = Desk(timeline, platform, clock)
        site = Site(desk, others=address.others)
        where = await stack.enter_async_context(serving(site, address))
        say(f"The page is at {where} (Ctrl-C ends it). Nothing leaves this machine; no account is touched.")
        if browse and _has_browser():
            await asyncio.to_thread(webbrowser.open, where)
        opening = asyncio.create_task(_opened(stack, desk, site, platform, clock, out))
        ending = asyncio.create_task(stopped.wait())
        await asyncio.wait((opening, ending), return_when=asyncio.FIRST_COMPLETED)
        if opening.done():
            opening.result()
            say("Ready.")
            await ending
        else:
            opening.cancel()
            with suppress(asyncio.CancelledError):
                await opening


async def _opened(
    stack: AsyncExitStack, desk: Desk, site: Site, platform: PagePlatform, clock: MovedClock, out: Path
) -> None:
    """Make the company, look at it for the first time, and begin to answer."""
    timeline = desk.timeline
    await timeline.tell("clock", told_time(clock()))
    beginning = await asyncio.to_thread(
        partial(SampleProvider.cached, out / "sample", clock().date(), progress=_as_part(desk.progress, 0.0, 0.3))
    )
    folder = Path(stack.enter_context(TemporaryDirectory(prefix="page-", dir=out, ignore_cleanup_errors=True)))
    company = await asyncio.to_thread(LivingCompany, beginning, folder / "company")
    crew = stack.enter_context(_crew(folder, clock, company, _as_part(desk.progress, 0.3, 1.0)))
    await asyncio.to_thread(_loaded, crew)
    site.behind = Behind(crew.state.outbox, partial(completing, crew))
    working = await stack.enter_async_context(answering(crew, desk, platform, SCHEDULES))

    async def tell(share: float, what: str) -> None:
        await timeline.tell("moving", {"share": share, "what": what})
        await timeline.tell("clock", told_time(clock()))

    days = Days(clock, company, crew.state.findings, working.planner, working.door, working.settled, tell)
    await days.open([one for one in SCHEDULES if one.name in {ASSESS, WATCH, VIEWS}])
    site.behind.pass_to = days.pass_to
    ticking = asyncio.create_task(_ticking(timeline, clock))
    stack.callback(ticking.cancel)
    await desk.let_in(working.door.accept)


def _loaded(crew: Crew) -> None:
    """What takes long: the billed rows, and the pen for charts."""
    import_module("charts.forecast_fan")
    crew.assessor.load(crew.clock())


@dataclass
class Working:
    """What answers and delivers."""

    crew: Crew
    door: Door
    planner: Planner

    async def settled(self) -> None:
        """Wait until everything that was asked is answered, and everything that is due is delivered."""
        state = self.crew.state
        async with asyncio.timeout(SETTLED_SECONDS):
            while await asyncio.to_thread(state.inbox.unanswered) or await asyncio.to_thread(state.outbox.due):  # noqa: ASYNC110
                await asyncio.sleep(LOOK_SECONDS)


@asynccontextmanager
async def answering(
    crew: Crew, desk: Desk, platform: PagePlatform, schedules: Sequence[Schedule] = ()
) -> AsyncIterator[Working]:
    """The real door, courier and planner with the page as their only platform."""
    platforms = {platform.name: platform}
    places = {one.persona: (Place(NAME, TENANT, one.name),) for one in CONVERSATIONS if one.persona}
    inbox = NoticingInbox(crew.state.inbox, desk.closed)
    kept = crew.state.subscriptions
    door = Door(
        inbox,
        crew.context,
        platforms,
        crew.clock,
        schedules,
        places,
        lambda name: audience(kept.all(), name, crew.quiet),
        crew.quiet,
    )
    courier = Courier(crew.state.outbox, platforms, door.redraw, lane_seconds=0.0)
    door.mailed = courier.wake
    door.placed = partial(placed, tenants=TENANTS)
    planner = Planner(
        crew.state.fires,
        schedules,
        crew.clock,
        door.wake,
        lambda: subscribed(kept.all()),
        chores(crew, door, TENANTS),
    )
    crew.watched(schedules)
    crew.desk.routes, crew.desk.tenants = ALERTS, TENANTS
    courier.start()
    door.start()
    try:
        yield Working(crew, door, planner)
    finally:
        await door.stop(STOP_SECONDS)
        await courier.stop(STOP_SECONDS)
        door.close()


@asynccontextmanager
async def serving(site: Site, address: Address) -> AsyncIterator[str]:
    """The site at its address; another free port, if the usual one is taken and nobody insisted.

    Raises:
        BadConfig: the address cannot be served.
    """
    runner = web.AppRunner(site.application(), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, address.host, PORT if address.port is None else address.port).start()
        except OSError as error:
            if address.port is not None:
                raise BadConfig(f"{address.host}:{address.port}: {error.strerror or error}") from None
            await web.TCPSite(runner, address.host, 0).start()
        port = runner.addresses[0][1]
        name = f"[{address.host}]" if ":" in address.host else address.host
        yield f"http://{name}:{port}/"
    finally:
        await runner.cleanup()


def completing(crew: Crew, typed: str, user: str) -> list[Suggestion]:
    """How what somebody types may go on."""
    place = Place(NAME, TENANT, DIRECT, user=user)
    return suggestions(typed, crew.context(Ask("", place, f"{NAME}:{user}", user, "", crew.clock())))


@contextmanager
def _crew(folder: Path, clock: Clock, company: LivingCompany, progress: Progress) -> Iterator[Crew]:
    raw = {
        "data": {"folder": str(folder)},
        "providers": [{"kind": "sample"}],
        "roles": {"*": ["read", "act"]},
        "alerts": {"budget_at": [100]},  # else a first look late in a month tells of every budget's half
        "findings": {"own_messages": 3},
    }
    config = deployment.parse(raw, lambda _: "the demo")
    with state_of(config, clock) as state:
        yield Crew(config, clock, state, [company], progress)


async def _ticking(timeline: Timeline, clock: Clock) -> None:
    while True:
        await timeline.tell("clock", told_time(clock()))
        await asyncio.sleep(TICK_SECONDS)


def _as_part(progress: Progress, start: float, end: float) -> Progress:
    """The progress of a part of something longer."""
    return lambda share, what: progress(start + (end - start) * share, what)


def _has_browser() -> bool:
    """Whether a window can be opened; a browser inside the terminal would take the terminal away."""
    return sys.platform in {"darwin", "win32"} or any(
        environment().get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
    )
