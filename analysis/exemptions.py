"""Exemptions: what a check is not to call waste, by resource or by tag, with a reason, and until a day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from analysis.errors import BadAsk
from analysis.findings import Finding, Move, exempt
from analysis.spelling import key_meant, meant

LONGEST_DAYS = 366


@dataclass(frozen=True, slots=True)
class Exemption:
    """One check's exception: a resource (its id in small letters) or a tag (``key=value``), up to a day.

    On the day ``until`` it is over. ``number`` is how people call it; 0 before it is entered.
    """

    check: str
    why: str
    until: date
    resource_id: str = ""
    tag: str = ""
    number: int = 0
    by: str = ""
    by_name: str = ""
    at: datetime | None = None

    def covers(self, finding: Finding) -> bool:
        """Whether a finding is meant."""
        if finding.check != self.check:
            return False
        if self.resource_id:
            return finding.resource_id.lower() == self.resource_id
        key, _, value = self.tag.partition("=")
        return any(
            key_meant(name) == key_meant(key) and meant(said) == meant(value) for name, said in finding.tags.items()
        )

    @property
    def move(self) -> Move:
        """What it does to a finding that it covers."""
        return exempt(self.by, self.by_name, self.why, self.until)


def unknown(number: int) -> str:
    """What is said of a number that is no exemption's."""
    return f"no exception {number} holds; `exceptions` lists them"


def tag_of(finding: Finding, said: str) -> str:
    """The tag that a person means (``env``, or ``env=dev``), as ``key=value`` of the finding's own tags.

    Raises:
        BadAsk: the finding has no such tag.
    """
    wanted, _, value = said.partition("=")
    for name, own in finding.tags.items():
        if key_meant(name) == key_meant(wanted) and (not value or meant(value) == meant(own)):
            return f"{name}={own}"
    known = ", ".join(f"{name}={own}" for name, own in finding.tags.items()) or "none"
    raise BadAsk(f"the finding has no tag {said!r}; its tags are: {known}")


def withheld(findings: Iterable[Finding], exemptions: Iterable[Exemption]) -> tuple[list[Finding], dict[str, Move]]:
    """Findings that are told, and the ids of those that an exemption covers with the move that it makes."""
    held = tuple(exemptions)
    told: list[Finding] = []
    covered: dict[str, Move] = {}
    for finding in findings:
        by = next((one for one in held if one.covers(finding)), None)
        if by is None:
            told.append(finding)
        else:
            covered[finding.id] = by.move
    return told, covered
