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
from commands.core.ports import Findings, Reminders
from commands.core.registry import quoted

log = structlog.get_logger(__name__)

WEEK = timedelta(days=7)
SATURDAY = 5
EVERY = timedelta(minutes=10)
MOST_THREADS = 5  # in which somebody is reminded at once; of the others they hear alone
MOST_NAMED = 40  # findings in one ask


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
    threads: Callable[[str], Sequence[Place]] = lambda _: ()  # of channels, where a finding has a message of its own
    _looked: datetime | None = None

    def tick(self, now: datetime) -> int:
        """Enter the reminders that are due, and tell how many those were. Blocks."""
        if self._looked and abs(now - self._looked) < EVERY:
            return 0
        self._looked = now
        waiting = [one for one in self.findings.standing() if overdue(one, now, self.patience.owner)]
        whose = self._whose(waiting)
        sent = sum(self._person(user, whose[user], now) for user in sorted(whose))
        late = [one for one in waiting if overdue(one, now, self.patience.team)]
        teams = {team.name: team for one in late if (team := self.owners.team(one.team)) and team.channel}
        return sent + sum(self._team(name, teams[name].channel, now) for name in sorted(teams))

    def _whose(self, waiting: Sequence[Finding]) -> Mapping[str, Sequence[Finding]]:
        """Whom they wait for: whoever has claimed them, else whoever is asked first."""
        known: dict[str, str] = {}
        found: dict[str, list[Finding]] = {}
        for one in waiting:
            user = one.owner if one.state is State.CLAIMED else ""
            if one.state is not State.CLAIMED and (email := self.owners.first(one)):
                if email not in known:
                    known[email] = self.directory.user(email)
                user = known[email]
            if user:
                found.setdefault(user, []).append(one)
        return found

    def _person(self, user: str, theirs: Sequence[Finding], now: datetime) -> bool:
        platform, _, name = user.partition(":")
        if platform not in self.tenants or not self.reminders.are_wanted(user):
            return False
        line = f"reminder {user}"
        if self._lately(line, now):
            return False
        profile = self.directory.profile(user)
        here = now.astimezone(self._zone(profile.timezone))
        if not self.hours.hold(here):
            return False
        alone = Place(platform, self.tenants[platform], user=name)
        return self._posted(line, here.date(), list(self._said_to(user, profile.name, theirs, alone)))

    def _said_to(self, user: str, name: str, theirs: Sequence[Finding], alone: Place) -> Iterator[tuple[Place, str]]:
        """Where somebody is reminded, and by which ask: under a finding's own message, dearest first; else alone."""
        left: list[str] = []
        threads = 0
        for one in sorted(theirs, key=lambda one: -one.monthly_waste.amount):
            thread = next((place for place in self.threads(one.id) if place.platform == alone.platform), None)
            if thread is None or threads == MOST_THREADS:
                left.append(one.short)
                continue
            called = one.owner_name if one.state is State.CLAIMED else name
            threads += 1
            yield thread, quoted(("reminder", user, one.short, f"named={called or name}"))
        if left:
            yield alone, " ".join(("reminder", user, *(left[:MOST_NAMED] if threads else ())))

    def _team(self, name: str, channel: str, now: datetime) -> bool:
        whom = f"team:{name}"
        line = f"reminder {whom}"
        here = now.astimezone(self._zone(""))
        place = self.placed(channel)
        if place is None or not self.hours.hold(here) or self._lately(line, now) or not self.reminders.are_wanted(whom):
            return False
        return self._posted(line, here.date(), [(place, f"reminder {whom}")])

    def _lately(self, line: str, now: datetime) -> bool:
        """Whether there was one within a week, whatever the zone."""
        last = self.letters.last(line)
        return last is not None and now.date() - date.fromisoformat(last) < WEEK - timedelta(days=1)

    def _posted(self, line: str, day: date, told: Sequence[tuple[Place, str]]) -> bool:
        last = self.letters.last(line)
        if last is not None and day - date.fromisoformat(last) < WEEK:
            return False
        parcels = [
            Parcel(
                f"{line}:{day.isoformat()}{f':{number}' if number else ''}", place, Kind.POST, Priority.DIGEST, ask=ask
            )
            for number, (place, ask) in enumerate(told)
        ]
        return self.letters.post(line, day.isoformat(), parcels)

    def _zone(self, name: str) -> ZoneInfo:
        return ZoneInfo(name if name in available_timezones() else self.timezone)
