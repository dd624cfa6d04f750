"""What some private scopes hold, as the bill of this moment names it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING, Any

from analysis.alerts import Alert
from analysis.allocation_rules import ByAccount, ByName, ByTag, Rule, Rulebook, fits
from analysis.errors import UnknownName
from analysis.findings import Finding
from analysis.focus import CHARGE_CATEGORIES, TAG, CostQuery, Without
from analysis.money import Money
from analysis.periods import Period
from analysis.spelling import key_meant, meant, tagged
from bot.scopes import Clause, Scope
from commands.core.scope import FIELDS, PROVIDERS

if TYPE_CHECKING:
    from providers.lake import Lake


ACCOUNT_ID, ACCOUNT_NAME = FIELDS["account"]
RESOURCE, RESOURCE_NAME = "ResourceId", "ResourceName"
IN_ACCOUNT = "In account"  # the evidence of a finding that names its account
COARSE = ("provider", "region", "service")  # their names are nobody's secret
SHORTEST_WORD = 3  # a name that is looked for in sentences
Alternatives = list[tuple[str, tuple[str, ...]]]


@dataclass
class Hidden:
    """What some private scopes hold, as the bill of this moment names it."""

    scopes: tuple[Scope, ...]
    lake: Lake
    rulebook: Rulebook
    version: str

    @cached_property
    def rows(self) -> tuple[Without, ...]:
        """The billed rows that are left out of every figure."""
        found = [combo for scope in self.scopes for clause in scope.of for combo in self._combos(clause)]
        return tuple(dict.fromkeys(found))

    @cached_property
    def resources(self) -> frozenset[str]:
        """The resources that were ever billed in one of those rows, in small letters."""
        return frozenset(name.lower() for row in self.rows for name in self._names(RESOURCE, row))

    @cached_property
    def without_resources(self) -> tuple[Without, ...]:
        """The same rows, and all others of their resources: for questions that tell resources by name."""
        return (*self.rows, ((RESOURCE, tuple(sorted(self.resources))),)) if self.resources else self.rows

    @cached_property
    def accounts(self) -> frozenset[str]:
        """Ids and names of the accounts that are wholly private, in small letters."""
        whole = (row for row in self.rows if len(row) == 1)
        found = {
            value.lower() for row in whole for name, values in row if name in FIELDS["account"] for value in values
        }
        return frozenset(found)

    @cached_property
    def words(self) -> frozenset[str]:
        """Names that a sentence gives away, in small letters: of the deployment file, of accounts, of owners."""
        alone = [one for scope in self.scopes for one in scope.of if len(one) == 1]
        typed = {value for one in alone for key, values in one.items() if key not in COARSE for value in values}
        plain = {value.strip("*?-_. ").lower() for value in typed} | self.accounts
        whole = (row for row in self.rows if len(row) == 1)
        tags = {value.lower() for row in whole for name, values in row if name.startswith(TAG) for value in values}
        return frozenset(word for word in plain | tags if len(word) >= SHORTEST_WORD)

    @cached_property
    def _spoken(self) -> re.Pattern[str]:
        words = "|".join(re.escape(word) for word in sorted(self.words, key=len, reverse=True))
        return re.compile(rf"(?<![a-z0-9])(?:{words})(?![a-z0-9])" if words else r"(?!)")

    def tells(self, *texts: str) -> bool:
        """Whether one of some sentences names something private."""
        return any(self._spoken.search(text.lower()) or text.lower() in self.resources for text in texts)

    @cached_property
    def names_known(self) -> dict[str, Sequence[str]]:
        """What was asked of the bill's names, so that it is asked once."""
        return {}

    def is_empty(self, clause: Clause) -> bool:
        """Whether nothing was ever billed that a clause names."""
        return not any(self._names(ACCOUNT_ID, row) for row in self._combos(clause))

    def holds(self, finding: Finding) -> bool:
        """Whether a finding is private: by its account, its tags, its owner, or by what it is billed as."""
        if finding.account.lower() in self.accounts or finding.resource_id.lower() in self.resources:
            return True
        if not self.resources.isdisjoint(finding.priced_of):
            return True
        return any(_fits(clause, finding) for scope in self.scopes for clause in scope.of)

    def alert(self, one: Alert) -> bool:
        """Whether an alert is private: by what it names, or since its figures hold private cost."""
        facts = (text for text in _texts(one.facts))
        return self.tells(one.said, one.team, one.account, one.service, *facts) or self.touches(
            one.account, {"ServiceName": (one.service,)} if one.service else {}
        )

    def touches(self, account: str, where: Mapping[str, Sequence[str | None]]) -> bool:
        """Whether the figures of a part of the bill hold private cost."""
        if not self.rows:
            return False
        wanted = dict(where)
        for dimension in FIELDS["account"]:
            same = tuple(name for name in self.named(dimension) if account and name.lower() == account.lower())
            if same:
                wanted[dimension] = same
                break
        key = tuple(sorted((dimension, tuple(values)) for dimension, values in wanted.items()))
        if key not in self._touched:  # every ask of an outsider asks this of every budget
            self._touched[key] = self._differs(wanted)
        return self._touched[key]

    def _differs(self, wanted: Mapping[str, Sequence[str | None]]) -> bool:
        for money in self._currencies:
            whole = CostQuery(self._covers, money.currency, (), wanted, categories=CHARGE_CATEGORIES)
            if self.lake.ask(whole).total() != self.lake.ask(replace(whole, without=self.rows)).total():
                return True
        return False

    def named(self, dimension: str) -> Sequence[str]:
        """All names of a dimension, private ones among them; asked once of a bill."""
        if dimension not in self._named:
            self._named[dimension] = self.lake.names(dimension)
        return self._named[dimension]

    @cached_property
    def _touched(self) -> dict[tuple[tuple[str, tuple[str | None, ...]], ...], bool]:
        return {}

    @cached_property
    def _named(self) -> dict[str, Sequence[str]]:
        return {}

    @cached_property
    def _covers(self) -> Period:
        return self.lake.covers

    @cached_property
    def _currencies(self) -> Sequence[Money]:
        return tuple(self.lake.currencies(self._covers))

    def _names(self, dimension: str, row: Without) -> set[str]:
        found: set[str] = set()
        for money in self._currencies:
            query = CostQuery(self._covers, money.currency, (dimension,), dict(row), categories=CHARGE_CATEGORIES)
            found |= {str(name) for name in self.lake.ask(query).data[dimension] if name is not None}
        return found

    def _combos(self, clause: Clause) -> list[Without]:
        """The rows of a clause: one alternative of each of its words, all at once."""
        if not self.version:
            return []
        each = [self._alternatives(key, patterns) for key, patterns in clause.items()]
        return [tuple(one) for one in product(*each)]

    def _alternatives(self, key: str, patterns: Sequence[str]) -> Alternatives:
        if key == "account":
            return self._accounts(patterns)
        if key in FIELDS:
            return self._like(FIELDS[key][0], patterns)
        return self._owned(key, patterns)

    def _like(self, dimension: str, patterns: Sequence[str]) -> Alternatives:
        found = tuple(name for name in self.named(dimension) if _like(name, patterns))
        return [(dimension, found)] if found else []

    def _accounts(self, patterns: Sequence[str]) -> Alternatives:
        """Accounts by id and by name: one that is named in some of its rows only is meant with all of them."""
        named = self._like(ACCOUNT_NAME, patterns)
        ids = {name for name in self.named(ACCOUNT_ID) if _like(name, patterns)}
        for one in named:
            ids |= self._names(ACCOUNT_ID, (one,))
        known = {name for one in ids for name in self._names(ACCOUNT_NAME, ((ACCOUNT_ID, (one,)),))}
        names = tuple(sorted(known.union(*(values for _, values in named))))
        both = ((ACCOUNT_ID, tuple(sorted(ids))), (ACCOUNT_NAME, names))
        return [one for one in both if one[1]]

    def _owned(self, key: str, patterns: Sequence[str]) -> Alternatives:
        """What a tag says, in any spelling of its key; and what the rules of allocation give to such an owner."""
        keys = self.named("Tags")
        found = [one for name in keys if key_meant(name) == key_meant(key) for one in self._like(TAG + name, patterns)]
        try:
            rules: Sequence[Rule] = self.rulebook.of(key, keys).rules
        except UnknownName:
            rules = ()
        for rule in rules:
            match rule:
                case ByTag():
                    others = [one for name, more in rule.aliases.items() if _like(name, patterns) for one in more]
                    spelt = [name for name in keys if key_meant(name) in {key_meant(one) for one in rule.keys}]
                    found += [one for name in spelt for one in self._like(TAG + name, (*patterns, *others))]
                case ByAccount():
                    mine = [account for account, owner in rule.accounts.items() if _like(owner, patterns)]
                    found += self._accounts(mine) if mine else []
                case ByName():
                    mine = [name for name, owner in rule.names.items() if _like(owner, patterns)]
                    found += self._like(RESOURCE_NAME, mine) if mine else []
                case _:
                    pass
        return list(dict.fromkeys(found))


