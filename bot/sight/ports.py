"""The ports of a context without what is private to others; what is hidden reads like what does not exist."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from analysis import alerts as alerts_said
from analysis import exemptions as exemptions_said
from analysis import findings as findings_said
from analysis.alerts import Kept
from analysis.assessment import Assessment, untold
from analysis.errors import NotAllowed, NotFound, OutOfSight
from analysis.estate import Bill
from analysis.exemptions import Exemption
from analysis.findings import Finding, Move, State
from analysis.focus import TAG, CostFrame, CostQuery, Freshness
from analysis.money import Money
from analysis.periods import Period
from analysis.savings import Saving
from bot.composing import COMPOSER, Sources, agreed, with_findings
from bot.sight.hidden import RESOURCE, RESOURCE_NAME, Hidden
from commands.core.caller import Caller
from commands.core.context import Sight
from commands.core.ports import (
    Alerts,
    Assessments,
    Exemptions,
    Findings,
    Judgement,
    Looked,
    Lookout,
    Moved,
    Route,
    Said,
    Seen,
    Step,
    Subscription,
    Subscriptions,
    Verdicts,
)

if TYPE_CHECKING:
    from providers.lake import Lake

FOR_ALL = (
    "an exception by tag holds for the whole company, of which you see a part: exempt the resource alone, or ask"
    " somebody who sees all of it"
)


@dataclass
class NarrowCosts:
    """The bill without private rows."""

    lake: Lake
    hidden: Callable[[], Hidden]
    sight: Sight = field(default_factory=Sight)

    def ask(self, query: CostQuery) -> CostFrame:
        """As the lake does."""
        hidden = self._told()
        names = {*query.by, *query.where} & {RESOURCE, RESOURCE_NAME}
        return self.lake.ask(replace(query, without=hidden.without_resources if names else hidden.rows))

    def currencies(self, period: Period) -> Sequence[Money]:
        """As the lake does."""
        return self.lake.currencies(period, self._told().rows)

    def freshness(self, now: datetime) -> Freshness:
        """As the lake does; it says that there is more."""
        hidden, fresh = self.hidden(), self.lake.freshness(now)
        missing = tuple(one for one in fresh.missing if not hidden.tells(one))
        return replace(fresh, missing=missing, partial=bool(hidden.rows))

    def bills(self, now: datetime) -> Mapping[str, Bill]:
        """As the lake does."""
        hidden = self._told()
        return {name: bill for name, bill in self.lake.bills(now).items() if name not in hidden.resources}

    def names(self, dimension: str) -> Sequence[str]:
        """As the lake does; a key of tags is one that some row is left with."""
        hidden = self.hidden()
        if dimension not in hidden.names_known:
            hidden.names_known[dimension] = self._names(dimension, hidden)
        return hidden.names_known[dimension]

    def _names(self, dimension: str, hidden: Hidden) -> Sequence[str]:
        if dimension == "Tags":
            return [key for key in self.lake.names(dimension) if self.names(TAG + key)]
        named = dimension in {RESOURCE, RESOURCE_NAME}
        return self.lake.names(dimension, hidden.without_resources if named else hidden.rows)

    def _told(self) -> Hidden:
        hidden = self.hidden()
        self.sight.partial |= bool(hidden.rows)
        return hidden


@dataclass
class NarrowFindings:
    """The findings without private ones."""

    findings: Findings
    hidden: Callable[[], Hidden]
    sight: Sight

    def get(self, name: str) -> Finding:
        """The finding of that name.

        Raises:
            NotFound: none that may be seen has it, or more than one.
        """
        hidden = self.hidden()
        try:
            found = self.findings.get(name)
        except NotFound:
            named = [one for one in self.findings.standing() if name and one.id.startswith(name.lower())]
            seen = [one for one in named if not hidden.holds(one)]
            if len(seen) == 1 < len(named):
                return seen[0]
            if len(named) > 1 and not seen:
                raise OutOfSight(findings_said.unknown(name)) from None
            raise
        if hidden.holds(found):
            raise OutOfSight(findings_said.unknown(name))
        return found

    def standing(self, *states: State) -> Sequence[Finding]:
        """Those in one of ``states``."""
        hidden, every = self.hidden(), self.findings.standing(*states)
        seen = [one for one in every if not hidden.holds(one)]
        self.sight.partial |= len(seen) < len(every)
        return seen

    def move(self, name: str, move: Move, by: Caller, ask: str, now: datetime) -> Finding:
        """Try a transition of one that may be seen."""
        return self.findings.move(self.get(name).id, move, by, ask, now)

    def undo(self, name: str, by: Caller, ask: str, now: datetime, within: timedelta) -> Finding:
        """Take back the last step of one that may be seen."""
        return self.findings.undo(self.get(name).id, by, ask, now, within)

    def move_all(self, names: Sequence[str], move: Move, by: Caller, ask: str, now: datetime) -> Moved:
        """Try one transition of several, all of which may be seen."""
        return self.findings.move_all([self.get(name).id for name in names], move, by, ask, now)

    def history(self, name: str) -> Sequence[Step]:
        """What became of one that may be seen."""
        return self.findings.history(self.get(name).id)

    def adopt(self, found: Sequence[Finding]) -> None:
        """Enter findings: those that an assessment makes, whoever asked for it."""
        self.findings.adopt(found)

    def seen(
        self,
        found: Sequence[Finding],
        run: str,
        complete: frozenset[str],
        now: datetime,
        *,
        kept: frozenset[str] = frozenset(),
        exempt: Mapping[str, Move] = {},
    ) -> Seen:
        """Enter the findings of an assessment, and tell of those that may be seen."""
        return _seen(self.findings.seen(found, run, complete, now, kept=kept, exempt=exempt), self.hidden())

    def billed(self, line: Saving, now: datetime, figure: str) -> Finding | None:
        """What the bill says of a fix."""
        return self.findings.billed(line, now, figure)


def _seen(seen: Seen, hidden: Hidden) -> Seen:
    def kept(some: Iterable[Finding]) -> tuple[Finding, ...]:
        return tuple(one for one in some if not hidden.holds(one))

    verified = tuple(line for line in seen.verified if not hidden.holds(line.finding))
    return replace(
        seen, opened=kept(seen.opened), reopened=kept(seen.reopened), resolved=kept(seen.resolved), verified=verified
    )


@dataclass
class NarrowAssessments:
    """Assessments that are cut from what may be seen."""

    assessments: Assessments
    sources: Sources
    hidden: Callable[[], Hidden]
    sight: Sight

    def latest(self, now: datetime) -> Assessment:
        """The one that stands."""
        return self._cut(self.assessments.latest(now), now)

    def fresh(self, now: datetime) -> tuple[Assessment, Seen]:
        """A new one: everything is looked at, and what may be seen is told."""
        whole, seen = self.assessments.fresh(now)
        hidden = self.hidden()
        known = self.sources.findings.standing()
        return self._cut(whole, now), replace(_seen(seen, hidden), known=min(seen.known, len(known)))

    def tell(self, run: str, told: Mapping[str, Any]) -> None:
        """Keep what was told of one, and from whom the rest was kept."""
        self.assessments.tell(run, {**told, "hidden": sorted(self.sight.hidden)})

    def told(self, run: str = "") -> tuple[str, Mapping[str, Any]]:
        """What was told of one to somebody who saw no more.

        Raises:
            NotFound: nothing was.
        """
        name, told = self.assessments.told(run)
        if not self.sight.hidden <= frozenset(told.get("hidden", ())):
            raise OutOfSight(untold(run))
        return name, told

    def _cut(self, whole: Assessment, now: datetime) -> Assessment:
        hidden = self.hidden()
        self.sight.partial |= bool(hidden.rows)
        unread = tuple(one for one in whole.unread if not hidden.tells(one))
        told = tuple(one for one in whole.told if not hidden.tells(one))
        figures = COMPOSER.cut(self.sources, hidden.version, now)
        made = agreed(figures, self.sources, now, run=whole.id, unread=unread, told=told)
        return with_findings(made, self.sources, now, ())


@dataclass
class NarrowAlerts:
    """The alerts whose figures hold nothing private."""

    alerts: Alerts
    hidden: Callable[[], Hidden]

    def get(self, name: str) -> Kept:
        """The alert of that name.

        Raises:
            NotFound: none that may be seen has it, or more than one.
        """
        found = self.alerts.get(name)
        if self.hidden().alert(found.alert):
            raise OutOfSight(alerts_said.unknown(name))
        return found

    def standing(self, ended_since: datetime | None = None) -> Sequence[Kept]:
        """Those that are open, and those that ended since a moment."""
        return self._kept(self.alerts.standing(ended_since))

    def of_event(self, event: str) -> Kept | None:
        """The alert of an anomaly."""
        found = self.alerts.of_event(event)
        return None if found is None or self.hidden().alert(found.alert) else found

    def hush(self, name: str, by: Caller, now: datetime) -> Kept:
        """Say no more of one that may be seen."""
        return self.alerts.hush(self.get(name).alert.id, by, now)

    def told(self, name: str) -> Sequence[str]:
        """Where it was told."""
        hidden = self.hidden()
        return [one for one in self.alerts.told(name) if not hidden.tells(one)]

    def held(self, summary: str) -> Sequence[Kept]:
        """Those that a day's summary tells."""
        return self._kept(self.alerts.held(summary))

    def _kept(self, some: Sequence[Kept]) -> Sequence[Kept]:
        hidden = self.hidden()
        return [one for one in some if not hidden.alert(one.alert)]


