"""The running bot: Slack and Teams in and out, the clock in between; begun in one place, and ended in order."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from functools import partial
from typing import TYPE_CHECKING

import structlog
from aiohttp import web

from analysis.errors import BadConfig, FinOpsError
from bot import imported
from bot.cadence.planner import Planner
from bot.chores import chores, placed
from bot.clock import Clock
from bot.config import Config
from bot.delivery.courier import Courier
from bot.delivery.routes import routes
from bot.door import Door
from bot.environment import secret
from bot.garbage import rarely
from bot.log import configure
from bot.onward.platform import WebhookPlatform, outside
from bot.ports import Platform
from bot.side import Links, Side
from bot.slack.side import slack_side, wants_slack
from bot.standing import Measure, probes
from bot.state.upkeep import Keeping
from bot.subscribed import audience
from bot.subscribed import schedules as subscribed
from bot.traces import told
from bot.web.admin import Admin
from bot.web.documents import Documents
from bot.web.pictures import SECRET, Pictures, kept_secret
from bot.wiring import Crew, assembled, schedule_of

if TYPE_CHECKING:
    from bot.teams.line import Line

log = structlog.get_logger(__name__)

SETTLED_SECONDS, DAY_SECONDS = 600.0, 86_400.0
LONGEST_STOP, LONGEST_REQUEST = 16.0, 4.0  # of the 25 seconds that a container gets
LONGEST_THOUGHT = 2.0  # for threads that are still at it when everything else has ended


def main(config: Config, clock: Clock, environ: Mapping[str, str], *, playground: bool = False) -> None:
    """Run until SIGTERM or Ctrl-C.

    Raises:
        BadConfig: a token is missing or refused, a route cannot be served, another process holds the state.
    """
    configure(json=not sys.stderr.isatty())
    wanted = {"slack": wants_slack(config, environ), "teams": bool(config.teams.app_id) or playground}
    if not any(wanted.values()):
        raise BadConfig(
            "SLACK_BOT_TOKEN is not in the environment, and [teams] names no app_id: docs/slack.md and docs/teams.md"
            " lead from nothing to the first answer"
        )
    with told(environ), assembled(config, clock, load=False) as crew:
        asyncio.run(_until_stopped(crew, environ, playground=playground))


async def _until_stopped(crew: Crew, environ: Mapping[str, str], *, playground: bool) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with running(crew, environ, teams=_playground() if playground else None) as door:
        log.info(
            "ready",
            platforms=sorted(door.platforms),
            schedules=len(crew.config.schedules),
            sample=crew.config.sample,
        )
        with rarely():
            await stopped.wait()
        log.info("stopping")
    _leave()


def _playground() -> Line:
    from bot.teams.line import PLAYGROUND

    return PLAYGROUND


def _leave() -> None:
    """Wait no longer for a load or a long answer than a container would: what it has not committed is begun anew."""
    leaving = threading.Timer(LONGEST_THOUGHT, os._exit, (0,))
    leaving.daemon = True
    leaving.start()


@asynccontextmanager
async def running(crew: Crew, environ: Mapping[str, str], *, teams: Line | None = None) -> AsyncIterator[Door]:
    """Everything that moves, in the order in which it may begin; ended in the reverse order.

    ``teams`` is how Teams is reached where that is not what the deployment file says: the playground, a double.
    """
    config, clock = crew.config, crew.clock
    async with AsyncExitStack() as stack:
        links = _links(crew, environ)
        sides = await _sides(stack, crew, environ, links, teams)
        tenants = {name: side.tenant for name, side in sides.items()}
        platforms: dict[str, Platform] = {name: side.platform for name, side in sides.items()}
        platforms |= await _onward(stack, crew, environ)
        schedules = [schedule_of(entry, config) for entry in config.schedules]
        door = Door(
            crew.state.inbox,
            crew.context,
            platforms,
            clock,
            schedules,
            routes(config.personas, tenants),
            lambda name: audience(crew.state.subscriptions.all(), name, crew.quiet),
            crew.quiet,
            locale=config.report.locale,
        )
        courier = Courier(
            crew.state.outbox,
            platforms,
            door.redraw,
            slower={name: side.lane_seconds for name, side in sides.items() if side.lane_seconds},
            singly={name for name, side in sides.items() if side.singly},
        )
        door.mailed = courier.wake
        _introduced(crew, door, sides)
        planner = Planner(
            crew.state.fires,
            schedules,
            clock,
            door.wake,
            lambda: subscribed(crew.state.subscriptions.all()),
            chores(crew, door, tenants),
        )
        stack.callback(door.close)
        crew.watched(schedules)
        sources = [has for side in sides.values() if (has := await side.groups(stack))]
        crew.in_group = lambda group, user: any(has(group, user) for has in sources)
        await stack.enter_async_context(_looked_after(crew, door, sides))
        courier.start()
        stack.push_async_callback(courier.stop, LONGEST_STOP / 2)
        door.start()
        stack.push_async_callback(door.stop, LONGEST_STOP / 2)
        await _open(stack, config, links, door, sides)
        planner.start()
        stack.callback(planner.stop)
        first_look = asyncio.get_running_loop().run_in_executor(None, _first_look, crew)
        stack.callback(first_look.cancel)
        yield door


async def _sides(
    stack: AsyncExitStack, crew: Crew, environ: Mapping[str, str], links: Links, teams: Line | None
) -> Mapping[str, Side]:
    """The platforms that are connected, by name."""
    found: dict[str, Side] = {}
    if wants_slack(crew.config, environ):
        found["slack"] = await slack_side(stack, crew, environ, links.pictures)
    if teams or crew.config.teams.app_id:
        from bot.teams.side import teams_side  # Microsoft's packages are a quarter of the bot's start

        found["teams"] = await teams_side(stack, crew, environ, links, teams)
    return found


def _links(crew: Crew, environ: Mapping[str, str]) -> Links:
    """What is given out by links, signed by one secret."""
    public, outbox, clock = crew.config.server.public_url, crew.state.outbox, crew.clock
    kept = kept_secret(secret(SECRET, environ), crew.config.data.folder)
    pictures = Pictures(public, kept, outbox.picture, clock)
    return Links(pictures, lambda here: Documents(public or here, kept, outbox.document, clock))


async def _open(stack: AsyncExitStack, config: Config, links: Links, door: Door, sides: Mapping[str, Side]) -> None:
    """Begin to listen: what comes over HTTP at one address, Slack's socket where it is wanted."""
    mounts = [mount for side in sides.values() for mount in await side.open(stack, door)]
    if mounts:
        mounts.append(links.pictures.mount)
        await stack.enter_async_context(_serving(config, mounts))


