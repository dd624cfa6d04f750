"""Owners: whose a finding is, by rules like those of a CODEOWNERS file, by its tags, and by the allocation's rules.

Of the patterns that match, the last one decides, as in CODEOWNERS. Without one, an ``owner`` tag that holds an e-mail
address names the person; the team is whom the rules of allocation place the resource's cost with.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from analysis.allocation_rules import Ownership, fits
from analysis.findings import Finding
from analysis.spelling import meant, tagged

ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
PERSON_TAGS = ("owner", "contact", "owner-email")


@dataclass(frozen=True, slots=True)
class Team:
    """A team: its people by e-mail, the first of them asked first, and the channel where it is spoken to."""

    name: str
    people: tuple[str, ...] = ()
    channel: str = ""  # a route, like slack:#search


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose something is, and why; empty where nobody is named."""

    team: str = ""
    person: str = ""  # an e-mail address in small letters
    why: str = ""


@dataclass(frozen=True, slots=True)
class Owners:
    """The rules: a pattern, and the team or the e-mail address that it names; and the teams that are known.

    A pattern is held against ``account/region/resource name``, where the account is its id or its name; one without a
    slash against the resource's name alone. ``*`` matches anything, slashes too, and ``?`` one character.
    """

    rules: Sequence[tuple[str, str]] = ()
    teams: Mapping[str, Team] = field(default_factory=dict)

    def of(self, finding: Finding, placed: Ownership | None = None) -> Whose:
        """Whose a finding is. ``placed`` is where the allocation puts the resource's cost."""
        for pattern, owner in reversed(self.rules):
            if any(fits(path, pattern) for path in _paths(finding, whole="/" in pattern)):
                return self._named(owner, f"the rule {pattern} names {owner}")
        for key in PERSON_TAGS:
            if ADDRESS.fullmatch(said := tagged(finding.tags, key).strip()):
                team = placed.owner if placed and placed.owner else tagged(finding.tags, "team")
                return Whose(team, said.lower(), f"its tag {key} says {said}")
        if placed and placed.owner:
            return self._named(placed.owner, placed.why)
        if team := tagged(finding.tags, "team"):
            return self._named(team, f"its tag team says {team}")
        return Whose(why=placed.why if placed else "")

    def team(self, name: str) -> Team | None:
        """A team by any spelling of its name."""
        return next((team for key, team in self.teams.items() if meant(key) == meant(name)), None)

    def is_for(self, email: str, finding: Finding) -> bool:
        """Whether somebody is asked about a finding: its person, or one of its team where it names none."""
        if not email:
            return False
        if finding.whose:
            return finding.whose == email.lower()
        team = self.team(finding.team) if finding.team else None
        return team is not None and email.lower() in team.people

    def first(self, finding: Finding) -> str:
        """Who is asked first: its person, else the first of its team; empty where nobody is known."""
        team = self.team(finding.team) if finding.team else None
        return finding.whose or (team.people[0] if team and team.people else "")

    def _named(self, owner: str, why: str) -> Whose:
        """What a rule names: a person, with the team they are in; or a team."""
        if ADDRESS.fullmatch(owner):
            email = owner.lower()
            team = next((one.name for one in self.teams.values() if email in one.people), "")
            return Whose(team, email, why)
        team_known = self.team(owner)
        return Whose(team_known.name if team_known else owner, "", why)


def _paths(finding: Finding, *, whole: bool) -> list[str]:
    if not whole:
        return [finding.resource_name]
    named = dict(finding.evidence).get("In account", "")
    accounts = [one for one in (finding.account, named) if one]
    return [f"{account}/{finding.region}/{finding.resource_name}" for account in accounts]
