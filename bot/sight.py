"""Sight: the ports of a context without what is private to others, so that no command can tell of it.

Everything that holds cost is cut here, before a command sees it. What is hidden reads like what does not exist.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING, Any

from analysis import alerts as alerts_said
from analysis import exemptions as exemptions_said
from analysis import findings as findings_said
from analysis.alerts import Alert, Kept
from analysis.allocation_rules import ByAccount, ByName, ByTag, Rule, Rulebook, Shared, fits
from analysis.assessment import Assessment, untold
from analysis.budgets import Budget
from analysis.commitments import Term
from analysis.errors import NotAllowed, NotFound, OutOfSight, UnknownName
from analysis.estate import Bill
from analysis.exemptions import Exemption
from analysis.findings import Finding, Move, State
from analysis.focus import CHARGE_CATEGORIES, TAG, CostFrame, CostQuery, Freshness, Without
from analysis.money import Money
from analysis.owners import Owners
from analysis.periods import Period
from analysis.savings import Saving
from analysis.spelling import key_meant, meant, tagged
from bot.composing import COMPOSER, Sources, agreed, with_findings
from bot.scopes import Clause, Scope
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
from commands.core.report import Report
from commands.core.scope import FIELDS, PROVIDERS

if TYPE_CHECKING:
    from providers.lake import Lake

ACCOUNT_ID, ACCOUNT_NAME = FIELDS["account"]
RESOURCE, RESOURCE_NAME = "ResourceId", "ResourceName"
IN_ACCOUNT = "In account"  # the evidence of a finding that names its account
NOT_SHOWN = "not shown"  # an owner of shared cost whose name is private
COARSE = ("provider", "region", "service")  # their names are nobody's secret
FOR_ALL = (
    "an exception by tag holds for the whole company, of which you see a part: exempt the resource alone, or ask"
    " somebody who sees all of it"
)
SHORTEST_WORD = 3  # a name that is looked for in sentences
Alternatives = list[tuple[str, tuple[str, ...]]]


@dataclass
class Hidden:
    """What some private scopes hold, as the bill of this moment names it."""

    scopes: tuple[Scope, ...]
    lake: Lake
    rulebook: Rulebook
    version: str

    @cached_property
    def rows(self) -> tuple[Without, ...]:
        """The billed rows that are left out of every figure."""
        found = [combo for scope in self.scopes for clause in scope.of for combo in self._combos(clause)]
        return tuple(dict.fromkeys(found))

    @cached_property
    def resources(self) -> frozenset[str]:
        """The resources that were ever billed in one of those rows, in small letters."""
        return frozenset(name.lower() for row in self.rows for name in self._names(RESOURCE, row))

    @cached_property
    def without_resources(self) -> tuple[Without, ...]:
        """The same rows, and all others of their resources: for questions that tell resources by name."""
        return (*self.rows, ((RESOURCE, tuple(sorted(self.resources))),)) if self.resources else self.rows

    @cached_property
    def accounts(self) -> frozenset[str]:
        """Ids and names of the accounts that are wholly private, in small letters."""
        whole = (row for row in self.rows if len(row) == 1)
        found = {
            value.lower() for row in whole for name, values in row if name in FIELDS["account"] for value in values
        }
        return frozenset(found)

    @cached_property
    def words(self) -> frozenset[str]:
        """Names that a sentence gives away, in small letters: of the deployment file, of accounts, of owners."""
        alone = [one for scope in self.scopes for one in scope.of if len(one) == 1]
        typed = {value for one in alone for key, values in one.items() if key not in COARSE for value in values}
        plain = {value.strip("*?-_. ").lower() for value in typed} | self.accounts
        whole = (row for row in self.rows if len(row) == 1)
        tags = {value.lower() for row in whole for name, values in row if name.startswith(TAG) for value in values}
        return frozenset(word for word in plain | tags if len(word) >= SHORTEST_WORD)

    @cached_property
    def _spoken(self) -> re.Pattern[str]:
        words = "|".join(re.escape(word) for word in sorted(self.words, key=len, reverse=True))
        return re.compile(rf"(?<![a-z0-9])(?:{words})(?![a-z0-9])" if words else r"(?!)")

    def tells(self, *texts: str) -> bool:
        """Whether one of some sentences names something private."""
        return any(self._spoken.search(text.lower()) or text.lower() in self.resources for text in texts)

    @cached_property
    def names_known(self) -> dict[str, Sequence[str]]:
        """What was asked of the bill's names, so that it is asked once."""
        return {}

    def is_empty(self, clause: Clause) -> bool:
        """Whether nothing was ever billed that a clause names."""
        return not any(self._names(ACCOUNT_ID, row) for row in self._combos(clause))

    def holds(self, finding: Finding) -> bool:
        """Whether a finding is private: by its account, its tags, its owner, or by what it is billed as."""
        if finding.account.lower() in self.accounts or finding.resource_id.lower() in self.resources:
            return True
        if not self.resources.isdisjoint(finding.priced_of):
            return True
        return any(_fits(clause, finding) for scope in self.scopes for clause in scope.of)

    def alert(self, one: Alert) -> bool:
        """Whether an alert is private: by what it names, or since its figures hold private cost."""
        facts = (text for text in _texts(one.facts))
        return self.tells(one.said, one.team, one.account, one.service, *facts) or self.touches(
            one.account, {"ServiceName": (one.service,)} if one.service else {}
        )

    def touches(self, account: str, where: Mapping[str, Sequence[str | None]]) -> bool:
        """Whether the figures of a part of the bill hold private cost."""
        if not self.rows:
            return False
        wanted = dict(where)
        for dimension in FIELDS["account"]:
            same = tuple(name for name in self.lake.names(dimension) if account and name.lower() == account.lower())
            if same:
                wanted[dimension] = same
                break
        covers = self._covers
        for money in self.lake.currencies(covers):
            whole = CostQuery(covers, money.currency, (), wanted, categories=CHARGE_CATEGORIES)
            if self.lake.ask(whole).total() != self.lake.ask(replace(whole, without=self.rows)).total():
                return True
        return False

    @cached_property
    def _covers(self) -> Period:
        return self.lake.covers

    def _names(self, dimension: str, row: Without) -> set[str]:
        found: set[str] = set()
        for money in self.lake.currencies(self._covers):
            query = CostQuery(self._covers, money.currency, (dimension,), dict(row), categories=CHARGE_CATEGORIES)
            found |= {str(name) for name in self.lake.ask(query).data[dimension] if name is not None}
        return found

    def _combos(self, clause: Clause) -> list[Without]:
        """The rows of a clause: one alternative of each of its words, all at once."""
        if not self.version:
            return []
        each = [self._alternatives(key, patterns) for key, patterns in clause.items()]
        return [tuple(one) for one in product(*each)]

    def _alternatives(self, key: str, patterns: Sequence[str]) -> Alternatives:
        if key == "account":
            return self._accounts(patterns)
        if key in FIELDS:
            return self._like(FIELDS[key][0], patterns)
        return self._owned(key, patterns)

    def _like(self, dimension: str, patterns: Sequence[str]) -> Alternatives:
        found = tuple(name for name in self.lake.names(dimension) if _like(name, patterns))
        return [(dimension, found)] if found else []

    def _accounts(self, patterns: Sequence[str]) -> Alternatives:
        """Accounts by id and by name: one that is named in some of its rows only is meant with all of them."""
        named = self._like(ACCOUNT_NAME, patterns)
        ids = {name for name in self.lake.names(ACCOUNT_ID) if _like(name, patterns)}
        for one in named:
            ids |= self._names(ACCOUNT_ID, (one,))
        known = {name for one in ids for name in self._names(ACCOUNT_NAME, ((ACCOUNT_ID, (one,)),))}
        names = tuple(sorted(known.union(*(values for _, values in named))))
        both = ((ACCOUNT_ID, tuple(sorted(ids))), (ACCOUNT_NAME, names))
        return [one for one in both if one[1]]

    def _owned(self, key: str, patterns: Sequence[str]) -> Alternatives:
        """What a tag says, in any spelling of its key; and what the rules of allocation give to such an owner."""
        keys = self.lake.names("Tags")
        found = [one for name in keys if key_meant(name) == key_meant(key) for one in self._like(TAG + name, patterns)]
        try:
            rules: Sequence[Rule] = self.rulebook.of(key, keys).rules
        except UnknownName:
            rules = ()
        for rule in rules:
            match rule:
                case ByTag():
                    others = [one for name, more in rule.aliases.items() if _like(name, patterns) for one in more]
                    spelt = [name for name in keys if key_meant(name) in {key_meant(one) for one in rule.keys}]
                    found += [one for name in spelt for one in self._like(TAG + name, (*patterns, *others))]
                case ByAccount():
                    mine = [account for account, owner in rule.accounts.items() if _like(owner, patterns)]
                    found += self._accounts(mine) if mine else []
                case ByName():
                    mine = [name for name, owner in rule.names.items() if _like(owner, patterns)]
                    found += self._like(RESOURCE_NAME, mine) if mine else []
                case _:
                    pass
        return list(dict.fromkeys(found))


