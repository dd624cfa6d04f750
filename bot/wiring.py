"""The composition root: every concrete thing is made here, once, and handed to whom it concerns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property, partial
from typing import TYPE_CHECKING
from uuid import uuid4

from analysis.alerts import Alert
from analysis.budgets import Budget
from analysis.errors import BadConfig
from analysis.money import Money
from analysis.periods import month_of
from analysis.purchases import offers
from analysis.what_if import Planned
from bot.cadence.schedule import Schedule, next_fires
from bot.clock import Clock
from bot.config import Config
from bot.directory import Directory
from bot.environment import environment, secret
from bot.identity import CLOCK, REDRAW, TERMINAL, caller_of, no_groups
from bot.ports import DIRECT, HOME, Ask, Place
from bot.progress import report
from bot.scopes import is_alone
from bot.sections import sources as entries
from bot.sections.figures import PlannedEntry
from bot.sections.telling import ScheduleEntry
from bot.state import State
from bot.traces import provider_call
from commands.core.answer import Answer
from commands.core.caller import Caller, Here
from commands.core.context import Context, Sight
from commands.core.ports import Drivers, Route
from commands.core.quiet_hours import QuietHours
from commands.core.registry import answer
from commands.core.report import Exclusion, Report
from providers import remedies
from providers.provider import Progress, Provider

SAMPLE_PROGRAMME = Decimal(2_500)

if TYPE_CHECKING:
    from bot.assessor import Assessor
    from bot.lookout import Desk, Watcher
    from bot.sight.views import Views
    from providers.aws.provider import AwsProvider
    from providers.azure.provider import AzureProvider
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

    def may_hear(self, one: Alert, place: Place) -> bool:
        """Whether a place may be told of an alert: nothing in it is private to others."""
        hidden = self.hidden_in(place)
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
        from providers.drivers import Book, Source

        environ = environment()
        own = [
            Source(
                one.name,
                one.source,
                one.column or one.name,
                one.day,
                one.query,
                {"Authorization": f"Bearer {environ[one.token]}"} if one.token in environ else {},
            )
            for one in self.config.drivers
        ]
        return Book([*own, *(one for source in self.sources for one in source.drivers())], self.clock)

    @cached_property
    def report(self) -> Report:
        """How figures are told."""
        told = self.config.report
        budgets = partial(_budgets, self.config, self.sources)
        return Report(
            told.currency,
            told.timezone,
            told.locale,
            told.year_starts,
            sample=self.config.sample,
            programme=_programme(self.config),
            planned=[_planned(one) for one in self.config.planned],
            exclusions=[
                Exclusion(one.until, one.why, one.account, one.service, one.tag) for one in self.config.exclusions
            ],
            budgets=budgets,
            commitments=lambda now: [term for source in self.sources for term in source.commitments(now)],
            allocation=self.config.allocation.rulebook(),
            owners=self.config.owner_rules(),
            patience=self.config.reminders.patience(),
            alone_from=Money(self.config.findings.own_message_from, told.currency),
            most_alone=self.config.findings.own_messages,
            undo=timedelta(minutes=self.config.findings.undo_minutes),
            webhooks=[one.name for one in self.config.webhooks],
            offers=offers(self.config.commitments.discount, self.config.commitments.hourly_floor),
        )

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
            tag_fix=remedies.tag_fix,
            alerts=self.state.alerts,
            lookout=self.lookout,
            people=self.directory,
            reminders=self.state.reminders,
            here=self._here(ask.place),
            subscriptions=self.state.subscriptions,
            routes=self.routes,
            onward=self.state.links,
            machinery=self.machinery,
        )
        hidden = self.hidden_from(caller, ask)
        return self._narrowed(whole, hidden) if hidden else whole

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

    def hidden_from(self, caller: Caller, ask: Ask) -> frozenset[str]:
        """The private scopes that an ask is not to tell of: all that its asker, or one of its readers, may not see.

        The clock, and whatever draws a message anew, see what all readers see, and without readers nothing private.
        """
        if not self.config.scopes or caller.id.startswith(TERMINAL):
            return frozenset()
        scopes = self.config.private_scopes()
        is_person = not caller.id.startswith((CLOCK, REDRAW))
        kept = {one.name for one in scopes if is_person and not one.is_seen_by(caller, self.in_group)}
        if not is_person and not ask.readers:
            return frozenset(one.name for one in scopes)
        return frozenset(kept).union(*(self.hidden_in(place) for place in ask.readers))

    def hidden_in(self, place: Place) -> frozenset[str]:
        """The private scopes that a place is not to hold: a channel's by its routes, a person's own by who they are."""
        scopes = self.config.private_scopes()
        if not scopes:
            return frozenset()
        home = self.desk.tenants.get(place.platform, "")
        if reader := self._alone(place, home):
            caller = caller_of(Ask("", place, reader, reader, "", self.clock()), self.config.roles, self.in_group)
            return frozenset(one.name for one in scopes if not one.is_seen_by(caller, self.in_group))
        titles = self._titles(place)
        return frozenset(one.name for one in scopes if not one.is_seen_in(place, titles, home))

    def _alone(self, place: Place, home: str) -> str:
        """Who alone reads what stands in a place; empty for a channel, and where nobody knows."""
        user = place.user
        if place.platform == "teams" and place.conversation and place.view != HOME:
            known = self.state.conversations.find("teams", place.tenant, place.conversation)
            if known is None or known.kind != "personal":
                return ""
            user = user or known.user
        elif not is_alone(place):
            return ""
        if not user:
            return ""
        abroad = place.platform == "slack" and home not in {"", place.tenant}
        return f"slack:{place.tenant}:{user}" if abroad and not place.person else replace(place, user=user).caller

    def _titles(self, place: Place) -> Sequence[str]:
        """What people call a channel."""
        if place.platform == "teams":
            known = self.state.conversations.find("teams", place.tenant, place.conversation)
            return [known.title] if known else []
        if place.conversation.startswith("#"):
            return []
        found = self.directory.title(place)
        return [found] if found else []

    def _here(self, place: Place) -> Here:
        """Where an ask was made, and whether others read there."""
        alone = place.view == HOME or self._is_own(place)
        return Here(place.platform, place.tenant, place.conversation, place.user, alone)

    def is_channel(self, place: Place) -> bool:
        """Whether what stands in a place is read by several people."""
        if place.platform == "teams":
            known = self.state.conversations.find(place.platform, place.tenant, place.conversation)
            return known is not None and known.kind == "channel"
        return bool(place.conversation) and not self._is_own(place)

    def _is_own(self, place: Place) -> bool:
        """Whether a conversation is one person's: Slack's are known by their first letter, Teams' were told once."""
        match place.platform:
            case "slack":
                return place.conversation.startswith("D")
            case "teams":
                own = self.state.conversations.personal(place.platform, place.tenant, place.user)
                return own is not None and own.id == place.conversation
            case _:
                return place.conversation == DIRECT

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
    sources = [_provider(one, config, clock(), progress) for one in config.providers]
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