@dataclass
class NarrowVerdicts:
    """What people said of anomalies that may be seen."""

    verdicts: Verdicts
    hidden: Callable[[], Hidden]

    def judge(self, event: str, series: tuple[str, ...], said: Said, by: Caller, now: datetime) -> None:
        """Write down what somebody says of what they saw."""
        self.verdicts.judge(event, series, said, by, now)

    def since(self, moment: datetime) -> Sequence[Judgement]:
        """What was said since then."""
        hidden = self.hidden()
        return [one for one in self.verdicts.since(moment) if not hidden.tells(*one.series)]


@dataclass
class NarrowExemptions:
    """The exemptions of what may be seen."""

    exemptions: Exemptions
    findings: NarrowFindings
    hidden: Callable[[], Hidden]

    def enter(self, name: str, made: Exemption, by: Caller, ask: str, now: datetime) -> tuple[Finding, int]:
        """Enter one, of a finding that may be seen, for its resource alone.

        Raises:
            NotAllowed: it is by a tag, which may stand on what may not be seen.
        """
        seen = self.findings.get(name)
        if made.tag:
            raise NotAllowed(FOR_ALL)
        return self.exemptions.enter(seen.id, made, by, ask, now)

    def standing(self, now: datetime) -> Sequence[Exemption]:
        """Those that hold now."""
        hidden = self.hidden()
        private = {one.resource_id.lower() for one in self.findings.findings.standing() if hidden.holds(one)}
        return [
            one
            for one in self.exemptions.standing(now)
            if one.resource_id not in private and not hidden.tells(one.resource_id, one.tag, one.why)
        ]

    def end(self, number: int, by: Caller, now: datetime) -> tuple[Exemption, int]:
        """End one that may be seen, of a resource.

        Raises:
            NotFound: there is none of that number.
            NotAllowed: it is by a tag, which may stand on what may not be seen.
        """
        held = {one.number: one for one in self.exemptions.standing(now)}
        if number in held and number not in {one.number for one in self.standing(now)}:
            raise OutOfSight(exemptions_said.unknown(number))
        if number in held and held[number].tag:
            raise NotAllowed(FOR_ALL)
        return self.exemptions.end(number, by, now)


