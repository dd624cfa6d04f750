"""``/finops allocation``: who costs what, with shared costs divided and what nobody owns shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from analysis.allocation import Allocation, Part, allocate, charges_of
from analysis.allocation_rules import Rules
from analysis.errors import NoData, UnknownName
from analysis.focus import MONTH, CostQuery
from analysis.money import Money
from analysis.periods import Period, month_before
from charts.picture import Picture
from commands.core.answer import Answer, Button, Buttons, Chart, Note, Plot, Table, Text, Tone, plain
from commands.core.answer import Part as AnswerPart
from commands.core.context import Context
from commands.core.plots import amount_of
from commands.core.ports import Costs
from commands.core.registry import Group, command, quoted
from commands.core.report import Report
from commands.core.scope import resolve, said
from commands.core.when import before, period_of
from commands.forecast import STALE
from commands.why import named

CHARTS = ("bars", "treemap")
SERVICE, ACCOUNT = "ServiceName", "SubAccountName"
WELL_ALLOCATED = Decimal("0.9")  # of cost: "Run" in the FinOps Framework's maturity model of Allocation; 0.8 is "Walk"
MOST_SHOWN = 8
MOVED = 3


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of an allocation: to which dimension, in which currency, of which rows, and which columns to keep.

    Empty words are the report's own.
    """

    by: str = ""
    currency: str = ""
    where: Mapping[str, Sequence[str | None]] = field(default_factory=dict)
    kept: tuple[str, ...] = (SERVICE, ACCOUNT)


@command(
    "allocation",
    group=Group.COST,
    examples=("allocation", "allocation q3 by=cost-center", "allocation last month provider=AWS chart=treemap"),
)
def allocation(
    context: Context, *when: str, by: str = "", chart: str = "bars", currency: str = "", **scope: str
) -> Answer:
    """Show who costs what: each owner's own cost, its part of shared costs, the change, and what nobody owns.

    The rules of the deployment file decide, the first that fits; without any, the team tag in any spelling. by=team,
    cost-center, business-unit, customer, or any tag key. Without a period, the last whole month. chart=treemap draws
    areas.
    """
    if chart not in CHARTS:
        raise UnknownName("chart", chart, known=CHARTS)
    wanted = Wanted(by, currency.upper(), resolve(context.costs, scope))
    period = period_of(when, context) if when else None
    found = allocation_of(context.costs, context.report, context.now, period, wanted)
    name = named(found.period, context.report.year_starts)
    return Answer(
        f"{name}{said(scope)}: {found.total().cents()} by {found.dimension}, {_allocated(found)}",
        (
            Text(_next_step(found)),
            *_moved(found, context.report),
            table_of(found),
            Chart(_picture(found, chart, f"{name}{said(scope)}", context.report.locale), _plot(found, chart, name)),
            Buttons(_buttons(context, found, when, scope, chart)),
            Note(small_print(context, found)),
        ),
        Tone.CALM if found.coverage >= WELL_ALLOCATED else Tone.WARN,
        data=figures(found),
    )


def allocation_of(
    costs: Costs, report: Report, now: datetime, period: Period | None = None, wanted: Wanted | None = None
) -> Allocation:
    """EffectiveCost of usage and purchases by owner, with the period before beside it where the bill knows it.

    Without a period, the last whole month; only complete days count.

    Raises:
        NoData: nothing complete is billed in the period and currency.
        UnknownName: the dimension is none.
    """
    asked = wanted or Wanted()
    rules = report.allocation.of(asked.by, costs.names("Tags"))
    known = costs.freshness(now).history
    span = complete(costs, now, period)
    currency = asked.currency or report.currency
    found = _allocated_in(costs, span, rules, replace(asked, currency=currency))
    if not found.lines:
        others = ", ".join(amount.currency for amount in costs.currencies(span)) or "none"
        raise NoData(f"nothing is billed in {currency} there in {span}; currencies that are: {others}")
    eve = before(span, report.year_starts)
    if eve.start < known.start:
        return found
    return replace(found, earlier=_allocated_in(costs, eve, rules, replace(asked, currency=currency)))


