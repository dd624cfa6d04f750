"""The public catalogue of checks, beyond what the checks serve: what commands tell, and what is left out, and why."""

from __future__ import annotations

from collections.abc import Mapping

BY_COMMAND: Mapping[str, tuple[str, str]] = {
    "aws.commit.sp_purchase": ("commitments", "a ladder that your own lowest days carry, with break-even; no button"),
    "aws.commit.ri_purchase": ("commitments", "as for savings plans, by service"),
    "aws.commit.underused": ("commitments", "EffectiveCost of rows with CommitmentDiscountStatus Unused, exact"),
    "aws.commit.expiring": ("commitments", "90, 30 and 7 days before an end, with what a month then costs"),
    "aws.cost.spike": ("why", "month against month in days, volume, price and mix; `anomalies` for single days"),
    "aws.cost.anomaly": ("anomalies", "events from the billed rows, whoever switched Cost Anomaly Detection on"),
    "aws.alloc.untagged": ("tags", "dollars without each key, with the commands that set it"),
    "aws.budget.missing": ("budget", "each budget against the forecast; those of AWS Budgets are read too"),
    "aws.ipv4.in_use": ("trends", "addresses in use are no waste; their rows are a service like any other"),
    "az.commit.res_purchase": ("commitments", "a ladder that your own lowest days carry, with break-even; no button"),
    "az.commit.sp_purchase": ("commitments", "as for reservations; Azure's own recommendation stands beside it"),
    "az.commit.underused": ("commitments", "EffectiveCost of rows with CommitmentDiscountStatus Unused, exact"),
    "az.commit.expiring": ("commitments", "90, 30 and 7 days before an end, with what a month then costs"),
    "az.cost.growth": ("trends", "growth a month with its doubt; `why` splits a change in days, volume, price and mix"),
    "az.alloc.untagged": ("tags", "dollars without each key, with the commands that set it"),
    "az.budget.missing": ("budget", "each budget against the forecast; those of Cost Management are read too"),
}
LEFT_OUT: Mapping[str, str] = {
    "az.rg.empty": "The role sees the types that it needs and no others: a group of other things would look empty, and "
    "to delete one by mistake costs more than an empty one, which costs nothing.",
    "aws.logs.unused_stream": "An old stream costs nothing: what it stored is told by its group (`endless-logs`).",
}
