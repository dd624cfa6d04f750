"""What a command may see of the world: who asks, when, and a few ports that the bot fills."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from analysis.alerts import Change, Kept
from analysis.allocation_rules import Rulebook
from analysis.assessment import Assessment
from analysis.budgets import Budget
from analysis.commitments import Term
from analysis.errors import NotFound, NotSaved, UnknownName
from analysis.estate import Bill
from analysis.exemptions import Exemption
from analysis.findings import Finding, Fix, Link, Move, State
from analysis.focus import CostFrame, CostQuery, Freshness
from analysis.money import Money
from analysis.overdue import Patience
from analysis.owners import Owners
from analysis.periods import Period
from analysis.purchases import OFFERS, Offer
from analysis.savings import Saving
from analysis.tagging import TagChange
from analysis.units import DriverSeries
from analysis.what_if import Planned


class Permission(StrEnum):
    """What a caller may do. Everything needs one; nobody has any by default."""

    READ = "read"
    ACT = "act"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: ``id`` is unforgeable (``slack:U123``), ``name`` is only for reading.

    ``key`` identifies this very ask or click, so that a copy of it changes nothing.
    """

    id: str
    name: str
    permissions: frozenset[Permission]
    key: str
    mention: str = ""  # how the caller's own platform writes a mention; empty where there is none
    locale: str = "en_US"  # how figures are written for them: their own way, where they alone read the answer
    timezone: str = ""  # where they are, as far as that is known
    has_windows: bool = False  # whether their platform can open a window for them alone

    def may(self, permission: Permission) -> bool:
        """Whether this caller has ``permission``."""
        return permission in self.permissions


class Costs(Protocol):
    """The billed rows."""

    def ask(self, query: CostQuery) -> CostFrame:
        """Answer one question, exactly."""

    def currencies(self, period: Period) -> Sequence[Money]:
        """What was billed in each currency (EffectiveCost of all categories), the largest first."""

    def freshness(self, now: datetime) -> Freshness:
        """How far the rows can be believed.

        Raises:
            NoData: there are no rows at all.
        """

    def bills(self, now: datetime) -> Mapping[str, Bill]:
        """What each ResourceId (lower case) is billed a month, from its last 30 complete days."""

    def names(self, dimension: str) -> Sequence[str]:
        """The values a dimension has, for suggestions; and, for ``Tags``, the keys there are."""


class Findings(Protocol):
    """The findings and where they stand."""

    def get(self, name: str) -> Finding:
        """The finding whose id begins with ``name``.

        Raises:
            NotFound: none does, or more than one.
        """

    def standing(self, *states: State) -> Sequence[Finding]:
        """Those in one of ``states`` (all, if none is named), the most expensive first."""

    def move(self, name: str, move: Move, by: Caller, ask: str, now: datetime) -> Finding:
        """Try a transition, with its audit line and the redrawing of every message that shows the finding.

        The same ``by.key`` twice is one move: the second time answers what the first one did.

        Raises:
            NotFound: no such finding.
            TooLate: it had moved on; the message says who was first.
            NotAllowed: the move is its owner's alone.
            NotSaved: the database did not take it.
        """

    def undo(self, name: str, by: Caller, ask: str, now: datetime, within: timedelta) -> Finding:
        """Take back the last step of a finding: whoever made it may, until ``within`` has passed.

        Raises:
            NotFound: no such finding.
            TooLate: it has moved on since, or too much time has passed.
            NotAllowed: somebody else made the last step.
            NotSaved: the database did not take it.
        """

    def move_all(self, names: Sequence[str], move: Move, by: Caller, ask: str, now: datetime) -> Moved:
        """Try one transition of several findings, each with an audit line of its own, all in one transaction.

        Those that have moved on are left alone, and told. The same ``by.key`` twice answers what the first did.

        Raises:
            NotFound: one of the names is nobody's; then nothing has moved.
            NotSaved: the database did not take it.
        """

    def history(self, name: str) -> Sequence[Step]:
        """What became of one finding, the oldest first.

        Raises:
            NotFound: no such finding.
        """

    def adopt(self, found: Sequence[Finding]) -> None:
        """Enter findings as they stand, with their moments; those that are known already are left alone."""

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
        """Enter the findings of one assessment; those of ``complete`` providers that vanished are resolved.

        ``kept`` are accounts and resources that nobody could look at: their findings stay as they are. ``exempt`` are
        ids that were seen and are no waste, with the move that says so: they are put to sleep, and never entered.
        """

    def billed(self, line: Saving, now: datetime, figure: str) -> Finding | None:
        """What the bill says of a fix: told once in the threads of the messages that show the finding.

        What is not fallen is open again, with the ``figure``. ``None`` if it was told before, or has moved on.
        """