def _provider(one: entries.Provider, config: Config, now: datetime, progress: Progress) -> Provider:
    match one:
        case entries.FocusProvider():
            from providers.focus.provider import FocusProvider

            return FocusProvider(one.name, one.path)
        case entries.AwsProvider():
            aws = aws_of(one, config)
            aws.connection.told = partial(provider_call, one.name)
            return aws
        case entries.AzureProvider():
            azure = azure_of(one, config)
            azure.connection.told = partial(provider_call, one.name)
            return azure
        case entries.SampleProvider():
            from providers.sample import SampleProvider

            root = config.data.folder / "sample"
            return SampleProvider.cached(root, as_of=now.date(), seed=one.seed, months=one.months, progress=progress)


def aws_of(one: entries.AwsProvider, config: Config) -> AwsProvider:
    """AWS as the deployment file has it."""
    from providers.aws.connection import Connection, Role
    from providers.aws.inventory import Limits
    from providers.aws.provider import AwsProvider, Choice

    connection = Connection(
        hub=Role(one.role, one.external_id) if one.role else None,
        member=Role(one.member_role, one.external_id) if one.member_role else None,
        profile=one.profile,
    )
    limits = Limits(one.workers, Money(one.metrics_budget, "USD"), one.metrics_from)
    choice = Choice(one.source, one.export, one.tag, one.months, one.calls_a_day, tuple(one.accounts), limits)
    return AwsProvider(one.name, config.data.folder / "aws" / one.name, connection, choice)


def azure_of(one: entries.AzureProvider, config: Config) -> AzureProvider:
    """The Azure provider of an entry of the deployment file.

    Raises:
        BadConfig: its identity lacks something.
    """
    from providers.azure.connection import CLOUDS, Connection, Identity
    from providers.azure.inventory import Limits
    from providers.azure.provider import AzureProvider, Choice

    environ = environment()
    own = {
        "arm": one.arm_url,
        "authority": one.authority,
        "metrics": one.metrics_url,
        "blobs": one.blob_url,
        "prices": one.prices_url,
    }
    cloud = replace(CLOUDS[one.cloud], **{name: url for name, url in own.items() if url})
    identity = Identity(
        one.identity,
        one.tenant,
        one.client,
        secret(one.secret, environ),
        one.certificate,
        secret("AZURE_CLIENT_CERTIFICATE_PASSWORD", environ),
    )
    limits = Limits(workers=one.workers, metrics_from=one.metrics_from)
    choice = Choice(one.source, tuple(one.scopes), one.export, one.months, one.questions, limits)
    connection = Connection(identity.credential(cloud), cloud)
    return AzureProvider(one.name, config.data.folder / "azure" / one.name, connection, choice)


def _programme(config: Config) -> Money | None:
    """What FinOps itself costs a month; the sample company's is made up like the rest of it."""
    if config.programme.monthly_cost:
        return Money(config.programme.monthly_cost, config.programme.currency)
    return Money(SAMPLE_PROGRAMME, config.report.currency) if config.sample else None


def _planned(one: PlannedEntry) -> Planned:
    """A planned change, its months as days."""
    begins = date.fromisoformat(f"{one.begins}-01")
    ends = month_of(date.fromisoformat(f"{one.ends}-01")).end if one.ends else None
    return Planned(one.name, Money(one.amount, one.currency), begins, ends)


def _budgets(config: Config, sources: Sequence[Provider], day: date) -> Sequence[Budget]:
    """Budgets of the deployment file first, then those set in the clouds."""
    own = [
        Budget(one.name, Money(one.amount, one.currency), one.account, one.period, one.where) for one in config.budgets
    ]
    return [*own, *(budget for source in sources for budget in source.budgets(day))]
