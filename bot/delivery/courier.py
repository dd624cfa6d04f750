"""The courier: carries parcels from the outbox to the platforms, so that each arrives, and arrives once.

No platform can promise "exactly once". What is promised here: nothing is lost; a message is repeated only if the
platform takes a request later than a whole lease, and the later of the two is then taken back.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Mapping, Set
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TypeVar

import structlog

from analysis.errors import FinOpsError
from bot import metrics
from bot.delivery.pace import Pace
from bot.ports import (
    DeliveryError,
    Gone,
    Held,
    Kind,
    Later,
    Outbox,
    Parcel,
    Paused,
    Place,
    Platform,
    Priority,
    Unclear,
    Undeliverable,
    anew,
)
from bot.traces import span
from commands.core.answer import Answer, Text, Tone, plain

log = structlog.get_logger(__name__)

T = TypeVar("T")

LEASE_SECONDS = 60.0  # six times the platforms' HTTP timeout: when it is over, so is every request of it
LANE_SECONDS = 1.05  # Slack takes about one message a second in a channel
UNCLEAR_LANE_SECONDS = 5.0
PAUSE_SECONDS = 60.0
MOST_AHEAD_SECONDS = 1.0  # of edits that are taken up already; more would only stand in the way of what is new
LONGEST_TURN_SECONDS = 10.0  # a turn that is further off is not waited for under a lease
PATIENCE = 5  # an error that nobody knows is tried this often, then parked
BACKOFF_SECONDS = 5.0  # doubled each time
POLL_SECONDS = 1.0
SWEEP_SECONDS, LATENESS_SECONDS = 150.0, 600.0  # how often, and how long, late twins are looked for
MOST_TWINS = 5
ALONE = frozenset({Kind.PRIVATE, Kind.SWAP, Kind.VIEW})  # what one person sees
SEEN_TWICE = (Kind.POST, Kind.PRIVATE, Kind.FILE)  # begun in so many words before they are sent


class OvertakenError(Exception):
    """The lease was over before the parcel was begun: it is somebody else's now."""


def _pool() -> Executor:
    return ThreadPoolExecutor(4, "courier")


