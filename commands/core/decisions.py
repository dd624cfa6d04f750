"""Decisions: what the crew is asked to decide, worth first, each with the ask that leads to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from analysis.assessment import Assessment
from analysis.burndown import Standing
from analysis.findings import WAITING
from analysis.money import Money

MONTHS_A_YEAR = 12
SOON_DAYS = 90


@dataclass(frozen=True, slots=True)
class Decision:
    """Something to decide: who is asked, what it is worth a year, and where to look."""

    what: str
    who: str  # a persona
    yearly: Money
    ask: str

    def data(self) -> dict[str, Any]:
        """As data."""
        return {"what": self.what, "who": self.who, "yearly": self.yearly.amount, "ask": self.ask}


def decisions(found: Assessment) -> tuple[Decision, ...]:
    """What the facts of an assessment ask for, the most valuable first."""
    wanted = [*_waste(found), *_commitments(found), *_budgets(found), *_anomalies(found), *_allocation(found)]
    return tuple(sorted(wanted, key=lambda one: -one.yearly.amount))


def _waste(found: Assessment) -> list[Decision]:
    waiting = [one for one in found.to_do if one.state in WAITING]
    worth = found.waste(waiting) * MONTHS_A_YEAR
    if not worth:
        return []
    return [Decision(f"Owners for {len(waiting)} findings of waste", "engineering", worth, "waste")]


def _commitments(found: Assessment) -> list[Decision]:
    made = found.commitments
    if made is None:
        return []
    wanted = [
        Decision(
            f"Buy the {ladder.offer.provider} commitment ladder, worst case {ladder.worst.signed()} a month",
            "finance",
            ladder.expected * MONTHS_A_YEAR,
            "commitments",
        )
        for ladder in made.offered
    ]
    for expiry in made.expiries:
        if 0 < expiry.days_left <= SOON_DAYS:
            what = f"Renew or drop {expiry.commitment.name}, which ends in {expiry.days_left} days"
            wanted.append(Decision(what, "finance", expiry.effect * MONTHS_A_YEAR, "commitments"))
    if made.unused.amount > 0:
        what = f"Use or shrink commitments: {made.unused} unused last month"
        wanted.append(Decision(what, "finance", made.unused * MONTHS_A_YEAR, "commitments"))
    return wanted


def _budgets(found: Assessment) -> list[Decision]:
    over = [one for one in found.burndowns if one.standing is Standing.OVER and one.budget.period != "year"]
    currency = found.last_month.currency
    return [
        Decision(
            f"Raise the budget {one.budget.name}, or spend {one.end.expected - one.budget.amount} less",
            "leadership",
            Money.zero(currency),
            f'budget "{one.budget.name}"',
        )
        for one in over[:2]
    ]


def _anomalies(found: Assessment) -> list[Decision]:
    up = [event for event in found.events if event.direction > 0]
    if not up:
        return []
    first = up[0]
    where = " in ".join(part for part in reversed(first.name[:2]) if part)
    what = f"Judge {len(up)} anomal{'y' if len(up) == 1 else 'ies'}, first {first.impact.signed()} of {where}"
    return [Decision(what, "practitioner", Money.zero(first.impact.currency), f"anomalies {first.id}")]


def _allocation(found: Assessment) -> list[Decision]:
    if found.allocation is None or found.allocation.coverage >= 1:
        return []
    without = found.allocation.unallocated().cents()
    if not without:
        return []
    zero = Money.zero(without.currency)
    return [Decision(f"Owners for {without} a month that nobody answers for", "product", zero, "tags")]
