"""Commitments: what was promised for a discount, how much of it was used, what it saved, and when it ends.

FOCUS tells it in rows: ``Used`` and ``Unused`` usage carry a commitment's amortised cost (EffectiveCost), its
``Purchase`` only what is invoiced (BilledCost). The two are never added.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from analysis.money import Money
from analysis.periods import DAYS_A_MONTH, Period, month_of

if TYPE_CHECKING:
    from analysis.purchases import Ladder

NOTHING = Decimal(0)
HOURS = 24
WINDOWS = (7, 30, 90)  # days before an end: too late to think, time to decide, time to plan
LATELY = 30  # days after its end in which an ended commitment is still news
FULL = Decimal("0.95")  # used beyond this, a commitment is well used (AWS and Azure advise to act below it)
MANY = 3  # names that are told one by one

K = TypeVar("K")


class Kind(StrEnum):
    """What a billed row means for commitments."""

    USED = "used"  # usage that a commitment pays for
    UNUSED = "unused"  # the part of a commitment that nothing used
    ON_DEMAND = "on demand"  # usage at the price without one
    PURCHASE = "purchase"  # the invoice of a commitment


def kind_of(category: str | None, pricing: str | None, status: str | None, *, committed: bool) -> Kind | None:
    """What FOCUS' ChargeCategory, PricingCategory and CommitmentDiscountStatus say of a row; ``None`` for other rows.

    ``committed`` is whether it names a commitment. Such usage without a status counts as used: nothing says otherwise.
    Spot (``Dynamic``) is no usage that a commitment could cover.
    """
    if category == "Purchase":
        return Kind.PURCHASE if committed else None
    if category != "Usage":
        return None
    if status in ("Used", "Unused"):
        return Kind(status.lower())
    if committed or pricing == "Committed":
        return Kind.USED
    return Kind.ON_DEMAND if pricing in ("Standard", None) else None


@dataclass(frozen=True, slots=True)
class Line:
    """What one kind of row came to on one day at one provider.

    ``eligible`` lines are usage that a commitment covers or could cover; the others are those of the commitments
    themselves, whatever they cover. A used hour of a machine is in a line of each sort.
    """

    day: date
    provider: str
    kind: Kind
    eligible: bool
    effective: Decimal
    contracted: Decimal = NOTHING
    listed: Decimal = NOTHING


@dataclass(frozen=True, slots=True)
class Standing:
    """How commitments did: amounts of one currency.

    ``used`` and ``unused`` are EffectiveCost, ``equivalent`` what the used part would have cost on demand
    (ContractedCost: after negotiated discounts, before commitments). Of eligible usage, ``on_demand`` is what was paid
    without a commitment, ``on_demand_equivalent`` its ContractedCost; ``covered_list`` and ``eligible_list`` are
    ListCost, in which both clouds measure coverage.
    """

    currency: str
    used: Decimal = NOTHING
    unused: Decimal = NOTHING
    equivalent: Decimal = NOTHING
    on_demand: Decimal = NOTHING
    on_demand_equivalent: Decimal = NOTHING
    covered_list: Decimal = NOTHING
    eligible_list: Decimal = NOTHING

    @property
    def cost(self) -> Money:
        """What the commitments cost, used or not."""
        return Money(self.used + self.unused, self.currency)

    @property
    def saved(self) -> Money:
        """What they saved against on demand, after what was unused; a loss is negative."""
        return Money(self.equivalent, self.currency) - self.cost

    @property
    def utilization(self) -> Decimal | None:
        """The used part of what they cost, 0 to 1; of nothing, none."""
        return _share(self.used, self.used + self.unused)

    @property
    def coverage(self) -> Decimal | None:
        """The covered part of eligible usage at list prices, 0 to 1; of nothing, none."""
        return _share(self.covered_list, self.eligible_list)

    @property
    def effective_savings_rate(self) -> Decimal | None:
        """ESR: what was saved, as a part of what all of it would have cost on demand.

        (ContractedCost - EffectiveCost) / ContractedCost over covered, unused and eligible on-demand usage: FinOps
        Foundation, FOCUS use case "Determine Effective Savings Rate".
        """
        whole = self.equivalent + self.on_demand_equivalent
        return (whole - self.used - self.unused - self.on_demand) / whole if whole > 0 else None


@dataclass(frozen=True, slots=True)
class Kept:
    """One commitment in a period: EffectiveCost used and unused, BilledCost purchased, ContractedCost equivalent.

    ``told`` says whether the bill tells used from unused; without that, nothing can be said of its utilization.
    """

    id: str
    name: str
    type: str
    category: str
    provider: str
    used: Money
    unused: Money
    purchased: Money
    equivalent: Money
    ends: date | None = None
    told: bool = True

    @property
    def cost(self) -> Money:
        """What it cost, used or not."""
        return self.used + self.unused

    @property
    def saved(self) -> Money:
        """What it saved against on demand."""
        return self.equivalent - self.cost

    @property
    def utilization(self) -> Decimal | None:
        """The used part of it, 0 to 1; none where the bill does not tell, or where it cost nothing."""
        return _share(self.used.amount, self.cost.amount) if self.told else None


@dataclass(frozen=True, slots=True)
class Term:
    """A commitment as its provider lists it; ``ends`` is the first day without it."""

    id: str
    name: str
    starts: date
    ends: date

    @property
    def years(self) -> int:
        """How long it was bought for."""
        return max(1, round((self.ends - self.starts).days / 365.25))


@dataclass(frozen=True, slots=True)
class Expiry:
    """A commitment that ends soon, or has just ended: monthly amounts of 30.4375 days.

    ``monthly`` is what it costs now, used or not; ``on_demand`` what the usage that it covers costs without it.
    ``used_hourly`` and ``hourly`` are what was used of it and what it is, an hour: what a renewal may be sized by.
    """

    commitment: Kept
    ends: date
    days_left: int
    monthly: Money
    on_demand: Money
    hourly: Money
    used_hourly: Money

    @property
    def effect(self) -> Money:
        """What a month costs more from ``ends`` on, if it is not renewed; less, if negative."""
        return self.on_demand - self.monthly

    @property
    def window(self) -> int:
        """Within how many days it ends: 7, 30 or 90; 0 once it has ended."""
        return next((days for days in WINDOWS if 0 < self.days_left <= days), 0)


@dataclass(frozen=True, slots=True)
class Commitments:
    """Everything about the commitments of one currency in a period, and what could be bought next.

    ``standing`` and ``providers`` are of the period, ``days`` its days; ``months`` are those of the whole history, the
    first and the last of them perhaps cut. ``kept`` has the most unused first; ``remarks`` are oddities, in sentences.
    """

    period: Period
    standing: Standing
    providers: Mapping[str, Standing]
    months: Sequence[tuple[Period, Standing]]
    days: Sequence[tuple[date, Standing]]
    kept: Sequence[Kept]
    expiries: Sequence[Expiry]
    ladders: Sequence[Ladder]
    remarks: Sequence[str]

    @property
    def currency(self) -> str:
        """The one currency that all of it is in."""
        return self.standing.currency

    @property
    def unused(self) -> Money:
        """What was paid for and not used."""
        return Money(self.standing.unused, self.currency).cents()

    @property
    def next_end(self) -> Expiry | None:
        """What ends next."""
        return next((expiry for expiry in self.expiries if expiry.days_left > 0), None)

    @property
    def offered(self) -> Sequence[Ladder]:
        """The ladders that have a step."""
        return [ladder for ladder in self.ladders if ladder.steps]


def standings(lines: Iterable[Line], currency: str, by: Callable[[Line], K]) -> dict[K, Standing]:
    """Add lines up for each value of ``by``.

    Where the bill gives no price without the commitment (Azure leaves ListCost or ContractedCost of reservations at
    0), the covered usage counts with what it cost: coverage and savings are then understated, never invented.
    """
    sums: dict[K, defaultdict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for line in lines:
        for name, amount in _parts(line):
            sums[by(line)][name] += amount
    return {key: Standing(currency, **parts) for key, parts in sums.items()}


def unpriced(lines: Iterable[Line]) -> list[str]:
    """The providers whose covered usage has a cost and no on-demand price."""
    found = {line.provider for line in lines if line.kind is Kind.USED and line.effective and not _price(line)}
    return sorted(found)


def by_month(lines: Sequence[Line], currency: str, history: Period) -> list[tuple[Period, Standing]]:
    """Each month of the history, cut at its ends; a month without a line is empty."""
    found = standings(lines, currency, lambda line: month_of(line.day).start)
    months: list[tuple[Period, Standing]] = []
    day = history.start
    while day < history.end:
        month = month_of(day)
        span = Period(day, min(month.end, history.end))
        months.append((span, found.get(month.start, Standing(currency))))
        day = month.end
    return months


def expiries(kept: Iterable[Kept], terms: Iterable[Term], period: Period, today: date) -> list[Expiry]:
    """What ends within 90 days or ended within the last 30, the next end first, at the rate of ``period``."""
    known = {term.id.lower(): term for term in terms}
    found = []
    for one in kept:
        term = known.get(one.id)
        if term is None or not -LATELY <= (left := (term.ends - today).days) <= max(WINDOWS):
            continue
        month, hour = Decimal(str(DAYS_A_MONTH)) / period.days, Decimal(1) / (period.days * HOURS)
        found.append(
            Expiry(
                commitment=one,
                ends=term.ends,
                days_left=left,
                monthly=_scaled(one.cost, month),
                on_demand=_scaled(one.equivalent, month),
                hourly=_scaled(one.cost, hour),
                used_hourly=_scaled(one.used, hour),
            )
        )
    return sorted(found, key=lambda expiry: (expiry.ends, expiry.commitment.name))


def remarks(
    kept: Sequence[Kept], last_seen: Mapping[str, tuple[str, date]], unbilled: Iterable[Term], period: Period
) -> list[str]:
    """What is odd about the commitments of a period, in sentences.

    ``last_seen`` holds the name and the last billed month of every commitment of the history, by its id; ``unbilled``
    are those that providers list and no row names.
    """
    told: list[str] = []
    for one in kept:
        if not one.told:
            told.append(f"{one.name}: its rows say neither Used nor Unused, so all of it counts as used")
        elif one.unused.amount < 0:
            told.append(f"{one.name}: its unused part is negative ({one.unused}), a correction of an earlier period")
        elif one.cost.amount > 0 and one.used.amount <= 0:
            told.append(f"{one.name}: paid for and not used at all in {period}")
    here = {one.id for one in kept}
    gone = [(name, month) for id_, (name, month) in last_seen.items() if id_ not in here and month < period.start]
    told += [
        f"{name}: last billed in {month:%B %Y}; what it covered is on demand since"
        for name, month in sorted(gone, key=lambda one: one[1], reverse=True)[:MANY]
    ]
    silent = [term for term in unbilled if term.starts < period.end and term.ends > period.start]
    told += [f"{term.name}: in force until {term.ends:%d %b %Y}, and no billed row names it" for term in silent[:MANY]]
    return told


def realised(kept: Iterable[Kept], terms: Iterable[Term], provider: str) -> dict[int, Decimal]:
    """The discounts that a provider's commitments came to, by the years of their terms (0: not known).

    1 - EffectiveCost / ContractedCost of the covered usage; what was unused is no part of a price.
    """
    years = {term.id.lower(): term.years for term in terms}
    sums: defaultdict[int, list[Decimal]] = defaultdict(lambda: [NOTHING, NOTHING])
    for one in kept:
        if one.provider == provider and one.used.amount > 0:
            paid = sums[years.get(one.id, 0)]
            paid[0] += one.used.amount
            paid[1] += one.equivalent.amount
    return {term: 1 - paid / worth for term, (paid, worth) in sums.items() if worth > 0}


def _parts(line: Line) -> list[tuple[str, Decimal]]:
    """What a line adds to a standing."""
    priced, listed = line.contracted or line.effective, line.listed or line.effective
    match (line.eligible, line.kind):
        case (False, Kind.USED):
            return [("used", line.effective), ("equivalent", priced)]
        case (False, Kind.UNUSED):
            return [("unused", line.effective)]
        case (True, Kind.USED):
            return [("covered_list", listed), ("eligible_list", listed)]
        case (True, Kind.ON_DEMAND):
            return [("on_demand", line.effective), ("on_demand_equivalent", priced), ("eligible_list", listed)]
        case _:
            return []


def _price(line: Line) -> Decimal:
    return line.listed if line.eligible else line.contracted


def _scaled(amount: Money, factor: Decimal) -> Money:
    return Money(amount.amount * factor, amount.currency).cents()


def _share(part: Decimal, whole: Decimal) -> Decimal | None:
    """A part of a whole that is a cost, within 0 and 1: corrections can push it beyond."""
    return min(Decimal(1), max(NOTHING, part / whole)) if whole > 0 else None
