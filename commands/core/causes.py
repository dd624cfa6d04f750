"""What made an event: the resource that moved most inside it, and how."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from analysis.anomalies import Event
from analysis.focus import TAG, CostQuery
from analysis.periods import Period
from commands.core.ports import Costs
from commands.core.unusual import LAYERS

BEFORE_DAYS = 28  # what an event is compared with, to find its cause
REPRICED = 0.05


@dataclass(frozen=True, slots=True)
class Cause:
    """What made an event: the resource that moved most, its usage, and whether it is new, grown or re-priced."""

    resource: str | None
    usage: str | None
    region: str | None
    team: str | None
    kind: str  # "new", "grown", "re-priced", "shrunk", "gone"
    part: float  # of the event's impact
    resource_id: str | None = None


def cause_of(costs: Costs, event: Event, currency: str) -> Cause:
    """What moved most inside an event, against the four weeks before it."""
    past, during = spans(event)
    stretch = Decimal(during.days) / Decimal(past.days)
    by = ("ResourceId", "ResourceName", "RegionId", "SkuMeter")
    was, now = (sums_inside(costs, event, one, currency, by) for one in (past, during))
    moved = {key: now.get(key, Decimal(0)) - was.get(key, Decimal(0)) * stretch for key in {**now, **was}}
    if not moved:
        return Cause(None, None, None, None, "grown" if event.direction > 0 else "shrunk", 0.0)
    key = max(moved, key=lambda one: moved[one] * event.direction)
    kind = _kind(costs, currency, (during, past), key, (key in was, key in now), event.direction)
    part = float(moved[key] / event.impact.amount) if event.impact.amount else 0.0
    identity, name, region, usage = key
    team = _team(costs, during, currency, identity)
    return Cause(name or identity, usage, region, team, kind, min(1.0, part), identity)


def spans(event: Event) -> tuple[Period, Period]:
    """The four weeks before an event, and its own days."""
    past = Period(event.start - timedelta(days=BEFORE_DAYS), event.start)
    return past, Period(event.start, event.last_day + timedelta(days=1))


def sums_inside(
    costs: Costs, event: Event, period: Period, currency: str, by: tuple[str, ...]
) -> dict[tuple[Any, ...], Decimal]:
    """What the place of an event was billed over a period, by the values of some dimensions."""
    inside = {name: (value or None,) for name, value in zip(LAYERS[1], event.name, strict=False)}
    frame = costs.ask(CostQuery(period, currency, by, inside))
    return {tuple(row[:-1]): row[-1] for row in frame.data.itertuples(index=False, name=None)}


def _kind(
    costs: Costs,
    currency: str,
    periods: tuple[Period, Period],
    key: tuple[Any, ...],
    billed: tuple[bool, bool],  # before, and during the event
    direction: int,
) -> str:
    if not all(billed):
        return "gone" if billed[0] else "new"
    inside = {"ResourceId": (key[0],), "SkuMeter": (key[3],)}
    prices = []
    for period in periods:
        cost = costs.ask(CostQuery(period, currency, (), inside)).total().amount
        frame = costs.ask(CostQuery(period, currency, (), inside, cost="PricingQuantity"))
        quantity = sum(frame.data["Cost"], start=Decimal(0))
        prices.append(float(cost / quantity) if quantity else 0.0)
    now, was = prices
    if was > 0 and now > 0 and abs(now / was - 1) > REPRICED:
        return "re-priced"
    return "grown" if direction > 0 else "shrunk"


def _team(costs: Costs, period: Period, currency: str, resource: str | None) -> str | None:
    if not resource:
        return None
    for key in (name for name in costs.names("Tags") if name.lower() == "team"):
        frame = costs.ask(CostQuery(period, currency, (TAG + key,), {"ResourceId": (resource,)}))
        for name, _ in frame.by(TAG + key):
            if name:
                return name
    return None
