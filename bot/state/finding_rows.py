"""Findings as rows: what is written of one, what one is read from, and what a step needs to be taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from analysis.findings import ASLEEP, Action, Finding, Fix, Link, Remedy, State
from analysis.money import Money

STANDING = (
    "state",
    "owner",
    "owner_name",
    "reason",
    "until",
    "first_seen",
    "changed_at",
    "version",
    "fixed_at",
    "mover",
)
TAKEN_BACK = ("state", "owner", "owner_name", "reason", "until", "fixed_at")


def row_of(one: Finding, now: datetime) -> dict[str, Any]:
    """What was seen of a finding, as columns; where it stands is new: nobody's."""
    return {
        "id": one.id,
        "check": one.check,
        "title": one.title,
        "provider": one.provider,
        "cloud": one.cloud,
        "account": one.account,
        "region": one.region,
        "resource_id": one.resource_id,
        "resource_name": one.resource_name,
        "tags": dict(one.tags),
        "monthly_waste": format(one.monthly_waste.amount, "f"),
        "frees_commitment": format(one.frees_commitment.amount, "f"),
        "currency": one.monthly_waste.currency,
        "evidence": [list(pair) for pair in one.evidence],
        "remedy": asdict(one.remedy),
        "fix": asdict(one.fix) if one.fix else None,
        "owner": "",
        "owner_name": "",
        "reason": "",
        "until": None,
        "last_seen": now,
        "fixed_at": None,
        "mover": "",
        "team": one.team,
        "whose": one.whose,
        "why_whose": one.why_whose,
    }


def finding_of(row: Any, today: date, links: Sequence[Link] = ()) -> Finding:  # noqa: ANN401 (a row)
    """A row as the finding that it is today: one whose sleep is over is open again."""
    over = row.state in ASLEEP and row.until is not None and row.until <= today
    remedy = row.remedy | {"action": Action(row.remedy["action"])}
    return Finding(
        id=row.id,
        check=row.check,
        title=row.title,
        provider=row.provider,
        cloud=row.cloud,
        account=row.account,
        region=row.region,
        resource_id=row.resource_id,
        resource_name=row.resource_name,
        tags=row.tags,
        monthly_waste=Money(Decimal(row.monthly_waste), row.currency),
        frees_commitment=Money(Decimal(row.frees_commitment), row.currency),
        evidence=tuple((name, value) for name, value in row.evidence),
        remedy=Remedy(**remedy),
        fix=Fix(**row.fix) if row.fix else None,
        state=State.OPEN if over else State(row.state),
        owner="" if over else row.owner,
        owner_name="" if over else row.owner_name,
        reason=row.reason,
        until=None if over else row.until,
        first_seen=row.first_seen,
        last_seen=row.last_seen,
        changed_at=row.changed_at,
        version=row.version,
        fixed_at=row.fixed_at,
        mover=row.mover or "",
        team=row.team or "",
        whose=row.whose or "",
        why_whose=row.why_whose or "",
        links=tuple(links),
    )


def before(one: Finding) -> dict[str, Any]:
    """Where a finding stood, as JSON, for whoever takes the next step back."""
    return {
        "state": one.state.value,
        "owner": one.owner,
        "owner_name": one.owner_name,
        "reason": one.reason,
        "until": one.until.isoformat() if one.until else None,
        "fixed_at": one.fixed_at.isoformat() if one.fixed_at else None,
    }


def as_before(was: dict[str, Any]) -> dict[str, Any]:
    """The columns that make it stand as it did."""
    until, fixed_at = was["until"], was["fixed_at"]
    return {
        **{name: was[name] for name in TAKEN_BACK},
        "until": date.fromisoformat(until) if until else None,
        "fixed_at": datetime.fromisoformat(fixed_at) if fixed_at else None,
    }
