"""The doctor: looks at everything outside that a deployment needs, and says what is missing and how to mend it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

import bot.doctor
from analysis.errors import FinOpsError
from analysis.registry import Registry
from bot.clock import Clock
from bot.config import Config


class Level(StrEnum):
    """How it stands with one thing."""

    OK = "ok"
    WARN = "warn"  # it works, with less than there could be
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Seen:
    """One thing that was looked at, and what to do about it, if anything."""

    level: Level
    what: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Patient:
    """A deployment, the environment with its secrets, and the time."""

    config: Config
    environ: Mapping[str, str]
    clock: Clock


Probe: TypeAlias = Callable[[Patient], Iterable[Seen]]

PROBES: Registry[Probe] = Registry("part")


def probe(name: str) -> Callable[[Probe], Probe]:
    """Register a function that looks at the part ``name``; it yields nothing where that part is not configured."""
    return PROBES.named(name)


def discover() -> Registry[Probe]:
    """Every part that can be looked at."""
    PROBES.discover(bot.doctor)
    return PROBES


def examined(patient: Patient, part: str = "") -> Iterator[tuple[str, Seen]]:
    """Everything that is seen of one part, or of all, as it is seen.

    Raises:
        UnknownName: there is no such part.
    """
    found = discover()
    for name in [part] if part else list(found):
        look, seen = found[name], 0
        try:
            for one in look(patient):
                seen += 1
                yield name, one
        except FinOpsError as error:
            seen += 1
            yield name, Seen(Level.FAIL, str(error))
        if part and not seen:
            yield name, Seen(Level.OK, f"nothing of {name} is configured")


def verdict(levels: Iterable[Level]) -> int:
    """What the process ends with: 0 when all is well, 1 with warnings, 2 when something does not work."""
    worst = set(levels)
    return 2 if Level.FAIL in worst else 1 if Level.WARN in worst else 0
