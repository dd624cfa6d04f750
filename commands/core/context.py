"""Everything that one ask may touch: who asks, when, the ports that the bot fills, and how far the ask sees."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from analysis.findings import Fix
from analysis.tagging import TagChange
from commands.core.absent import (
    NoAlerts,
    NoDirectory,
    NoDrivers,
    NoExemptions,
    NoLookout,
    NoOnward,
    NoPreferences,
    NoReminders,
    NoSubscriptions,
    NoWork,
)
from commands.core.caller import Caller, Here
from commands.core.ports import (
    Alerts,
    Assessments,
    Audit,
    Costs,
    Directory,
    Drivers,
    Exemptions,
    Findings,
    Lookout,
    Onward,
    Preferences,
    Reminders,
    Route,
    Subscriptions,
    Verdicts,
    Work,
)
from commands.core.report import Report


@dataclass(slots=True)
class Sight:
    """How far an ask sees. ``hidden`` are the private scopes that its readers are not in.

    ``is_private`` tells whether a word names something of those; ``partial`` becomes true when figures are given out
    that leave something out.
    """

    hidden: frozenset[str] = frozenset()
    is_private: Callable[[str], bool] = lambda _: False
    partial: bool = False


@dataclass(frozen=True, slots=True)
class Context:
    """Everything one ask may touch."""

    caller: Caller
    now: datetime
    costs: Costs
    findings: Findings
    audit: Audit
    assessments: Assessments
    verdicts: Verdicts
    report: Report = field(default_factory=Report)
    work: Work = field(default_factory=NoWork)
    preferences: Preferences = field(default_factory=NoPreferences)
    drivers: Drivers = field(default_factory=NoDrivers)
    tag_fix: Callable[[TagChange], Fix | None] = lambda _: None  # the commands that set a tag, where a provider has any
    alerts: Alerts = field(default_factory=NoAlerts)
    lookout: Lookout = field(default_factory=NoLookout)
    exemptions: Exemptions = field(default_factory=NoExemptions)
    people: Directory = field(default_factory=NoDirectory)
    reminders: Reminders = field(default_factory=NoReminders)
    here: Here = field(default_factory=Here)
    subscriptions: Subscriptions = field(default_factory=NoSubscriptions)
    routes: Callable[[], Sequence[Route]] = lambda: ()
    onward: Onward = field(default_factory=NoOnward)
    machinery: Callable[[], Sequence[tuple[str, str]]] = lambda: ()  # what `status` tells of the bot itself
    sight: Sight = field(default_factory=Sight)
