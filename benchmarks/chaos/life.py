"""A life: a whole bot in a process of its own, that may be killed at any moment and is then begun again.

Planner, door, courier, platform and state are the real ones; the process comes from a server that has read them
already, so that a life begins in a moment.
"""

from __future__ import annotations

import asyncio
import os
import signal
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count
from multiprocessing import get_context
from multiprocessing.context import ForkServerContext, ForkServerProcess
from typing import Any, cast

import sqlalchemy as sa

from benchmarks.chaos.deadly import WHO, Mortal
from benchmarks.chaos.trial import until
from bot.cadence.planner import Planner
from bot.cadence.schedule import Schedule
from bot.clock import wall
from bot.delivery.courier import Courier
from bot.delivery.routes import routes
from bot.door import Door
from bot.identity import caller_of
from bot.log import configure
from bot.ports import Ask, Conversation, Kind, Parcel, Place, Platform, Priority
from bot.slack.post import SlackPlatform, connected
from bot.state import State
from bot.teams.cloud import Cloud
from bot.teams.post import TeamsPlatform
from bot.teams.wire import App, Wire
from commands.core.context import Context
from tests.fake_teams import APP, BOT, ISSUER, TENANT, TOKEN
from tests.virtual_time import BEGINNING

LIVES = 60
PATIENCE = 240.0
SWEEP_SECONDS, LATENESS_SECONDS = 0.5, 2.0  # a busy machine is late with what was sent before a lease was over
LEFT = sa.text(
    "SELECT count(*), count(CASE WHEN one.state IN ('pending', 'leased') AND coalesce(root.state, '') <> 'held'"
    " THEN 1 END) FROM outbox one LEFT JOIN outbox root ON root.id = one.under"
)


@dataclass(frozen=True, slots=True)
class Death:
    """Where a life ends: in one of the ports, or at a statement of the migration."""

    port: str  # "fires", "inbox", "outbox", "migration"
    method: str = ""
    when: str = ""
    number: int = 1


@dataclass(frozen=True, slots=True)
class Orders:
    """What a life is to do: a message to each channel each minute, and to ``edit`` each of them once."""

    url: str
    platform: str
    address: str
    channels: int
    minutes: int
    edit: bool = False
    lease_seconds: float = 3.0
    http_seconds: float = 1.4
    lane_seconds: float = 0.05
    death: Death | None = None

    @property
    def names(self) -> list[str]:
        """The channels."""
        return [f"C{number}" if self.platform == "slack" else f"19:c{number}@thread" for number in range(self.channels)]

    @property
    def messages(self) -> int:
        """How many rows the outbox has in the end."""
        return self.channels * self.minutes * (2 if self.edit else 1)


def context() -> ForkServerContext:
    """Where lives come from."""
    found = get_context("forkserver")
    found.set_forkserver_preload(["benchmarks.chaos.life"])
    return found


async def lived(orders: Orders, lives: set[int]) -> int:
    """Begin again each time it is killed, until it ends by itself; how many lives it took. ``lives`` names the living.

    Only the first life has a death of its own.
    """
    for number in count(1):
        process = context().Process(target=_begin, args=(orders,), daemon=True)
        process.start()
        pid = process.pid or 0
        lives.add(pid)
        ended = await _ended(process)
        lives.discard(pid)
        if ended == 0:
            return number
        assert ended == -signal.SIGKILL, f"a life ended with {ended}"
        assert number < LIVES, "it never came to an end"
        orders = replace(orders, death=None)
    raise AssertionError


async def _ended(process: ForkServerProcess) -> int | None:
    loop = asyncio.get_running_loop()
    gone = asyncio.Event()
    loop.add_reader(process.sentinel, gone.set)
    try:
        async with asyncio.timeout(PATIENCE):
            await gone.wait()
    except TimeoutError:
        raise AssertionError(f"a life took longer than {PATIENCE:.0f} seconds") from None
    finally:
        loop.remove_reader(process.sentinel)
        if not gone.is_set():
            process.kill()
        process.join()
    ended = process.exitcode
    process.close()
    return ended


def _begin(orders: Orders) -> None:
    configure(json=False, least=50)
    asyncio.run(_live(orders))


