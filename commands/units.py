"""``/finops units``: what one customer, one order costs; with a panel to look at it from every side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from analysis.drivers import Cause
from analysis.errors import BadAsk, NoData
from analysis.focus import COST, DAY, CostQuery
from analysis.money import Money
from analysis.periods import Period, month_before
from analysis.units import UnitEconomics, unit_economics
from charts.picture import Picture
from commands.allocation import Wanted, allocation_of
from commands.core.answer import (
    Answer,
    Button,
    Buttons,
    Chart,
    Choices,
    Facts,
    Field,
    Form,
    Note,
    Part,
    Plot,
    Table,
    Text,
    Tone,
    plain,
)
from commands.core.context import Context
from commands.core.plots import months_of
from commands.core.ports import Costs, Drivers
from commands.core.registry import Group, command, quoted
from commands.core.scope import resolve, said
from commands.why import DIMENSIONS, variance_of

PANEL = "panel"
MONTHS = (3, 6, 12)
MOST_MONTHS = 24
TOP = 6
NOWHERE = "everything"
NOTICED = 0.02  # a change of unit cost below this is no news


@command(
    "units",
    group=Group.COST,
    examples=("units", "units metric=customers", "units metric=orders by=team months=12", "units panel"),
)
def units(
    context: Context, view: str = "", *, metric: str = "", by: str = NOWHERE, months: int = 6, **scope: str
) -> Answer:
    """Tell what one unit of the business costs: a customer, an order; month by month, and why that changed.

    The business figures stand under [[drivers]] in the deployment file. by=team, service, account or region shares
    the last month's unit cost out; panel has drop-downs to choose from.
    """
    if view not in {"", PANEL}:
        raise BadAsk(f"{view!r} is no view of units; write units, or units panel")
    if not 1 <= months <= MOST_MONTHS:
        raise BadAsk(f"months={months}: between 1 and {MOST_MONTHS} whole months can be shown")
    if by != NOWHERE and by not in DIMENSIONS:
        raise BadAsk(f"by={by!r}: there are {', '.join((NOWHERE, *DIMENSIONS))}")
    names = context.drivers.names()
    if not names:
        raise NoData(
            "no business figures are known here: name a CSV file, an address or a database under [[drivers]] in the"
            " deployment file"
        )
    chosen = metric or names[0]
    found = units_of(
        context.costs,
        context.drivers,
        context.now,
        context.report.currency,
        metric=chosen,
        months=months,
        where=resolve(context.costs, scope),
    )
    if not found.points:
        raise NoData(f"what one of the {chosen} costs cannot be told: {'; '.join(found.left_out) or 'no whole month'}")
    shares = _shares(context, found, by, scope)
    picture = _picture(found, said(scope).removeprefix(" of "), context.report.locale)
    return Answer(
        _title(found, scope),
        (
            *_words(found),
            Chart(picture, _plot(found)),
            *shares,
            *_panel(names, chosen, by, months, scope),
            *_sharing(chosen, by, months, scope, has_windows=context.caller.has_windows),
            _note(context, found),
        ),
        Tone.WARN if (found.change or 0) > NOTICED else Tone.GOOD if (found.change or 0) < -NOTICED else Tone.CALM,
        replaces=view == PANEL,
        data=figures(found),
    )


def units_of(  # noqa: PLR0913 (what is divided by what)
    costs: Costs,
    drivers: Drivers,
    now: datetime,
    currency: str,
    *,
    metric: str = "",
    months: int = 6,
    where: Mapping[str, Sequence[str | None]] | None = None,
) -> UnitEconomics:
    """The unit costs of the last whole, complete months.

    Raises:
        NoData: there is no driver, or nothing is billed.
        UnknownName: no driver has that name.
    """
    names = drivers.names()
    if not names:
        raise NoData("no business figures are known here; name them under [[drivers]]")
    driver = drivers.series(metric or names[0])
    known = costs.freshness(now).history
    spans = [span for span in _back(month_before(known.end), months) if span.start >= known.start]
    if not spans:
        raise NoData(f"no whole month is billed yet: billed rows cover {known}")
    frame = costs.ask(CostQuery(Period(spans[0].start, spans[-1].end), currency, (DAY,), where or {}))
    by_day = dict(zip(frame.data[DAY], frame.data[COST], strict=True))
    monthly = [
        (span, Money(sum((by_day[day] for day in span if day in by_day), start=Money.zero(currency).amount), currency))
        for span in spans
    ]
    made = unit_economics(monthly, driver)
    if len(made.points) < 2:  # noqa: PLR2004
        return made
    earlier, later = made.points[-2].period, made.points[-1].period
    return replace(
        made, price=variance_of(costs, (earlier, later), currency, where=where, dimensions=()).causes[Cause.PRICE]
    )


def one_of(driver: str) -> str:
    """The name of a single unit: orders, an order."""
    if driver.endswith("ies"):
        return f"{driver[:-3]}y"
    return driver[:-1] if driver.endswith("s") and not driver.endswith("ss") else driver


def said_units(found: UnitEconomics) -> str:
    """The news in a sentence."""
    one = one_of(found.driver)
    article = "An" if one[0] in "aeiou" else "A"
    each = _each(found.newest.each)
    change = found.change
    if change is None:
        return f"{article} {one} cost {each} in {found.newest.period}"
    before = found.points[-2].period
    if abs(change) < 0.005:  # noqa: PLR2004 (what rounds to nothing)
        return f"{article} {one} cost {each} in {found.newest.period}, as much as in {before.start:%B}"
    word = "more" if change > 0 else "less"
    return f"{article} {one} cost {each} in {found.newest.period}, {abs(change):.1%} {word} than in {before.start:%B}"


def figures(found: UnitEconomics) -> dict[str, Any]:
    """Unit economics as data."""
    why = found.why
    return {
        "driver": found.driver,
        "currency": found.newest.cost.currency,
        "points": [
            {
                "start": point.period.start,
                "end": point.period.end,
                "cost": point.cost.amount,
                "units": point.units,
                "each": point.each.amount,
            }
            for point in found.points
        ],
        "change": found.change,
        "why": {
            "volume": why.volume.amount,
            "price": why.price.amount,
            "efficiency": why.efficiency.amount,
            "change": why.change.amount,
        }
        if why
        else None,
        "marginal": {
            "each": found.marginal.each.amount,
            "doubt": found.marginal.doubt.amount,
            "sure": found.marginal.is_sure,
        }
        if found.marginal
        else None,
        "left_out": list(found.left_out),
    }


def _back(last: Period, months: int) -> list[Period]:
    spans = [last]
    while len(spans) < months:
        spans.insert(0, month_before(spans[0].start))
    return spans


def _plot(found: UnitEconomics) -> Plot:
    """The unit cost as figures, month by month."""
    name = f"Cost of one {one_of(found.driver)}"
    first, last = found.points[0].period.start, found.points[-1].period.start
    labels = months_of([point.period.start for point in found.points])
    values = [round(float(point.each), 6) for point in found.points]
    return Plot(f"{name}, {first:%b %Y} to {last:%b %Y}", labels, ((name, values),), found.newest.cost.currency)


def _each(amount: Money) -> str:
    from charts.unit_cost import said_each

    return said_each(amount)


def _title(found: UnitEconomics, scope: Mapping[str, str]) -> str:
    return f"{said_units(found)}{said(scope)}"


def _words(found: UnitEconomics) -> tuple[Part, ...]:
    why = found.why
    facts: list[tuple[str, str]] = [
        ("Cost", f"{found.newest.cost} for {found.newest.units:,.0f} {found.driver}"),
    ]
    lines = []
    if why:
        lines.append(
            f"Cost changed by **{why.change.signed()}**: {why.volume.signed()} because there were"
            f" {'more' if why.later.units > why.earlier.units else 'fewer'} {found.driver}, {why.price.signed()}"
            f" because of new prices, {why.efficiency.signed()} because each took {_less(why.efficiency)} of the cloud."
        )
    if found.marginal and found.marginal.is_sure:
        one = f"{_each(found.marginal.each)} (± {_each(found.marginal.doubt * 2)})"
        facts.append((f"One more {one_of(found.driver)}", f"{one}, against {_each(found.newest.each)} on average"))
    elif found.marginal:
        facts.append((f"One more {one_of(found.driver)}", "cannot be told apart from chance yet"))
    if found.left_out:
        lines.append(f"Left out: {plain('; '.join(found.left_out))}.")
    return (*((Text("\n".join(lines)),) if lines else ()), Facts(tuple(facts)))


def _less(amount: Money) -> str:
    return "more" if amount.amount > 0 else "less"


def _shares(context: Context, found: UnitEconomics, by: str, scope: Mapping[str, str]) -> tuple[Part, ...]:
    """The last month's unit cost by who caused it."""
    if by == NOWHERE:
        return ()
    newest = found.newest
    listed = _listed(context, newest.period, newest.cost.currency, by, resolve(context.costs, scope))
    rows = [
        (plain(name or "(none)"), str(cost), _each(Money(cost.amount / newest.units, cost.currency)))
        for name, cost in listed[:TOP]
    ]
    left = listed[TOP:]
    if left:
        cost = Money.total((cost for _, cost in left), newest.cost.currency)
        rows.append((f"{len(left)} others", str(cost), _each(Money(cost.amount / newest.units, cost.currency))))
    return (Table((by.capitalize(), "Cost", f"Per {one_of(found.driver)}"), tuple(rows), numbers=(1, 2)),)


