"""The running bot: Slack in, Slack out, the clock in between; begun in one place, and ended in order."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from importlib import import_module

import structlog
from aiohttp import web

from analysis.errors import BadConfig, FinOpsError
from bot.cadence.planner import Planner
from bot.cadence.schedule import Schedule
from bot.clock import Clock
from bot.config import Config, ScheduleEntry, secret
from bot.delivery.courier import Courier
from bot.delivery.routes import routes
from bot.door import Door
from bot.log import configure
from bot.slack.app import build, recognise
from bot.slack.http import PATH, Entrance
from bot.slack.post import SlackPlatform, connected
from bot.slack.socket import listening
from bot.web.pictures import SECRET, Pictures, kept_secret
from bot.wiring import Crew, assembled

log = structlog.get_logger(__name__)

LONGEST_STOP = 20.0  # of the 25 seconds that a container gets


def main(config: Config, clock: Clock, environ: Mapping[str, str]) -> None:
    """Run until SIGTERM or Ctrl-C.

    Raises:
        BadConfig: a token is missing or refused, a route cannot be served, another process holds the state.
    """
    configure(json=not sys.stderr.isatty())
    needed = "SLACK_APP_TOKEN" if config.slack.mode == "socket" else "SLACK_SIGNING_SECRET"
    for name in ("SLACK_BOT_TOKEN", needed):
        if not secret(name, environ):
            raise BadConfig(f"{name} is not in the environment; docs/slack.md says where Slack shows it")
    with assembled(config, clock, load=False) as crew:
        asyncio.run(_until_stopped(crew, environ))


async def _until_stopped(crew: Crew, environ: Mapping[str, str]) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with running(crew, environ):
        log.info("ready", mode=crew.config.slack.mode, schedules=len(crew.config.schedules), sample=crew.config.sample)
        await stopped.wait()
        log.info("stopping")


@asynccontextmanager
async def running(crew: Crew, environ: Mapping[str, str]) -> AsyncIterator[Door]:
    """Everything that moves, in the order in which it may begin; ended in the reverse order."""
    config, clock = crew.config, crew.clock
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(connected(secret("SLACK_BOT_TOKEN", environ), config.slack.api_url))
        workspace = await recognise(client)
        slack = SlackPlatform(client, crew.state.outbox)
        schedules = [_schedule(entry, config) for entry in config.schedules]
        door = Door(
            crew.state.inbox,
            crew.context,
            {slack.name: slack},
            clock,
            schedules,
            routes(config.personas, {slack.name: workspace.team}),
        )
        courier = Courier(crew.state.outbox, {slack.name: slack}, door.redraw)
        door.mailed = courier.wake
        crew.desk.tenants = {slack.name: workspace.team}
        planner = Planner(crew.state.fires, schedules, clock, door.wake)
        stack.callback(door.close)
        crew.watched(schedules)
        courier.start()
        stack.push_async_callback(courier.stop, LONGEST_STOP / 2)
        door.start()
        stack.push_async_callback(door.stop, LONGEST_STOP / 2)
        first_look = asyncio.get_running_loop().run_in_executor(None, _first_look, crew)
        stack.callback(first_look.cancel)
        app = build(workspace, slack, door.accept, clock)
        if config.slack.mode == "http":
            secrets = [word.strip() for word in secret("SLACK_SIGNING_SECRET", environ).split(",") if word.strip()]
            await stack.enter_async_context(_serving(config, Entrance(app, secrets, clock), _pictures(crew, environ)))
        else:
            await stack.enter_async_context(listening(app, secret("SLACK_APP_TOKEN", environ)))
        planner.start()
        stack.callback(planner.stop)
        yield door


@asynccontextmanager
async def _serving(config: Config, entrance: Entrance, pictures: Pictures) -> AsyncIterator[None]:
    site = web.Application(client_max_size=1024 * 1024)
    entrance.mount(site)
    pictures.mount(site)
    site.router.add_get("/healthz", _healthy)
    runner = web.AppRunner(site, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, config.server.host, config.server.port).start()
        log.info("listening", host=config.server.host, port=config.server.port, path=PATH)
        yield
    except OSError as error:
        raise BadConfig(f"[server] {config.server.host}:{config.server.port}: {error.strerror or error}") from None
    finally:
        await runner.cleanup()


def _pictures(crew: Crew, environ: Mapping[str, str]) -> Pictures:
    kept = kept_secret(secret(SECRET, environ), crew.config.data.folder)
    return Pictures(crew.config.server.public_url, kept, crew.state.outbox.picture, crew.clock)


async def _healthy(request: web.Request) -> web.Response:  # noqa: ARG001 (whoever asks)
    return web.json_response({"status": "ok"})


def _first_look(crew: Crew) -> None:
    """What need not be there before Slack is answered: the engine, the pen for charts, the first rows and findings."""
    try:
        import_module("charts.forecast_fan")
        if not crew.lake.version or not crew.state.runs.last():
            crew.assessor.fresh(crew.clock())
    except FinOpsError as error:
        log.warning("no first assessment", error=str(error))
    except Exception:
        log.exception("no first assessment")


def _schedule(entry: ScheduleEntry, config: Config) -> Schedule:
    zone = entry.timezone or config.report.timezone
    return Schedule(entry.name, entry.cron, entry.ask, tuple(entry.to), always=entry.post == "always", timezone=zone)
