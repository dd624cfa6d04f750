"""The licences of everything that Pitcrew is made of, as packages state them; ``python -m bot.licences``.

With ``--check DOCUMENT ENVIRONMENT`` it holds a CycloneDX document against what is installed.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution, distributions
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


def differences(document: Path, environment: Path) -> list[str]:
    """What a CycloneDX document says otherwise than the environment that it is of, in words; nothing if they agree."""
    told = json.loads(document.read_text("utf-8"))
    named = [*told.get("components", ()), told.get("metadata", {}).get("component", {})]
    listed = {(_normal(one["name"]), one.get("version", "")) for one in named if "name" in one}
    places = [str(one) for one in environment.glob("lib/python*/site-packages")]
    there = {(_normal(one.name), one.version) for one in distributions(path=places)}
    return [
        *(f"{name} {version} is installed and not listed" for name, version in sorted(there - listed)),
        *(f"{name} {version} is listed and not installed" for name, version in sorted(listed - there)),
    ]


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["--check", document, environment]:
            if found := differences(Path(document), Path(environment)):
                sys.exit("\n".join(found))
        case _:
            PAGE.write_text(page(), "utf-8")
