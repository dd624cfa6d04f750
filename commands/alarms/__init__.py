"""What is worth an alert: a kind, a file; each finds what stands now, and draws the message of one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

import commands.alarms
from analysis.alerts import Alert, AlertRules, Kept
from analysis.registry import Registry
from commands.core.answer import Answer
from commands.core.context import Context
from commands.core.ports import Costs, Verdicts
from commands.core.report import Report


@dataclass(frozen=True, slots=True)
class Look:
    """What an alarm looks at; ``kept`` are the alerts of its kind that stand, or ended lately."""

    costs: Costs
    report: Report
    verdicts: Verdicts
    rules: AlertRules
    now: datetime
    kept: Sequence[Kept] = ()


Find: TypeAlias = Callable[[Look], Sequence[Alert]]
Draw: TypeAlias = Callable[[Context, Kept], Answer]


@dataclass(frozen=True, slots=True)
class Alarm:
    """A kind of alert: ``find`` says what stands, and that what stood is over; ``draw`` makes its message."""

    find: Find
    draw: Draw


ALARMS: Registry[Alarm] = Registry("alarm")


def alarm(name: str, draw: Draw) -> Callable[[Find], Find]:
    """Register a function as what finds the alerts of a kind, with the one that draws them."""

    def decorator(find: Find) -> Find:
        ALARMS.add(name, Alarm(find, draw))
        return find

    return decorator


def discover() -> Registry[Alarm]:
    """Every alarm that is shipped."""
    ALARMS.discover(commands.alarms)
    return ALARMS


def found(name: str, look: Look) -> Sequence[Alert]:
    """What the alarm of that name finds."""
    return discover()[name].find(look)
