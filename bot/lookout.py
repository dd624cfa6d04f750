"""The lookout: after each load it asks every alarm what stands, and has whoever it concerns told, once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Protocol
from zoneinfo import ZoneInfo

import structlog

from analysis.alerts import Alert, AlertRules, Change, Kept
from analysis.errors import BadConfig, FinOpsError
from bot.delivery.routes import place_of
from bot.ports import Place
from bot.state.alerts import Telling
from commands.alarms import Look, discover
from commands.core.ports import Costs, Looked, Verdicts
from commands.core.quiet_hours import QuietHours
from commands.core.report import Report

log = structlog.get_logger(__name__)

REMEMBERED = timedelta(days=100)  # how long an alert that has ended is known again
TEAM = "{team}"
PLAIN = str.maketrans(" _/", "---")


class AlertsKept(Protocol):
    """The alerts that are remembered."""

    def standing(self, ended_since: datetime | None = None) -> Sequence[Kept]:
        """Those that are open, and those that ended since a moment."""

    def look(
        self, found: Iterable[Alert], rules: AlertRules, telling: Telling | None, now: datetime
    ) -> Sequence[Change]:
        """Enter what was found, and have it told."""


@dataclass(frozen=True, slots=True)
class AlertRoute:
    """Where alerts go that fit: each of ``team``, ``account``, ``service`` and ``kind`` may hold ``*``; empty is any.

    ``to`` are routes like ``slack:#team-{team}``.
    """

    to: tuple[str, ...]
    team: str = ""
    account: str = ""
    service: str = ""
    kind: str = ""

    def fits(self, one: Alert) -> bool:
        """Whether an alert is meant. A route that names its team in ``to`` wants one that has a team."""
        if any(TEAM in route for route in self.to) and not one.team:
            return False
        pairs = ((self.team, one.team), (self.account, one.account), (self.service, one.service), (self.kind, one.kind))
        return all(not wanted or fnmatchcase(has.casefold(), wanted.casefold()) for wanted, has in pairs)

    def routes(self, one: Alert) -> Sequence[str]:
        """The routes of an alert, with its team filled in as channels spell names."""
        team = one.team.lower().translate(PLAIN)
        return [route.replace(TEAM, team) for route in self.to]


@dataclass
class Desk:
    """Who hears of alerts: the first route that fits, else the practitioner; and who asked for more.

    ``tenants`` names the workspace on each platform, once it is known; until then nothing is told.
    """

    routes: Sequence[AlertRoute] = ()
    otherwise: Sequence[str] = ()
    quiet: QuietHours | None = None
    timezone: str = "UTC"
    tenants: Mapping[str, str] = field(default_factory=dict)
    subscribed: Callable[[Alert], Sequence[tuple[Place, QuietHours | None]]] = lambda _: ()
    may_hear: Callable[[Alert, Place], bool] = lambda _one, _place: True  # nothing in it is private to others

    def places(self, one: Alert) -> Sequence[Place]:
        """Where an alert is told."""
        fitting = next((route.routes(one) for route in self.routes if route.fits(one)), self.otherwise)
        places = [*self._places(fitting), *(place for place, _ in self.subscribed(one))]
        return [place for place in places if self.may_hear(one, place)]

    def _places(self, routes: Sequence[str]) -> list[Place]:
        found = []
        for route in routes:
            try:
                found.append(place_of(route, self.tenants))
            except BadConfig as error:
                log.warning("alert not routed", error=str(error))
        return found

    def due(self, one: Alert, place: Place, now: datetime) -> datetime | None:
        """When an alert may be told in a place, if not now: the urgent always may."""
        if one.urgent:
            return None
        own = {there.lane: hours for there, hours in self.subscribed(one)}
        hours = own.get(place.lane, self.quiet)
        return hours.end(now) if hours else None

    def telling(self, now: datetime) -> Telling | None:
        """How alerts are told now; ``None`` where no platform is connected."""
        if not self.tenants:
            return None
        day = now.astimezone(ZoneInfo(self.timezone)).date().isoformat()
        otherwise = self._places(self.otherwise)
        return Telling(self.places, otherwise, day, lambda one, place: self.due(one, place, now))


@dataclass
class Watcher:
    """Looks, after ``load`` has brought what is new; an alarm that cannot see anything keeps what it told before."""

    costs: Costs
    report: Report
    verdicts: Verdicts
    alerts: AlertsKept
    rules: AlertRules
    desk: Desk
    load: Callable[[datetime], tuple[str, ...]]

    def look(self, now: datetime, *, load: bool = True) -> Looked:
        """Look at everything that may be worth an alert.

        Raises:
            NoData: there are no billed rows.
        """
        unread = self.load(now) if load else ()
        kept = self.alerts.standing(now - REMEMBERED)
        found: list[Alert] = []
        for name in discover():
            mine = [one for one in kept if one.alert.kind == name]
            try:
                found += discover()[name].find(
                    Look(self.costs, self.report, self.verdicts, self.rules, now, tuple(mine))
                )
            except FinOpsError as error:
                log.info("alarm sees nothing", alarm=name, why=str(error))
                found += [one.alert for one in mine if one.is_open]
        return Looked(self.alerts.look(found, self.rules, self.desk.telling(now), now), unread)
