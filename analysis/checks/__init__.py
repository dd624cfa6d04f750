"""Waste and rightsizing checks: one function, one file; its keyword-only parameters are its thresholds."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import analysis.checks
from analysis.errors import BadConfig
from analysis.estate import Estate
from analysis.findings import Finding
from analysis.registry import Registry

Look: TypeAlias = Callable[..., Iterable[Finding | None]]


@dataclass(frozen=True, slots=True)
class Check:
    """A check with the ids of the public catalogue that it serves."""

    name: str
    serves: tuple[str, ...]
    look: Look

    @property
    def thresholds(self) -> dict[str, Any]:
        """Its settings and their defaults."""
        return {
            name: parameter.default
            for name, parameter in inspect.signature(self.look).parameters.items()
            if parameter.kind is parameter.KEYWORD_ONLY
        }

    @property
    def doc(self) -> str:
        """What it looks for, and where its thresholds come from."""
        return inspect.getdoc(self.look) or ""

    def accepts(self, settings: Mapping[str, Any]) -> None:
        """Refuse settings that the check does not have, or of another type.

        Raises:
            BadConfig: names the check, the setting, and what was expected.
        """
        for name, value in settings.items():
            if name not in self.thresholds:
                known = ", ".join(self.thresholds) or "none"
                raise BadConfig(f"check {self.name!r} has no setting {name!r}; it has: {known}")
            default = self.thresholds[name]
            number = isinstance(default, int | float) and not isinstance(default, bool)
            right = (
                isinstance(value, int | float) and not isinstance(value, bool)
                if number
                else isinstance(value, type(default))
            )
            if not right:
                raise BadConfig(f"{self.name}.{name} is {value!r}; a {type(default).__name__} is expected")


CHECKS: Registry[Check] = Registry("check")


def check(name: str, *, serves: tuple[str, ...]) -> Callable[[Look], Look]:
    """Register a check under ``name``; ``serves`` names the rows of the catalogue that it covers."""

    def decorator(look: Look) -> Look:
        CHECKS.add(name, Check(name, serves, look))
        return look

    return decorator


def discover() -> Registry[Check]:
    """Every check that is shipped."""
    CHECKS.discover(analysis.checks)
    return CHECKS


def run(estate: Estate, settings: Mapping[str, Mapping[str, Any]]) -> Iterator[Finding]:
    """What every check finds, with thresholds from ``settings`` (check name to its keyword arguments).

    Nothing is counted twice: of findings that are priced from the same rows the most expensive stays.
    """
    found = (one for name in discover() for one in CHECKS[name].look(estate, **settings.get(name, {})))
    yield from apart(one for one in found if one is not None)


def apart(found: Iterable[Finding]) -> Iterator[Finding]:
    """The findings of which no two are priced from the same rows; the most expensive first.

    What claims no saving stays only where nothing else is told of its resource.
    """
    taken: dict[str, list[str]] = {}
    for one in sorted(found, key=lambda one: (-one.monthly_waste.amount, -one.frees_commitment.amount, one.id)):
        billed = one.priced_of or (one.resource_id.lower(),)
        others = [meters for name in billed for meters in taken.get(name, ())]
        if others and (not one.claims or not one.meters or any(other in ("", one.meters) for other in others)):
            continue
        for name in billed:
            taken.setdefault(name, []).append(one.meters)
        yield one
