"""What waits too long: findings that nobody has moved for some days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from analysis.findings import WAITING, Finding, State


@dataclass(frozen=True, slots=True)
class Patience:
    """After how many days who hears of it: the owner, the team's channel, the practitioner."""

    owner: int = 7
    team: int = 14
    practitioner: int = 21


def overdue(finding: Finding, now: datetime, days: int) -> bool:
    """Whether a finding that claims a saving has been open or claimed, and not moved, for so many days."""
    return finding.state in {*WAITING, State.CLAIMED} and finding.claims and waits(finding, now) >= days


def waits(finding: Finding, now: datetime) -> int:
    """For how many whole days it has stood as it stands."""
    since = finding.changed_at or finding.first_seen
    return (now - since).days if since else 0
