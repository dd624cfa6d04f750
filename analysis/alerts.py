"""Alerts: things that people are told of once, kept up to date while they last, and closed when they end; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from hashlib import sha256
from typing import Any

from analysis.money import Money

GONE = "the bill no longer shows it: the provider has restated it"


@dataclass(frozen=True, slots=True)
class AlertRules:
    """What is worth an alert: ``[alerts]`` in the deployment file.

    ``least`` and ``urgent_from`` are amounts in the report's currency; ``grows_by`` is a part of 1, ``budget_at`` are
    percent of a budget, ``silent_days`` complete days without billed rows.
    """

    least: Decimal = Decimal(50)
    urgent_from: Decimal = Decimal(1000)
    grows_by: Decimal = Decimal("0.5")
    budget_at: tuple[int, ...] = (50, 80, 100)
    silent_days: int = 3
    drops: bool = False  # whether what costs less than expected is told too
    most_a_day: int = 20  # messages in a channel; what is more goes into one summary


@dataclass(frozen=True, slots=True)
class Line:
    """Something that was said in an alert's thread."""

    said: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing that is told: what it is, as of the newest bill.

    ``kind`` and ``key`` are the same for as long as it is the same thing. ``said`` is its line, dollars first, and
    ``amount`` those dollars. ``over`` says why it is over, and is empty while it lasts; ``quietly`` then means that
    nobody need be told so. ``family`` and ``step`` order alerts of which a higher one makes the lower ones pointless
    (a budget's thresholds). One that ``grows`` tells so in its thread. ``team``, ``account`` and ``service`` are whose
    it is; ``facts`` are its kind's own.
    """

    kind: str
    key: str
    said: str
    amount: Money
    team: str = ""
    account: str = ""
    service: str = ""
    urgent: bool = False
    grows: bool = False
    over: str = ""
    quietly: bool = False
    family: str = ""
    step: int = 0
    facts: Mapping[str, Any] = field(default_factory=dict)  # plain JSON

    @property
    def id(self) -> str:
        """Its name in asks: 10 hexadecimal digits."""
        return sha256(f"{self.kind}\x1f{self.key}".encode()).hexdigest()[:10]


@dataclass(frozen=True, slots=True)
class Kept:
    """An alert as it is remembered. ``told`` is the amount that people last heard, ``stopped`` who wants no more lines.

    ``ended`` is why it is closed; empty while it is open.
    """

    alert: Alert
    opened: datetime
    changed: datetime
    told: Money
    ended: str = ""
    closed: datetime | None = None
    stopped: str = ""
    lines: tuple[Line, ...] = ()
    version: int = 1

    @property
    def is_open(self) -> bool:
        """Whether it still stands."""
        return self.closed is None


class Turn(StrEnum):
    """What became of an alert since the last look."""

    OPENED = "opened"
    GREW = "grew"  # so much that its thread is told
    CHANGED = "changed"  # its message is drawn anew, and nobody is told
    CLOSED = "closed"
    REOPENED = "reopened"


@dataclass(frozen=True, slots=True)
class Change:
    """An alert after a look at the bill, and what became of it."""

    kept: Kept
    turn: Turn
    line: str = ""  # what its thread is told; empty for nothing


def unknown(name: str, *, several: bool = False) -> str:
    """What is said of a name that is no alert's, or more than one's."""
    why = "more than one alert begins with" if several else "no alert is named"
    return f"{why} {name!r}; `alerts` lists those that stand"


def changes(kept: Iterable[Kept], found: Iterable[Alert], now: datetime, rules: AlertRules) -> Sequence[Change]:
    """What a look at the bill changes: ``kept`` are all that are open, and those of ``found`` that are not.

    An alert opens once, whatever happens to it later; it grows when its amount is ``rules.grows_by`` beyond what
    people last heard. What is open and no longer found is gone from the bill. Where several of a family open at
    once the highest step is told and the others are not; a step that opens makes the lower ones that stand pointless.
    """
    known = {one.alert.id: one for one in kept}
    seen = {one.id: one for one in found}
    highest: dict[str, Alert] = {}
    for one in seen.values():
        if one.family and not one.over and one.step >= highest.get(one.family, one).step:
            highest[one.family] = one
    made: list[Change | None] = []
    for one in seen.values():
        top = highest.get(one.family)
        is_top = top is None or top.id == one.id
        before = known.get(one.id)
        if before is None:
            made.append(_opened(one, now) if is_top and not one.over else None)
            continue
        overtaken = replace(one, over=f"overtaken: {top.said}", quietly=True) if top and not is_top else one
        made.append(_moved(before, overtaken if not one.over else one, now, rules))
    gone = [one for one in known.values() if one.is_open and one.alert.id not in seen]
    made += [_moved(one, replace(one.alert, over=GONE, quietly=True), now, rules) for one in gone]
    return [one for one in made if one is not None]


def judged(before: Kept, said: str, now: datetime) -> Kept:
    """An alert that somebody has said something of, which ends it."""
    return replace(before, ended=said, closed=before.closed or now, changed=now, version=before.version + 1)


def _opened(one: Alert, now: datetime) -> Change:
    return Change(Kept(one, now, now, one.amount), Turn.OPENED)


def _moved(before: Kept, one: Alert, now: datetime, rules: AlertRules) -> Change | None:
    after = replace(before, alert=one, changed=now, version=before.version + 1)
    if one.over:
        return _closed(before, after, now)
    if not before.is_open:
        return Change(replace(after, closed=None, ended=""), Turn.REOPENED)
    told = before.told
    if one.grows and one.amount != told and abs(one.amount.amount) >= abs(told.amount) * (1 + rules.grows_by):
        line = "" if before.stopped else f"Still growing: {one.amount} now, {told} when last told."
        return Change(_with_line(replace(after, told=one.amount), line, now), Turn.GREW, line)
    if one == before.alert:
        return None
    return Change(after, Turn.CHANGED)


def _closed(before: Kept, after: Kept, now: datetime) -> Change | None:
    over = after.alert.over
    if not before.is_open:
        if (before.alert.said, before.alert.facts) == (after.alert.said, after.alert.facts):
            return None
        is_ours = before.ended == before.alert.over  # else somebody has said what it is
        return Change(replace(after, ended=over if is_ours else before.ended), Turn.CHANGED)
    line = "" if after.alert.quietly or before.stopped else over
    return Change(_with_line(replace(after, closed=now, ended=over), line, now), Turn.CLOSED, line)


def _with_line(kept: Kept, line: str, now: datetime) -> Kept:
    return replace(kept, lines=(*kept.lines, Line(line, now))) if line else kept
