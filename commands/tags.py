"""``/finops tags``: what has no tag, dollars first, and the commands that would set it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from analysis.allocation_rules import ByTag, spelled
from analysis.errors import NoData, UnknownName
from analysis.findings import Fix
from analysis.focus import TAG, CostFrame, CostQuery
from analysis.money import Money
from analysis.periods import Period, month_before, month_of
from analysis.spelling import key_meant, meant, says_nobody
from analysis.tagging import (
    Coverage,
    Spelling,
    TagChange,
    Tagging,
    Untagged,
    account_values,
    as_written,
    coverage,
    coverages,
    guess,
    known_values,
    rows_of,
    same_keys,
    spellings,
)
from charts.picture import Picture
from commands.allocation import ACCOUNT, SERVICE, WELL_ALLOCATED, complete, in_others
from commands.core.answer import Answer, Button, Buttons, Chart, Code, Facts, File, Note, Table, Text, Tone
from commands.core.answer import Part as AnswerPart
from commands.core.context import Context
from commands.core.plots import bars_of
from commands.core.ports import Costs
from commands.core.registry import Group, command, quoted
from commands.core.report import Report
from commands.core.scope import resolve, said
from commands.core.when import period_of
from commands.why import named

SEEN_MONTHS = 6  # of the trend
MOST_RESOURCES = 50  # that commands are written for
MOST_ROWS, MOST_SPELLINGS, MOST_KEYS, MOST_KEY_BUTTONS = 5, 6, 8, 3  # that are shown
SCRIPT = "text/x-shellscript"
RESOURCE, COMMITMENT = "ResourceId", "CommitmentDiscountId"
PLACE = (RESOURCE, "ResourceName", "ProviderName", "SubAccountId", ACCOUNT, "RegionId", SERVICE)


@dataclass(frozen=True, slots=True)
class Looked:
    """What is looked at: a tag key, a currency, and which rows. Empty words are the report's own."""

    key: str = ""
    currency: str = ""
    where: Mapping[str, Sequence[str | None]] = field(default_factory=dict)


@command("tags", group=Group.COST, examples=("tags", "tags key=cost-center", "tags last month provider=AWS"))
def tags(context: Context, *when: str, key: str = "", currency: str = "", **scope: str) -> Answer:
    """Show how ready the bill is for allocation: what has no tag, misspelled tags, and the commands that set them.

    Of the tag that allocation goes by, or of key=…; any spelling of the key counts. The commands are printed, never
    run; what a tag should say is guessed from the resource's name and its account. Without a period, the last whole
    month.
    """
    looked = Looked(key, currency.upper(), resolve(context.costs, scope))
    period = period_of(when, context) if when else None
    found = tagging_of(context.costs, context.report, context.now, period, looked)
    name = named(found.period, context.report.year_starts)
    fixes = [(one, fix) for one in found.changes(MOST_RESOURCES) if (fix := context.tag_fix(one)) and fix.act]
    return Answer(
        f"{name}{said(scope)}: {found.without.cents()} has no {found.key} tag, {found.coverage:.0%} is tagged",
        (
            Text(_next_step(found)),
            _facts(found),
            *_resources(found),
            *_commands(found, fixes),
            *_accounts(context, found, name),
            *_spelled(found),
            _keys(found),
            Buttons(_buttons(context, found, when, scope)),
            Note(_small_print(context, found)),
        ),
        Tone.GOOD if found.coverage >= WELL_ALLOCATED else Tone.WARN,
        data=figures(found, fixes),
    )


def tagging_of(
    costs: Costs, report: Report, now: datetime, period: Period | None = None, looked: Looked | None = None
) -> Tagging:
    """How well a period's EffectiveCost of usage and purchases is tagged; without a period, the last whole month.

    Raises:
        NoData: nothing complete is billed in the period and currency.
        UnknownName: the bill has no such tag key.
    """
    asked = looked or Looked()
    bill = _Bill.asked(costs, report, now, period, asked)
    frame = bill.frame(ACCOUNT, SERVICE)
    if not len(frame):
        others = ", ".join(amount.currency for amount in costs.currencies(bill.span)) or "none"
        raise NoData(f"nothing is billed in {bill.currency} there in {bill.span}; currencies that are: {others}")
    written = bill.as_most_write_it(frame)
    whole = coverage(frame, bill.key)
    resources, unreachable = _untagged(bill, frame)
    return Tagging(
        key=written,
        period=bill.span,
        cost=whole.cost,
        exact=as_written(frame, written),
        without=whole.without,
        unreachable=unreachable,
        accounts=coverages(frame, bill.key, ACCOUNT),
        services=coverages(frame, bill.key, SERVICE),
        owners=_owners(bill, report),
        keys=_coverages(bill),
        months=_months(bill, now),
        spellings=spellings(frame, written),
        resources=resources,
    )


