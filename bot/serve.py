"""The running bot: Slack and Teams in and out, the clock in between; begun in one place, and ended in order."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module

import structlog
from aiohttp import web
from slack_bolt.async_app import AsyncApp

from analysis.errors import BadConfig, FinOpsError
from bot.cadence.planner import Planner
from bot.chores import chores, placed
from bot.clock import Clock
from bot.config import Config, secret
from bot.delivery.courier import Courier
from bot.delivery.routes import routes
from bot.door import Door
from bot.identity import ENTRA, groups_of
from bot.log import configure
from bot.onward.platform import WebhookPlatform, outside
from bot.ports import Parcel, People, Platform
from bot.slack.app import Workspace, build, recognise
from bot.slack.groups import SlackGroups
from bot.slack.http import Entrance
from bot.slack.install import KEY, App, Lobby, Store, Vault, lobby
from bot.slack.links import Charts
from bot.slack.post import SlackPlatform, connected
from bot.slack.socket import listening
from bot.slack.workspaces import Listening, Workspaces
from bot.standing import Measure, probes
from bot.state.upkeep import Keeping
from bot.subscribed import audience
from bot.subscribed import schedules as subscribed
from bot.teams.adapter import Adapter, Gate, Keys
from bot.teams.app import Listeners
from bot.teams.groups import EntraGroups, graph_tokens
from bot.teams.http import LOOPBACK
from bot.teams.http import Entrance as TeamsEntrance
from bot.teams.line import PLAYGROUND, Line, line_of
from bot.teams.people import TeamsPeople
from bot.teams.post import LANE_SECONDS as TEAMS_LANE_SECONDS
from bot.teams.post import TeamsPlatform
from bot.teams.search import Search
from bot.teams.wire import Wire
from bot.teams.wire import connected as teams_connected
from bot.traces import told
from bot.web.admin import Admin
from bot.web.documents import Documents
from bot.web.pictures import SECRET, Pictures, kept_secret
from bot.wiring import Crew, assembled, schedule_of

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
    wanted = {"slack": _wants_slack(config, environ), "teams": bool(config.teams.app_id) or playground}
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
    async with running(crew, environ, teams=PLAYGROUND if playground else None) as door:
        log.info(
            "ready",
            platforms=sorted(door.platforms),
            schedules=len(crew.config.schedules),
            sample=crew.config.sample,
        )
        await stopped.wait()
        log.info("stopping")
    _leave()


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
        slack = await _slack(stack, crew, environ) if _wants_slack(config, environ) else None
        there = await _teams(stack, crew, environ, teams) if teams or config.teams.app_id else None
        platforms, tenants = _connected(slack, there)
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
            crew.state.outbox, platforms, door.redraw, slower={"teams": TEAMS_LANE_SECONDS}, singly={"teams"}
        )
        door.mailed = courier.wake
        _give_ear(crew, environ, door, slack)
        _introduced(crew, door, tenants, _people(crew, slack, there))
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
        sources = await _grouped(stack, crew, slack, there)
        crew.in_group = lambda group, user: any(has(group, user) for has in sources)
        await stack.enter_async_context(_looked_after(crew, door, _welcomes(slack, there)))
        courier.start()
        stack.push_async_callback(courier.stop, LONGEST_STOP / 2)
        door.start()
        stack.push_async_callback(door.stop, LONGEST_STOP / 2)
        first_look = asyncio.get_running_loop().run_in_executor(None, _first_look, crew)
        stack.callback(first_look.cancel)
        await _open(stack, crew, environ, door, (slack, there))
        planner.start()
        stack.callback(planner.stop)
        yield door


@dataclass(slots=True)
class _Slack:
    """One workspace by its token, or several that installed the app; the first is where routes lead."""

    platform: SlackPlatform | Workspaces
    team: str
    workspace: Workspace | None = None
    groups: SlackGroups | None = None
    listening: Listening = field(init=False)


@dataclass(frozen=True, slots=True)
class _Teams:
    line: Line
    platform: TeamsPlatform
    adapter: Adapter
    pictures: Pictures
    documents: Documents


async def _grouped(
    stack: AsyncExitStack, crew: Crew, slack: _Slack | None, teams: _Teams | None
) -> list[Callable[[str, str], bool]]:
    """Who tells who is in a group that roles or private scopes name, as long as the bot runs."""
    found: list[Callable[[str, str], bool]] = []
    if slack and isinstance(slack.platform, Workspaces):
        found.append(slack.platform.has)
    elif slack and slack.groups:
        await stack.enter_async_context(slack.groups.watched())
        found.append(slack.groups.has)
    named = sorted(groups_of(crew.named(), ENTRA))
    if teams and named and teams.line.cloud.graph:
        entra = EntraGroups(teams.line.cloud.graph, graph_tokens(teams.line.cloud, teams.line.app), named)
        stack.callback(entra.close)
        found.append(entra.has)
    return found


def _give_ear(crew: Crew, environ: Mapping[str, str], door: Door, slack: _Slack | None) -> None:
    """Say how a workspace is listened to, before anything is delivered to one that installs it just then."""
    if slack is None:
        return
    slack.listening = partial(_listening, crew, environ, door, slack.team)
    if isinstance(slack.platform, Workspaces):
        slack.platform.listening = slack.listening


def _people(crew: Crew, slack: _Slack | None, teams: _Teams | None) -> Mapping[str, People]:
    """Who is asked about the people of each platform."""
    found: dict[str, People] = {}
    if slack:
        found["slack"] = slack.platform if isinstance(slack.platform, Workspaces) else slack.platform.people
    if teams:
        found["teams"] = TeamsPeople(crew.state.conversations, teams.platform.tenant)
    return found


async def _slack(stack: AsyncExitStack, crew: Crew, environ: Mapping[str, str]) -> _Slack:
    config = crew.config
    if config.slack.teams:
        vault = Vault.of(secret(KEY, environ))
        many = Workspaces(
            crew.state.installations,
            vault,
            crew.state.outbox,
            config.slack.api_url,
            config.slack.teams[0],
            groups_of(crew.named()),
        )
        stack.push_async_callback(many.close)
        return _Slack(many, config.slack.teams[0])
    needed = "SLACK_APP_TOKEN" if config.slack.mode == "socket" else "SLACK_SIGNING_SECRET"
    if not secret(needed, environ):
        raise BadConfig(f"{needed} is not in the environment; docs/slack.md says where Slack shows it")
    client = await stack.enter_async_context(connected(secret("SLACK_BOT_TOKEN", environ), config.slack.api_url))
    workspace = await recognise(client)
    platform = SlackPlatform(client, crew.state.outbox, newer_blocks=config.slack.newer_blocks)
    groups = SlackGroups(client, groups_of(crew.named()))
    return _Slack(platform, workspace.team, workspace, groups)


def _wants_slack(config: Config, environ: Mapping[str, str]) -> bool:
    return bool(config.slack.teams or secret("SLACK_BOT_TOKEN", environ))


def _listening(
    crew: Crew, environ: Mapping[str, str], door: Door, home: str, workspace: Workspace, platform: SlackPlatform
) -> AsyncApp:
    """Slack's side of the door, of one workspace."""
    pictures = _pictures(crew, environ)
    charts = (
        Charts(pictures.opened, lambda parcels: _mailed(crew, door, parcels), lambda place: not crew.hidden_in(place))
        if pictures.public_url
        else None
    )
    return build(workspace, platform, door.accept, crew.clock, charts=charts, home=home)


