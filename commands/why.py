"""``/finops why``: what changed between two periods, and what made it change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeAlias

from analysis.drivers import Cause, Change, Line, Variance, changes, variance
from analysis.errors import NoData, UnknownName
from analysis.focus import TAG, CostQuery
from analysis.money import Money
from analysis.periods import Period, fiscal_name, month_of, quarter_of, year_of
from charts.picture import Picture
from commands.core.answer import Answer, Button, Buttons, Chart, Facts, Note, Part, Table, Text, Tone, plain
from commands.core.context import Context
from commands.core.ports import Costs
from commands.core.registry import Group, command, quoted
from commands.core.scope import resolve, said
from commands.core.when import before, periods_of

Where: TypeAlias = Mapping[str, Sequence[str | None]]

DIMENSIONS: Mapping[str, str] = {
    "service": "ServiceName",
    "account": "SubAccountName",
    "region": "RegionId",
    "team": TAG + "team",
    "resource": "ResourceName",
}
GRAIN = ("SubAccountId", "ServiceName", "RegionId", "SkuId", "PricingUnit", "ChargeFrequency", "ChargeCategory")
MEANING = {
    Cause.DAYS: "more or fewer days",
    Cause.VOLUME: "more or less was used",
    Cause.PRICE: "a unit cost more or less (a price, a discount, a commitment)",
    Cause.MIX: "dearer or cheaper kinds were used",
    Cause.NEW: "used for the first time",
    Cause.GONE: "no longer used",
    Cause.FEES: "purchases and recurring fees",
}
INTO = {"service": "account", "account": "service", "region": "service", "team": "service"}
FIXED = ("Recurring", "One-Time")
NOTHING = Decimal(0)
MOST_OF_IT = Decimal("0.5")  # one resource that makes half of a change is named
TOP = 3
MOST_SHOWN = 6
MOST_CAUSES = 4
MUCH = Decimal("0.05")  # a change beyond this is worth a warning


@command("why", group=Group.COST, examples=("why", "why last month by=account", "why october vs august team=search"))
def why(context: Context, *when: str, by: str = "service", currency: str = "", **scope: str) -> Answer:
    """Explain what changed between two periods: price, volume, mix, new and gone things, fees, and the calendar.

    Without a period, the last whole month against the one before it. Only complete days are compared; a period that
    still goes on is compared with as many days of the one before. by=service, account, region, team or resource.
    """
    if by not in DIMENSIONS:
        raise UnknownName("dimension", by, known=list(DIMENSIONS))
    money = (currency or context.report.currency).upper()
    later, earlier = compared(context, when)
    where = resolve(context.costs, scope)
    found = variance_of(context.costs, (earlier, later), money, where=where, dimensions=(by,))
    names = (named(earlier, context.report.year_starts), named(later, context.report.year_starts))
    asked = quoted(("why", *when))
    return Answer(
        _title(found, names, scope),
        (
            *_words(context.costs, found, where),
            Chart(_picture(found, names, said(scope).removeprefix(" of "), context.report.locale)),
            _causes(found),
            *_changes(found, by),
            *_buttons(found, asked, by, scope),
            _note(context, found, money),
        ),
        Tone.WARN if found.share > MUCH else Tone.CALM,
        data=figures(found),
    )


def compared(context: Context, when: Sequence[str]) -> tuple[Period, Period]:
    """The later and the earlier period that words mean, both of complete days.

    Raises:
        NoData: no complete day of one of them was billed.
    """
    later, earlier = periods_of(when, context)
    freshness = context.costs.freshness(context.now)
    known = freshness.history
    if later.end > known.end > later.start:
        later = Period(later.start, known.end)
        if not any(word.lower().startswith(("vs", "versus", "against")) for word in when):
            earlier = before(later, context.report.year_starts)
    for period in (later, earlier):
        if period.end <= known.start or period.start >= known.end:
            raise NoData(f"nothing complete is billed in {period}: billed rows cover {known}. Ask for days in there")
    return later, earlier


def variance_of(
    costs: Costs,
    periods: tuple[Period, Period],
    currency: str,
    *,
    where: Where | None = None,
    dimensions: Sequence[str] = ("service", "account"),
) -> Variance:
    """Two periods compared in EffectiveCost of usage and purchases: the earlier first.

    Raises:
        NoData: there are no rows at all.
    """
    chosen = where or {}
    lines = [_lines(costs, period, currency, chosen) for period in periods]
    found = variance((periods[0], lines[0]), (periods[1], lines[1]), currency)
    made = {name: _by(costs, periods, currency, DIMENSIONS[name], chosen) for name in dimensions}
    return Variance(found.earlier, found.later, found.before, found.after, found.causes, made)


def named(period: Period, year_starts: int = 1) -> str:
    """How a period is called in a sentence: October 2026, Q3 2026, 2026-10-01 to 2026-10-17."""
    if period != month_of(period.start) and period in (
        quarter_of(period.start, year_starts),
        year_of(period.start, year_starts),
    ):
        return fiscal_name(period, year_starts)
    return str(period)


def said_change(found: Variance, names: tuple[str, str]) -> str:
    """The news in one sentence."""
    change = found.change
    if not change.cents():
        return f"{names[1]} cost as much as {names[0]}"
    word = "more" if change.amount > 0 else "less"
    share = f" ({abs(found.share):.1%} {'up' if change.amount > 0 else 'down'})" if found.before.amount > 0 else ""
    return f"{names[1]} cost {_size(change)} {word} than {names[0]}{share}"


def movers(costs: Costs, found: Variance, where: Where, count: int = TOP) -> list[str]:
    """The largest changes of a service in an account, in words: with the resource that moved most."""
    by = ("ServiceName", "SubAccountName")
    periods = (found.earlier, found.later)
    was, now = (_sums(costs, one, found.after.currency, by, where) for one in periods)
    moved: dict[tuple[Any, ...], Decimal] = {
        key: now.get(key, NOTHING) - was.get(key, NOTHING) for key in {**was, **now}
    }
    largest = sorted(moved, key=lambda key: (-abs(moved[key]), str(key)))[:count]
    inside = {**where, **{name: tuple(dict.fromkeys(key[place] for key in largest)) for place, name in enumerate(by)}}
    resources = [_sums(costs, one, found.after.currency, (*by, "ResourceName"), inside) for one in periods]
    told = []
    for key in largest:
        amount = Money(moved[key], found.after.currency)
        if not amount.cents():
            continue
        what = _what(*({one[2]: cost for one, cost in sums.items() if one[:2] == key} for sums in resources))
        service, account = (plain(str(part)) if part else "without a name" for part in key)
        told.append(f"**{amount.signed()}** {service} in {account}: {what if key in was else 'new'}")
    return told


def _what(was: Mapping[str | None, Decimal], now: Mapping[str | None, Decimal]) -> str:
    """What moved within one service and account, by its resources."""
    if not now:
        return "gone"
    moved = {name: now.get(name, NOTHING) - was.get(name, NOTHING) for name in {**was, **now}}
    name = max(sorted(moved, key=str), key=lambda one: abs(moved[one]))  # of equals the first, whoever adds
    whole = sum(moved.values(), start=NOTHING)
    if name is None or not whole or moved[name] / whole < MOST_OF_IT:
        return f"{len(moved)} resources together"
    kind = "new" if name not in was else "gone" if name not in now else "grown" if moved[name] > 0 else "shrunk"
    return f"{plain(name)} ({kind})"


def figures(found: Variance) -> dict[str, object]:
    """A variance as data."""
    return {
        "currency": found.after.currency,
        "earlier": {"start": found.earlier.start, "end": found.earlier.end, "cost": found.before.amount},
        "later": {"start": found.later.start, "end": found.later.end, "cost": found.after.amount},
        "change": found.change.amount,
        "at_equal_days": found.at_equal_days.amount,
        "causes": {str(cause): amount.amount for cause, amount in found.causes.items()},
        "changes": {
            name: [
                {"name": one.name, "before": one.before.amount, "after": one.after.amount, "change": one.change.amount}
                for one in listed
            ]
            for name, listed in found.changes.items()
        },
    }


def _sums(
    costs: Costs, period: Period, currency: str, by: tuple[str, ...], where: Where
) -> dict[tuple[Any, ...], Decimal]:
    frame = costs.ask(CostQuery(period, currency, by, where))
    return {tuple(row[:-1]): row[-1] for row in frame.data.itertuples(index=False, name=None)}


def _lines(costs: Costs, period: Period, currency: str, where: Where) -> list[Line]:
    asked = costs.ask(CostQuery(period, currency, GRAIN, where, also=("PricingQuantity",)))
    lines = []
    for *key, amount, measured in asked.data.itertuples(index=False, name=None):
        service, unit, frequency, category = key[1], key[4], key[5], key[6]
        fixed = category != "Usage" or frequency in FIXED
        quantity = measured if unit else None
        lines.append(Line((*key[:5], fixed), (service, unit), amount, quantity, fixed))
    return lines


def _by(costs: Costs, periods: tuple[Period, Period], currency: str, dimension: str, where: Where) -> list[Change]:
    was, now = (costs.ask(CostQuery(one, currency, (dimension,), where)).by(dimension) for one in periods)
    return changes(was, now)


def _title(found: Variance, names: tuple[str, str], scope: Mapping[str, str]) -> str:
    return f"{said_change(found, names)}{said(scope)}"


def _size(amount: Money) -> str:
    return str(amount if amount.amount > 0 else -amount)


def _words(costs: Costs, found: Variance, where: Where) -> tuple[Part, ...]:
    told = movers(costs, found, where)
    parts: list[Part] = [Text("\n".join(told))] if told else []
    days = found.causes[Cause.DAYS]
    if days.cents():
        length = f"{found.later.days} days against {found.earlier.days}"
        rest = found.at_equal_days
        parts.append(Text(f"The calendar alone makes {days.signed()} ({length}); without it {rest.signed()}."))
    return tuple(parts)


def _picture(found: Variance, names: tuple[str, str], title: str, locale: str) -> Picture:
    from charts.waterfall import waterfall  # matplotlib is half of the bot's start

    return waterfall(found, names=names, title=title, locale=locale)


def _causes(found: Variance) -> Facts:
    ranked = sorted(found.causes.items(), key=lambda item: (-abs(item[1].amount), item[0]))[:MOST_CAUSES]
    return Facts(
        tuple((str(cause).capitalize(), f"{amount.signed()}: {MEANING[cause]}") for cause, amount in ranked if amount)
    )


def _changes(found: Variance, by: str) -> tuple[Part, ...]:
    listed = found.top(by, MOST_SHOWN)
    if not listed:
        return ()
    rows = tuple((one.name or "(none)", str(one.before), str(one.after), one.change.signed()) for one in listed)
    return (Table((by.capitalize(), "Before", "Now", "Change"), rows, numbers=(1, 2, 3)),)


def _buttons(found: Variance, asked: str, by: str, scope: Mapping[str, str]) -> tuple[Part, ...]:
    given = [f"{key}={value}" for key, value in scope.items()]
    others = [Button(f"By {name}", f"{asked} {quoted((f'by={name}', *given))}") for name in DIMENSIONS if name != by]
    deeper = []
    if by in INTO and by not in scope:
        names = [one.name for one in found.top(by) if one.name]
        words = [quoted((f"by={INTO[by]}", *given, f"{by}={name}")) for name in names]
        deeper = [Button(f"Why {name}?", f"{asked} {ask}") for name, ask in zip(names, words, strict=True)]
    return (Buttons((*deeper, *others)),)


def _note(context: Context, found: Variance, money: str) -> Note:
    whose = "The sample company's figures. " if context.report.sample else ""
    freshness = context.costs.freshness(context.now)
    return Note(
        f"{whose}EffectiveCost of usage and purchases in {money}, {found.earlier} against {found.later}; tax, credits"
        f" and adjustments apart. {freshness.said()}."
    )