def _listed(
    context: Context, period: Period, currency: str, by: str, where: Mapping[str, Sequence[str | None]]
) -> list[tuple[str | None, Money]]:
    """A period's cost by a dimension, the largest first; by team as the allocation has it."""
    if by == "team":
        wanted = Wanted(by="team", currency=currency, where=where)
        parts = allocation_of(context.costs, context.report, context.now, period, wanted).parts()
        return [(part.owner, part.cost) for part in parts]
    return context.costs.ask(CostQuery(period, currency, (DIMENSIONS[by],), where)).by(DIMENSIONS[by])


def _panel(names: Sequence[str], metric: str, by: str, months: int, scope: Mapping[str, str]) -> tuple[Part, ...]:
    """What can be chosen, each option the whole ask; and the same as a form."""
    given = [f"{key}={value}" for key, value in scope.items()]

    def ask(metric: str, by: str, months: int) -> str:
        return quoted(("units", PANEL, f"metric={metric}", f"by={by}", f"months={months}", *given))

    views = (NOWHERE, *(name for name in DIMENSIONS if name != "resource"))
    form = Form(
        "Choose …",
        "Unit economics",
        quoted(("units", PANEL, *given)),
        (
            Field("metric", "Metric", options=tuple(names), value=metric),
            Field("by", "By", options=views, value=by),
            Field("months", "Months", options=tuple(map(str, MONTHS)), value=str(months) if months in MONTHS else "6"),
        ),
    )
    return (
        Choices(
            "Metric", tuple(Button(name.capitalize(), ask(name, by, months)) for name in names), metric.capitalize()
        ),
        Choices("By", tuple(Button(name.capitalize(), ask(metric, name, months)) for name in views), by.capitalize()),
        Choices("Months", tuple(Button(str(count), ask(metric, by, count)) for count in MONTHS), str(months)),
        form,
    )


def _sharing(metric: str, by: str, months: int, scope: Mapping[str, str], *, has_windows: bool) -> tuple[Part, ...]:
    """What stands, for the channel; and the panel in a window, to look around without moving everybody's chart."""
    given = (f"metric={metric}", f"by={by}", f"months={months}", *(f"{key}={value}" for key, value in scope.items()))
    window = (Button("Open in a window", quoted(("units", PANEL, *given)), window=True),) if has_windows else ()
    return (Buttons((Button("Share to channel", quoted(("share", "units", *given))), *window)),)


def _picture(found: UnitEconomics, scope: str, locale: str) -> Picture:
    from charts.unit_cost import unit_cost  # matplotlib is half of the bot's start

    return unit_cost(found, one=one_of(found.driver), scope=scope, locale=locale)


def _note(context: Context, found: UnitEconomics) -> Note:
    whose = "The sample company's figures. " if context.report.sample else ""
    return Note(
        f"{whose}EffectiveCost of usage and purchases in {found.newest.cost.currency} over {found.driver}, whole"
        f" months; volume is (u2 - u1) x c1, price by the bill's quantities, efficiency the rest."
        f" {context.costs.freshness(context.now).said()}."
    )
