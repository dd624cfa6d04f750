"""``/finops chargeback``: the invoice placed line by line, as documents that tie to it to the cent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from analysis.allocation import Allocation, Line, allocate, charges_of
from analysis.errors import BadAsk, NoData
from analysis.focus import BILLING_PERIOD, CHARGE_CATEGORIES, RUNNING, CostColumn, CostQuery
from analysis.money import Money
from analysis.periods import Period, month_before, month_of, months_of
from commands.core.answer import Answer, File, Note, Table, Text, Tone, plain
from commands.core.context import Context
from commands.core.ports import Costs
from commands.core.registry import Group, command
from commands.core.report import Report
from commands.core.when import period_of
from commands.core.workbook import CSV, XLSX, Cell, Sheet, csv_of, workbook
from commands.forecast import STALE
from commands.why import named

COLUMNS: tuple[CostColumn, ...] = ("EffectiveCost", "BilledCost")
PAYER, CATEGORY, SERVICE = "BillingAccountId", "ChargeCategory", "ServiceName"
KEPT = ("SubAccountName", SERVICE, CATEGORY, "SubAccountId", PAYER)
HEADINGS = (*KEPT, "Placed by", "Kind")
UNALLOCATED = "(unallocated)"
MOST_SHOWN = 12
LARGEST = 3  # of what has no owner, services that are named


@dataclass(frozen=True, slots=True)
class Tie:
    """One billing account's charges of one category: what the invoice has, and what the lines add up to."""

    payer: str
    category: str
    invoiced: Money
    placed: Money

    @property
    def difference(self) -> Money:
        """What is missing from the lines; nothing, or they do not tie."""
        return self.invoiced - self.placed


@dataclass(frozen=True, slots=True)
class Chargeback:
    """The invoices of one currency, placed: amounts of each line are EffectiveCost and BilledCost, all categories.

    ``ties`` hold the lines, in cents, against what was asked of the billed rows independently of any rule.
    """

    allocation: Allocation
    effective: Sequence[tuple[Line, Money]]
    billed: Sequence[tuple[Line, Money]]
    ties: tuple[Tie, ...]
    invoiced: Money

    @property
    def placed(self) -> Money:
        """What the lines add up to, BilledCost."""
        return Money.total((cost for _, cost in self.billed), self.allocation.currency)

    @property
    def even(self) -> bool:
        """Whether the lines are the invoice, to the cent."""
        return self.placed == self.invoiced and not any(tie.difference for tie in self.ties)

    def owners(self) -> list[tuple[str | None, Money, Money]]:
        """Each owner's EffectiveCost and BilledCost in cents, the largest first; unallocated last."""
        zero = Money.zero(self.allocation.currency)
        sums: dict[str | None, tuple[Money, Money]] = {}
        for (line, effective), (_, billed) in zip(self.effective, self.billed, strict=True):
            before = sums.get(line.owner, (zero, zero))
            sums[line.owner] = (before[0] + effective, before[1] + billed)
        ranked = sorted(sums.items(), key=lambda one: (one[0] is None, -one[1][0].amount, one[0] or ""))
        return [(owner, *both) for owner, both in ranked]


