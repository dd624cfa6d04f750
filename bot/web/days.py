"""Days that pass on the page: the clock is moved, the company goes on, and the planner takes its turns as on any day.

Between two days the night's work is done as it would be: schedules fire in their order, and the next one when what
the last one asked is answered and delivered. Of a longer time each Monday is lived through and the last day; the turns
of the others are passed over, as they are for a bot that was switched off.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from analysis.findings import Finding, State
from bot.cadence.planner import Planner, ask_of
from bot.cadence.schedule import Schedule, next_fires, past
from bot.clock import Clock
from bot.door import Door
from commands.core.ports import Findings
from providers.sample.changes import WAYS, Change
from providers.sample.living import LivingCompany

OFFICE = time(9, 30)  # when people look
AFTER_TURN = timedelta(minutes=1)
LONGEST = 62  # days that can be passed at once
MONDAY = 0

Tell = Callable[[float, str], Awaitable[None]]


class MovedClock:
    """A clock that goes on as the wall's does, from a moment that it is set to."""

    def __init__(self, wall: Clock, moment: datetime) -> None:
        self._wall = wall
        self.set(moment)

    def __call__(self) -> datetime:
        """Now, here."""
        return self._wall() + self._ahead

    def set(self, moment: datetime) -> None:
        """Be ``moment`` now."""
        self._ahead = moment - self._wall()


@dataclass
class Days:
    """Moves the clock of a page; ``settled`` waits until everything asked is answered and delivered."""

    clock: MovedClock
    company: LivingCompany
    findings: Findings
    planner: Planner
    door: Door
    settled: Callable[[], Awaitable[None]]
    tell: Tell
    changes: dict[str, Change] = field(default_factory=dict)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def moving(self) -> bool:
        """Whether time is passing just now."""
        return self._lock.locked()

    async def open(self, schedules: Sequence[Schedule]) -> None:
        """The first morning: all schedules are known from now on, and some have had their last turn already."""
        await asyncio.to_thread(self.planner.tick)
        for schedule in schedules:
            turn = next(past(schedule, self.clock()))
            for persona in schedule.audiences:
                await self.door.accept(ask_of(schedule, persona, turn))
            await self.settled()

    async def pass_to(self, day: date) -> None:
        """Let the days until ``day`` pass."""
        async with self._lock:
            today = self.clock().date()
            lived = list(stops(today, min(day, today + timedelta(days=LONGEST))))
            for number, stop in enumerate(lived):
                await self.tell(number / len(lived), f"the night before {stop:%A, %d %B}: the bill grows")
                await self._grown(stop)
                for turn in turns(self.planner.schedules, stop):
                    await self.tell((number + 0.4) / len(lived), f"{stop:%A, %d %B}: Pitcrew looks at everything")
                    self.clock.set(turn + AFTER_TURN)
                    await self._turned()
                self.clock.set(max(self.clock(), datetime.combine(stop, OFFICE, UTC)))
                await self._turned()  # whoever waits too long is reminded in working hours
            await self.tell(1.0, "")

    async def _turned(self) -> None:
        await asyncio.to_thread(self.planner.tick)
        self.door.wake()
        await self.settled()

    async def _grown(self, day: date) -> None:
        """The company until the morning of a day, with what people have done since."""
        today = self.clock().date()
        for finding in await asyncio.to_thread(self.findings.standing):
            if is_done(finding) and finding.id not in self.changes:
                remedy = finding.remedy
                on = today + timedelta(days=1)
                self.changes[finding.id] = Change(finding.resource_id, remedy.action, remedy.target, on)
        await asyncio.to_thread(self.company.go_on, day, list(self.changes.values()))


def is_done(finding: Finding) -> bool:
    """Whether somebody says that it is fixed: in this company what is said to be done is done, by the next day."""
    return finding.state is State.DONE and finding.remedy.action in WAYS


def turns(schedules: Sequence[Schedule], day: date) -> list[datetime]:
    """The moments of a day at which anything is due, until people look."""
    midnight = datetime.combine(day, time(), UTC)
    until = datetime.combine(day, OFFICE, UTC)
    fires = (fire for one in schedules for fire in next_fires(one, midnight - timedelta(seconds=1), 3))
    return sorted({fire.astimezone(UTC) for fire in fires if midnight <= fire < until})


def stops(today: date, last: date) -> Iterator[date]:
    """The days that are lived through: Mondays, and the last one."""
    for number in range(1, (last - today).days + 1):
        day = today + timedelta(days=number)
        if day == last or day.weekday() == MONDAY:
            yield day
