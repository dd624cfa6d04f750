"""``/finops showback``: what a team is told of its own cost: how much, why it changed, and what it could save."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

from analysis.allocation import Allocation, Part
from analysis.allocation_rules import Ownership
from analysis.errors import BadAsk, FinOpsError, NotFound
from analysis.findings import WAITING, Finding, State
from analysis.focus import CostQuery
from analysis.money import Money
from analysis.periods import Period
from analysis.spelling import meant
from analysis.tagging import rows_of
from charts.picture import Picture
from commands.allocation import ACCOUNT, SERVICE, Wanted, allocation_of, called, figures, small_print, table_of
from commands.core.answer import Answer, Button, Buttons, Chart, Choices, Facts, Note, Table, Text, Tone, plain
from commands.core.answer import Part as AnswerPart
from commands.core.cards import worth
from commands.core.context import Context
from commands.core.owners import owners_of
from commands.core.plots import bars_of
from commands.core.ports import Costs
from commands.core.registry import Group, command, quoted
from commands.core.report import Report
from commands.core.when import period_of
from commands.why import named

STANDING = (*WAITING, State.CLAIMED)
RESOURCE, NAME = "ResourceId", "ResourceName"
TOP_RESOURCES, TOP_SERVICES, MOVED = 5, 8, 3
MOST_CHOICES = 25
MUCH = Decimal("0.05")  # a change beyond this is worth a warning
NOBODY = "none"


@dataclass(frozen=True, slots=True)
class Held:
    """A resource of an owner's, and what it cost."""

    id: str
    name: str
    service: str
    cost: Money


@dataclass(frozen=True, slots=True)
class Showback:
    """What one owner is told. ``waste`` are the open and claimed findings in its currency that are its own."""

    part: Part
    allocation: Allocation
    services: tuple[tuple[str, Money, Money | None], ...]  # its name, its cost, its change
    shared: tuple[tuple[str, str, Money], ...]  # each shared cost, how it is divided, this owner's part
    resources: tuple[Held, ...]
    waste: tuple[Finding, ...]

    def wasted(self) -> Money:
        """What its findings waste a month."""
        return Money.total((one.monthly_waste for one in self.waste), self.allocation.currency)


@command(
    "showback",
    group=Group.COST,
    examples=("showback search", "showback search october", "showback CC-410 by=cost-center", "showback"),
)
def showback(context: Context, team: str = "", *when: str, by: str = "", currency: str = "") -> Answer:
    """Tell one team its cost: its own and its part of shared costs, the change and why, its resources, its waste.

    Without a team, the teams to choose from; team none is what nobody owns. by=cost-center (or any dimension that
    allocation knows) tells its owners instead. Without a period, the last whole month.
    """
    wanted = Wanted(by, currency.upper())
    words = (team, *when) if team else ()
    period, owner = _read(context, words, wanted)
    found = allocation_of(context.costs, context.report, context.now, period, wanted)
    if not owner:
        return _choice(context, found, words)
    told = showback_of(context.costs, context.report, context.now, found, owner, context.findings.standing(*STANDING))
    return _told(context, told)


def showback_of(
    costs: Costs, report: Report, now: datetime, found: Allocation, owner: str, findings: Sequence[Finding]
) -> Showback:
    """What an owner of an allocation (by services and accounts) is told; owner none is what nobody owns.

    Raises:
        NotFound: it has no cost there; the message has the names that do.
    """
    part = found.part(None if meant(owner) == NOBODY else owner)
    if part is None:
        raise _unknown(found, owner)
    before = found.earlier.by(SERVICE, part.owner) if found.earlier else None
    zero = Money.zero(found.currency)
    services = [
        (name or "without a service", cost, None if before is None else cost - before.get(name, zero))
        for name, cost in found.by(SERVICE, part.owner).items()
    ]
    if before:
        known = found.by(SERVICE, part.owner)
        services += [(name or "without a service", zero, -cost) for name, cost in before.items() if name not in known]
    shared = tuple(
        (name, found.shared[name], cost)
        for name, cost in found.by_rule(part.owner, shared=True).items()
        if name in found.shared
    )
    resources = resources_of(costs, report, found, part.owner)
    priced = [one for one in findings if one.monthly_waste.currency == found.currency]
    owned = owners_of(costs, report, now, [one.resource_id for one in priced], found.dimension)
    waste = tuple(one for one in priced if _is(owned.get(one.resource_id.lower()), part.owner))
    return Showback(part, found, tuple(services), shared, resources, waste)