@command("chargeback", group=Group.COST, examples=("chargeback", "chargeback october", "chargeback q3 by=cost-center"))
def chargeback(context: Context, *when: str, by: str = "") -> Answer:
    """Export the invoices of whole months by owner, as CSV and XLSX, every line in EffectiveCost and BilledCost.

    Charges belong to the month that they are invoiced in (BillingPeriod); tax, credits and adjustments are lines of
    their own. The workbook has a summary, a reconciliation and a statement for each owner. by=cost-center, or any
    dimension that allocation knows. Without a period, the last whole month.
    """
    period = period_of(when, context) if when else None
    found = chargeback_of(context.costs, context.report, context.now, period, by)
    first = found[0].allocation
    name = named(first.period, context.report.year_starts)
    final = first.period.end <= context.costs.freshness(context.now).history.end
    label = f"chargeback-{first.dimension}-{first.period.start:%Y-%m}"
    lines = [row for one in found for row in _lines(one)]
    title = f"Chargeback by {first.dimension}, {name}"
    sheets = [sheet for one in found for sheet in _sheets(one, name)]
    return Answer(
        f"Chargeback {name}: {' and '.join(str(one.invoiced) for one in found)} by {first.dimension}",
        (
            Text("\n".join([*map(_tied, found), *([] if final else [_open(context)])])),
            *_before_sending(found),
            *(part for one in found for part in _summary(one, several=len(found) > 1)),
            File(f"{label}.xlsx", XLSX, workbook(sheets, title=title, made_at=context.now), _said(found)),
            File(f"{label}.csv", CSV, csv_of(_headings(first), lines), f"The same {len(lines):,} lines as one table."),
            Note(_small_print(context, first)),
        ),
        Tone.CALM if final and all(one.even for one in found) else Tone.WARN,
        data={"final": final, "currencies": [data_of(one) for one in found]},
    )


def chargeback_of(
    costs: Costs, report: Report, now: datetime, period: Period | None = None, by: str = ""
) -> list[Chargeback]:
    """The invoices of whole months, placed: one result a currency, the report's first.

    Raises:
        BadAsk: the period is not made of whole months.
        NoData: nothing was invoiced in it.
    """
    fresh = costs.freshness(now)
    span = period or month_before(min(now.date(), fresh.history.end + STALE))
    months = months_of(span)
    if (months[0].start, months[-1].end) != (span.start, span.end):
        raise BadAsk(f"{span}: invoices are of whole months; write a month like {month_of(span.start).start:%Y-%m}")
    seen = costs.currencies(fresh.covers)
    currencies = sorted((one.currency for one in seen), key=lambda code: (code != report.currency, code))
    made = (_placed(costs, report, fresh.covers, (span, by), currency) for currency in currencies)
    found = [one for one in made if one.allocation.lines]
    if not found:
        raise NoData(f"nothing is invoiced in {span}: billed rows cover {fresh.history}. Ask for a month in there")
    return found


def _placed(costs: Costs, report: Report, covers: Period, asked: tuple[Period, str], currency: str) -> Chargeback:
    """One currency's invoices: rows of any day that were invoiced in these months."""
    period, by = asked
    rules = report.allocation.of(by, costs.names("Tags"))
    where = {BILLING_PERIOD: [month.start.isoformat() for month in months_of(period)]}
    columns = tuple(dict.fromkeys((*rules.columns(costs.names("Tags")), *KEPT, BILLING_PERIOD)))
    frames = [costs.ask(CostQuery(covers, currency, columns, where, column, CHARGE_CATEGORIES)) for column in COLUMNS]
    charges = charges_of(frames, month=BILLING_PERIOD)
    found = allocate(charges, rules, period, currency, columns=COLUMNS, kept=KEPT)
    whole = costs.ask(CostQuery(covers, currency, (PAYER, CATEGORY), where, "BilledCost", CHARGE_CATEGORIES))
    billed = found.in_cents(1)
    ties = tuple(
        Tie(str(payer), str(category), Money(cost, currency), _of(found, payer, category))
        for payer, category, cost in whole.data.itertuples(index=False, name=None)
    )
    return Chargeback(found, found.in_cents(0), billed, ties, whole.total().cents())


def _of(found: Allocation, payer: str | None, category: str | None) -> Money:
    """What the lines of one billing account and category add up to, exactly."""
    places = KEPT.index(PAYER), KEPT.index(CATEGORY)
    mine = (line for line in found.lines if tuple(line.of[place] for place in places) == (payer, category))
    return Money.total((Money(line.amounts[1], found.currency) for line in mine), found.currency)


