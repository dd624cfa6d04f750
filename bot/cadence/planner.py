"""The planner: enters each turn of each schedule once, as an ask, however many planners there are.

The unique row of (schedule, period) in the state database is the lock; APScheduler only makes the planner look.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot import metrics
from bot.cadence.schedule import PERSONA, Schedule, Turn, due, in_time, past
from bot.clock import Clock, wall
from bot.ports import Ask, Fires, Place

log = structlog.get_logger(__name__)

CLOCK = "clock"
TICK_SECONDS = 15.0


class Planner:
    """Looks every few seconds which turns are due; ``wake`` is called when it has entered one.

    ``subscribed`` are the schedules that people made, as they are at each look.
    ``chores`` are looked at with each tick, and tell how much they have entered.
    """

    def __init__(
        self,
        fires: Fires,
        schedules: Sequence[Schedule],
        clock: Clock,
        wake: Callable[[], None] = lambda: None,
        subscribed: Callable[[], Sequence[Schedule]] = tuple,
        chores: Sequence[Callable[[datetime], int]] = (),
    ) -> None:
        self.fires = fires
        self.schedules = schedules
        self.subscribed = subscribed
        self.clock = clock
        self.wake = wake
        self.chores = chores
        self._lag = 0.0  # seconds that the latest turn of this tick came, or is still, late
        self._ticker = AsyncIOScheduler(timezone=UTC)

    def start(self, seconds: float = TICK_SECONDS) -> None:
        """Tick now, and then every ``seconds``, until ``stop``."""
        self._ticker.add_job(
            self._tick,
            "interval",
            seconds=seconds,
            next_run_time=wall(),  # the ticker's clock is the wall's, whatever ours is
            max_instances=1,
            coalesce=True,
            misfire_grace_time=None,
        )
        self._ticker.start()

    def stop(self) -> None:
        """Tick no more. A tick that is under way ends by itself, and half of one does no harm."""
        if self._ticker.running:
            self._ticker.shutdown(wait=False)

    def tick(self) -> int:
        """Enter what is due, and tell how many asks that were.

        A schedule that was never seen before begins with its next turn; of turns that were missed only the newest is
        taken, if it is not too late, and the others are recorded as skipped. Blocks.
        """
        now, self._lag = self.clock(), 0.0
        kept = (*self.schedules, *self._subscribed())
        try:
            asked = sum(self._tried(one, persona, now) for one in kept for persona in one.audiences)
        finally:
            metrics.SCHEDULE_LAG.set(self._lag)
        return asked + sum(self._done(chore, now) for chore in self.chores)

    async def _tick(self) -> None:
        if await asyncio.to_thread(self.tick):
            self.wake()

    def _subscribed(self) -> Sequence[Schedule]:
        """What people subscribed to; schedules of the deployment do not wait for it."""
        try:
            return self.subscribed()
        except Exception:
            log.exception("subscriptions not read, tried again at the next tick")
            return ()

    def _tried(self, schedule: Schedule, persona: str, now: datetime) -> bool:
        try:
            return self._entered(schedule, persona, now)
        except Exception:
            metrics.FIRES.labels("error").inc()
            self._late(next(past(schedule, now)), now)
            log.exception("schedule not entered, tried again at the next tick", schedule=schedule.name)
            return False

    def _done(self, chore: Callable[[datetime], int], now: datetime) -> int:
        try:
            return chore(now)
        except Exception:
            log.exception("chore not done, tried again at the next tick")
            return 0

    def _entered(self, schedule: Schedule, persona: str, now: datetime) -> bool:
        line = f"{schedule.name}/{persona}" if persona else schedule.name
        last = self.fires.last(line)
        turns = due(schedule, now, last)
        if last is None and not _is_of_age(schedule, turns):
            self._skip(line, turns, "new")
            return False
        newest = turns[-1:] if turns and in_time(schedule, turns[-1], now) else []
        self._skip(line, turns[: len(turns) - len(newest)], "late")
        fired = [one for one in newest if self.fires.fire(line, one.label, ask_of(schedule, persona, one))]
        for turn in fired:
            metrics.FIRES.labels("fired").inc()
            self._late(turn, now)
            log.info("schedule fired", schedule=line, label=turn.label)
        return bool(fired)

    def _late(self, turn: Turn, now: datetime) -> None:
        self._lag = max(self._lag, (now - turn.at).total_seconds())

    def _skip(self, line: str, turns: Sequence[Turn], why: str) -> None:
        for turn in turns:
            if self.fires.skip(line, turn.label, why):
                metrics.FIRES.labels(why).inc()
                log.info("schedule skipped", schedule=line, label=turn.label, why=why)


def _is_of_age(schedule: Schedule, turns: Sequence[Turn]) -> bool:
    """Whether a schedule that was never seen is known to be older than its newest turn."""
    return bool(turns) and schedule.since is not None and turns[-1].at >= schedule.since


def ask_of(schedule: Schedule, persona: str, turn: Turn) -> Ask:
    """The clock's ask: its place says whose turn it is (``tenant``), and for which persona (``conversation``)."""
    return Ask(
        key=":".join((CLOCK, schedule.name, turn.label, *filter(None, (persona,)))),
        place=Place(CLOCK, schedule.name, persona),
        user=f"{CLOCK}:{schedule.name}",
        user_name=schedule.name,
        text=schedule.ask.replace(PERSONA, persona),
        received_at=turn.at,
    )
