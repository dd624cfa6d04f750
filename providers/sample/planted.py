"""What is hidden in the sample company: waste to be found, look-alikes to be left alone, and surprises on the bill."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.resources import files
from typing import TypeVar

from pydantic import TypeAdapter

T = TypeVar("T")

UNATTACHED, IDLE, OVERSIZED, OUTDATED = "unattached-disk", "idle-machine", "oversized-machine", "outdated-disk-tier"
GP2 = "gp2"  # what gp3 does for less


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantedDisk:
    """A disk that nothing uses since ``idle_days`` before the month began (or before today if it is ``fresh``).

    ``innocent`` says why it is no waste; empty means that it is.
    """

    name: str
    account: str
    team: str = ""
    size_gb: int
    tier: str
    idle_days: int
    innocent: str = ""
    fresh: bool = False
    attached: bool = False
    billed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantedMachine:
    """A machine with the use that was measured on it; ``check`` is the one that must find it, or empty.

    ``fits`` is the size that it could be. ``covered`` is the part of its hours that a commitment pays for.
    """

    name: str
    account: str
    team: str
    size: str
    cpu_average: float
    cpu_maximum: float
    network: float
    memory: float | None = None
    check: str = ""
    fits: str = ""
    innocent: str = ""
    covered: float = 0.0
    measured: int = 30
    running: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantedSurprise:
    """A resource that suddenly costs ``dollars`` a day more (or less); a ramp adds them anew each day.

    It begins ``back`` days before the month of the report, or on the last Tuesday that lies four days back if
    ``back`` is 0. ``days`` of 0 means that it stays.
    """

    name: str
    account: str
    team: str
    service: str
    usual: float
    shape: str  # "spike", "step", "ramp", "drop"
    dollars: float
    back: int = 0
    days: int = 0

    def begins(self, as_of: date) -> date:
        """Its first day."""
        if self.back:
            return as_of.replace(day=1) - timedelta(days=self.back)
        settled = as_of - timedelta(days=5)
        return settled - timedelta(days=(settled.weekday() - 1) % 7)


@dataclass(frozen=True, slots=True, kw_only=True)
class LaterSurprise:
    """A surprise for a company that goes on: it begins ``after`` days after the first report, and is never in that one.

    It happens to something that is billed anyway: the first of ``service`` in ``account`` whose team is known.
    """

    account: str
    service: str
    shape: str
    dollars: float
    after: int
    days: int = 0

    def begins(self, began: date) -> date:
        """Its first day."""
        return began + timedelta(days=self.after)


def _listed(kind: type[T], table: str) -> tuple[T, ...]:
    """The rows of a table beside this file; an empty cell is what is usual."""
    text = files(__package__).joinpath(table).read_text(encoding="utf-8")
    rows = [{name: cell for name, cell in row.items() if cell} for row in csv.DictReader(text.splitlines())]
    return TypeAdapter(tuple[kind, ...]).validate_python(rows)  # type: ignore[valid-type]


DISKS = _listed(PlantedDisk, "disks.csv")
MACHINES = _listed(PlantedMachine, "machines.csv")
SURPRISES = _listed(PlantedSurprise, "surprises.csv")
LATER = _listed(LaterSurprise, "later.csv")
