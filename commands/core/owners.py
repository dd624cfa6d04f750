"""Owners: "why is this mine?", answered for resources by the same rules that allocate their cost."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from analysis.allocation_rules import Ownership
from analysis.findings import Finding
from analysis.focus import CostQuery
from analysis.periods import last_days
from commands.core.context import Context
from commands.core.ports import Costs
from commands.core.report import Report

LOOKED_AT_DAYS = 30
RESOURCE = "ResourceId"


def owners_of(
    costs: Costs, report: Report, now: datetime, resource_ids: Iterable[str], by: str = ""
) -> dict[str, Ownership]:
    """Who owns each resource and which rule says so, by ResourceId in small letters.

    The rules see what the resource's billed rows of the last 30 complete days say; where rows disagree, as they do for
    some days after a tag was set, those with most of the cost decide. A resource without rows is left out.

    Raises:
        UnknownName: ``by`` is no dimension.
    """
    rules = report.allocation.of(by, costs.names("Tags"))
    wanted = sorted(set(resource_ids))
    if not wanted:
        return {}
    span = last_days(LOOKED_AT_DAYS, costs.freshness(now).complete_until)
    columns = (RESOURCE, *rules.columns(costs.names("Tags")))
    most: dict[str, Decimal] = {}
    found: dict[str, Ownership] = {}
    for money in costs.currencies(span):
        frame = costs.ask(CostQuery(span, money.currency, columns, {RESOURCE: wanted}))
        for resource, *values, cost in frame.data.itertuples(index=False, name=None):
            same = resource.lower()
            if same not in found or cost > most[same]:
                most[same] = cost
                found[same] = rules.owner_of(dict(zip(columns[1:], values, strict=True)))
    return found


def is_for(finding: Finding, context: Context) -> bool:
    """Whether whoever asks is asked about a finding: by their e-mail address, as a person or as one of its team."""
    return context.report.owners.is_for(context.people.email(context.caller.id), finding)