async def _lobby(crew: Crew, environ: Mapping[str, str], many: Workspaces) -> Lobby:
    """Where workspaces install it, beginning with those that have."""
    names = ("SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET", "SLACK_SIGNING_SECRET")
    if missing := [name for name in names if not secret(name, environ)]:
        raise BadConfig(f"{', '.join(missing)} not in the environment; docs/slack.md says where Slack shows them")
    config = crew.config
    await many.open()
    client = App(
        secret("SLACK_CLIENT_ID", environ),
        secret("SLACK_CLIENT_SECRET", environ),
        config.slack.api_url,
        config.server.public_url,
    )
    return lobby(client, Store(many.kept, many.vault, config.slack.teams, config.slack.api_url, many.seat))


async def _teams(stack: AsyncExitStack, crew: Crew, environ: Mapping[str, str], given: Line | None) -> _Teams:
    line = given or line_of(crew.config.teams, secret("TEAMS_APP_PASSWORD", environ))
    if line.anonymous and crew.config.server.host not in LOOPBACK:
        raise BadConfig('the playground lets anybody in, so [server] host must be "127.0.0.1"')
    session = await stack.enter_async_context(teams_connected())
    pictures = _pictures(crew, environ)
    state, clock = crew.state, crew.clock
    wire = Wire(line.cloud, line.app)
    stack.callback(wire.close)
    here = f"http://{crew.config.server.host}:{crew.config.server.port}" if line.anonymous else ""
    documents = Documents(pictures.public_url or here, pictures.secret, state.outbox.document, clock)
    platform = TeamsPlatform(
        wire,
        state.conversations,
        state.outbox,
        line.app.tenant,
        line.app.app_id,
        lambda digest: pictures.link(digest, clock()),
        lambda digest: documents.link(digest, clock()),
        unfold=line.anonymous,
    )
    keys = None if line.anonymous else Keys(session, line.cloud.openid_url, clock)
    tenants = frozenset() if line.anonymous else frozenset({line.app.tenant})
    adapter = Adapter(wire.clients, Gate(line.app.app_id, line.cloud, clock, tenants, keys))
    return _Teams(line, platform, adapter, pictures, documents)


