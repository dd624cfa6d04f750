"""``[allocation]`` of the deployment file: the rules that place every cent, checked when the file is read."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from analysis.allocation_rules import (
    ByAccount,
    ByName,
    ByTag,
    Driver,
    Rule,
    Rulebook,
    Selection,
    Shared,
    Split,
    dimension_meant,
)
from analysis.errors import BadConfig
from analysis.periods import Period, month_of
from analysis.spelling import meant
from bot.sections.section import Number, Section

KINDS = ("tags", "accounts", "names", "share")
CONDITIONS = ("services", "of_accounts", "categories", "providers", "of_tags")
SPLITTING = ("split", "among", "shares", "driver", *CONDITIONS)
BELONGS = {"aliases": "tags", "known_only": "tags", **dict.fromkeys(SPLITTING, "share")}
MONTH = re.compile(r"\d{4}-\d{2}")


def _dimension(written: str) -> str:
    if not meant(written):
        raise ValueError(f"{written!r} is no dimension; write team, cost-center, business-unit, customer or a tag key")
    return dimension_meant(written)


Weight = Annotated[Number, Field(ge=0)]
Dimension = Annotated[str, AfterValidator(_dimension)]
Names = Annotated[Sequence[str], Field(min_length=1)]


class RuleEntry(Section):
    """One rule; exactly one of tags, accounts, names and share says of which kind it is."""

    to: Dimension = Field("", description="The dimension it is a rule of; that of [allocation] if not said.")
    tags: Names | None = Field(None, description="The owner is what one of these tags says, in any spelling.")
    aliases: Mapping[str, Sequence[str]] = Field(default_factory=dict, description="Owner = other names for it.")
    known_only: bool = Field(False, description="A value that is no alias names nobody.")
    accounts: Mapping[str, str] | None = Field(None, description="SubAccountId or SubAccountName = owner.")
    names: Mapping[str, str] | None = Field(None, description="A pattern of ResourceName = owner.")
    share: str | None = Field(None, min_length=1, description="How a shared cost is called.")
    split: Literal["even", "proportional", "fixed", "driver"] = "proportional"
    services: Sequence[str] = ()
    of_accounts: Sequence[str] = ()
    categories: Sequence[str] = ()
    providers: Sequence[str] = ()
    of_tags: Mapping[str, Sequence[str]] = Field(default_factory=dict)
    among: Sequence[str] = ()
    shares: Mapping[str, Weight] = Field(default_factory=dict)
    driver: str = ""

    @model_validator(mode="after")
    def _of_one_kind(self) -> RuleEntry:
        kinds = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(kinds) != 1:
            raise ValueError(
                f"a rule has exactly one of {', '.join(KINDS)}; this one has {' and '.join(kinds) or 'none'}"
            )
        if stray := [name for name in sorted(self.model_fields_set) if BELONGS.get(name, kinds[0]) != kinds[0]]:
            raise ValueError(f"{stray[0]} belongs to a rule with {BELONGS[stray[0]]}, and this one has {kinds[0]}")
        try:
            self.rule()
        except BadConfig as error:
            raise ValueError(str(error)) from None
        return self

    def rule(self) -> Rule:
        """The rule as the analysis knows it."""
        if self.tags is not None:
            return ByTag(tuple(self.tags), self.aliases, self.known_only)
        if self.accounts is not None:
            return ByAccount(self.accounts)
        if self.names is not None:
            return ByName(self.names)
        of = Selection(
            tuple(self.services), tuple(self.of_accounts), tuple(self.categories), tuple(self.providers), self.of_tags
        )
        return Shared(self.share or "", of, Split(self.split), tuple(self.among), self.shares, self.driver)


class AllocationSection(Section):
    """Whose cost is whose. Without rules: what the team tag says, in any spelling, and nothing else."""

    by: Dimension = Field("team", description="What cost is allocated to: team, cost-center, business-unit, customer …")
    rules: Sequence[RuleEntry] = Field((), description="In order; the first that fits a charge decides.")
    drivers: Mapping[str, Mapping[str, Mapping[str, Weight]]] = Field(
        default_factory=dict, description="Driver = day or month (2026-10) = owner = how much it counts."
    )

    @model_validator(mode="after")
    def _drivers_are_there(self) -> AllocationSection:
        for name, periods in self.drivers.items():
            for written in periods:
                _period(name, written)
        for rule in self.rules:
            if rule.driver and rule.driver not in self.drivers:
                known = ", ".join(self.drivers) or "none"
                raise ValueError(f"share {rule.share!r} is split by {rule.driver!r}; [allocation.drivers] has {known}")
        names = [rule.share for rule in self.rules if rule.share]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise ValueError(f"two shared costs are called {twice!r}; each is told by its name")
        return self

    def rulebook(self) -> Rulebook:
        """The rules by dimension."""
        rules: dict[str, tuple[Rule, ...]] = {}
        for entry in self.rules:
            dimension = entry.to or self.by
            rules[dimension] = (*rules.get(dimension, ()), entry.rule())
        return Rulebook(self.by, rules, {name: _driver(name, periods) for name, periods in self.drivers.items()})


def _driver(name: str, periods: Mapping[str, Mapping[str, Decimal]]) -> Driver:
    return {_period(name, written): weights for written, weights in periods.items()}


def _period(driver: str, written: str) -> Period:
    try:
        if MONTH.fullmatch(written):
            return month_of(date.fromisoformat(f"{written}-01"))
        day = date.fromisoformat(written)
    except ValueError:
        raise ValueError(f"driver {driver!r}: {written!r} is neither a day nor a month like 2026-10") from None
    return Period(day, day + timedelta(days=1))
