"""What a command may see of the world: ports, which the bot fills, and what is told through them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from analysis.alerts import Change, Kept
from analysis.assessment import Assessment
from analysis.estate import Bill
from analysis.exemptions import Exemption
from analysis.findings import Finding, Link, Move, State
from analysis.focus import CostFrame, CostQuery, Freshness
from analysis.money import Money
from analysis.periods import Period
from analysis.savings import Saving
from analysis.units import DriverSeries
from commands.core.caller import Caller, Here


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


class Directory(Protocol):
    """Who is who, on whichever platform they are; users are told with it (``slack:U123``)."""

    def email(self, user: str) -> str:
        """The address of a user in small letters; empty where nobody tells."""


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


class Reminders(Protocol):
    """Who wants no reminders: a user (``slack:U123``), or a team (``team:search``)."""

    def are_wanted(self, whom: str) -> bool:
        """Whether somebody is to be reminded."""

    def want(self, whom: str, by: Caller, now: datetime, *, wanted: bool) -> None:
        """From now on remind somebody, or do not."""


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


class Work(Protocol):
    """What is under way for somebody who waits."""

    def cancel(self, run: str, by: Caller) -> str:
        """Have it end at its next step; gives back what was asked.

        Raises:
            NotFound: nothing of that name is under way.
            NotAllowed: it is somebody else's.
        """


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