@dataclass(frozen=True, slots=True)
class _Bill:
    """The billed rows that are looked at: a period, a currency and filters; a tag key, and its columns as spelled."""

    costs: Costs
    span: Period
    currency: str
    where: Mapping[str, Sequence[str | None]]
    key: str
    columns: tuple[str, ...]

    @classmethod
    def asked(cls, costs: Costs, report: Report, now: datetime, period: Period | None, looked: Looked) -> _Bill:
        """What was asked for, with what was not said filled in.

        Raises:
            UnknownName: the bill has the key in no spelling.
        """
        known = list(costs.names("Tags"))
        rules = report.allocation.of("", known)
        usual = next((rule.keys[0] for rule in rules.rules if isinstance(rule, ByTag)), rules.dimension)
        columns = spelled(looked.key or usual, dict.fromkeys(TAG + one for one in known))
        if looked.key and not columns:
            raise UnknownName("tag key", looked.key, known=sorted({one.lower() for one in known}))
        span = complete(costs, now, period)
        return cls(costs, span, looked.currency or report.currency, looked.where, looked.key or usual, columns)

    def frame(self, *by: str, span: Period | None = None) -> CostFrame:
        """Cost by some columns, and by what the tag says in each spelling."""
        return self.costs.ask(CostQuery(span or self.span, self.currency, (*by, *self.columns), self.where))

    def bare(self, *by: str) -> CostFrame:
        """Cost of what has the tag in no spelling, by some columns."""
        where = {**self.where, **dict.fromkeys(self.columns, (None,))}
        return self.costs.ask(CostQuery(self.span, self.currency, by, where))

    def as_most_write_it(self, frame: CostFrame) -> str:
        """The spelling of the key that most of the cost has."""
        sums = dict.fromkeys(self.columns, Decimal(0))
        for row, cost in rows_of(frame):
            for column in self.columns:
                sums[column] += cost if row[column] is not None else 0
        return max(sums, key=lambda one: sums[one], default=TAG + self.key).removeprefix(TAG)

    def said_anywhere(self) -> dict[str, str]:
        """What the tag says in any period and currency, by what is meant, written in small letters if it is so once."""
        said = (value.strip() for column in self.columns for value in self.costs.names(column))
        return {meant(value): value for value in sorted(said) if not says_nobody(value)}


def _untagged(bill: _Bill, frame: CostFrame) -> tuple[tuple[Untagged, ...], Money]:
    """The most expensive resources without the tag, and the cost that no resource stands behind."""
    values = {**bill.said_anywhere(), **known_values(frame, bill.key)}
    accounts = account_values(frame, bill.key, ACCOUNT)
    sums: dict[tuple[str, ...], Decimal] = {}
    unreachable = Decimal(0)
    for row, cost in rows_of(bill.bare(*PLACE, COMMITMENT)):
        commitment = row.pop(COMMITMENT)
        if row[RESOURCE] in (None, commitment):
            unreachable += cost
            continue
        place = tuple(part or "" for part in row.values())
        sums[place] = sums.get(place, Decimal(0)) + cost
    found = []
    for place, cost in sorted(sums.items(), key=lambda one: (-one[1], one[0]))[:MOST_RESOURCES]:
        resource, name, provider, account_id, account, region, service = place
        value, why = guess(name, account, values, accounts)
        money = Money(cost, bill.currency)
        found.append(Untagged(resource, name, provider, account_id, account, region, service, money, value, why))
    return tuple(found), Money(unreachable, bill.currency)


def _owners(bill: _Bill, report: Report) -> tuple[tuple[str, Money], ...]:
    """Who owns what is untagged, by rules other than the tag."""
    keys = bill.costs.names("Tags")
    rules = report.allocation.of("", keys)
    sums: dict[str, Decimal] = {}
    for row, cost in rows_of(bill.bare(*rules.columns(keys))):
        if owner := rules.owner_of(row).owner:
            sums[owner] = sums.get(owner, Decimal(0)) + cost
    ranked = sorted(sums.items(), key=lambda one: (-one[1], one[0]))
    return tuple((owner, Money(cost, bill.currency)) for owner, cost in ranked)


