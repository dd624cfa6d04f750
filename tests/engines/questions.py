"""One question of each kind that commands ask: what an engine's SQL must be able to say."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from analysis.focus import BILLING_PERIOD, DAY, MONTH, QUANTITY_COLUMNS, TAG, CostQuery
from analysis.periods import Period
from providers.lake.lake import MANY
from providers.lake.sums import MART_DIMENSIONS

OCTOBER = Period(date(2026, 10, 1), date(2026, 11, 1))
ALL = ("Usage", "Purchase", "Tax", "Credit", "Adjustment")

QUESTIONS: Mapping[str, CostQuery] = {
    "what a month cost": CostQuery(OCTOBER, "USD"),
    "each day of a service": CostQuery(OCTOBER, "USD", by=(DAY,), where={"ServiceName": ("Amazon S3",)}),
    "each month of a commitment": CostQuery(
        OCTOBER, "USD", by=(MONTH, "CommitmentDiscountId"), where={"CommitmentDiscountId": ("ri-1",)}
    ),
    "who pays for what": CostQuery(OCTOBER, "USD", by=("Tags/team", "Tags/Team", "ServiceName")),
    "what nobody has tagged": CostQuery(OCTOBER, "USD", by=("ServiceName",), where={"Tags/team": (None, "it's")}),
    "what is billed in an invoice": CostQuery(
        OCTOBER,
        "USD",
        by=("BillingAccountId", BILLING_PERIOD),
        where={BILLING_PERIOD: ("2026-10-01",)},
        cost="BilledCost",
        categories=ALL,
    ),
    "a resource, whatever its case": CostQuery(OCTOBER, "USD", by=("ResourceId", DAY), where={"ResourceId": ("i-0A",)}),
    "whose a resource is": CostQuery(OCTOBER, "USD", by=("ResourceId", "Tags/team"), where={"ResourceId": ("i-0A",)}),
    "one of a long list": CostQuery(
        OCTOBER,
        "USD",
        by=("ServiceName",),
        where={"ServiceName": ("Amazon S3", *(f"it's {one}" for one in range(MANY)))},
    ),
    "how much was used": CostQuery(OCTOBER, "USD", by=("SkuId", "PricingUnit"), cost="PricingQuantity"),
    "what was used, and what it cost": CostQuery(
        OCTOBER, "USD", by=("SkuId", "PricingUnit"), also=("PricingQuantity",)
    ),
}


def kinds(query: CostQuery) -> set[str]:
    """What a question needs an engine to be able to say."""
    named = {*query.by, *query.where}
    found = {"of the rows" if _of_rows(query) else "of the sums"}
    found |= {f"by {kind}" for kind in (DAY, MONTH, BILLING_PERIOD) if kind in query.by}
    found |= {f"where {kind}" for kind in (BILLING_PERIOD, "ResourceId") if kind in query.where}
    found |= {"a tag"} if any(name.startswith(TAG) for name in named) else set()
    found |= {"several tags"} if sum(name.startswith(TAG) for name in query.by) > 1 else set()
    found |= {"what is absent"} if any(None in values for values in query.where.values()) else set()
    found |= {"a long list"} if any(len(values) > MANY for values in query.where.values()) else set()
    found |= {"several sums"} if query.also else set()
    return found | ({"a quantity"} if {query.cost, *query.also} & {*QUANTITY_COLUMNS} else set())


def _of_rows(query: CostQuery) -> bool:
    named = {name for name in (*query.by, *query.where) if not name.startswith(TAG)}
    return bool(named - {*MART_DIMENSIONS, DAY, MONTH, BILLING_PERIOD})
