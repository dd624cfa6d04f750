"""FOCUS: what may be asked of billed rows, and the table that answers.

Column names are those of the FinOps Open Cost and Usage Specification, verbatim (focus.finops.org, 1.0 to 1.3).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Literal, TypeAlias

from analysis.errors import BadData
from analysis.money import Money
from analysis.periods import Period

if TYPE_CHECKING:  # a quarter of the bot's start, and not needed until there are rows
    import numpy as np
    import pandas as pd

CostColumn: TypeAlias = Literal["EffectiveCost", "BilledCost", "ListCost", "ContractedCost"]
QuantityColumn: TypeAlias = Literal["PricingQuantity", "ConsumedQuantity"]
QUANTITY_COLUMNS: tuple[QuantityColumn, ...] = ("PricingQuantity", "ConsumedQuantity")
COST_COLUMNS: tuple[CostColumn, ...] = ("EffectiveCost", "BilledCost", "ListCost", "ContractedCost")

CHARGE_CATEGORIES = ("Usage", "Purchase", "Tax", "Credit", "Adjustment")
RUNNING = ("Usage", "Purchase")  # what running things costs; tax, credits and adjustments are told apart

DAY, MONTH = "Day", "Month"  # dimensions made of ChargePeriodStart, as dates
BILLING_PERIOD = "BillingPeriod"  # the first day of the month that a row is invoiced in (BillingPeriodStart), as a date
TAG = "Tags/"  # "Tags/team": one key of Tags
DIMENSIONS = (
    "ProviderName",
    "BillingAccountId",
    "SubAccountId",
    "SubAccountName",
    "ServiceCategory",
    "ServiceName",
    "RegionId",
    "ChargeCategory",
    "ChargeFrequency",
    "CommitmentDiscountStatus",
    "ResourceId",
    "ResourceName",
    "ResourceType",
    "SkuId",
    "SkuMeter",
    "ChargeDescription",
    "PricingCategory",
    "PricingUnit",
    "CommitmentDiscountId",
    "CommitmentDiscountName",
    "CommitmentDiscountType",
    "CommitmentDiscountCategory",
)
Without: TypeAlias = tuple[tuple[str, tuple[str, ...]], ...]  # dimensions with the values of rows that are left out
OF_WHAT_YOU_SEE = "of what you may see: not the whole company"
COST = "Cost"  # the one figure of a CostFrame, whichever column it was summed from, be it a quantity


@dataclass(frozen=True, slots=True)
class CostQuery:
    """One question to the billed rows: a sum, by dimensions, within filters.

    ``by`` holds ``DAY``, ``MONTH``, ``BILLING_PERIOD``, names of ``DIMENSIONS`` or ``Tags/<key>``. ``where`` maps a
    dimension to the values that count (any of them; ``None`` for rows that have none). A question is about one
    currency.

    ``without`` leaves rows out: those that have, of every dimension of one of its entries, one of the values.

    ``cost`` may be a quantity instead; quantities of one ``PricingUnit`` and ``SkuId`` alone can be added with sense.
    ``also`` are further columns to add up in the same rows: one look at them instead of many.
    """

    period: Period
    currency: str
    by: tuple[str, ...] = ()
    where: Mapping[str, Sequence[str | None]] = field(default_factory=dict)
    cost: CostColumn | QuantityColumn = "EffectiveCost"
    categories: tuple[str, ...] = RUNNING
    also: tuple[CostColumn | QuantityColumn, ...] = ()
    without: tuple[Without, ...] = ()

    def __post_init__(self) -> None:
        for name in (*self.by, *self.where):
            if name not in (DAY, MONTH, BILLING_PERIOD, *DIMENSIONS) and not name.startswith(TAG):
                raise BadData(f"{name!r} is no dimension of a bill; there are {', '.join(DIMENSIONS)} and {TAG}<key>")

    def key(self) -> tuple[object, ...]:
        """A hashable form, for caches."""
        filters = tuple(sorted((name, tuple(values)) for name, values in self.where.items()))
        return (self.period, self.currency, self.by, filters, self.cost, self.categories, self.also, self.without)


@dataclass(frozen=True, slots=True)
class DailySeries:
    """Daily costs of several things over one span: ``values[i, j]`` is ``names[i]`` on day ``start + j``.

    Floats, for arithmetic that is statistical by nature; what leaves an analysis is ``Money`` again.
    """

    names: tuple[tuple[str, ...], ...]
    start: date
    values: np.ndarray
    currency: str

    @property
    def period(self) -> Period:
        """The days it spans."""
        return Period(self.start, self.start + timedelta(days=self.values.shape[1]))

    def total(self) -> DailySeries:
        """Everything as one series named ``("total",)``."""
        summed = self.values.sum(axis=0, keepdims=True)
        return DailySeries((("total",),), self.start, summed, self.currency)

    def only(self, rows: np.ndarray) -> DailySeries:
        """Some of them, by their indices."""
        return DailySeries(tuple(self.names[row] for row in rows), self.start, self.values[rows], self.currency)


@dataclass(frozen=True, slots=True)
class CostFrame:
    """The answer to one ``CostQuery``: a row for each group, exact costs (``Decimal``) in column ``Cost``.

    ``data`` has the query's ``by`` as columns, in that order, ``Cost``, and what the query wanted ``also``. ``Day``
    and ``Month`` are ``date``; a dimension, or a further sum, that a row does not have is ``None``.
    """

    data: pd.DataFrame
    query: CostQuery

    @classmethod
    def checked(cls, data: pd.DataFrame, query: CostQuery) -> CostFrame:
        """Check a table once at the door; after that it is trusted.

        Raises:
            BadData: a column is missing, or a cost is no Decimal.
        """
        wanted = [*query.by, COST, *query.also]
        if list(data.columns) != wanted:
            raise BadData(f"a cost table has the columns {list(data.columns)}, where {wanted} was asked for")
        if len(data) and not all(isinstance(cost, Decimal) for cost in data[COST]):
            raise BadData("a cost table holds costs that are no decimals")
        whole = data.astype(object)
        return cls(whole.where(whole.notna(), None), query)

    @property
    def currency(self) -> str:
        """The one currency it is in."""
        return self.query.currency

    def __len__(self) -> int:
        return len(self.data)

    def total(self) -> Money:
        """Everything added up, exactly."""
        return Money(sum(self.data[COST], start=Decimal(0)), self.currency)

    def by(self, column: str) -> list[tuple[str | None, Money]]:
        """Totals for each value of ``column``, the largest first."""
        sums: dict[str | None, Decimal] = {}
        for name, cost in zip(self.data[column], self.data[COST], strict=True):
            sums[name] = sums.get(name, Decimal(0)) + cost
        ranked = sorted(sums.items(), key=lambda item: (-item[1], item[0] or ""))
        return [(name, Money(cost, self.currency)) for name, cost in ranked]

    def daily(self) -> DailySeries:
        """One series for each group of the other dimensions, over the whole period of the query; gaps are 0.

        Raises:
            BadData: the query was not grouped by ``Day``.
        """
        if DAY not in self.query.by:
            raise BadData("a series by day needs a query grouped by Day")
        import numpy as np

        others = [name for name in self.query.by if name != DAY]
        period = self.query.period
        rows: dict[tuple[str, ...], int] = {} if others else {("total",): 0}
        keys = (
            list(zip(*(self.data[name] for name in others), strict=True)) if others else [("total",)] * len(self.data)
        )
        for key in keys:
            rows.setdefault(key, len(rows))
        values = np.zeros((len(rows), period.days))
        for key, day, cost in zip(keys, self.data[DAY], self.data[COST], strict=True):
            values[rows[key], (day - period.start).days] += float(cost)
        names = tuple(tuple(str(part or "") for part in key) for key in rows)
        return DailySeries(names, period.start, values, self.currency)


@dataclass(frozen=True, slots=True)
class Freshness:
    """How far the bill can be believed, and what it does not hold.

    Days from ``complete_until`` on may still grow (providers deliver a day's rows over the following one to three
    days); ``covers`` is the span that holds any row at all. ``partial``: there is more, for other eyes.
    """

    covers: Period
    complete_until: date
    loaded_at: datetime
    sources: tuple[str, ...]
    missing: tuple[str, ...] = ()
    partial: bool = False

    @property
    def history(self) -> Period:
        """The days that are complete."""
        return Period(self.covers.start, max(self.covers.start, min(self.complete_until, self.covers.end)))

    @property
    def last_day(self) -> date:
        """The last day that is complete."""
        return self.history.end - timedelta(days=1)

    def said(self) -> str:
        """Small print: where the rows come from, how far they reach, what is missing."""
        missing = f"; missing: {', '.join(self.missing)}" if self.missing else ""
        seen = f"; {OF_WHAT_YOU_SEE}" if self.partial else ""
        return f"Billed rows of {', '.join(self.sources)}, complete up to {self.last_day:%d %b %Y}{missing}{seen}"