def complete(costs: Costs, now: datetime, period: Period | None) -> Period:
    """The complete days of a period; without one, the last whole month that the bill knows.

    Raises:
        NoData: none of its days is complete.
    """
    known = costs.freshness(now).history
    span = period or month_before(min(now.date(), known.end + STALE))
    if span.end <= known.start or span.start >= known.end:
        raise NoData(f"nothing complete is billed in {span}: billed rows cover {known}. Ask for days in there")
    return Period(span.start, min(span.end, known.end))


def _allocated_in(costs: Costs, period: Period, rules: Rules, asked: Wanted) -> Allocation:
    month = (MONTH,) if rules.by_driver else ()
    columns = tuple(dict.fromkeys((*rules.columns(costs.names("Tags")), *asked.kept, *month)))
    frame = costs.ask(CostQuery(period, asked.currency, columns, asked.where))
    return allocate(charges_of([frame]), rules, period, asked.currency, kept=asked.kept)


def called(part: Part, dimension: str) -> str:
    """How an owner is called in a table."""
    return f"(no {dimension})" if part.owner is None else part.owner


def table_of(found: Allocation) -> Table:
    """The owners as a table: the largest, all others as one row, and what nobody owns."""
    *owned, nobody = found.parts()
    whole, zero = found.total().cents(), Money.zero(found.currency)
    shown, left = owned[:MOST_SHOWN], owned[MOST_SHOWN:]
    rows = [_row(called(part, found.dimension), part, whole) for part in shown]
    if left:
        earlier = None if left[0].before is None else sum((one.before or zero for one in left), start=zero)
        direct, shared = sum((one.direct for one in left), start=zero), sum((one.shared for one in left), start=zero)
        rows.append(_row(f"… and {len(left)} others", Part("", direct, shared, earlier), whole))
    rows.append(_row(called(nobody, found.dimension), nobody, whole))
    headings = (found.dimension.capitalize(), "Cost", "Share", "Change", "Of it shared")
    width = 5 if any(part.shared for part in (*owned, nobody)) else 4
    return Table(headings[:width], tuple(row[:width] for row in rows), numbers=tuple(range(1, width)))


def _row(name: str, part: Part, whole: Money) -> tuple[str, ...]:
    change = "–" if part.change is None else part.change.signed()
    return (name, str(part.cost), f"{part.cost.share_of(whole):.1%}", change, str(part.shared))


def _allocated(found: Allocation) -> str:
    if not found.unallocated().cents():
        return "all of it has an owner"
    return f"{found.coverage:.0%} of it has an owner"


def _next_step(found: Allocation) -> str:
    """What to do first."""
    left = "".join(f"\n{plain(one)}." for one in found.left)
    nobody = found.unallocated().cents()
    if nobody.amount <= 0:
        return f"Nothing to do: every cent of {found.total().cents()} has an owner.{left}"
    by_account = found.by(ACCOUNT, None) if ACCOUNT in found.kept else {}
    account, most = next(iter(by_account.items()), (None, nobody))
    where = f": start in **{plain(account)}**, which has {most} of it" if account else ""
    return f"**{nobody} has no {found.dimension}**{where}. `tags` lists what to tag first, with the commands.{left}"


def _moved(found: Allocation, report: Report) -> tuple[AnswerPart, ...]:
    """Who moved most against the period before."""
    if found.earlier is None:
        return ()
    moved = [(part, part.change) for part in found.parts() if part.change is not None and part.change.cents()]
    largest = sorted(moved, key=lambda one: -abs(one[1].amount))[:MOVED]
    told = ", ".join(f"{plain(called(part, found.dimension))} **{change.signed()}**" for part, change in largest)
    eve = named(found.earlier.period, report.year_starts)
    return (Text(f"Moved most against {eve}: {told}."),) if told else ()