def _connected(slack: _Slack | None, teams: _Teams | None) -> tuple[dict[str, Platform], dict[str, str]]:
    """The platforms that are connected, and the workspace or tenant on each."""
    platforms: dict[str, Platform] = {}
    tenants: dict[str, str] = {}
    if slack:
        platforms["slack"], tenants["slack"] = slack.platform, slack.team
    if teams:
        platforms["teams"], tenants["teams"] = teams.platform, teams.platform.tenant
    return platforms, tenants


def _welcomes(slack: _Slack | None, teams: _Teams | None) -> dict[str, Callable[[], Awaitable[object]]]:
    """What asks each platform whether we are welcome."""
    found: dict[str, Callable[[], Awaitable[object]]] = {}
    if slack:
        many = slack.platform
        found["slack"] = many.welcome if isinstance(many, Workspaces) else partial(recognise, many.client)
    if teams and teams.platform.app_id:
        found["teams"] = teams.platform.wire.welcome
    return found


async def _open(
    stack: AsyncExitStack,
    crew: Crew,
    environ: Mapping[str, str],
    door: Door,
    platforms: tuple[_Slack | None, _Teams | None],
) -> None:
    """Begin to listen: what comes over HTTP at one address, Slack's socket where it is wanted."""
    slack, teams = platforms
    mounts: list[Callable[[web.Application], None]] = []
    if teams:
        listeners = Listeners(
            teams.platform, door, crew.state.conversations, _views(crew), Search(crew.context), crew.clock
        )
        stack.push_async_callback(listeners.close)
        mounts += [TeamsEntrance(teams.adapter, listeners).mount, teams.pictures.mount, teams.documents.mount]
    if slack:
        mounts += await _open_slack(stack, crew, environ, slack)
        mounts += [] if teams or crew.config.slack.mode == "socket" else [_pictures(crew, environ).mount]
    if mounts:
        await stack.enter_async_context(_serving(crew.config, mounts))


async def _open_slack(
    stack: AsyncExitStack, crew: Crew, environ: Mapping[str, str], slack: _Slack
) -> list[Callable[[web.Application], None]]:
    """Slack's socket, or what is to be mounted for its requests."""
    secrets = [word.strip() for word in secret("SLACK_SIGNING_SECRET", environ).split(",") if word.strip()]
    if isinstance(slack.platform, Workspaces):
        entered = await _lobby(crew, environ, slack.platform)
        return [Entrance(slack.platform.app_of, secrets, crew.clock).mount, entered.mount]
    if slack.workspace is None:
        return []
    app = slack.listening(slack.workspace, slack.platform)
    if crew.config.slack.mode == "http":
        return [Entrance(app, secrets, crew.clock).mount]
    await stack.enter_async_context(listening(app, secret("SLACK_APP_TOKEN", environ)))
    return []


def _mailed(crew: Crew, door: Door, parcels: Sequence[Parcel]) -> None:
    crew.state.outbox.put(parcels, ())
    door.mailed()


def _views(crew: Crew) -> Callable[[str, tuple[str, ...], str], str | None]:
    drawn_by = crew.state.outbox.drawn_by
    return lambda tenant, names, message: drawn_by("teams", tenant, names, message)


@asynccontextmanager
async def _looked_after(
    crew: Crew, door: Door, welcomes: Mapping[str, Callable[[], Awaitable[object]]]
) -> AsyncIterator[None]:
    """Housekeeping, and the admin port, if there is one: closed last, so that it can say that the bot is stopping."""
    server = crew.config.server
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


def _introduced(crew: Crew, door: Door, tenants: Mapping[str, str], people: Mapping[str, People]) -> None:
    """Tell whom it concerns which workspaces are connected, and who is asked about their people."""
    crew.desk.tenants = tenants
    door.placed = partial(placed, tenants=tenants)
    for platform, those in people.items():
        crew.directory.connect(platform, those)


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