@asynccontextmanager
async def _looked_after(crew: Crew, door: Door, sides: Mapping[str, Side]) -> AsyncIterator[None]:
    """Housekeeping, and the admin port, if there is one: closed last, so that it can say that the bot is stopping."""
    server = crew.config.server
    welcomes = {name: welcome for name, side in sides.items() if (welcome := side.welcome)}
    admin = Admin(probes(crew, door, welcomes), Measure(crew))
    keeping = asyncio.create_task(_housekeeping(crew), name="housekeeping")
    try:
        async with admin.serving(server.admin_host, server.admin_port) if server.admin_port else nullcontext():
            yield
    finally:
        keeping.cancel()


@asynccontextmanager
async def _serving(config: Config, mounts: Sequence[Callable[[web.Application], None]]) -> AsyncIterator[None]:
    site = web.Application(client_max_size=1024 * 1024)
    for mount in mounts:
        mount(site)
    site.router.add_get("/healthz", _healthy)
    runner = web.AppRunner(site, access_log=None, shutdown_timeout=LONGEST_REQUEST)
    await runner.setup()
    here = config.server
    try:
        try:
            await web.TCPSite(runner, here.host, here.port).start()
        except OSError as error:
            raise BadConfig(f"[server] {here.host}:{here.port}: {error.strerror or error}") from None
        log.info("listening", host=here.host, port=here.port)
        yield
    finally:
        await runner.cleanup()


async def _housekeeping(crew: Crew) -> None:
    """Let go of what is older than it is kept, once a day."""
    keeping = Keeping(**crew.config.retention.model_dump())
    await asyncio.sleep(SETTLED_SECONDS)
    while True:
        try:
            gone = await asyncio.to_thread(crew.state.upkeep.retain, keeping, crew.clock())
            log.info("housekeeping", **gone)
        except Exception:
            log.exception("housekeeping failed, tried again tomorrow")
        await asyncio.sleep(DAY_SECONDS)


async def _healthy(request: web.Request) -> web.Response:  # noqa: ARG001 (whoever asks)
    return web.json_response({"status": "ok"})


def _first_look(crew: Crew) -> None:
    """What need not be there before Slack is answered: commands, the pen for charts, the engine, the first rows."""
    try:
        imported.everything()
        if not crew.lake.version or not crew.state.runs.last():
            crew.assessor.fresh(crew.clock())
    except FinOpsError as error:
        log.warning("no first assessment", error=str(error))
    except Exception:
        log.exception("no first assessment")


def _introduced(crew: Crew, door: Door, sides: Mapping[str, Side]) -> None:
    """Tell whom it concerns which workspaces are connected, and who is asked about their people."""
    crew.desk.tenants = {name: side.tenant for name, side in sides.items()}
    door.placed = partial(placed, tenants=crew.desk.tenants)
    for name, side in sides.items():
        side.hear(door)
        crew.directory.connect(name, side.people)


async def _onward(stack: AsyncExitStack, crew: Crew, environ: Mapping[str, str]) -> Mapping[str, Platform]:
    """The way out of the chat, where the deployment file names one.

    Raises:
        BadConfig: a secret that it names is not in the environment.
    """
    if not crew.config.webhooks:
        return {}
    targets = {one.name: one.target(environ) for one in crew.config.webhooks}
    session = await stack.enter_async_context(outside())
    platform = WebhookPlatform(session, targets, crew.state.links, crew.clock)
    return {platform.name: platform}
