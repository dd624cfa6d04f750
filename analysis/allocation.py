"""Allocation: every cent of a bill placed with an owner by a rule, or shown as unallocated; nothing made, nothing lost.

FinOps Framework capability: Allocation. Amounts are exact decimals until they are told; what is told in cents adds up
to the cents of the whole, by the method of the largest remainder (Hamilton).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext
from fractions import Fraction
from math import floor
from typing import Any, TypeAlias

from analysis.allocation_rules import Attributes, Rules, Shared, Split
from analysis.focus import COST, MONTH, CostColumn, CostFrame
from analysis.money import Money
from analysis.periods import Period, month_of
from analysis.spelling import meant

CENT = Decimal("0.01")
FINEST = Decimal("1E-10")  # what a shared cost is divided into: the last digit that clouds bill
ENOUGH_DIGITS = 60  # for sums that lose nothing
NOTHING = Decimal(0)
Weights: TypeAlias = Mapping[str, Decimal]  # by owner, as meant


@dataclass(frozen=True, slots=True)
class Charge:
    """A group of billed rows: what the rules know of it, the month it is of, and its amounts, one for each column."""

    attributes: Attributes
    amounts: tuple[Decimal, ...]
    month: date


@dataclass(frozen=True, slots=True)
class Line:
    """What one rule placed: with whom (``None``: unallocated), whether as a part of a shared cost, and how much.

    ``of`` has the values of the allocation's ``kept`` columns.
    """

    owner: str | None
    rule: str
    shared: bool
    of: tuple[str | None, ...]
    amounts: tuple[Decimal, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """What one owner has, in cents: ``direct`` is its own, ``shared`` its part of shared costs."""

    owner: str | None
    direct: Money
    shared: Money
    before: Money | None = None  # what it had in the period before, if that is known

    @property
    def cost(self) -> Money:
        """All of it."""
        return self.direct + self.shared

    @property
    def change(self) -> Money | None:
        """How much more than in the period before."""
        return None if self.before is None else self.cost - self.before


@dataclass(frozen=True, slots=True)
class Allocation:
    """A period's cost by owner, in one currency.

    ``columns`` are the cost columns of each line's amounts: the first is the one that is told, and the one that shared
    costs are divided by. ``left`` says of shared costs that could not be divided why not. ``earlier`` is the period
    before, if it is compared.
    """

    dimension: str
    period: Period
    currency: str
    columns: tuple[CostColumn, ...]
    kept: tuple[str, ...]
    lines: tuple[Line, ...]
    shared: Mapping[str, str]  # each shared cost, and how it is divided
    left: tuple[str, ...] = ()
    earlier: Allocation | None = None

    def total(self, column: int = 0) -> Money:
        """Everything, exactly."""
        return Money(_sum(line.amounts[column] for line in self.lines), self.currency)

    def unallocated(self, column: int = 0) -> Money:
        """What no rule could place, exactly."""
        return Money(_sum(line.amounts[column] for line in self.lines if line.owner is None), self.currency)

    @property
    def coverage(self) -> Decimal:
        """The part of the cost that has an owner, from 0 to 1; of nothing, nothing is uncovered."""
        whole, without = self.total(), self.unallocated()
        return 1 - without.share_of(whole) if whole.amount > 0 else Decimal(1)

    def in_cents(self, column: int = 0) -> list[tuple[Line, Money]]:
        """Each line in cents: they add up to each owner's cents, and those to the cents of the whole."""
        owned: dict[str | None, list[Line]] = defaultdict(list)
        for line in self.lines:
            owned[line.owner].append(line)
        exact = [_sum(line.amounts[column] for line in lines) for lines in owned.values()]
        sums = rounded(exact, self.total(column).cents().amount, CENT)
        told = []
        for lines, cents in zip(owned.values(), sums, strict=True):
            amounts = rounded([line.amounts[column] for line in lines], cents, CENT)
            told += [(line, Money(amount, self.currency)) for line, amount in zip(lines, amounts, strict=True)]
        return told

    def parts(self, column: int = 0) -> list[Part]:
        """Every owner's part, the largest first; what is unallocated comes last, and is always told."""
        zero = Money.zero(self.currency)
        direct, shared = defaultdict[str | None, Money](lambda: zero), defaultdict[str | None, Money](lambda: zero)
        for line, cents in self.in_cents(column):
            (shared if line.shared else direct)[line.owner] += cents
        before = self.earlier._by_meaning(column) if self.earlier else None
        owners = {**direct, **shared, **self._gone(before), None: zero}
        made = [
            Part(owner, direct[owner], shared[owner], None if before is None else before.get(_same(owner), zero))
            for owner in owners
        ]
        return sorted(made, key=lambda part: (part.owner is None, -part.cost.amount, part.owner or ""))

    def part(self, owner: str | None) -> Part | None:
        """One owner's part, however the name is spelled."""
        return next((part for part in self.parts() if _same(part.owner) == _same(owner)), None)

    def by(self, column: str, owner: str | None) -> dict[str | None, Money]:
        """What an owner has, by one of the ``kept`` columns, the largest first; a part of shared costs included."""
        place, sums = self.kept.index(column), defaultdict[str | None, Decimal](Decimal)
        for line in self.lines:
            if _same(line.owner) == _same(owner):
                sums[line.of[place]] += line.amounts[0]
        ranked = sorted(sums.items(), key=lambda item: (-item[1], item[0] or ""))
        return {name: Money(amount, self.currency).cents() for name, amount in ranked}

    def by_rule(self, owner: str | None, *, shared: bool | None = None) -> dict[str, Money]:
        """What an owner has, by the rule that placed it, the largest first."""
        sums = defaultdict[str, Decimal](Decimal)
        for line in self.lines:
            if _same(line.owner) == _same(owner) and shared in (None, line.shared):
                sums[line.rule] += line.amounts[0]
        ranked = sorted(sums.items(), key=lambda item: (-item[1], item[0]))
        return {rule: Money(amount, self.currency).cents() for rule, amount in ranked}

    def _by_meaning(self, column: int) -> dict[str | None, Money]:
        return {_same(part.owner): part.cost for part in self.parts(column)}

    def _gone(self, before: Mapping[str | None, Money] | None) -> dict[str | None, None]:
        """Those who had cost before, and have none now."""
        if before is None or self.earlier is None:
            return {}
        now = {_same(line.owner) for line in self.lines}
        gone = (line.owner for line in self.earlier.lines)
        return {owner: None for owner in gone if _same(owner) not in now and before.get(_same(owner))}