@dataclass
class NarrowLookout:
    """Whoever watches watches everything, and tells what may be seen."""

    lookout: Lookout
    hidden: Callable[[], Hidden]

    def look(self, now: datetime, *, load: bool = True) -> Looked:
        """Look at everything that may be worth an alert."""
        hidden, looked = self.hidden(), self.lookout.look(now, load=load)
        changes = [one for one in looked.changes if not hidden.alert(one.kept.alert)]
        return Looked(changes, tuple(one for one in looked.unread if not hidden.tells(one)))


@dataclass
class NarrowSubscriptions:
    """The subscriptions that name nothing private, and one's own."""

    subscriptions: Subscriptions
    caller: str
    hidden: Callable[[], Hidden]

    def all(self) -> Sequence[Subscription]:
        """Every one that may be seen."""
        hidden = self.hidden()
        return [one for one in self.subscriptions.all() if one.by == self.caller or not hidden.tells(one.ask)]

    def keep(self, one: Subscription) -> None:
        """Remember it."""
        self.subscriptions.keep(one)

    def drop(self, name: str) -> None:
        """Forget it."""
        self.subscriptions.drop(name)


def narrow_routes(routes: Callable[[], Sequence[Route]], hidden: Callable[[], Hidden]) -> Callable[[], Sequence[Route]]:
    """The lines of ``routes`` that name nothing private."""
    return lambda: [one for one in routes() if not hidden().tells(one.what, one.where, one.who)]


def narrow_lines(
    lines: Callable[[], Sequence[tuple[str, str]]], hidden: Callable[[], Hidden]
) -> Callable[[], Sequence[tuple[str, str]]]:
    """The lines of ``status`` that name nothing private."""
    return lambda: [one for one in lines() if not hidden().tells(*one)]