async def _live(orders: Orders) -> None:
    if orders.death and orders.death.port == "migration":
        _die_at_a_statement(orders.death.number)
    with State.open(orders.url, wall) as state:
        async with connected("xoxb-fake", orders.address, seconds=orders.http_seconds) as client:
            client.headers[WHO] = str(os.getpid())
            if orders.platform == "slack":
                await _deliver(orders, state, SlackPlatform(client, state.outbox))
            else:
                await _in_teams(orders, state)


async def _in_teams(orders: Orders, state: State) -> None:
    cloud = Cloud(f"{orders.address}/keys/openid", ISSUER, "scope", "", frozenset(), loopback=True)
    wire = Wire(cloud, App(APP, TENANT, tokens=lambda: TOKEN), orders.http_seconds)
    for name in orders.names:
        where = Conversation("teams", TENANT, name, "channel", f"{orders.address}/connector/", name, "Cloud", name)
        state.conversations.met(replace(where, bot=BOT))
    try:
        await _deliver(orders, state, TeamsPlatform(wire, state.conversations, state.outbox, TENANT, APP))
    finally:
        wire.close()


async def _deliver(orders: Orders, state: State, platform: Platform) -> None:
    """Fire, answer and deliver until nothing is left to do."""
    schedules = [Schedule(name, "* * * * *", "help", (name,), always=True) for name in orders.names]
    tenant = {"slack": "T1", "teams": TENANT}
    places = routes({name: [f"{orders.platform}:{name}"] for name in orders.names}, tenant)

    def world(ask: Ask) -> Context:
        nothing = cast("Any", None)
        return Context(caller_of(ask, {}), wall(), nothing, nothing, state.audit, nothing, nothing)

    inbox, outbox, fires = (_port(orders.death, name, state) for name in ("inbox", "outbox", "fires"))
    platforms = {orders.platform: platform}
    door = Door(inbox, world, platforms, wall, schedules, places, lease_seconds=orders.lease_seconds)
    lease, lane = orders.lease_seconds, orders.lane_seconds
    courier = Courier(
        outbox,
        platforms,
        door.redraw,
        lease_seconds=lease,
        lane_seconds=lane,
        singly={"teams"},
        sweep_seconds=SWEEP_SECONDS,
        lateness_seconds=LATENESS_SECONDS,
    )
    door.mailed = courier.wake
    door.start()
    courier.start()
    planner = Planner(fires, schedules, wall, door.wake)
    for minute in range(orders.minutes + 1):
        moment = BEGINNING + timedelta(minutes=minute)
        planner.clock = lambda moment=moment: moment  # type: ignore[misc]
        if await asyncio.to_thread(planner.tick):
            door.wake()
    if orders.edit:
        await _edit(orders, state, courier)
    await _nothing_left(orders, state)
    await door.stop()
    await courier.stop()
    door.close()


def _port(death: Death | None, name: str, state: State) -> Any:
    port = getattr(state, name)
    return Mortal(port, death.method, death.when, death.number) if death and death.port == name else port


async def _edit(orders: Orders, state: State, courier: Courier) -> None:
    """Have each message drawn anew, as a finding that moves has."""
    await until(lambda: sum(state.outbox.counts().values()) >= orders.channels * orders.minutes, PATIENCE)
    with state.database.reading() as connection:
        roots = connection.execute(sa.text("SELECT id FROM outbox WHERE kind = 'post'")).scalars().all()
    tenant = {"slack": "T1", "teams": TENANT}[orders.platform]
    for root in roots:
        place = Place(orders.platform, tenant, root.rpartition(f"{orders.platform}:{tenant}:")[2])
        edit = Parcel(f"edit:{root}", place, Kind.EDIT, Priority.EDIT, ask="help claim", under=root)
        state.outbox.put((edit,), ())
    courier.wake()


async def _nothing_left(orders: Orders, state: State) -> None:
    """Wait until all is said, but for what is held for a person to decide, and what lies under it."""

    def done() -> bool:
        with state.database.reading() as connection:
            rows, moving = connection.execute(LEFT).one()
        return rows >= orders.messages and not moving and (orders.platform == "teams" or not state.outbox.twins())

    await until(done, PATIENCE)


def _die_at_a_statement(number: int) -> None:
    """End at the ``number``-th statement of whatever is done to a database next: the migration."""
    left = count(number, -1)

    @sa.event.listens_for(sa.Engine, "before_cursor_execute")
    def _(*_given: object) -> None:
        if next(left) <= 0:
            os.kill(os.getpid(), signal.SIGKILL)
