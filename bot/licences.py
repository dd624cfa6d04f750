"""The licences of everything that Pitcrew is made of, as packages state them; ``python -m bot.licences``."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

PAGE = Path("docs/licences.md")
LONGEST = 60  # some packages put the whole text there


def page() -> str:
    """A table of every package that is installed with Pitcrew, its exact version and its licence."""
    lines = ["# Licences", "", "What is installed with Pitcrew, by what the packages say of themselves:", ""]
    lines += ["| package | version | licence |", "|---|---|---|"]
    lines += [f"| {name} | {version} | {licence} |" for name, version, licence in sorted(_all())]
    lines += ["", "`make sbom` writes the same as a CycloneDX document."]
    return "\n".join(lines) + "\n"


def _all() -> Iterator[tuple[str, str, str]]:
    """Every package that ours needs, and what those need."""
    known: set[str] = set()
    project = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))["project"]
    waiting = [Requirement(one) for one in project["dependencies"]]
    while waiting:
        wanted = waiting.pop()
        name = _normal(wanted.name)
        extras = wanted.extras or {""}
        if wanted.marker and not any(wanted.marker.evaluate({"extra": extra}) for extra in extras):
            continue
        try:
            found = distribution(wanted.name)
        except PackageNotFoundError:
            continue
        needs = [Requirement(one) for one in found.requires or ()]
        waiting += [one for one in needs if _needed(one, extras) and _normal(one.name) not in known]
        if name not in known:
            known.add(name)
            yield name, found.version, _licence(found)


def _needed(one: Requirement, extras: set[str]) -> bool:
    return one.marker is None or any(one.marker.evaluate({"extra": extra}) for extra in (*extras, ""))


def _licence(found: Distribution) -> str:
    """Its SPDX expression, else its classifiers, else what stands in the old field."""
    told = found.metadata
    if "License-Expression" in told:
        return told["License-Expression"]
    named = [one.rpartition(" :: ")[2] for one in told.get_all("Classifier") or () if one.startswith("License ::")]
    if named:
        return ", ".join(sorted(set(named)))
    stated = str(told.json.get("license", ""))
    return next(iter(stated.splitlines()), "")[:LONGEST] or "not stated"


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
