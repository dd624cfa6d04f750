"""The composition root: every concrete thing is made here, once, and handed to whom it concerns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING
from uuid import uuid4

from analysis.alerts import Alert
from analysis.errors import BadConfig
from analysis.findings import Fix
from analysis.tagging import TagChange
from bot.cadence.schedule import Schedule, next_fires
from bot.clock import Clock
from bot.config import Config
from bot.directory import Directory
from bot.environment import environment, secret
from bot.identity import caller_of, no_groups
from bot.ports import OURS, WEBHOOK, Ask, Place
from bot.progress import report
from bot.readers import Readers
from bot.report import report_of
from bot.sections.telling import ScheduleEntry
from bot.sources import drivers_of, provider_of
from bot.state import State
from commands.core.answer import Answer
from commands.core.context import Context, Sight
from commands.core.ports import Drivers, Onward, Route
from commands.core.quiet_hours import QuietHours
from commands.core.registry import answer
from commands.core.report import Report
from providers.provider import Progress, Provider

if TYPE_CHECKING:
    from bot.assessor import Assessor
    from bot.lookout import Desk, Watcher
    from bot.sight.hidden import Hidden
    from bot.sight.views import Views
    from providers.lake import Lake


@dataclass
class Crew:
    """Everything that answers an ask, whichever way the ask came."""

    config: Config
    clock: Clock
    state: State
    sources: Sequence[Provider]
    progress: Progress
    schedules: Sequence[Schedule] = ()
    in_group: Callable[[str, str], bool] = no_groups  # whether a user is in a group of Slack's
    directory: Directory = field(default_factory=Directory)

    @cached_property
    def lake(self) -> Lake:
        """The billed rows of the sources that are configured: opened when first needed, since engines start slowly."""
        from providers.lake import Lake

        told, environ = self.config.lake, environment()
        lake = Lake.open(
            told.url,
            self.config.data.folder / "lake",
            memory=told.memory,
            secret=lambda name: secret(name, environ),
        )
        lake.keep_only({source.name for source in self.sources})
        return lake

    @cached_property
    def views(self) -> Views:
        """What is kept of each sight."""
        from bot.sight.views import Views

        return Views(self.lake, self.config.private_scopes(), self.config.allocation.rulebook())

    @cached_property
    def assessor(self) -> Assessor:
        """Who looks at everything."""
        from bot.assessor import Assessor
        from bot.composing import Sources

        return Assessor(
            self.lake,
            self.sources,
            self.state.findings,
            self.state.runs,
            self.report,
            self.config.checks,
            self.state.ledger,
            self.state.exemptions,
            Sources(self.lake, self.report, self.state.findings, self.drivers, self.state.verdicts, self.state.audit),
            self.progress,
        )

    @cached_property
    def desk(self) -> Desk:
        """Who hears of alerts."""
        from bot.lookout import AlertRoute, Desk
        from bot.subscribed import listeners

        told, zone = self.config.alerts, self.config.report.timezone
        return Desk(
            [AlertRoute(tuple(one.to), one.team, one.account, one.service, one.kind) for one in told.routes],
            tuple(self.config.personas.get("practitioner", ())),
            self.quiet,
            zone,
            subscribed=listeners(self.state.subscriptions.all, self.quiet),
            may_hear=self.may_hear,
        )

    @cached_property
    def readers(self) -> Readers:
        """Who reads what stands in a place."""
        return Readers(
            self.config.private_scopes(),
            self.config.roles,
            self.state.conversations,
            self.directory,
            lambda group, user: self.in_group(group, user),  # noqa: PLW0108 (groups are connected later)
            lambda platform: self.desk.tenants.get(platform, ""),
            self.clock,
        )

    def may_hear(self, one: Alert, place: Place) -> bool:
        """Whether a place may be told of an alert: nothing in it is private to others."""
        hidden = self.readers.hidden_in(place)
        return not hidden or not self.views.hidden(hidden).alert(one)

    @property
    def quiet(self) -> QuietHours | None:
        """The hours in which nothing is said that can wait."""
        told = self.config.quiet
        return QuietHours.read(told.hours, told.timezone or self.config.report.timezone)

    @cached_property
    def lookout(self) -> Watcher:
        """Who watches."""
        from bot.lookout import Watcher

        return Watcher(
            self.lake,
            self.report,
            self.state.verdicts,
            self.state.alerts,
            self.config.alerts.rules(),
            self.desk,
            self.assessor.load,
        )

    @cached_property
    def drivers(self) -> Drivers:
        """The business figures: those of the deployment file, and the sample company's own."""
        return drivers_of(self.config, self.sources, self.clock)

    @cached_property
    def report(self) -> Report:
        """How figures are told."""
        return report_of(self.config, self.sources)

    def remembering(self, state: State) -> Crew:
        """The same crew on the same lake, with another memory."""
        other = replace(self, state=state)
        other.lake, other.report, other.drivers = self.lake, self.report, self.drivers
        other.views = self.views
        return other

    def context(self, ask: Ask) -> Context:
        """The world as this ask may see it, told as its asker likes it where the answer is for them alone."""
        caller = caller_of(ask, self.config.roles, self.in_group)
        liked = self.state.preferences.met(ask.user, ask.timezone, ask.locale)
        alone = bool(ask.locale or ask.place.view)
        locale = (alone and (liked.locale or liked.told_locale)) or self.config.report.locale
        whole = Context(
            caller=replace(caller, locale=locale, timezone=liked.timezone or liked.told_timezone),
            now=self.clock(),
            costs=self.lake,
            findings=self.state.findings,
            audit=self.state.audit,
            assessments=self.assessor,
            verdicts=self.state.verdicts,
            exemptions=self.state.exemptions,
            drivers=self.drivers,
            report=replace(self.report, locale=locale),
            work=self.state.inbox,
            preferences=self.state.preferences,
            tag_fix=_tag_fix,
            alerts=self.state.alerts,
            lookout=self.lookout,
            people=self.directory,
            reminders=self.state.reminders,
            here=self.readers.here(ask.place),
            subscriptions=self.state.subscriptions,
            routes=self.routes,
            onward=self.state.links,
            machinery=self.machinery,
        )
        hidden = self.readers.hidden_from(caller, ask)
        seen = self._narrowed(whole, hidden) if hidden else whole
        return replace(seen, onward=self._discreet(seen, hidden)) if self.config.scopes else seen

    def _discreet(self, seen: Context, hidden: frozenset[str]) -> Onward:
        """What sends on, without what an asker sees and a webhook may not hold."""
        from bot.onward.private import DiscreetOnward

        def more(target: str) -> Hidden | None:
            names = self.readers.hidden_in(Place(WEBHOOK, OURS, target)) - hidden
            return self.views.hidden(names) if names else None

        return DiscreetOnward(self.state.links, more, seen.findings, seen.alerts)

    def _narrowed(self, whole: Context, names: frozenset[str]) -> Context:
        """The same world without some private scopes: the one place where it is cut, whatever is asked."""
        from bot.composing import Sources
        from bot.sight import ports as cut

        views = self.views
        hidden = partial(views.hidden, names)
        sight = Sight(names, lambda word: hidden().tells(word))
        findings = cut.NarrowFindings(whole.findings, hidden, sight)
        verdicts = cut.NarrowVerdicts(whole.verdicts, hidden)
        costs, report = views.costs(names), views.report(names, self.report)
        sources = Sources(costs, report, findings, self.drivers, verdicts, whole.audit)
        return replace(
            whole,
            costs=replace(costs, sight=sight),
            findings=findings,
            assessments=cut.NarrowAssessments(whole.assessments, sources, hidden, sight),
            verdicts=verdicts,
            exemptions=cut.NarrowExemptions(whole.exemptions, findings, hidden),
            report=replace(report, locale=whole.report.locale),
            alerts=cut.NarrowAlerts(whole.alerts, hidden),
            lookout=cut.NarrowLookout(whole.lookout, hidden),
            subscriptions=cut.NarrowSubscriptions(whole.subscriptions, whole.caller.id, hidden),
            routes=cut.narrow_routes(whole.routes, hidden),
            machinery=cut.narrow_lines(whole.machinery, hidden),
            sight=sight,
        )

    def named(self) -> list[str]:
        """Everybody whom roles and private scopes name, groups among them."""
        return [*self.config.roles, *(one for scope in self.config.scopes for one in scope.people)]

    def watched(self, schedules: Sequence[Schedule]) -> None:
        """Tell `status` of the schedules that are kept."""
        self.schedules = schedules

    def routes(self) -> Sequence[Route]:
        """Who hears what, where, and when next."""
        from bot.subscribed import routes_of

        kept = self.state.subscriptions.all()
        return routes_of(self.config, self.schedules, kept, self.clock(), self.desk.routes)

    def machinery(self) -> Sequence[tuple[str, str]]:
        """What `status` tells of the bot itself: the last assessment, the outbox, what the clock does next."""
        last = self.state.runs.last()
        waiting = {state: count for state, count in self.state.outbox.counts().items() if count and state != "sent"}
        lines = [
            ("Last assessment", f"{last.finished:%d %b %Y at %H:%M} UTC" if last and last.finished else "none yet"),
            ("Messages waiting", ", ".join(f"{count} {state}" for state, count in waiting.items()) or "none"),
        ]
        lost = [one.title or "a personal chat" for one in self.state.conversations.known("teams") if not one.active]
        lines += [("Teams no longer lets us into", ", ".join(lost))] if lost else []
        for schedule in self.schedules:
            coming = next(iter(next_fires(schedule, self.clock(), 1)), None)
            lines.append((schedule.name, f"{coming:%a %d %b at %H:%M %Z}" if coming else "never"))
        return lines

    def typed(self, text: str, who: str) -> Answer:
        """Answer what was typed in a terminal, here and now, without inbox and outbox.

        Whoever has a shell may read the data folder anyway, and so may do everything.
        """
        ask = Ask(f"terminal:{uuid4().hex}", Place("terminal", "local"), f"terminal:{who}", who, text, self.clock())
        return answer(text, self.context(ask))