def _tied(found: Chargeback) -> str:
    """The sentence that says whether the lines are the invoice."""
    payers = len({tie.payer for tie in found.ties})
    whose = "the invoice of one billing account" if payers == 1 else f"the invoices of {payers} billing accounts"
    if found.even:
        lines = f"{len(found.billed):,} lines add up to {_full(found.invoiced)}"
        return f"**Ties to the cent:** {lines}, {whose} (BilledCost)."
    missing = found.invoiced - found.placed
    return f"**Does not tie:** {_full(missing)} of {_full(found.invoiced)} invoiced is in no line. Do not send it out."


def _before_sending(found: Sequence[Chargeback]) -> tuple[Text, ...]:
    """What has no owner yet, and what it is made of."""
    told = []
    for one in found:
        nobody = one.allocation.unallocated().cents()
        if nobody.amount > 0:
            told.append(f"**{nobody} has no owner**, most of it {_made_of(one.allocation)}.")
    if told:
        told.append("Before you send it: `tags` lists what to tag; a rule in [allocation] divides what all share.")
    return (Text("\n".join(told)),) if told else ()


def _made_of(found: Allocation) -> str:
    """The largest parts of what has no owner: services, and tax and such by their category."""
    service, category = KEPT.index(SERVICE), KEPT.index(CATEGORY)
    sums: dict[str, Decimal] = {}
    for line in found.lines:
        if line.owner is None:
            running = line.of[category] in RUNNING
            name = (line.of[service] if running else line.of[category]) or "without a name"
            sums[name] = sums.get(name, Decimal(0)) + line.amounts[0]
    largest = sorted(sums.items(), key=lambda one: -one[1])[:LARGEST]
    return ", ".join(f"{plain(name)} {Money(cost, found.currency)}" for name, cost in largest)


def _full(amount: Money) -> str:
    return f"{amount.amount:,.2f} {amount.currency}"


def _open(context: Context) -> str:
    until = context.costs.freshness(context.now).last_day
    return f"**Not final:** rows are complete up to {until:%d %b %Y}, and the invoice is still being written."


def _summary(found: Chargeback, *, several: bool) -> tuple[Table, ...]:
    """Who owes what, shortly."""
    dimension, currency = found.allocation.dimension.capitalize(), found.allocation.currency
    owners = found.owners()
    shown = owners if len(owners) <= MOST_SHOWN else [*owners[: MOST_SHOWN - 2], *owners[-1:]]
    rows = [(owner or UNALLOCATED, str(effective), str(billed)) for owner, effective, billed in shown]
    if len(shown) < len(owners):
        rows.insert(-1, (f"… and {len(owners) - len(shown)} others, in the files", "", ""))
    whole = Money.total((effective for _, effective, _ in owners), currency)
    rows.append(("Total", str(whole), str(found.invoiced)))
    heading = f"{dimension}, {currency}" if several else dimension
    return (Table((heading, "EffectiveCost", "BilledCost"), tuple(rows), numbers=(1, 2)),)


def _headings(found: Allocation) -> tuple[str, ...]:
    return ("BillingPeriod", "BillingCurrency", found.dimension.capitalize(), *HEADINGS, *COLUMNS)


def _rows(found: Chargeback, owner: str | None) -> list[list[Cell]]:
    """An owner's lines in cents, without those that are nothing."""
    both = zip(found.effective, found.billed, strict=True)
    mine = [(line, cost.amount, billed.amount) for (line, cost), (_, billed) in both if line.owner == owner]
    mine.sort(key=lambda one: (-one[1], -one[2], str(one[0].of)))
    return [[*line.of, line.rule, _kind(line), cost, billed] for line, cost, billed in mine if cost or billed]


def _lines(found: Chargeback) -> list[list[Cell]]:
    period, currency = str(found.allocation.period), found.allocation.currency
    return [
        [period, currency, owner or UNALLOCATED, *row] for owner, _, _ in found.owners() for row in _rows(found, owner)
    ]