@dataclass
class Courier:
    """Delivers, ``width`` parcels at a time.

    ``redraw`` answers the ask of what is drawn when it is sent, for whoever reads it there, and not as it was before a
    moment of the loop's clock, on which all waiting is.
    """

    outbox: Outbox
    platforms: Mapping[str, Platform]
    redraw: Callable[[str, Place | None, float], Awaitable[Answer]]
    width: int = 20
    queue: int = 5  # of them may wait for their workspace's pace
    pool: Executor = field(default_factory=_pool)
    lease_seconds: float = LEASE_SECONDS
    lane_seconds: float = LANE_SECONDS
    unclear_lane_seconds: float = UNCLEAR_LANE_SECONDS
    backoff_seconds: float = BACKOFF_SECONDS
    slower: Mapping[str, float] = field(default_factory=dict)  # platform -> its own seconds between two messages
    singly: Set[str] = frozenset()  # platforms where nobody can look whether a digest arrived
    sweep_seconds: float = SWEEP_SECONDS
    lateness_seconds: float = LATENESS_SECONDS
    _woken: asyncio.Event = field(default_factory=asyncio.Event)
    _under_way: set[asyncio.Task[None]] = field(default_factory=set)
    _running: list[asyncio.Task[None]] = field(default_factory=list)
    _queued: set[asyncio.Task[None]] = field(default_factory=set)  # of those under way, that wait for their turn
    _paces: dict[str, Pace] = field(default_factory=lambda: defaultdict(Pace))
    _edits: dict[str, Pace] = field(default_factory=lambda: defaultdict(Pace))
    _lines: dict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))
    _paused: dict[str, float] = field(default_factory=dict)  # tenant -> the loop's time until which it is
    _strange: Counter[str] = field(default_factory=Counter)  # parcel -> how often it met an error that nobody knows
    _twins: dict[str, float] = field(default_factory=dict)  # parcel -> the loop's time when it was first looked after

    def wake(self) -> None:
        """Have it look into the outbox now."""
        self._woken.set()

    def start(self) -> None:
        """Begin to deliver."""
        self._running = [asyncio.create_task(self._deliver_all()), asyncio.create_task(self._sweep_all())]

    async def stop(self, seconds: float = 15.0) -> None:
        """Begin nothing new, give back what waits for its turn, and finish what is being sent within ``seconds``.

        What is still being sent then is left to its lease.
        """
        await _cancelled(self._running)
        await _cancelled(set(self._queued))
        if self._under_way:
            _, late = await asyncio.wait(self._under_way, timeout=seconds)
            await _cancelled(late)
        self.pool.shutdown(wait=False, cancel_futures=True)

    async def _deliver_all(self) -> None:
        while True:
            self._woken.clear()
            if not await self._begin():
                with suppress(TimeoutError):
                    async with asyncio.timeout(POLL_SECONDS):
                        await self._woken.wait()

    async def _begin(self) -> int:
        """Start as many deliveries as there is room for, each a task of its own; how many those were."""
        room = min(self.width - len(self._under_way), self.queue - len(self._queued))
        if room <= 0:
            return 0
        now = self._now()
        unedited = [tenant for tenant, pace in self._edits.items() if pace.ahead(now) > MOST_AHEAD_SECONDS]
        leasing = asyncio.ensure_future(self._in_thread(self.outbox.lease, room, self.lease_seconds, unedited))
        try:
            parcels = await asyncio.shield(leasing)
        except asyncio.CancelledError:
            for parcel in await leasing:
                await self._given_back(parcel)
            raise
        except Exception:
            log.exception("outbox not reachable")
            return 0
        for parcel in parcels:
            task = asyncio.create_task(self._traced(parcel), name=parcel.id)
            self._under_way.add(task)
            task.add_done_callback(self._arrived)
        return len(parcels)

    def _arrived(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("parcel left to its lease", parcel=task.get_name(), exc_info=error)
        self.wake()

    async def _traced(self, parcel: Parcel) -> None:
        told = {"platform": parcel.place.platform, "kind": parcel.kind.value, "attempt": parcel.attempt}
        with span("delivery", parcel.trace, **told):
            await self._carry(parcel)

    async def _carry(self, parcel: Parcel) -> None:
        """One attempt at one parcel. What the outbox raises is left to the lease."""
        leased = self._now()
        tenant = f"{parcel.place.platform}:{parcel.place.tenant}"
        if (left := self._paused.get(tenant, 0.0) - self._now()) > 0:
            left = max(left, LANE_SECONDS)
            return await self._again(parcel, left, "its workspace is paused", lane=left)
        line = self._lines[tenant] if self._is_single(parcel) else None
        pace = self._pace(parcel, tenant)
        if parcel.priority is not Priority.REPLY and (ahead := pace.ahead(self._now())) > LONGEST_TURN_SECONDS:
            return await self._again(parcel, ahead, "others of its kind go first", lane=0.0)
        await self._in_turn(parcel, pace, line)
        try:
            await self._attempted(parcel, tenant, pace, leased)
        finally:
            if line:
                line.release()
        return None

    def _is_single(self, parcel: Parcel) -> bool:
        """Whether a kill in the midst of it needs a person, so that only one such is under way at a time."""
        return parcel.place.platform in self.singly and (parcel.kind, parcel.priority) == (Kind.POST, Priority.DIGEST)

    def _pace(self, parcel: Parcel, tenant: str) -> Pace:
        """The pace that a parcel goes by: platforms count what is new, and what is changed, each by itself.

        An answer that its asker alone sees is counted with them, if at all, and so takes nothing from what others wait
        for: two hundred who type at once put off no digest.
        """
        if parcel.kind in ALONE and parcel.priority is Priority.REPLY:
            return Pace()
        return (self._edits if parcel.kind is Kind.EDIT else self._paces)[tenant]

    async def _attempted(self, parcel: Parcel, tenant: str, pace: Pace, leased: float) -> None:
        try:
            parcel = await self._drawn(parcel, leased)
            message = await self._sent(parcel)
        except OvertakenError:
            metrics.LEASES_LOST.inc()
            log.warning("parcel was leased to somebody else meanwhile", parcel=parcel.id)
        except DeliveryError as error:
            await self._not_sent(parcel, tenant, pace, error)
        except FinOpsError as error:  # of the ask that draws it
            metrics.DELIVERIES.labels(parcel.place.platform, "undrawable").inc()
            await self._parked(parcel, f"cannot be drawn any more: {error}")
        except Exception as error:
            log.exception("parcel met an unknown error", parcel=parcel.id)
            metrics.DELIVERIES.labels(parcel.place.platform, "error").inc()
            await self._not_understood(parcel, error)
        else:
            await self._delivered(parcel, pace, message)

    async def _in_turn(self, parcel: Parcel, pace: Pace, line: asyncio.Lock | None) -> None:
        """Wait for the workspace's pace, which somebody who has just asked need not, and for what goes singly."""
        seconds = pace.reserve(self._now())
        if parcel.priority is Priority.REPLY or not (seconds or line):
            return
        waiting = asyncio.current_task()
        if waiting is None:
            raise RuntimeError("a parcel is carried by a task of its own")
        self._queued.add(waiting)
        try:
            await asyncio.sleep(seconds)
            if line:
                await line.acquire()
        except asyncio.CancelledError:
            await self._given_back(parcel)
            raise
        finally:
            self._queued.discard(waiting)

    async def _given_back(self, parcel: Parcel) -> None:
        """Nothing was begun: whoever comes next need not wait for the lease."""
        later = self.outbox.later
        await self._in_thread(lambda: later(parcel, 0.0, "put off by a restart", unclear=parcel.unclear))

    async def _drawn(self, parcel: Parcel, leased: float) -> Parcel:
        """The parcel with something in it: what has no payload yet says what its ask says, as of its lease or later."""
        if parcel.payload or not parcel.ask:
            return parcel
        place = parcel.place if parcel.kind is Kind.VIEW else replace(parcel.place, view="")
        answer = await self.redraw(parcel.ask, place, leased)
        payload, pictures = self._platform(parcel).render(answer, parcel.ask)
        if pictures:
            await self._in_thread(self.outbox.put, (), pictures)
        return replace(parcel, payload=payload, shows=answer.shows)

    async def _sent(self, parcel: Parcel) -> str:
        platform = self._platform(parcel)
        if parcel.unclear and parcel.kind.may_repeat and (found := await platform.find(parcel)) is not None:
            log.info("parcel had arrived", parcel=parcel.id)
            return found
        if parcel.kind in SEEN_TWICE and not await self._in_thread(self.outbox.begun, parcel):
            raise OvertakenError
        return await platform.send(parcel)

    async def _delivered(self, parcel: Parcel, pace: Pace, message: str) -> None:
        pace.well()
        metrics.DELIVERIES.labels(parcel.place.platform, "sent").inc()
        log.info("delivered", parcel=parcel.id, kind=parcel.kind.value, attempt=parcel.attempt)
        self._strange.pop(parcel.id, None)
        if parcel.kind not in ALONE:
            seconds = self.slower.get(parcel.place.platform, self.lane_seconds)
            await self._in_thread(self.outbox.rest, parcel.lane, seconds)
        if not await self._in_thread(self.outbox.sent, parcel, message):
            metrics.LEASES_LOST.inc()
            log.warning("parcel was leased to somebody else meanwhile", parcel=parcel.id)

    async def _not_sent(self, parcel: Parcel, tenant: str, pace: Pace, error: DeliveryError) -> None:
        metrics.DELIVERIES.labels(parcel.place.platform, type(error).__name__.lower()).inc()
        log.warning("parcel not delivered", parcel=parcel.id, kind=type(error).__name__, error=str(error))
        match error:
            case Later(seconds=seconds) if (
                parcel.kind is Kind.EDIT
            ):  # one count for a workspace: no channel is to blame
                pace.told_off()
                pace.rest(self._now(), seconds)
                await self._again(parcel, seconds, str(error), lane=LANE_SECONDS)
            case Later(seconds=seconds):
                pace.told_off()
                await self._again(parcel, seconds, str(error), lane=seconds)
            case Paused():
                self._paused[tenant] = self._now() + PAUSE_SECONDS
                await self._again(parcel, PAUSE_SECONDS, str(error), lane=PAUSE_SECONDS)
            case Gone() if parcel.kind is Kind.EDIT:
                await self._anew(parcel, str(error))
            case Held():
                log.error("parcel held", parcel=parcel.id, why=str(error))
                await self._in_thread(self.outbox.hold, parcel, str(error))
            case Unclear() if parcel.kind.may_repeat:
                await self._again(parcel, self.lease_seconds, str(error), lane=self.unclear_lane_seconds, unclear=True)
            case Unclear():
                await self._not_understood(parcel, error)
            case _:
                await self._parked(parcel, str(error))

    async def _again(self, parcel: Parcel, seconds: float, why: str, *, lane: float, unclear: bool = False) -> None:
        """Give back; once unclear, a parcel stays so."""
        await self._in_thread(self.outbox.rest, parcel.lane, lane)
        later = self.outbox.later
        await self._in_thread(lambda: later(parcel, seconds, why, unclear=unclear or parcel.unclear))

    async def _not_understood(self, parcel: Parcel, error: Exception) -> None:
        """Try again a few times, more slowly each time; a post may have arrived in spite of the error."""
        self._strange[parcel.id] += 1
        if (tries := self._strange[parcel.id]) >= PATIENCE:
            del self._strange[parcel.id]
            return await self._parked(parcel, f"{type(error).__name__}: {error}")
        unclear = parcel.kind.may_repeat
        seconds = max(self.backoff_seconds * 2 ** (tries - 1), self.lease_seconds if unclear else 0.0)
        return await self._again(parcel, seconds, str(error), lane=self.unclear_lane_seconds, unclear=unclear)

    async def _anew(self, parcel: Parcel, why: str) -> None:
        """The message to edit is gone: post it anew, once however many edits of it there were."""
        place = replace(parcel.place, message="")
        name = anew(parcel.lane, parcel.place.message)
        post = Parcel(name, place, Kind.POST, parcel.priority, parcel.payload, parcel.ask, parcel.shows)
        await self._in_thread(self.outbox.put, (post,), ())
        await self._in_thread(self.outbox.failed, parcel, f"{why}; posted anew")

    async def _parked(self, parcel: Parcel, why: str) -> None:
        """Give up, and tell the person who waits for it."""
        log.error("parcel parked", parcel=parcel.id, why=why)
        if parcel.kind is Kind.POST and parcel.priority is Priority.REPLY and parcel.place.user:
            await self._in_thread(self.outbox.put, (self._regret(parcel, why),), ())
        await self._in_thread(self.outbox.failed, parcel, why)

    def _regret(self, parcel: Parcel, why: str) -> Parcel:
        regret = Answer("The answer could not be posted here", (Text(plain(why)),), Tone.WARN, private=True)
        payload, _ = self._platform(parcel).render(regret, parcel.ask)
        return Parcel(f"{parcel.id}:regret", parcel.place, Kind.PRIVATE, Priority.REPLY, payload)

    def _platform(self, parcel: Parcel) -> Platform:
        try:
            return self.platforms[parcel.place.platform]
        except KeyError:
            raise Undeliverable(f"{parcel.place.platform} is not connected here") from None

    async def _sweep_all(self) -> None:
        while True:
            try:
                for parcel, message in await self._in_thread(self.outbox.twins):
                    await self._swept(parcel, message)
            except Exception:
                log.exception("late twins not looked for")
            await asyncio.sleep(self.sweep_seconds)

    async def _swept(self, parcel: Parcel, message: str) -> None:
        """Take back whatever arrived beside ``message``, the one that is remembered."""
        since = self._twins.setdefault(parcel.id, self._now())
        try:
            platform = self._platform(parcel)
            for _ in range(MOST_TWINS):
                found = await platform.find(parcel)
                if found is None or found == message:
                    break
                metrics.TWINS.inc()
                log.warning("late twin taken back", parcel=parcel.id)
                await platform.withdraw(parcel.place, found)
        except DeliveryError as error:
            log.warning("late twins not looked for yet", parcel=parcel.id, error=str(error))
            return
        if self._now() - since >= self.lateness_seconds:
            await self._in_thread(self.outbox.swept, parcel.id)
            del self._twins[parcel.id]

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    async def _in_thread(self, work: Callable[..., T], *given: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self.pool, work, *given)


async def _cancelled(tasks: set[asyncio.Task[None]] | list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