def charges_of(frames: Sequence[CostFrame], month: str = MONTH) -> list[Charge]:
    """The charges of the same question about several cost columns, one frame each.

    ``month`` is the column that says which month a charge is of; without it, all are of the first one.
    """
    merged: dict[tuple[Any, ...], list[Decimal]] = {}
    for place, frame in enumerate(frames):
        for row in frame.data.itertuples(index=False, name=None):
            merged.setdefault(row[:-1], [NOTHING] * len(frames))[place] = row[-1]
    names = [name for name in frames[0].data.columns if name != COST]
    made = []
    for key, amounts in merged.items():
        found = dict(zip(names, key, strict=True))
        when = found.pop(month, None) or frames[0].query.period.start
        made.append(Charge(found, tuple(amounts), when))
    return made


def allocate(
    charges: Iterable[Charge],
    rules: Rules,
    period: Period,
    currency: str,
    *,
    columns: tuple[CostColumn, ...] = ("EffectiveCost",),
    kept: tuple[str, ...] = (),
) -> Allocation:
    """Place every charge: with its owner, in equal or unequal parts with those who share it, or as unallocated.

    Direct cost is placed first; shared costs are then divided by it, none of them by another's parts. A shared cost
    that cannot be divided (nobody to take part, a driver that counted nothing) is unallocated, and ``left`` says why.
    """
    placed = _Placed(rules, period, kept, len(columns))
    for charge in charges:
        placed.add(charge)
    lines = placed.lines()
    shared = {rule.name: rule.said for rule in rules.rules if isinstance(rule, Shared)}
    return Allocation(rules.dimension, period, currency, columns, kept, lines, shared, tuple(placed.left))


Key: TypeAlias = tuple[str | None, str, bool, tuple[str | None, ...]]  # owner as meant, rule, shared, kept values