@dataclass(frozen=True, slots=True)
class Step:
    """One transition of one finding: what was done, where it led, by whom and why."""

    verb: str
    state: State
    by: str
    by_name: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Moved:
    """What came of moving several: those that moved, and those that had moved on, with what is to be told of each."""

    moved: tuple[Finding, ...] = ()
    refused: tuple[tuple[Finding, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """What an assessment changed: new findings, those seen again after they were resolved, those that vanished."""

    opened: tuple[Finding, ...] = ()
    reopened: tuple[Finding, ...] = ()
    resolved: tuple[Finding, ...] = ()
    known: int = 0
    verified: tuple[Saving, ...] = ()  # what the bill confirmed or refuted since the last time

    @property
    def news(self) -> tuple[Finding, ...]:
        """Those worth telling."""
        return (*self.opened, *self.reopened)


class Exemptions(Protocol):
    """What is no waste, says somebody, until a day."""

    def enter(self, name: str, made: Exemption, by: Caller, ask: str, now: datetime) -> tuple[Finding, int]:
        """Enter an exemption with the moves of all findings that it covers; the named one, and how many moved.

        Raises:
            NotFound: no such finding.
            TooLate: it is exempt, done or resolved already.
            NotSaved: the database did not take it.
        """

    def standing(self, now: datetime) -> Sequence[Exemption]:
        """Those that hold now, the one that ends first in front."""

    def end(self, number: int, by: Caller, now: datetime) -> tuple[Exemption, int]:
        """End one, and wake the findings that no other covers: the exemption, and how many woke.

        Raises:
            NotFound: there is none of that number, or it is over.
            NotSaved: the database did not take it.
        """


class NoExemptions:
    """A place where every check looks at everything."""

    def enter(self, name: str, made: Exemption, by: Caller, ask: str, now: datetime) -> tuple[Finding, int]:  # noqa: ARG002
        """There is nowhere to remember it.

        Raises:
            NotFound: always.
        """
        raise NotFound("exceptions are not kept here")

    def standing(self, now: datetime) -> Sequence[Exemption]:  # noqa: ARG002
        """None."""
        return ()

    def end(self, number: int, by: Caller, now: datetime) -> tuple[Exemption, int]:  # noqa: ARG002
        """There is none.

        Raises:
            NotFound: always.
        """
        raise NotFound(f"no exception {number} holds")


class Directory(Protocol):
    """Who is who, on whichever platform they are; users are told with it (``slack:U123``)."""

    def email(self, user: str) -> str:
        """The address of a user in small letters; empty where nobody tells."""


class NoDirectory:
    """A place where nobody is known."""

    def email(self, user: str) -> str:  # noqa: ARG002 (whoever it is)
        """Nobody tells."""
        return ""


class Onward(Protocol):
    """Where findings and anomalies are sent on to."""

    def send(self, target: str, event: Mapping[str, Any], by: Caller, ask: str, now: datetime) -> None:
        """Put an event (``id``, ``kind``, ``title``, ``text`` and more) on its way to a target.

        Raises:
            TooLate: it was sent there already.
            NotSaved: the database did not take it.
        """

    def of(self, thing: str) -> Sequence[Link]:
        """Where a finding or an anomaly was sent on to."""


class NoOnward:
    """A place that nothing is sent on from."""

    def send(self, target: str, event: Mapping[str, Any], by: Caller, ask: str, now: datetime) -> None:  # noqa: ARG002
        """There is no way.

        Raises:
            NotFound: always.
        """
        raise NotFound("nothing can be sent on from here")

    def of(self, thing: str) -> Sequence[Link]:  # noqa: ARG002
        """Nowhere."""
        return ()


class Reminders(Protocol):
    """Who wants no reminders: a user (``slack:U123``), or a team (``team:search``)."""

    def are_wanted(self, whom: str) -> bool:
        """Whether somebody is to be reminded."""

    def want(self, whom: str, by: Caller, now: datetime, *, wanted: bool) -> None:
        """From now on remind somebody, or do not."""


class NoReminders:
    """A place where nobody is reminded."""

    def are_wanted(self, whom: str) -> bool:  # noqa: ARG002 (whoever it is)
        """There are none."""
        return False

    def want(self, whom: str, by: Caller, now: datetime, *, wanted: bool) -> None:
        """There is nowhere to remember it."""


class Drivers(Protocol):
    """Business figures by day: customers, orders, whatever the company counts."""

    def names(self) -> Sequence[str]:
        """What there is."""

    def series(self, name: str) -> DriverSeries:
        """One of them.

        Raises:
            UnknownName: there is none of that name.
            BadData: its source cannot be read.
        """


class NoDrivers:
    """A deployment that names no business figures."""

    def names(self) -> Sequence[str]:
        """Nothing."""
        return ()

    def series(self, name: str) -> DriverSeries:
        """There is none.

        Raises:
            UnknownName: always.
        """
        raise UnknownName("driver", name, known=())


class Said(StrEnum):
    """What people may say of an anomaly."""

    EXPECTED = "expected"
    INVESTIGATING = "investigating"
    FALSE_ALARM = "false-alarm"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What somebody said of one event of a series (its names, as ``DailySeries`` has them)."""

    event: str
    series: tuple[str, ...]
    said: Said
    by_name: str
    at: datetime


class Verdicts(Protocol):
    """What people said of anomalies; it changes what is told next."""

    def judge(self, event: str, series: tuple[str, ...], said: Said, by: Caller, now: datetime) -> None:
        """Write down what ``by`` says; the same ``by.key`` twice is once."""

    def since(self, moment: datetime) -> Sequence[Judgement]:
        """What was said since then, the oldest first."""


class Alerts(Protocol):
    """What people were told of, and where."""

    def get(self, name: str) -> Kept:
        """The alert whose id begins with ``name``.

        Raises:
            NotFound: none does, or more than one.
        """

    def standing(self, ended_since: datetime | None = None) -> Sequence[Kept]:
        """Those that are open, the largest first; and, after them, those that ended since a moment."""

    def of_event(self, event: str) -> Kept | None:
        """The alert of an anomaly, by the anomaly's id."""

    def hush(self, name: str, by: Caller, now: datetime) -> Kept:
        """Say no more of it in its thread; its messages are drawn anew.

        Raises:
            NotFound: there is none.
        """

    def told(self, name: str) -> Sequence[str]:
        """Where it was told, in words."""

    def held(self, summary: str) -> Sequence[Kept]:
        """Those that a day's summary tells, beyond the messages that a channel takes on one day."""


class NoAlerts:
    """A crew that watches nothing."""

    def get(self, name: str) -> Kept:
        """There is none.

        Raises:
            NotFound: always.
        """
        raise NotFound(f"no alert is named {name!r}; nothing is watched here")

    def standing(self, ended_since: datetime | None = None) -> Sequence[Kept]:  # noqa: ARG002
        """None."""
        return ()

    def of_event(self, event: str) -> Kept | None:  # noqa: ARG002
        """None."""
        return None

    def hush(self, name: str, by: Caller, now: datetime) -> Kept:  # noqa: ARG002
        """There is none.

        Raises:
            NotFound: always.
        """
        return self.get(name)

    def told(self, name: str) -> Sequence[str]:  # noqa: ARG002
        """Nowhere."""
        return ()

    def held(self, summary: str) -> Sequence[Kept]:  # noqa: ARG002
        """None."""
        return ()


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look at the bill changed; ``unread`` are sources that could not be read, in words."""

    changes: Sequence[Change] = ()
    unread: tuple[str, ...] = ()


class Lookout(Protocol):
    """Who watches, and tells whoever it concerns."""

    def look(self, now: datetime, *, load: bool = True) -> Looked:
        """Look at everything that may be worth an alert, after loading what is new unless that has just been done.

        Raises:
            NoData: there are no billed rows.
        """


class NoLookout:
    """Nobody watches."""

    def look(self, now: datetime, *, load: bool = True) -> Looked:  # noqa: ARG002
        """Nothing changes."""
        return Looked()


class Ledger(Protocol):
    """Savings as they were verified: lines are added, never changed."""

    def enter(self, finding: str, status: str, monthly: Money, line: Mapping[str, Any], now: datetime) -> bool:
        """Add a line, unless the newest of that finding says the same; whether it was added."""

    def said(self, finding: str, status: str, fixed_on: date) -> bool:
        """Whether a line says that already of this fix."""


@dataclass(frozen=True, slots=True)
class Preference:
    """How one person likes it; empty where they leave it to their platform, whose word is kept beside it."""

    timezone: str = ""
    locale: str = ""
    teams: tuple[str, ...] = ()
    told_timezone: str = ""
    told_locale: str = ""


class Preferences(Protocol):
    """What people like."""

    def of(self, caller: str) -> Preference:
        """What the person of that id likes."""

    def prefer(self, by: Caller, wanted: Preference, now: datetime) -> None:
        """From now on ``by`` likes it so."""


class NoPreferences:
    """Nobody likes anything in particular."""

    def of(self, caller: str) -> Preference:  # noqa: ARG002 (whoever it is)
        """Nothing in particular."""
        return Preference()

    def prefer(self, by: Caller, wanted: Preference, now: datetime) -> None:
        """There is nowhere to remember it."""


class Work(Protocol):
    """What is under way for somebody who waits."""

    def cancel(self, run: str, by: Caller) -> str:
        """Have it end at its next step; gives back what was asked.

        Raises:
            NotFound: nothing of that name is under way.
            NotAllowed: it is somebody else's.
        """


class NoWork:
    """Nothing is ever under way."""

    def cancel(self, run: str, by: Caller) -> str:  # noqa: ARG002 (whoever it is)
        """There is nothing to stop.

        Raises:
            NotFound: always.
        """
        raise NotFound(f"nothing named {run!r} is under way here")


@dataclass(frozen=True, slots=True)
class Here:
    """Where an ask was made: the conversation, and the person; a platform without either has empty ones.

    ``alone``: nobody else reads it.
    """

    platform: str = ""
    tenant: str = ""
    conversation: str = ""
    user: str = ""
    alone: bool = False

    @property
    def is_chat(self) -> bool:
        """Whether something can be posted here later: not by the clock, nor into a terminal."""
        return bool(self.tenant and self.user and self.conversation)


@dataclass(frozen=True, slots=True)
class Subscription:
    """What somebody wants to hear regularly: ``ask`` is asked when ``cron`` comes on the wall of ``timezone``.

    Without a ``cron`` it is about alerts, as they come, and ``ask`` is their scope. ``quiet`` are its own quiet hours,
    in words; empty for those of the deployment.
    """

    id: str
    rhythm: str
    ask: str
    cron: str
    timezone: str
    quiet: str
    here: Here
    by: str
    by_name: str
    at: datetime


class Subscriptions(Protocol):
    """What people want to hear regularly."""

    def all(self) -> Sequence[Subscription]:
        """Every one, the oldest first."""

    def keep(self, one: Subscription) -> None:
        """Remember it; one of the same id is replaced."""

    def drop(self, name: str) -> None:
        """Forget it."""


class NoSubscriptions:
    """Nobody wants anything."""

    def all(self) -> Sequence[Subscription]:
        """None."""
        return ()

    def keep(self, one: Subscription) -> None:  # noqa: ARG002
        """There is nowhere to keep it.

        Raises:
            NotSaved: always.
        """
        raise NotSaved("nothing can be subscribed to here")

    def drop(self, name: str) -> None:
        """There is none."""


@dataclass(frozen=True, slots=True)
class Route:
    """Who hears what, where, and when next: a line of ``routes``."""

    what: str
    where: str
    who: str
    coming: datetime | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """One line of the audit: who asked what, and when."""

    at: datetime
    caller: str
    ask: str


class Audit(Protocol):
    """Who asked what, and how it ended."""

    def record(self, caller: Caller, ask: str, outcome: str, now: datetime) -> None:
        """Write one line; a key that has one already keeps it."""

    def since(self, moment: datetime) -> Sequence[Asked]:
        """What was asked since then, the oldest first."""


class Assessments(Protocol):
    """Whole assessments: made on demand, remembered as the single source of every view."""

    def latest(self, now: datetime) -> Assessment:
        """The one that stands for now: made when there is none for these billed rows."""

    def fresh(self, now: datetime) -> tuple[Assessment, Seen]:
        """Make a new one: load what is new, look at everything, enter the findings."""

    def tell(self, run: str, told: Mapping[str, Any]) -> None:
        """Keep what was told of one, so that it can be told again."""

    def told(self, run: str = "") -> tuple[str, Mapping[str, Any]]:
        """The id of one and what was told of it; the newest, if none is named.

        Raises:
            NotFound: nothing was told of it.
        """


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Costs that are known to jump, up to and including a day: an account, a service, both (empty: any), or a tag.

    ``tag`` is ``key=value``: what such resources cost is not looked at at all.
    """

    until: date
    why: str
    account: str = ""
    service: str = ""
    tag: str = ""

    def holds(self, name: Sequence[str], today: date) -> bool:
        """Whether a series, named by account and service, is excluded today."""
        if self.tag:
            return False  # its rows are left out before
        account, service, *_ = (*name, "", "")
        matches = (not self.account or self.account == account) and (not self.service or self.service == service)
        return today <= self.until and matches


@dataclass(frozen=True, slots=True)
class Report:
    """How this deployment likes its figures: ``[report]`` in the deployment file."""

    currency: str = "USD"
    timezone: str = "UTC"
    locale: str = "en_US"
    year_starts: int = 1  # the month that the fiscal year begins with
    sample: bool = False  # the figures are the sample company's
    planned: Sequence[Planned] = ()  # changes of cost that a what-if reckons with
    programme: Money | None = None  # what FinOps itself costs a month
    exclusions: Sequence[Exclusion] = ()  # what no anomaly is told of
    budgets: Callable[[date], Sequence[Budget]] = lambda _: ()  # those in force on a day
    commitments: Callable[[datetime], Sequence[Term]] = lambda _: ()  # when they end, as far as providers tell
    allocation: Rulebook = field(default_factory=Rulebook)  # whose cost is whose
    offers: Sequence[Offer] = OFFERS  # the commitments that may be proposed
    owners: Owners = field(default_factory=Owners)
    alone_from: Money | None = None  # what a new finding is worth a month that gets a message of its own
    most_alone: int = 5  # of them after one assessment
    patience: Patience = field(default_factory=Patience)  # after how many days who is reminded
    undo: timedelta = timedelta(hours=1)  # how long a change can be taken back
    webhooks: Sequence[str] = ()  # where findings can be sent on to


@dataclass(slots=True)
class Sight:
    """How far an ask sees. ``hidden`` are the private scopes that its readers are not in.

    ``is_private`` tells whether a word names something of those; ``partial`` becomes true when figures are given out
    that leave something out.
    """

    hidden: frozenset[str] = frozenset()
    is_private: Callable[[str], bool] = lambda _: False
    partial: bool = False


@dataclass(frozen=True, slots=True)
class Context:
    """Everything one ask may touch."""

    caller: Caller
    now: datetime
    costs: Costs
    findings: Findings
    audit: Audit
    assessments: Assessments
    verdicts: Verdicts
    report: Report = field(default_factory=Report)
    work: Work = field(default_factory=NoWork)
    preferences: Preferences = field(default_factory=NoPreferences)
    drivers: Drivers = field(default_factory=NoDrivers)
    tag_fix: Callable[[TagChange], Fix | None] = lambda _: None  # the commands that set a tag, where a provider has any
    alerts: Alerts = field(default_factory=NoAlerts)
    lookout: Lookout = field(default_factory=NoLookout)
    exemptions: Exemptions = field(default_factory=NoExemptions)
    people: Directory = field(default_factory=NoDirectory)
    reminders: Reminders = field(default_factory=NoReminders)
    here: Here = field(default_factory=Here)
    subscriptions: Subscriptions = field(default_factory=NoSubscriptions)
    routes: Callable[[], Sequence[Route]] = lambda: ()
    onward: Onward = field(default_factory=NoOnward)
    machinery: Callable[[], Sequence[tuple[str, str]]] = lambda: ()  # what `status` tells of the bot itself
    sight: Sight = field(default_factory=Sight)
