"""Drivers of change: why one period cost more or less than another, in parts that add up to the cent."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from analysis.money import Money
from analysis.periods import Period

NOTHING = Decimal(0)
CENT = Decimal("0.01")
FINE = Decimal("1E-12")  # what a price effect is rounded to, so that the rest of a change is exact
SAME_PRICE = Decimal("0.0001")  # of a unit price: less is the rounding of a bill, not a new price


class Cause(StrEnum):
    """Why a cost changed."""

    DAYS = "days"
    VOLUME = "volume"
    PRICE = "price"
    MIX = "mix"
    NEW = "new"
    GONE = "gone"
    FEES = "fees"


@dataclass(frozen=True, slots=True)
class Line:
    """What one thing was billed in one period: ``key`` is the same in both periods, ``group`` what it may be mixed in.

    ``quantity`` is in units of the group (one service's one pricing unit), or ``None`` where the bill has none. What is
    ``fixed`` does not grow with the days: purchases, and fees that recur (FOCUS ChargeFrequency).
    """

    key: Hashable
    group: Hashable
    cost: Decimal
    quantity: Decimal | None = None
    fixed: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """What one name of a dimension contributed: ``None`` for rows without one."""

    name: str | None
    before: Money
    after: Money

    @property
    def change(self) -> Money:
        """How much more it cost."""
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Variance:
    """Two periods compared. ``causes`` add up to ``change`` to the cent; so do the ``changes`` of every dimension."""

    earlier: Period
    later: Period
    before: Money
    after: Money
    causes: Mapping[Cause, Money]
    changes: Mapping[str, Sequence[Change]] = field(default_factory=dict)

    @property
    def change(self) -> Money:
        """How much more the later period cost."""
        return self.after - self.before

    @property
    def causes_days(self) -> Money:
        """What a longer or shorter period makes of it."""
        return self.causes[Cause.DAYS]

    @property
    def at_equal_days(self) -> Money:
        """The change without what a longer or shorter period makes of it."""
        return self.change - self.causes[Cause.DAYS]

    @property
    def share(self) -> Decimal:
        """The change as a part of the earlier period's cost; of nothing, nothing."""
        return self.change.share_of(self.before) if self.before.amount > 0 else NOTHING

    def top(self, dimension: str, count: int = 3) -> list[Change]:
        """The largest changes of a dimension in either direction, so that what cancels out is still seen."""
        moved = [one for one in self.changes.get(dimension, ()) if one.change.cents()]
        return sorted(moved, key=lambda one: (-abs(one.change.amount), one.name or ""))[:count]


def variance(earlier: tuple[Period, Sequence[Line]], later: tuple[Period, Sequence[Line]], currency: str) -> Variance:
    """Take a change apart.

    With quantities q and costs c of the same thing in both periods, of a and b days, and what the earlier period would
    have cost in b days (q' = q·b/a, c' = c·b/a):

    - days: c' - c, what the calendar alone makes of it;
    - price: (c₂/q₂ - c/q)·q₂, the new price less the old one, on what was used now;
    - volume: (Q₂ - Q')·C'/Q', where capitals are sums over the group: more of everything, at the old average price;
    - mix: what is left of the group's change, the same volume in dearer or cheaper things;
    - new and gone: things that only one of the periods knows;
    - fees: purchases and recurring fees, which come when they come.

    This is the price, volume and mix analysis of management accounting (Horngren, Cost Accounting: sales-mix and
    sales-quantity variances), on purchases instead of sales. Things without a quantity have a volume effect only.
    """
    (period_a, lines_a), (period_b, lines_b) = earlier, later
    before, after = _merged(lines_a), _merged(lines_b)
    longer = Decimal(period_b.days) / Decimal(period_a.days)
    sums = dict.fromkeys(Cause, NOTHING)
    groups: dict[Hashable, list[tuple[Line, Line]]] = {}
    for key in {**before, **after}:
        was, now = before.get(key), after.get(key)
        if (was or now).fixed:  # type: ignore[union-attr]
            sums[Cause.FEES] += _cost(now) - _cost(was)
        elif was is None:
            sums[Cause.NEW] += _cost(now)
        elif now is None:
            sums[Cause.DAYS] += _stretched(was, longer) - was.cost
            sums[Cause.GONE] -= _stretched(was, longer)
        else:
            sums[Cause.DAYS] += _stretched(was, longer) - was.cost
            groups.setdefault(was.group, []).append((was, now))
    for pairs in groups.values():
        for cause, effect in _effects(pairs, longer).items():
            sums[cause] += effect
    total_a = sum((line.cost for line in before.values()), start=NOTHING)
    total_b = sum((line.cost for line in after.values()), start=NOTHING)
    start, end = Money(total_a, currency).cents(), Money(total_b, currency).cents()
    return Variance(period_a, period_b, start, end, _in_cents(sums, (end - start).amount, currency))


def changes(before: Iterable[tuple[str | None, Money]], after: Iterable[tuple[str | None, Money]]) -> list[Change]:
    """A dimension's names in two periods, the largest change first; all are of one currency."""
    was, now = dict(before), dict(after)
    currency = next(iter((*was.values(), *now.values())), Money(NOTHING, "USD")).currency
    zero = Money.zero(currency)
    made = [Change(name, was.get(name, zero), now.get(name, zero)) for name in {**was, **now}]
    return sorted(made, key=lambda one: (-abs(one.change.amount), one.name or ""))


def _merged(lines: Sequence[Line]) -> dict[Hashable, Line]:
    """One line a key."""
    merged: dict[Hashable, Line] = {}
    for line in lines:
        known = merged.get(line.key)
        if known is None:
            merged[line.key] = line
            continue
        both = line.quantity is not None and known.quantity is not None
        quantity = (line.quantity or NOTHING) + (known.quantity or NOTHING) if both else None
        merged[line.key] = Line(line.key, line.group, line.cost + known.cost, quantity, line.fixed)
    return merged


def _cost(line: Line | None) -> Decimal:
    return line.cost if line else NOTHING


def _stretched(line: Line, longer: Decimal) -> Decimal:
    return (line.cost * longer).quantize(FINE)


def _effects(pairs: Sequence[tuple[Line, Line]], longer: Decimal) -> dict[Cause, Decimal]:
    """Price, volume and mix of the things of one group that both periods know."""
    whole = sum((now.cost - _stretched(was, longer) for was, now in pairs), start=NOTHING)
    measured = list(_measured(pairs))
    price = sum((_price(*one) for one in measured), start=NOTHING)
    if len(measured) < len(pairs):  # what has no quantity has no mix either
        return {Cause.PRICE: price, Cause.VOLUME: whole - price}
    used = sum((quantity for quantity, *_ in measured), start=NOTHING) * longer
    uses = sum((quantity for _, _, quantity, _ in measured), start=NOTHING)
    cost = sum((_stretched(was, longer) for was, _ in pairs), start=NOTHING)
    volume = ((uses - used) * cost / used).quantize(FINE)
    return {Cause.PRICE: price, Cause.VOLUME: volume, Cause.MIX: whole - price - volume}


def _measured(pairs: Sequence[tuple[Line, Line]]) -> Iterator[tuple[Decimal, Decimal, Decimal, Decimal]]:
    """Quantity and cost before, quantity and cost now, of each thing that is measured in both periods."""
    for was, now in pairs:
        if was.quantity and now.quantity and was.quantity > 0 and now.quantity > 0:
            yield was.quantity, was.cost, now.quantity, now.cost


def _price(quantity: Decimal, cost: Decimal, quantity_now: Decimal, cost_now: Decimal) -> Decimal:
    """What a new unit price makes of what was used now."""
    old, new = cost / quantity, cost_now / quantity_now
    if abs(new - old) <= abs(old) * SAME_PRICE:
        return NOTHING
    return ((new - old) * quantity_now).quantize(FINE)


def _in_cents(sums: Mapping[Cause, Decimal], total: Decimal, currency: str) -> dict[Cause, Money]:
    """Rounded parts of a rounded total: the largest takes what rounding leaves over."""
    rounded = {cause: Money(amount, currency).cents().amount for cause, amount in sums.items()}
    largest = max(rounded, key=lambda cause: abs(rounded[cause]))
    rounded[largest] += total - sum(rounded.values(), start=NOTHING)
    return {cause: Money(amount, currency) for cause, amount in rounded.items()}