class _Placed:
    """Amounts as they are placed: direct ones at once, shared ones when all direct ones are known."""

    def __init__(self, rules: Rules, period: Period, kept: tuple[str, ...], width: int) -> None:
        self.rules, self.period, self.kept, self.width = rules, period, kept, width
        self.sums: dict[Key, list[Decimal]] = {}
        self.pools: dict[tuple[str, date, tuple[str | None, ...]], list[Decimal]] = {}
        self.shared: dict[str, Shared] = {}
        self.spellings: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
        self.left: dict[str, None] = {}

    def add(self, charge: Charge) -> None:
        """Place a charge, or put it into its pool."""
        found = self.rules.owner_of(charge.attributes)
        of = tuple(charge.attributes.get(name) for name in self.kept)
        if found.shared is not None:
            self.shared[found.rule] = found.shared
            pool = self.pools.setdefault((found.rule, charge.month, of), [NOTHING] * self.width)
            _add(pool, charge.amounts)
            return
        owner = None if found.owner is None else meant(found.owner)
        if owner is not None and found.owner is not None:
            self.spellings[owner][found.owner] += charge.amounts[0]
        self._place((owner, found.rule, False, of), charge.amounts)

    def lines(self) -> tuple[Line, ...]:
        """Everything placed, with each owner spelled one way."""
        direct = self._direct()
        for (name, month, of), amounts in self.pools.items():
            rule = self.shared[name]
            weights = self._weights(rule, month, direct)
            if not weights:
                self._place((None, name, True, of), amounts)
                continue
            shares = [divided(amount, list(weights.values())) for amount in amounts]
            for place, owner in enumerate(weights):
                self._place((owner, name, True, of), [share[place] for share in shares])
        names = self._names()
        return tuple(
            Line(None if owner is None else names.get(owner, owner), rule, shared, of, tuple(amounts))
            for (owner, rule, shared, of), amounts in self.sums.items()
            if any(amounts)
        )

    def _place(self, key: Key, amounts: Sequence[Decimal]) -> None:
        _add(self.sums.setdefault(key, [NOTHING] * self.width), amounts)

    def _direct(self) -> dict[str, Decimal]:
        """What each owner has of its own; credits beyond its cost count as nothing."""
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for (owner, *_), amounts in self.sums.items():
            if owner is not None:
                sums[owner] += amounts[0]
        return {owner: max(amount, NOTHING) for owner, amount in sorted(sums.items())}

    def _weights(self, rule: Shared, month: date, direct: Weights) -> Weights:
        """Who takes part in a shared cost, and how much; empty if nobody does."""
        among = {meant(owner) for owner in rule.among} or set(direct)
        weights: Weights
        match rule.split:
            case Split.EVEN:
                weights = {owner: Decimal(1) for owner in sorted(among)}
            case Split.FIXED:
                weights = {meant(owner): share for owner, share in rule.shares.items()}
            case Split.PROPORTIONAL:
                weights = {owner: cost for owner, cost in direct.items() if owner in among}
            case Split.DRIVER:
                weights = self._counted(rule, month)
        if any(weights.values()):
            return weights
        why = f"{rule.driver} counts nothing in {month_of(month)}" if rule.driver else "nobody has a direct cost"
        self.left[f"The shared cost {rule.name} stays unallocated: {why}"] = None
        return {}

    def _counted(self, rule: Shared, month: date) -> Weights:
        """A driver's weights, added up over the days of a month that the period has; a day it lacks counts nothing."""
        span = month_of(month)
        start, end = max(span.start, self.period.start), min(span.end, self.period.end)
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for when, weights in self.rules.drivers.get(rule.driver, {}).items():
            if when.start < end and start < when.end:
                for owner, weight in weights.items():
                    sums[meant(owner)] += max(weight, NOTHING)
        chosen = {meant(owner) for owner in rule.among} or set(sums)
        return {owner: weight for owner, weight in sorted(sums.items()) if owner in chosen}

    def _names(self) -> dict[str, str]:
        """How each owner is spelled: as the rules do, or else as on most of its cost."""
        usual = {owner: min(spelled, key=lambda one: (-spelled[one], one)) for owner, spelled in self.spellings.items()}
        return {**usual, **self.rules.names()}


def divided(amount: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """An amount in parts as the weights are, to the last digit that clouds bill; the parts add up to it exactly.

    No weight is negative, and at least one is positive.
    """
    whole = sum(map(Fraction, weights), start=Fraction(0))
    step = min(FINEST, Decimal(1).scaleb(int(amount.as_tuple().exponent)))
    units = Fraction(amount) / Fraction(step)
    return _largest_remainder([units * Fraction(weight) / whole for weight in weights], int(units), step)


def rounded(amounts: Sequence[Decimal], total: Decimal, step: Decimal) -> list[Decimal]:
    """Amounts in whole ``step``s that add up to ``total``, each less than one step from what it was.

    ``total`` is a number of whole steps, and the sum of the amounts, rounded up or down.
    """
    units = [Fraction(amount) / Fraction(step) for amount in amounts]
    return _largest_remainder(units, int(Fraction(total) / Fraction(step)), step)


def _largest_remainder(quotas: Sequence[Fraction], whole: int, step: Decimal) -> list[Decimal]:
    """Round quotas down, then one up for as many of the largest remainders as are missing."""
    floors = [floor(quota) for quota in quotas]
    missing = whole - sum(floors)
    ranked = sorted(range(len(quotas)), key=lambda place: (floors[place] - quotas[place], place))
    for place in ranked[:missing]:
        floors[place] += 1
    with localcontext(prec=ENOUGH_DIGITS):
        return [units * step for units in floors]


def _add(sums: list[Decimal], amounts: Sequence[Decimal]) -> None:
    with localcontext(prec=ENOUGH_DIGITS):
        for place, amount in enumerate(amounts):
            sums[place] += amount


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    with localcontext(prec=ENOUGH_DIGITS):
        return sum(amounts, start=NOTHING)


def _same(owner: str | None) -> str | None:
    return None if owner is None else meant(owner)