def _kind(line: Line) -> str:
    if line.owner is None:
        return "unallocated"
    return "part of a shared cost" if line.shared else "direct"


def _sheets(found: Chargeback, name: str) -> list[Sheet]:
    """A currency's summary, its reconciliation, and a statement for each owner."""
    allocation, currency = found.allocation, found.allocation.currency
    owners = found.owners()
    whole = Money.total((effective for _, effective, _ in owners), currency)
    statements = [
        Sheet(
            f"{owner or UNALLOCATED} {currency}",
            f"Statement of {allocation.dimension} {owner or UNALLOCATED}, {name}, in {currency}",
            (*HEADINGS, *COLUMNS),
            _rows(found, owner),
            [["Total", *[None] * (len(HEADINGS) - 1), effective.amount, billed.amount]],
        )
        for owner, effective, billed in owners
    ]
    summary = Sheet(
        f"Summary {currency}",
        f"Chargeback by {allocation.dimension}, {name}, in {currency}. {_tied(found).replace('**', '')}",
        (allocation.dimension.capitalize(), *COLUMNS),
        [[owner or UNALLOCATED, effective.amount, billed.amount] for owner, effective, billed in owners],
        [["Total", whole.amount, found.invoiced.amount]],
    )
    return [summary, _reconciliation(found, name), *statements]


def _reconciliation(found: Chargeback, name: str) -> Sheet:
    """Invoice against lines, exactly, for each billing account and category."""
    currency = found.allocation.currency
    ties = sorted(found.ties, key=lambda tie: (tie.payer, -tie.invoiced.amount))
    sums = [sum(column, start=Decimal(0)) for column in zip(*map(_amounts, ties), strict=True)]
    return Sheet(
        f"Reconciliation {currency}",
        f"BilledCost of every row invoiced in {name}, in {currency}, against the lines of this workbook",
        (PAYER, CATEGORY, "Invoiced", "In the lines", "Difference"),
        [[tie.payer, tie.category, *_amounts(tie)] for tie in ties],
        [["Total", None, *sums]],
    )


def _amounts(tie: Tie) -> tuple[Decimal, Decimal, Decimal]:
    return tie.invoiced.amount, tie.placed.amount, tie.difference.amount


def _said(found: Sequence[Chargeback]) -> str:
    statements = sum(len(one.owners()) for one in found)
    return f"A summary, a reconciliation and {statements} statements."


def _small_print(context: Context, found: Allocation) -> str:
    whose = "The sample company's figures. " if context.report.sample else ""
    shared = "; ".join(f"{name}: {how}" for name, how in found.shared.items())
    left = "".join(f" {one}." for one in found.left)
    return (
        f"{whose}BilledCost is what the invoice says; EffectiveCost spreads commitments over what used them, and is the"
        f" fairer charge. Charges of all categories, by the month they are invoiced in."
        f"{f' Shared costs: {shared}.' if shared else ''}{left} {context.costs.freshness(context.now).said()}."
    )


def data_of(found: Chargeback) -> Mapping[str, Any]:
    """A chargeback as data: amounts in its ``currency``, of the owners in cents that add up to the invoice's."""
    return {
        "dimension": found.allocation.dimension,
        "currency": found.allocation.currency,
        "period": {"start": found.allocation.period.start, "end": found.allocation.period.end},
        "invoiced": found.invoiced.amount,
        "placed": found.placed.amount,
        "ties": found.even,
        "owners": [
            {"name": owner, "EffectiveCost": effective.amount, "BilledCost": billed.amount}
            for owner, effective, billed in found.owners()
        ],
        "reconciliation": [
            {
                "billing_account": tie.payer,
                "category": tie.category,
                "invoiced": tie.invoiced.amount,
                "placed": tie.placed.amount,
                "difference": tie.difference.amount,
            }
            for tie in found.ties
        ],
    }