def _like(name: str, patterns: Iterable[str]) -> bool:
    return any(fits(name, one) or meant(name) == meant(one) for one in patterns)


def _fits(clause: Clause, finding: Finding) -> bool:
    """Whether a finding has, by what it knows itself, every word of a clause."""
    own = {
        "account": (finding.account, *(said for name, said in finding.evidence if name == IN_ACCOUNT)),
        "provider": (PROVIDERS.get(finding.cloud, finding.cloud), finding.cloud),
        "region": (finding.region,),
        "service": (),
    }
    for key, patterns in clause.items():
        said = own.get(key) if key in own else (tagged(finding.tags, key) or "", *_owner(key, finding))
        if not any(_like(one, patterns) for one in said or () if one):
            return False
    return True


def _owner(key: str, finding: Finding) -> tuple[str, ...]:
    return (finding.team,) if key == "team" else ()


def _texts(thing: Any) -> Iterable[str]:  # noqa: ANN401 (plain JSON)
    if isinstance(thing, str):
        yield thing
    elif isinstance(thing, Mapping):
        for inner in thing.values():
            yield from _texts(inner)
    elif isinstance(thing, list | tuple):
        for inner in thing:
            yield from _texts(inner)
    elif is_dataclass(thing):
        for one in fields(thing):
            yield from _texts(getattr(thing, one.name))