def resources_of(costs: Costs, report: Report, found: Allocation, owner: str | None) -> tuple[Held, ...]:
    """The resources that are an owner's alone in an allocation's period, the most expensive first."""
    rules = report.allocation.of(found.dimension, costs.names("Tags"))
    place = found.kept.index(ACCOUNT)
    accounts = sorted({str(line.of[place] or "") for line in found.lines if _same(line.owner, owner)})
    columns = tuple(dict.fromkeys((RESOURCE, NAME, SERVICE, *rules.columns(costs.names("Tags")))))
    where = {ACCOUNT: [account or None for account in accounts]}
    held: dict[str, Held] = {}
    for row, paid in rows_of(costs.ask(CostQuery(found.period, found.currency, columns, where))):
        seen = rules.owner_of(row)
        if (resource := row[RESOURCE]) is None or seen.shared or not _same(seen.owner, owner):
            continue
        before = held[resource].cost if resource in held else Money.zero(found.currency)
        cost = before + Money(paid, found.currency)
        held[resource] = Held(resource, row[NAME] or resource, row[SERVICE] or "", cost)
    ranked = sorted(held.values(), key=lambda one: (-one.cost.amount, one.id))[:TOP_RESOURCES]
    return tuple(ranked)


def _read(context: Context, words: Sequence[str], wanted: Wanted) -> tuple[Period | None, str]:
    """The period and the owner that words mean: ``showback last month`` names no owner, unless one is called last."""
    if not words:
        return None, ""
    if _is_period(words, context) and not _owns(context, words[0], wanted):
        return period_of(words, context), ""
    owner, *when = words
    return (period_of(when, context) if when else None), owner


def _is_period(words: Sequence[str], context: Context) -> bool:
    try:
        period_of(words, context)
    except BadAsk:
        return False
    return True


def _owns(context: Context, owner: str, wanted: Wanted) -> bool:
    return allocation_of(context.costs, context.report, context.now, None, wanted).part(owner) is not None


def _same(one: str | None, other: str | None) -> bool:
    return one is other if one is None or other is None else meant(one) == meant(other)


def _is(seen: Ownership | None, owner: str | None) -> bool:
    return seen is not None and not seen.shared and _same(seen.owner, owner)


def _unknown(found: Allocation, owner: str) -> FinOpsError:
    known = {meant(part.owner): part.owner for part in found.parts() if part.owner}
    close = get_close_matches(meant(owner), known, n=2, cutoff=0.6)
    names = [known[one] for one in close]
    hint = f"did you mean {' or '.join(names)}?" if names else f"those with cost are {', '.join(known.values())}"
    return NotFound(f"{owner!r} is no {found.dimension} with a cost in {found.period}; {hint}")


def _choice(context: Context, found: Allocation, when: Sequence[str]) -> Answer:
    """Whose showback?"""
    name = named(found.period, context.report.year_starts)
    by = f"by={found.dimension}"
    options = tuple(
        Button(called(part, found.dimension), quoted(("showback", part.owner or NOBODY, *when, by)))
        for part in found.parts()[:MOST_CHOICES]
    )
    return Answer(
        f"Showback for {name}: {found.total().cents()} by {found.dimension}",
        (
            Choices(f"Whose cost? Choose a {found.dimension}", options),
            table_of(found),
            Note(small_print(context, found)),
        ),
        data=figures(found),
    )


def _told(context: Context, told: Showback) -> Answer:
    found, part = told.allocation, told.part
    name = named(found.period, context.report.year_starts)
    who = called(part, found.dimension)
    return Answer(
        f"{who}: {part.cost} in {name}{_news(told, context.report)}",
        (
            Text(_first(told)),
            *_why(told),
            _facts(told),
            *_services(told, who, name, context.report.locale),
            *_resources(told),
            Buttons(_buttons(told)),
            Note(f"{_rules(told)}{small_print(context, found)}"),
        ),
        Tone.WARN if part.change and part.change.share_of(part.before or part.cost) > MUCH else Tone.CALM,
        data=data_of(told),
    )


