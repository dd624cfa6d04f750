"""Unit economics: what one customer, or one order, costs; and why that changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from analysis.money import Money
from analysis.periods import Period, month_of

LEAST_SHARE = Decimal("0.8")  # of a period's days whose driver must be known, and not 0
LEAST_POINTS = 6  # periods before a marginal cost is told
SURE = 2.0  # standard errors


@dataclass(frozen=True, slots=True)
class DriverSeries:
    """A business figure by day: what is not in ``days`` is not known, which is not the same as 0."""

    name: str
    days: Mapping[date, Decimal]

    def known(self, period: Period) -> list[Decimal]:
        """The figures of the days that are known."""
        return [self.days[day] for day in period if day in self.days]


@dataclass(frozen=True, slots=True)
class UnitCost:
    """One period: its cost, its driver, and what one unit cost.

    ``units`` is the driver's total over all days of the period: of the days that are known, scaled to all of them.
    """

    period: Period
    cost: Money
    units: Decimal

    @property
    def each(self) -> Money:
        """What one unit cost."""
        return Money(self.cost.amount / self.units, self.cost.currency)


@dataclass(frozen=True, slots=True)
class Decomposition:
    """Why a cost changed: ``volume`` + ``price`` + ``efficiency`` is the change, to the cent.

    Volume is what the additional units would have cost at the old unit cost, (u2 - u1) * c1. Price is what new unit
    prices of the cloud made of what was used now, as far as the bill has quantities. Efficiency is the rest of what
    each unit of today costs more or less, (c2 - c1) * u2 - price: more or less of the cloud for each unit. The
    flexible-budget, price and efficiency variances of management accounting (Horngren, Cost Accounting).
    """

    earlier: UnitCost
    later: UnitCost
    volume: Money
    price: Money
    efficiency: Money

    @property
    def change(self) -> Money:
        """The whole change of cost."""
        return self.volume + self.price + self.efficiency


@dataclass(frozen=True, slots=True)
class Marginal:
    """What one more unit costs, by the slope of cost over units, with its standard error."""

    each: Money
    doubt: Money

    @property
    def is_sure(self) -> bool:
        """Whether it can be told from nothing."""
        return abs(float(self.each)) > SURE * float(self.doubt)


@dataclass(frozen=True, slots=True)
class UnitEconomics:
    """Unit costs of a driver, the oldest first; ``left_out`` says which periods could not be told and why."""

    driver: str
    points: tuple[UnitCost, ...]
    left_out: tuple[str, ...]
    marginal: Marginal | None
    price: Money | None = None  # what new unit prices made of the last change; ``None`` where that is not known

    @property
    def newest(self) -> UnitCost:
        """The last whole period."""
        return self.points[-1]

    @property
    def change(self) -> Decimal | None:
        """How much more a unit costs than in the period before, as a part; ``None`` for a single period."""
        if len(self.points) < 2 or not self.points[-2].each:  # noqa: PLR2004
            return None
        return self.newest.each.amount / self.points[-2].each.amount - 1

    @property
    def why(self) -> Decomposition | None:
        """The last change of cost in volume, price and efficiency."""
        return decomposed(*self.points[-2:], price=self.price) if len(self.points) > 1 else None


def unit_economics(costs: Sequence[tuple[Period, Money]], driver: DriverSeries) -> UnitEconomics:
    """Divide each period's cost by its driver.

    A period with too few known days, or a driver that adds up to nothing, is left out and named.
    """
    points: list[UnitCost] = []
    left_out: list[str] = []
    for period, cost in costs:
        known = driver.known(period)
        if Decimal(len(known)) < LEAST_SHARE * period.days:
            left_out.append(f"{_said(period)}: {driver.name} is known for {len(known)} of {period.days} days")
            continue
        units = sum(known, start=Decimal(0)) * period.days / len(known)
        if units <= 0:
            left_out.append(f"{_said(period)}: there were no {driver.name}")
            continue
        points.append(UnitCost(period, cost, units))
    return UnitEconomics(driver.name, tuple(points), tuple(left_out), _marginal(points))


def decomposed(earlier: UnitCost, later: UnitCost, *, price: Money | None = None) -> Decomposition:
    """A change of cost as volume, price (nothing, where it is not known) and efficiency, exact to the cent."""
    change = (later.cost - earlier.cost).cents()
    volume = Money((later.units - earlier.units) * earlier.cost.amount / earlier.units, change.currency).cents()
    priced = price.cents() if price else Money.zero(change.currency)
    return Decomposition(earlier, later, volume, priced, change - volume - priced)


def _marginal(points: Sequence[UnitCost]) -> Marginal | None:
    """The slope of daily cost over daily units, by least squares; ``None`` where too little varies."""
    if len(points) < LEAST_POINTS:
        return None
    import numpy as np

    units = np.array([float(one.units) / one.period.days for one in points])
    costs = np.array([float(one.cost) / one.period.days for one in points])
    spread = float(((units - units.mean()) ** 2).sum())
    if spread <= 1e-9 * float((units**2).sum()):
        return None
    slope = float(((units - units.mean()) * (costs - costs.mean())).sum()) / spread
    residuals = costs - costs.mean() - slope * (units - units.mean())
    error = float(np.sqrt((residuals**2).sum() / (len(points) - 2) / spread))
    currency = points[0].cost.currency
    return Marginal(Money.of(round(slope, 8), currency), Money.of(round(error, 8), currency))


def _said(period: Period) -> str:
    return f"{period.start:%B %Y}" if period == month_of(period.start) else str(period)