# the ports


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


def narrow_report(report: Report, costs: NarrowCosts, hidden: Callable[[], Hidden]) -> Report:
    """How figures are told, without what the deployment file says of private parts.

    A budget that private cost counts against is left out: how much of it is spent cannot be said.
    """

    def budgets(day: date) -> Sequence[Budget]:
        return [one for one in report.budgets(day) if not _is_private(one, hidden())]

    def commitments(now: datetime) -> Sequence[Term]:
        private = set(costs.lake.names("CommitmentDiscountId")) - set(costs.names("CommitmentDiscountId"))
        return [
            one for one in report.commitments(now) if one.id not in private and not hidden().tells(one.id, one.name)
        ]

    told = hidden()
    return replace(
        report,
        budgets=budgets,
        commitments=commitments,
        planned=[one for one in report.planned if not told.tells(one.name)],
        exclusions=[one for one in report.exclusions if not told.tells(one.account, one.service, one.tag, one.why)],
        allocation=_narrow_rules(report.allocation, told),
        owners=_narrow_owners(report.owners, told),
    )


def _is_private(budget: Budget, hidden: Hidden) -> bool:
    """A budget of a scope by tags is held against the whole of its account: what else it leaves out is not asked."""
    if hidden.tells(budget.name, budget.account, *budget.where.values()):
        return True
    where: dict[str, Sequence[str | None]] = {}
    for key, value in budget.where.items():
        for dimension in FIELDS.get(key, ()) or [
            TAG + name for name in hidden.lake.names("Tags") if name.lower() == key
        ]:
            if same := tuple(name for name in hidden.lake.names(dimension) if name.lower() == value.lower()):
                where[dimension] = same
                break
    return hidden.touches(budget.account, where)


def _narrow_owners(owners: Owners, hidden: Hidden) -> Owners:
    return replace(owners, teams={name: team for name, team in owners.teams.items() if not hidden.tells(name)})


def _narrow_rules(book: Rulebook, hidden: Hidden) -> Rulebook:
    rules = {name: tuple(_narrow_rule(one, hidden) for one in some) for name, some in book.rules.items()}
    return replace(book, rules=rules)


def _narrow_rule(rule: Rule, hidden: Hidden) -> Rule:
    match rule:
        case ByTag():
            return replace(rule, aliases={name: more for name, more in rule.aliases.items() if not hidden.tells(name)})
        case ByAccount():
            return replace(rule, accounts=_of_others(rule.accounts, hidden))
        case ByName():
            return replace(rule, names=_of_others(rule.names, hidden))
        case Shared():
            shares = {name: part for name, part in rule.shares.items() if not hidden.tells(name)}
            rest = sum(rule.shares.values(), Decimal(0)) - sum(shares.values(), Decimal(0))
            among = tuple(dict.fromkeys(NOT_SHOWN if hidden.tells(name) else name for name in rule.among))
            return replace(rule, among=among, shares={**shares, **({NOT_SHOWN: rest} if rest else {})})


def _of_others(named: Mapping[str, str], hidden: Hidden) -> Mapping[str, str]:
    return {pattern: owner for pattern, owner in named.items() if not hidden.tells(pattern, owner)}


@dataclass
class Views:
    """What is kept of each sight, so that an assessment of it is composed once: the bill, and what is told of it."""

    lake: Lake
    scopes: Sequence[Scope]
    rulebook: Rulebook
    _hidden: dict[frozenset[str], Hidden] = field(default_factory=dict)
    _costs: dict[frozenset[str], NarrowCosts] = field(default_factory=dict)
    _reports: dict[frozenset[str], tuple[Report, str, Report]] = field(default_factory=dict)

    def hidden(self, names: frozenset[str]) -> Hidden:
        """What the scopes of those names hold now."""
        version, known = self.lake.version, self._hidden.get(names)
        if known is None or known.version != version:
            mine = tuple(one for one in self.scopes if one.name in names)
            known = self._hidden[names] = Hidden(mine, self.lake, self.rulebook, version)
        return known

    def costs(self, names: frozenset[str]) -> NarrowCosts:
        """The bill without those scopes."""
        return self._costs.setdefault(names, NarrowCosts(self.lake, lambda: self.hidden(names)))

    def report(self, names: frozenset[str], report: Report) -> Report:
        """The deployment's report without those scopes."""
        known = self._reports.get(names)
        if known is None or known[0] is not report or known[1] != self.lake.version:
            narrow = narrow_report(report, self.costs(names), lambda: self.hidden(names))
            known = self._reports[names] = (report, self.lake.version, narrow)
        return known[2]
