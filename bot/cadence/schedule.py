"""Schedules: when the clock takes its turn, from local dates and wall times, one turn a period.

Cron strings are walked on the wall of the schedule's zone by cronsim, and each wall time becomes an instant by
zoneinfo: one that the spring change leaves out comes later by what was left out, one that the autumn change repeats
comes at its first occurrence. A turn is known by the label of its period and not by its instant, so that no change of
clocks, of zone data or of the hour in the deployment file makes a second one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import cache
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from analysis.errors import BadConfig

MOST_MISSED = 100  # as many missed periods are remembered one by one; more say nothing more
LONGEST_FOLD = timedelta(hours=3)  # no zone has set its clock back by more (Antarctica/Casey, 2010)
SOME_MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
PERSONA = "{persona}"


class Rhythm(Enum):
    """The kind of period that a schedule has: how it is labelled (strftime), how late is not too late."""

    MONTH = "%Y-%m", timedelta(hours=24)
    WEEK = "%G-W%V", timedelta(hours=24)
    DAY = "%Y-%m-%d", timedelta(hours=6)
    MOMENT = "%Y-%m-%dT%H:%M", timedelta(hours=6)  # or until its next turn, if that is earlier

    @property
    def label(self) -> str:
        """The pattern of its labels."""
        return self.value[0]

    @property
    def catch_up(self) -> timedelta:
        """How late a turn may still be taken."""
        return self.value[1]


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of a schedule: the label of its period, and the instant (UTC) from which on it is due."""

    label: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Schedule:
    """What the clock asks when ``cron`` comes on the wall of ``timezone``, as a person would type it; and who hears it.

    ``{persona}`` in the ask makes it one ask for each persona. Without ``always``, only news is posted.

    Raises:
        BadConfig: the cron line never comes, or names weekdays by number.
    """

    name: str
    cron: str
    ask: str
    to: tuple[str, ...] = ()
    always: bool = False
    timezone: str = "UTC"
    catch_up: timedelta | None = None  # the rhythm's own, if none is given
    since: datetime | None = None  # turns before it are not taken

    def __post_init__(self) -> None:
        weekday = self.cron.split()[-1:]
        if any(re.search(r"(?<!#)\d", word) for word in weekday):
            raise BadConfig(
                f"schedule {self.name!r}: cron dialects disagree on weekday {weekday[0]!r}; write mon, tue …"
            )
        try:
            next(CronSim(self.cron, SOME_MONDAY))
        except (CronSimError, StopIteration):
            raise BadConfig(f"schedule {self.name!r}: {self.cron!r} never comes") from None

    @property
    def zone(self) -> ZoneInfo:
        """Whose wall it goes by."""
        return ZoneInfo(self.timezone)

    @property
    def rhythm(self) -> Rhythm:
        """What kind of period its cron line makes."""
        return _rhythm(self.cron)

    @property
    def audiences(self) -> Sequence[str]:
        """The personas that are asked for one by one; a single empty one if the ask is the same for all."""
        return self.to if PERSONA in self.ask else ("",)


def past(schedule: Schedule, now: datetime) -> Iterator[Turn]:
    """The turns that have come until ``now``, the newest first, without end."""
    wall = now.astimezone(schedule.zone).replace(tzinfo=None) + LONGEST_FOLD
    turns = (_turn(schedule, moment) for moment in CronSim(schedule.cron, wall + timedelta(seconds=1), reverse=True))
    return (turn for turn in turns if turn.at <= now)


def due(schedule: Schedule, now: datetime, last: str | None) -> list[Turn]:
    """The turns after the one labelled ``last`` that have come until ``now``, the oldest first.

    Without a ``last`` of this rhythm only the newest, and never more than ``MOST_MISSED``.
    """
    known = last is not None and _same_kind(last, next(past(schedule, now)).label)
    missed = takewhile(lambda turn: not known or turn.label > str(last), past(schedule, now))
    return list(islice(_once(missed), MOST_MISSED if known else 1))[::-1]


def in_time(schedule: Schedule, turn: Turn, now: datetime) -> bool:
    """Whether a turn may still be taken, so long after it was due."""
    if schedule.since is not None and turn.at < schedule.since:
        return False
    limit = schedule.catch_up or schedule.rhythm.catch_up
    return now - turn.at <= limit


def next_fires(schedule: Schedule, now: datetime, count: int = 3) -> list[datetime]:
    """The next instants at which a schedule is due, on its own wall."""
    wall = now.astimezone(schedule.zone).replace(tzinfo=None) - timedelta(days=1)
    turns = (_turn(schedule, moment) for moment in CronSim(schedule.cron, wall))
    coming = _once(turn for turn in turns if turn.at > now)
    return [turn.at.astimezone(schedule.zone) for turn in islice(coming, count)]


@cache
def _rhythm(cron: str) -> Rhythm:
    line = CronSim(cron, SOME_MONDAY)
    if len(line.minutes) * len(line.hours) > 1:
        return Rhythm.MOMENT
    if line.parts[3] == "*" and len(line.weekdays) == 1:
        return Rhythm.MONTH if isinstance(next(iter(line.weekdays)), tuple) else Rhythm.WEEK
    if len(line.days) == 1 and line.parts[5] == "*":
        return Rhythm.MONTH
    return Rhythm.DAY


def _turn(schedule: Schedule, wall: datetime) -> Turn:
    at = wall.replace(tzinfo=schedule.zone, fold=0).astimezone(UTC)
    return Turn(wall.strftime(schedule.rhythm.label), at)


def _once(turns: Iterator[Turn]) -> Iterator[Turn]:
    """Of several turns with one label in a row, the first that is given."""
    before = ""
    for turn in turns:
        if turn.label != before:
            yield turn
        before = turn.label


def _same_kind(label: str, other: str) -> bool:
    return len(label) == len(other)
