"""Reminders: what waits too long is said again to whoever it waits for, once a week at most and in working hours.

Each is entered with the message that it causes in one transaction, under a name and a day: whoever of several replicas
is first has sent it for all of them. What it says is drawn when it is sent, so that it never tells of what is done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo, available_timezones

import structlog

from analysis.findings import Finding, State
from analysis.overdue import Patience, overdue
from analysis.owners import Owners
from bot.directory import Directory
from bot.ports import Kind, Parcel, Place, Priority
from commands.core.context import Findings, Reminders

log = structlog.get_logger(__name__)

WEEK = timedelta(days=7)
SATURDAY = 5
EVERY = timedelta(minutes=10)


class Letters(Protocol):
    """Messages that are sent once a period."""

    def post(self, schedule: str, label: str, parcels: Sequence[Parcel]) -> bool:
        """Enter a fire and its messages, in one transaction; ``False`` if that period has one already."""

    def last(self, schedule: str) -> str | None:
        """The newest label of a schedule."""


@dataclass(frozen=True, slots=True)
class Hours:
    """When somebody may be reminded, on their own clock, Monday to Friday."""

    begin: int = 9
    end: int = 17

    def hold(self, at: datetime) -> bool:
        """Whether it is such a moment."""
        return at.weekday() < SATURDAY and self.begin <= at.hour < self.end


@dataclass
class Reminding:
    """Looks who is to be reminded now. ``placed`` finds the place of a route, ``tenants`` the workspaces."""

    findings: Findings
    reminders: Reminders
    letters: Letters
    directory: Directory
    owners: Owners
    patience: Patience
    hours: Hours
    timezone: str
    placed: Callable[[str], Place | None]
    tenants: Mapping[str, str]
    _looked: datetime | None = None

    def tick(self, now: datetime) -> int:
        """Enter the reminders that are due, and tell how many those were. Blocks."""
        if self._looked and abs(now - self._looked) < EVERY:
            return 0
        self._looked = now
        waiting = [one for one in self.findings.standing() if overdue(one, now, self.patience.owner)]
        sent = sum(self._person(user, now) for user in sorted({*self._users(waiting)}))
        late = [one for one in waiting if overdue(one, now, self.patience.team)]
        teams = {team.name: team for one in late if (team := self.owners.team(one.team)) and team.channel}
        return sent + sum(self._team(name, teams[name].channel, now) for name in sorted(teams))

    def _users(self, waiting: Sequence[Finding]) -> Iterator[str]:
        """Whom they wait for: whoever has claimed them, else whoever is asked first."""
        known: dict[str, str] = {}
        for one in waiting:
            if one.state is State.CLAIMED:
                yield one.owner
            elif email := self.owners.first(one):
                if email not in known:
                    known[email] = self.directory.user(email)
                if known[email]:
                    yield known[email]

    def _person(self, user: str, now: datetime) -> bool:
        platform, _, name = user.partition(":")
        if platform not in self.tenants or not self.reminders.are_wanted(user):
            return False
        line = f"reminder {user}"
        if self._lately(line, now):
            return False
        here = now.astimezone(self._zone(self.directory.profile(user).timezone))
        place = Place(platform, self.tenants[platform], user=name)
        return self.hours.hold(here) and self._posted(line, here.date(), place, f"reminder {user}")

    def _team(self, name: str, channel: str, now: datetime) -> bool:
        whom = f"team:{name}"
        line = f"reminder {whom}"
        here = now.astimezone(self._zone(""))
        place = self.placed(channel)
        if place is None or not self.hours.hold(here) or self._lately(line, now) or not self.reminders.are_wanted(whom):
            return False
        return self._posted(line, here.date(), place, f"reminder {whom}")

    def _lately(self, line: str, now: datetime) -> bool:
        """Whether there was one within a week, whatever the zone."""
        last = self.letters.last(line)
        return last is not None and now.date() - date.fromisoformat(last) < WEEK - timedelta(days=1)

    def _posted(self, line: str, day: date, place: Place, ask: str) -> bool:
        last = self.letters.last(line)
        if last is not None and day - date.fromisoformat(last) < WEEK:
            return False
        parcel = Parcel(f"{line}:{day.isoformat()}", place, Kind.POST, Priority.DIGEST, ask=ask)
        return self.letters.post(line, day.isoformat(), [parcel])

    def _zone(self, name: str) -> ZoneInfo:
        return ZoneInfo(name if name in available_timezones() else self.timezone)