def _coverages(bill: _Bill) -> tuple[Coverage, ...]:
    """How much of the cost has each tag key, in any spelling, the most covered first."""
    made = []
    for key, family in same_keys(bill.costs.names("Tags"), preferred=bill.key).items():
        columns = tuple(TAG + one for one in family)
        frame = bill.costs.ask(CostQuery(bill.span, bill.currency, columns, bill.where))
        made.append(coverage(frame, key, key))
    return tuple(sorted(made, key=lambda one: (-one.share, one.name or "")))


def _months(bill: _Bill, now: datetime) -> tuple[tuple[Period, Coverage], ...]:
    """How much was tagged in each of the months up to the period's last, as far as the bill goes back."""
    known = bill.costs.freshness(now).history
    month = month_of(bill.span.end - timedelta(days=1))
    made: list[tuple[Period, Coverage]] = []
    while len(made) < SEEN_MONTHS and month.end > known.start:
        days = Period(max(month.start, known.start), min(month.end, known.end))
        made.append((month, coverage(bill.frame(span=days), bill.key)))
        month = month_before(month.start)
    return tuple(reversed(made))


def _next_step(found: Tagging) -> str:
    """What to do first."""
    guessed = [one for one in found.resources if one.value]
    worth = Money.total((one.cost for one in guessed), found.cost.currency).cents()
    reachable = found.without - found.unreachable
    if not found.without.cents():
        return f"Nothing to do: every cent of {found.cost.cents()} has a {found.key} tag."
    fees = f" {found.unreachable.cents()} is fees and unused commitments, which need a rule in [allocation], not a tag."
    rest = fees if found.unreachable.cents() else ""
    if not guessed:
        return f"Ask the owners of the accounts below: {reachable.cents()} of resources has no {found.key} tag.{rest}"
    many = f"the {len(guessed)} resources" if len(guessed) > 1 else "the one resource"
    return f"**Tag {many} in the file below and {worth} gets an owner.**{rest}"


def _facts(found: Tagging) -> Facts:
    first, last = found.months[0], found.months[-1]
    pairs = [
        ("Tagged, in any spelling", f"{found.coverage:.1%} of {found.cost.cents()}"),
        (f"Written just {found.key}", f"{1 - found.exact.share_of(found.cost):.1%}, as the cloud's own reports see it"),
    ]
    if first is not last:
        month = f"{first[0].start:%b %Y}"
        pairs.append(("Trend", f"{first[1].share:.1%} in {month}, {last[1].share:.1%} in {last[0].start:%b %Y}"))
    if found.owners:
        owned = Money.total((cost for _, cost in found.owners), found.cost.currency)
        pairs.append(("Owned by another rule", str(owned.cents())))
    return Facts(tuple(pairs))


def _resources(found: Tagging) -> tuple[AnswerPart, ...]:
    """The most expensive of them."""
    rows = tuple(
        (one.name or one.resource_id, str(one.cost), f"{one.value}: {one.why}" if one.value else "ask the account")
        for one in found.resources[:MOST_ROWS]
    )
    return (Table(("Untagged resource", "Cost", f"Its {found.key}, probably"), rows, numbers=(1,)),) if rows else ()


def _commands(found: Tagging, fixes: Sequence[tuple[TagChange, Fix]]) -> tuple[AnswerPart, ...]:
    """The first commands to copy, and all of them as documents."""
    if not fixes:
        return ()
    (change, fix), *_ = fixes
    many = f"{len(change.resource_ids)} resources" if len(change.resource_ids) > 1 else "one resource"
    resources = sum(len(one.resource_ids) for one, _ in fixes)
    acts = _script([fix.act for _, fix in fixes], f"Set the tag {found.key} on {resources} resources")
    undos = _script([fix.undo for _, fix in fixes], f"Take the tag {found.key} off {resources} resources again")
    return (
        Code(f"To tag {many} as {change.value}", fix.act),
        Code("To undo", fix.undo),
        File(
            f"tag-{key_meant(found.key)}.sh", SCRIPT, acts, f"The commands for {resources} resources; read them first."
        ),
        File(f"untag-{key_meant(found.key)}.sh", SCRIPT, undos, "The commands that take it back."),
        Note(fix.safety),
    )