def _news(told: Showback, report: Report) -> str:
    change, earlier = told.part.change, told.allocation.earlier
    if change is None or earlier is None:
        return ""
    if not change.cents():
        return f", as much as in {named(earlier.period, report.year_starts)}"
    size = change if change.amount > 0 else -change
    share = f" ({change.share_of(told.part.before):+.0%})" if told.part.before else ""
    return (
        f", {size} {'more' if change.amount > 0 else 'less'} than in {named(earlier.period, report.year_starts)}{share}"
    )


def _first(told: Showback) -> str:
    """What to do first."""
    if told.part.owner is None:
        return "Nobody answers for this: `tags` lists what to tag first, with the commands."
    if not told.waste:
        return "Nothing to fix today: no open finding is yours."
    largest = max(told.waste, key=lambda one: one.monthly_waste.amount)
    many = f"{len(told.waste)} findings" if len(told.waste) > 1 else "one finding"
    return f"**Save {told.wasted()} a month**: {many}; the largest: {plain(largest.title)}, {worth(largest)}."


def _why(told: Showback) -> tuple[AnswerPart, ...]:
    """The services that moved most."""
    moved = [(name, change) for name, _, change in told.services if change is not None and change.cents()]
    largest = sorted(moved, key=lambda one: -abs(one[1].amount))[:MOVED]
    lines = ", ".join(f"{plain(name)} **{change.signed()}**" for name, change in largest)
    return (Text(f"Why it changed: {lines}."),) if lines else ()


def _facts(told: Showback) -> Facts:
    pairs = [("Its own", str(told.part.direct))]
    pairs += [(f"Part of {name}", f"{cost}, {how}") for name, how, cost in told.shared]
    whole = told.allocation.total()
    pairs.append(("Share of everything", f"{told.part.cost.share_of(whole):.1%} of {whole.cents()}"))
    return Facts(tuple(pairs))


def _services(told: Showback, who: str, name: str, locale: str) -> tuple[AnswerPart, ...]:
    rows = [(service, cost) for service, cost, _ in told.services if cost]
    if not rows:
        return ()
    title = f"{who} by service, {name}"
    return (Chart(_picture(rows, title, told.part.cost, locale), bars_of(rows, title, rest="other services")),)


def _picture(rows: Sequence[tuple[str, Money]], title: str, cost: Money, locale: str) -> Picture:
    from charts.bars import bars  # matplotlib is half of the bot's start

    return bars(rows, title=title, subtitle=cost.said(locale), name="showback", rest="other services", locale=locale)


def _resources(told: Showback) -> tuple[AnswerPart, ...]:
    rows = tuple((one.name, one.service, str(one.cost)) for one in told.resources)
    return (Table(("Resource", "Service", "Cost"), rows, numbers=(2,)),) if rows else ()


def _buttons(told: Showback) -> tuple[Button, ...]:
    shown = max(told.waste, key=lambda one: one.monthly_waste.amount, default=None)
    largest = (Button("Show the largest finding", f"finding {shown.short}", Tone.GOOD),) if shown else ()
    untagged = (Button("What to tag", "tags"),) if told.part.owner is None else ()
    return (*largest, *untagged, Button("Everybody", quoted(("allocation", f"by={told.allocation.dimension}"))))


def _rules(told: Showback) -> str:
    rules = ", ".join(told.allocation.by_rule(told.part.owner, shared=False))
    return f"Placed by: {rules}. " if rules and told.part.owner else ""


def data_of(told: Showback) -> dict[str, Any]:
    """A showback as data, in the allocation's ``currency``."""
    part, found = told.part, told.allocation
    return {
        "owner": part.owner,
        "dimension": found.dimension,
        "currency": found.currency,
        "period": {"start": found.period.start, "end": found.period.end},
        "cost": part.cost.amount,
        "direct": part.direct.amount,
        "before": part.before.amount if part.before else None,
        "change": part.change.amount if part.change else None,
        "share": part.cost.share_of(found.total()),
        "services": [
            {"name": name, "cost": cost.amount, "change": change.amount if change else None}
            for name, cost, change in told.services
        ],
        "shared": [{"name": name, "rule": how, "cost": cost.amount} for name, how, cost in told.shared],
        "rules": {rule: cost.amount for rule, cost in found.by_rule(part.owner).items()},
        "resources": [
            {"id": one.id, "name": one.name, "service": one.service, "cost": one.cost.amount} for one in told.resources
        ],
        "waste": told.wasted().amount,
        "findings": [one.id for one in told.waste],
    }
