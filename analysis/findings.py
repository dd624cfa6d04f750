"""Findings: waste that was seen, what it costs, how to end it, and where it stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from hashlib import sha256

from analysis.estate import Estate, Resource
from analysis.money import Money


class State(StrEnum):
    """Where a finding stands."""

    OPEN = "open"
    CLAIMED = "claimed"
    ACKNOWLEDGED = "acknowledged"  # accepted as it is, with a reason
    SNOOZED = "snoozed"  # until a date
    RESOLVED = "resolved"
    REOPENED = "reopened"  # seen again after it was resolved


WAITING = (State.OPEN, State.REOPENED)  # nobody has it, everybody may take it


class Action(StrEnum):
    """What would end the waste, in no cloud's words; the provider knows the command."""

    DELETE_DISK = "delete disk"
    STOP_MACHINE = "stop machine"
    RESIZE_MACHINE = "resize machine"


@dataclass(frozen=True, slots=True)
class Remedy:
    """What to do: an action, its target where it needs one (a new size), and the source that an undo returns to.

    ``source`` is the present size of a machine, or a disk's zone and tier (``us-east-1a gp3``).
    """

    action: Action
    target: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Fix:
    """How to do it: the command to act, the command to undo, and what to check first.

    Empty commands come with a ``safety`` note that says why there is none. Pitcrew never runs them.
    """

    act: str
    undo: str
    safety: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One wasteful thing: what was seen, and where it stands.

    ``id`` is stable across runs. ``monthly_waste`` comes from the resource's own billed rows and counts cash
    only; ``frees_commitment`` is what a commitment already pays for.
    """

    id: str
    check: str
    title: str
    provider: str
    cloud: str
    account: str
    region: str
    resource_id: str
    resource_name: str
    tags: Mapping[str, str]
    monthly_waste: Money
    frees_commitment: Money
    evidence: tuple[tuple[str, str], ...]
    remedy: Remedy
    fix: Fix | None = None
    state: State = State.OPEN
    owner: str = ""  # who claimed it: "slack:U123"
    owner_name: str = ""
    reason: str = ""
    until: date | None = None
    first_seen: datetime | None = None
    last_seen: datetime | None = None
    changed_at: datetime | None = None
    version: int = 0

    @classmethod
    def priced(  # noqa: PLR0913 (what was seen, said by name)
        cls,
        resource: Resource,
        estate: Estate,
        *,
        check: str,
        title: str,
        remedy: Remedy,
        evidence: tuple[tuple[str, str], ...],
        part: float = 1.0,
    ) -> Finding | None:
        """Price what a check saw from the resource's billed rows; ``None`` if nothing is billed for it.

        ``part`` is the fraction of the bill that would end (1 for a deletion, less for a smaller size).
        """
        bill = estate.bill(resource)
        if bill is None or bill.effective.amount <= 0:
            return None
        return cls(
            id=fingerprint(check, resource),
            check=check,
            title=title,
            provider=resource.provider,
            cloud=resource.cloud,
            account=resource.account,
            region=resource.region,
            resource_id=resource.id,
            resource_name=resource.name,
            tags=resource.tags,
            monthly_waste=(bill.cash * part).cents(),
            frees_commitment=(bill.covered * part).cents(),
            evidence=(*evidence, ("Priced from", f"{bill.days} billed days")),
            remedy=remedy,
        )

    @property
    def short(self) -> str:
        """What people type: the first eight characters of the id."""
        return self.id[:8]

    def fixed_by(self, fix: Fix) -> Finding:
        """The same finding, with its commands."""
        return replace(self, fix=fix)


def fingerprint(check: str, resource: Resource) -> str:
    """The id of what ``check`` may find on ``resource``: 20 hex digits, the same in every run."""
    text = "\x1f".join((resource.cloud, resource.account, resource.id.lower(), check))
    return sha256(text.encode()).hexdigest()[:20]


@dataclass(frozen=True, slots=True)
class Move:
    """A transition: from which states, to which, and what it writes.

    Tried by one conditional UPDATE, so that of two who try at once exactly one wins.
    """

    verb: str
    to: State
    come_from: tuple[State, ...]
    owner: str = ""
    owner_name: str = ""
    reason: str = ""
    until: date | None = None
    owner_only: bool = False  # only the present owner may (an admin may always)
    extra: Mapping[str, str] = field(default_factory=dict)


def claim(who: str, name: str) -> Move:
    """Take a finding on."""
    return Move("claim", State.CLAIMED, WAITING, owner=who, owner_name=name)


def release() -> Move:
    """Give a claimed finding back, or take an acknowledgement or a snooze back."""
    held = (State.CLAIMED, State.ACKNOWLEDGED, State.SNOOZED)
    return Move("release", State.OPEN, held, owner_only=True)


def acknowledge(who: str, name: str, reason: str) -> Move:
    """Accept the cost as it is, and say why."""
    held = (*WAITING, State.CLAIMED, State.SNOOZED)
    return Move("acknowledge", State.ACKNOWLEDGED, held, owner=who, owner_name=name, reason=reason)


def snooze(who: str, name: str, until: date) -> Move:
    """Not before ``until``."""
    held = (*WAITING, State.CLAIMED, State.ACKNOWLEDGED)
    return Move("snooze", State.SNOOZED, held, owner=who, owner_name=name, until=until)