def _plot(found: Allocation, chart: str, name: str) -> Plot | None:
    """Each owner's own cost and its part of shared costs as figures; areas, and credits, are drawn by us alone."""
    from charts.allocation import few  # matplotlib is half of the bot's start

    rows = few(found)
    own = [amount_of(part.direct) for _, part in rows]
    shared = [amount_of(part.shared) for _, part in rows]
    if chart != CHARTS[0] or not rows or min(*own, *shared) < 0:
        return None
    lines = [("its own", own), *([("part of shared costs", shared)] if any(shared) else [])]
    return Plot(f"{name} by {found.dimension}", [owner for owner, _ in rows], lines, found.currency, "bars")


def _picture(found: Allocation, chart: str, name: str, locale: str) -> Picture:
    from charts.allocation import bars, treemap  # matplotlib is half of the bot's start

    draw = bars if chart == "bars" else treemap
    subtitle = f"{found.total().said(locale)}, {found.coverage:.0%} of it has an owner"
    return draw(found, title=f"Cost by {found.dimension}, {name}", subtitle=subtitle, locale=locale)


def _buttons(
    context: Context, found: Allocation, when: Sequence[str], scope: Mapping[str, str], chart: str
) -> tuple[Button, ...]:
    by = f"by={found.dimension}"
    money = () if found.currency == context.report.currency else (f"currency={found.currency}",)
    given = [f"{key}={value}" for key, value in scope.items()]
    asked = ("allocation", *when, by, *given)
    other = next(one for one in CHARTS if one != chart)
    buttons = [Button("What to tag", quoted(("tags", *when, *given, *money)))] if found.unallocated().cents() else []
    if largest := next((part.owner for part in found.parts() if part.owner), None):
        buttons.append(Button(f"Showback {largest}", quoted(("showback", largest, *when, by, *money))))
    buttons.append(Button(f"As {other}", quoted((*asked, *money, f"chart={other}"))))
    return (*buttons, *in_others(context, found.period, found.currency, asked, scope))


def in_others(
    context: Context, period: Period, currency: str, asked: Sequence[str], scope: Mapping[str, str]
) -> tuple[Button, ...]:
    """The same ask in each other currency that is billed; of a scope it is not known which are."""
    if scope:
        return ()
    others = (one.currency for one in context.costs.currencies(period) if one.currency != currency)
    return tuple(Button(f"In {one}", quoted((*asked, f"currency={one}"))) for one in others)


def small_print(context: Context, found: Allocation) -> str:
    """Basis, rules, other currencies, freshness."""
    shared = "; ".join(f"{name}: {how}" for name, how in found.shared.items())
    others = ", ".join(
        str(money) for money in context.costs.currencies(found.period) if money.currency != found.currency
    )
    words = [
        "The sample company's figures" if context.report.sample else "",
        f"EffectiveCost of usage and purchases in {found.currency}; tax, credits and adjustments apart",
        f"Shared costs: {shared}" if shared else "",
        f"Billed besides, never added: {others}" if others else "",
        context.costs.freshness(context.now).said(),
    ]
    return ". ".join(word for word in words if word) + "."


def figures(found: Allocation) -> dict[str, Any]:
    """An allocation as data: amounts in ``currency``, of the owners in cents that add up to the total's."""
    whole = found.total().cents()
    return {
        "dimension": found.dimension,
        "currency": found.currency,
        "period": {"start": found.period.start, "end": found.period.end},
        "total": whole.amount,
        "unallocated": found.unallocated().cents().amount,
        "coverage": found.coverage,
        "earlier": {"start": found.earlier.period.start, "end": found.earlier.period.end} if found.earlier else None,
        "owners": [
            {
                "name": part.owner,
                "cost": part.cost.amount,
                "direct": part.direct.amount,
                "shared": part.shared.amount,
                "share": part.cost.share_of(whole),
                "before": None if part.before is None else part.before.amount,
                "change": None if part.change is None else part.change.amount,
            }
            for part in found.parts()
        ],
        "shared": dict(found.shared),
        "left": list(found.left),
    }