@contextmanager
def assembled(
    config: Config, clock: Clock, *, progress: Progress = lambda _share, _what: None, load: bool = True
) -> Iterator[Crew]:
    """Make a crew, and put everything away afterwards; ``load`` billed rows at once if there are none yet.

    Raises:
        BadConfig: something that the deployment names cannot be used.
    """
    progress = _and_whoever_waits(progress)
    sources = [provider_of(one, config, clock(), progress) for one in config.providers]
    if not sources:
        raise BadConfig('no [[providers]] are named; kind = "focus" reads FOCUS files, kind = "sample" needs nothing')
    with state_of(config, clock) as state:
        crew = Crew(config, clock, state, sources, progress)
        if load and (config.sample or not crew.lake.version):
            crew.assessor.load(clock())
        yield crew


def _and_whoever_waits(progress: Progress) -> Progress:
    def told(share: float, what: str) -> None:
        progress(share, what)
        report(share, what)

    return told


@contextmanager
def state_of(config: Config, clock: Clock, *, upgrade: bool = True, visiting: bool = False) -> Iterator[State]:
    """Open the state database of a deployment, and close it afterwards; on a visit, beside the bot that runs on it.

    Raises:
        BadConfig: another process holds it, or its schema is behind and may not be upgraded.
    """
    folder = config.data.folder
    state = State.open(state_url(config), clock, folder=folder, upgrade=upgrade, visiting=visiting)
    try:
        yield state
    finally:
        state.close()


def schedule_of(entry: ScheduleEntry, config: Config) -> Schedule:
    """A schedule as the deployment file has it."""
    zone = entry.timezone or config.report.timezone
    return Schedule(entry.name, entry.cron, entry.ask, tuple(entry.to), always=entry.post == "always", timezone=zone)


def state_url(config: Config) -> str:
    """The address of a deployment's state database."""
    return f"sqlite:///{config.data.folder / 'state.db'}" if config.state.url == "sqlite" else config.state.url


def _tag_fix(change: TagChange) -> Fix | None:
    from providers.remedies import tag_fix

    return tag_fix(change)
