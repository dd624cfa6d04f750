"""Whose findings are, and who may see what."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import Field, model_validator

from bot.scopes import ROLE, Scope, clause_of
from bot.sections.section import Section
from commands.core.caller import Permission


class TeamEntry(Section):
    """A team: who is asked, and where."""

    people: Sequence[Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]] = Field(
        (), description="E-mail addresses; the first is asked first."
    )
    channel: str = Field("", description="A route, like slack:#search.")


class OwnersSection(Section):
    """Whose findings are. Of the patterns that match, the last one decides, as in a CODEOWNERS file."""

    rules: Mapping[str, str] = Field(
        default_factory=dict,
        description="A pattern of account/region/name, or of the name alone = a team, or an e-mail address.",
    )
    teams: Mapping[str, TeamEntry] = Field(default_factory=dict, description="[owners.teams.NAME], see below.")


class ScopeEntry(Section):
    """A part of the company that is private: to everybody who is not named here it does not exist."""

    name: str = Field(min_length=1, description="What the log and doctor call it; people are never told.")
    of: Sequence[str] = Field(
        min_length=1,
        description='What lies in it, in the words of a scope: ["account=merlin-*", "team=merlin"]. Any of the lines;'
        " a line of several words means all of them.",
    )
    people: Sequence[Annotated[str, Field(pattern=r"^(slack|teams|page|slack-group|entra-group|role):\S+$")]] = Field(
        (), description="Who may see it: slack:U…, teams:<object id>, slack-group:S…, entra-group:<id>, role:admin."
    )
    routes: Sequence[str] = Field(
        (), description="Where it may stand: slack:#merlin, slack:C…, teams:Team/Channel, webhook:<name>."
    )

    @model_validator(mode="after")
    def _is_understood(self) -> ScopeEntry:
        for line in self.of:
            clause_of(shlex.split(line))
        for one in self.people:
            if one.startswith(ROLE) and one.removeprefix(ROLE) not in set(Permission):
                raise ValueError(
                    f"{one!r} is no permission; there are {', '.join(f'{ROLE}{may}' for may in Permission)}"
                )
        return self

    def scope(self) -> Scope:
        """It, as it is asked."""
        return Scope(
            self.name, tuple(clause_of(shlex.split(line)) for line in self.of), tuple(self.people), tuple(self.routes)
        )