def _script(commands: Sequence[str], said: str) -> bytes:
    body = "\n\n".join(commands)
    return f"#!/bin/sh\n# {said}. Pitcrew printed this and never runs it.\nset -e\n\n{body}\n".encode()


def _accounts(context: Context, found: Tagging, name: str) -> tuple[AnswerPart, ...]:
    """Where the untagged dollars are."""
    rows = [(one.name or "no account", one.without) for one in found.accounts if one.without.cents()]
    if not rows:
        return ()
    title = f"Without a {found.key} tag, {name}"
    picture = _picture(rows, title, found.without, context.report.locale)
    return (Chart(picture, bars_of(rows, f"{title}, by account")),)


def _picture(rows: Sequence[tuple[str, Money]], title: str, cost: Money, locale: str) -> Picture:
    from charts.bars import bars  # matplotlib is half of the bot's start

    return bars(rows, title=title, subtitle=f"{cost.said(locale)} by account", name="tags", locale=locale)


def _spelled(found: Tagging) -> tuple[AnswerPart, ...]:
    """The spellings to put right."""
    rows = tuple((_quoted(one), _meant(one, found.key), str(one.cost)) for one in found.spellings[:MOST_SPELLINGS])
    return (Table(("Written", "Meant", "Cost"), rows, numbers=(2,)),) if rows else ()


def _quoted(one: Spelling) -> str:
    return f"{one.what} {one.written!r}"


def _meant(one: Spelling, key: str) -> str:
    return one.meant or f"nobody: it needs a {key}"


def _keys(found: Tagging) -> Table:
    """How much has each key."""
    rows = tuple((str(one.name), f"{one.share:.1%}", str(one.without.cents())) for one in found.keys[:MOST_KEYS])
    return Table(("Tag key, any spelling", "Covers", "Without it"), rows, numbers=(1, 2))


def _buttons(context: Context, found: Tagging, when: Sequence[str], scope: Mapping[str, str]) -> tuple[Button, ...]:
    given = [*when, *(f"{key}={value}" for key, value in scope.items())]
    others = [one.name for one in found.keys if one.name and key_meant(one.name) != key_meant(found.key)]
    money = () if found.cost.currency == context.report.currency else (f"currency={found.cost.currency}",)
    keys = [Button(f"Key {one}", quoted(("tags", *given, f"key={one}", *money))) for one in others[:MOST_KEY_BUTTONS]]
    asked = ("tags", *given, f"key={found.key}")
    currencies = in_others(context, found.period, found.cost.currency, asked, scope)
    return (*keys, *currencies, Button("Who costs what", quoted(("allocation", *given, *money))))


def _small_print(context: Context, found: Tagging) -> str:
    whose = "The sample company's figures. " if context.report.sample else ""
    return (
        f"{whose}EffectiveCost of usage and purchases in {found.cost.currency}; a tag counts from the day it is set."
        f" {context.costs.freshness(context.now).said()}."
    )


def figures(found: Tagging, fixes: Sequence[tuple[TagChange, Fix]] = ()) -> dict[str, Any]:
    """Tagging as data: exact amounts in ``currency``."""
    return {
        "key": found.key,
        "currency": found.cost.currency,
        "period": {"start": found.period.start, "end": found.period.end},
        "total": found.cost.amount,
        "without": found.without.amount,
        "without_exact_spelling": found.exact.amount,
        "unreachable": found.unreachable.amount,
        "coverage": found.coverage,
        "accounts": [_covered(one) for one in found.accounts],
        "services": [_covered(one) for one in found.services],
        "owners": [{"name": owner, "without": cost.amount} for owner, cost in found.owners],
        "keys": [_covered(one) for one in found.keys],
        "months": [{"start": month.start, **_covered(one)} for month, one in found.months],
        "spellings": [
            {"what": one.what, "written": one.written, "meant": one.meant, "cost": one.cost.amount}
            for one in found.spellings
        ],
        "resources": [
            {
                "id": one.resource_id,
                "name": one.name,
                "account": one.account,
                "service": one.service,
                "cost": one.cost.amount,
                "value": one.value,
                "why": one.why,
            }
            for one in found.resources
        ],
        "commands": [
            {"resources": list(one.resource_ids), "value": one.value, "act": fix.act, "undo": fix.undo}
            for one, fix in fixes
        ],
    }


def _covered(one: Coverage) -> dict[str, Any]:
    return {"name": one.name, "cost": one.cost.amount, "without": one.without.amount, "share": one.share}