def _like(name: str, patterns: Iterable[str]) -> bool:
    return any(fits(name, one) or meant(name) == meant(one) for one in patterns)


def _fits(clause: Clause, finding: Finding) -> bool:
    """Whether a finding has, by what it knows itself, every word of a clause."""
    own = {
        "account": (finding.account, *(said for name, said in finding.evidence if name == IN_ACCOUNT)),
        "provider": (PROVIDERS.get(finding.cloud, finding.cloud), finding.cloud),
        "region": (finding.region,),
        "service": (),
    }
    for key, patterns in clause.items():
        said = own.get(key) if key in own else (tagged(finding.tags, key) or "", *_owner(key, finding))
        if not any(_like(one, patterns) for one in said or () if one):
            return False
    return True


def _owner(key: str, finding: Finding) -> tuple[str, ...]:
    return (finding.team,) if key == "team" else ()


def _texts(thing: Any) -> Iterable[str]:  # noqa: ANN401 (plain JSON)
    if isinstance(thing, str):
        yield thing
    elif isinstance(thing, Mapping):
        for inner in thing.values():
            yield from _texts(inner)
    elif isinstance(thing, list | tuple):
        for inner in thing:
            yield from _texts(inner)
    elif is_dataclass(thing):
        for one in fields(thing):
            yield from _texts(getattr(thing, one.name))
