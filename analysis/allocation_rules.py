"""Rules of allocation: whose cost a charge is, asked in order; the first rule that fits decides.

FinOps Framework capability: Allocation. A charge is known by its FOCUS columns, and by ``Tags/<key>`` for each tag.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import TypeAlias

from analysis.errors import BadConfig, UnknownName
from analysis.focus import TAG
from analysis.periods import Period
from analysis.spelling import key_meant, meant, says_nobody

Attributes: TypeAlias = Mapping[str, str | None]
Driver: TypeAlias = Mapping[Period, Mapping[str, Decimal]]  # weights of owners, for a day or a month each

ACCOUNT = ("SubAccountId", "SubAccountName")
NAME = "ResourceName"
NO_RULE = "no rule fits"
TEAM = "team"
USUAL_KEYS: Mapping[str, Sequence[str]] = {
    TEAM: ("team", "team-name"),
    "cost-center": ("cost-center", "cost-centre"),
    "business-unit": ("business-unit", "bu"),
    "customer": ("customer", "tenant"),
}
SAME = {"cost-centre": "cost-center"}


class Split(StrEnum):
    """How a shared cost is divided."""

    EVEN = "even"
    PROPORTIONAL = "proportional"  # to direct cost
    FIXED = "fixed"
    DRIVER = "driver"  # by what a business driver counts


SAID = {
    Split.EVEN: "split evenly",
    Split.PROPORTIONAL: "split in proportion to direct cost",
    Split.FIXED: "split by fixed shares",
}


@dataclass(frozen=True, slots=True)
class Ownership:
    """Whose a charge is and which rule says so; ``owner`` is ``None`` for what is shared and for what nobody owns.

    ``rule`` is the rule's name, ``why`` the reason in words.
    """

    owner: str | None
    rule: str
    why: str
    shared: Shared | None = None


@dataclass(frozen=True, slots=True)
class ByTag:
    """The owner is what a tag says: the first of ``keys``, in any spelling, that says anybody.

    ``aliases`` maps an owner to other names for it. With ``known_only`` a value that is none of them says nobody.
    """

    keys: tuple[str, ...]
    aliases: Mapping[str, Sequence[str]] = field(default_factory=dict)
    known_only: bool = False

    @property
    def name(self) -> str:
        """How the rule is called."""
        return f"tag {self.keys[0]}"

    def owner_of(self, attributes: Attributes) -> Ownership | None:
        """The owner, if a tag says one."""
        for key in self.keys:
            for column in spelled(key, attributes):
                value = attributes[column]
                if value is None or says_nobody(value):
                    continue
                if owner := self._named(value):
                    return Ownership(owner, self.name, f"its tag {column.removeprefix(TAG)} says {value.strip()!r}")
        return None

    def owners(self) -> Iterable[str]:
        """The owners that the rule itself names."""
        return self.aliases

    def _named(self, value: str) -> str | None:
        same = meant(value)
        for owner, others in self.aliases.items():
            if same in {meant(other) for other in (owner, *others)}:
                return owner
        return None if self.known_only else value.strip()


@dataclass(frozen=True, slots=True)
class ByAccount:
    """Everything of some accounts is their owner's: SubAccountId or SubAccountName, ``*`` and ``?`` allowed."""

    accounts: Mapping[str, str]

    @property
    def name(self) -> str:
        """How the rule is called."""
        return "account"

    def owner_of(self, attributes: Attributes) -> Ownership | None:
        """The owner of the account."""
        for pattern, owner in self.accounts.items():
            if any(fits(attributes.get(column), pattern) for column in ACCOUNT):
                called = attributes.get(ACCOUNT[1]) or attributes.get(ACCOUNT[0])
                return Ownership(owner, self.name, f"account {called} belongs to {owner}")
        return None

    def owners(self) -> Iterable[str]:
        """The owners that the rule itself names."""
        return self.accounts.values()


@dataclass(frozen=True, slots=True)
class ByName:
    """Resources that are named after their owner: patterns of ResourceName, ``*`` and ``?`` allowed."""

    names: Mapping[str, str]

    @property
    def name(self) -> str:
        """How the rule is called."""
        return "resource name"

    def owner_of(self, attributes: Attributes) -> Ownership | None:
        """The owner of the name."""
        for pattern, owner in self.names.items():
            if fits(attributes.get(NAME), pattern):
                return Ownership(owner, self.name, f"its name {attributes[NAME]} is like {pattern}")
        return None

    def owners(self) -> Iterable[str]:
        """The owners that the rule itself names."""
        return self.names.values()


@dataclass(frozen=True, slots=True)
class Selection:
    """Which charges a rule is about: every condition that is set holds, for any of its values; none set is all.

    Values are compared whatever their case, ``*`` and ``?`` allowed; an account is its id or its name.
    """

    services: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()
    tags: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def holds(self, attributes: Attributes) -> bool:
        """Whether a charge is one of them."""
        conditions = (
            (("ServiceName",), self.services),
            (ACCOUNT, self.accounts),
            (("ChargeCategory",), self.categories),
            (("ProviderName",), self.providers),
            *((spelled(key, attributes), values) for key, values in self.tags.items()),
        )
        return all(
            any(fits(attributes.get(column), pattern) for column in columns for pattern in patterns)
            for columns, patterns in conditions
            if patterns
        )

    def columns(self) -> set[str]:
        """The columns that it looks at, tags apart."""
        wanted = {
            "ServiceName": self.services,
            ACCOUNT[0]: self.accounts,
            ACCOUNT[1]: self.accounts,
            "ChargeCategory": self.categories,
            "ProviderName": self.providers,
        }
        return {column for column, values in wanted.items() if values}


@dataclass(frozen=True, slots=True)
class Shared:
    """A shared cost: what it is called, which charges it is, and how it is divided, among whom.

    Without ``among``, all who have direct cost in the period take part. ``shares`` are of the fixed split, parts of
    1; ``driver`` names what counts in a split by driver.

    Raises:
        BadConfig: fixed shares that are negative or do not add up to 1, or a split without what it needs.
    """

    name: str
    of: Selection
    split: Split
    among: tuple[str, ...] = ()
    shares: Mapping[str, Decimal] = field(default_factory=dict)
    driver: str = ""

    def __post_init__(self) -> None:
        if self.split is Split.FIXED and (sum(self.shares.values()) != 1 or min(self.shares.values()) < 0):
            whole = sum(self.shares.values(), start=Decimal(0))
            raise BadConfig(f"shared cost {self.name!r}: fixed shares add up to 1 and none is negative; these: {whole}")
        if self.split is Split.DRIVER and not self.driver:
            raise BadConfig(f"shared cost {self.name!r}: a split by driver names its driver")

    def owner_of(self, attributes: Attributes) -> Ownership | None:
        """That it is shared, if it is."""
        if not self.of.holds(attributes):
            return None
        return Ownership(None, self.name, f"it is part of the shared cost {self.name}, {self.said}", self)

    @property
    def said(self) -> str:
        """How it is divided, in words."""
        return f"split by {self.driver}" if self.split is Split.DRIVER else SAID[self.split]

    def owners(self) -> Iterable[str]:
        """The owners that the rule itself names."""
        return (*self.among, *self.shares)


Rule: TypeAlias = ByTag | ByAccount | ByName | Shared


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of one dimension (team, cost-center …), in order, and the drivers they divide by."""

    dimension: str
    rules: tuple[Rule, ...]
    drivers: Mapping[str, Driver] = field(default_factory=dict)

    @property
    def by_driver(self) -> bool:
        """Whether months matter."""
        return any(isinstance(rule, Shared) and rule.split is Split.DRIVER for rule in self.rules)

    def owner_of(self, attributes: Attributes) -> Ownership:
        """Whose a charge or a resource is, and why: the answer to "why is this mine?"."""
        for rule in self.rules:
            if found := rule.owner_of(attributes):
                return found
        return Ownership(None, NO_RULE, f"{NO_RULE}: {self._looked_for()}")

    def columns(self, keys: Iterable[str]) -> tuple[str, ...]:
        """The columns that the rules look at, of a bill that has the tag ``keys``."""
        wanted: set[str] = set()
        known = {TAG + key: None for key in keys}
        for rule in self.rules:
            match rule:
                case ByTag():
                    wanted.update(column for key in rule.keys for column in spelled(key, known))
                case ByAccount():
                    wanted.update(ACCOUNT)
                case ByName():
                    wanted.add(NAME)
                case Shared():
                    wanted |= rule.of.columns()
                    wanted.update(column for key in rule.of.tags for column in spelled(key, known))
        return tuple(sorted(wanted))

    def names(self) -> Mapping[str, str]:
        """Owners as the rules spell them, by what is meant."""
        named = {meant(owner): owner for rule in reversed(self.rules) for owner in rule.owners()}
        counted = {
            meant(owner): owner for one in self.drivers.values() for weights in one.values() for owner in weights
        }
        return {**counted, **named}

    def _looked_for(self) -> str:
        keys = [key for rule in self.rules if isinstance(rule, ByTag) for key in rule.keys]
        return f"it has no tag {' or '.join(keys)} that names anybody" if keys else "no rule is about it"


@dataclass(frozen=True, slots=True)
class Rulebook:
    """A deployment's rules: ``by`` is the dimension that cost is allocated to unless another is asked for."""

    by: str = TEAM
    rules: Mapping[str, tuple[Rule, ...]] = field(default_factory=dict)
    drivers: Mapping[str, Driver] = field(default_factory=dict)

    def of(self, by: str = "", keys: Sequence[str] = ()) -> Rules:
        """The rules of a dimension: those of the deployment, or else its usual tags, or else any tag of that name.

        ``keys`` are the tag keys that the bill has.

        Raises:
            UnknownName: it is none of them.
        """
        dimension = dimension_meant(by or self.by)
        if own := self.rules.get(dimension):
            return Rules(dimension, own, self.drivers)
        if usual := USUAL_KEYS.get(dimension):
            return Rules(dimension, (ByTag(tuple(usual)),), self.drivers)
        if any(key_meant(key) == key_meant(dimension) for key in keys):
            return Rules(dimension, (ByTag((dimension,)),), self.drivers)
        raise UnknownName("dimension", by, known=sorted({*self.rules, *USUAL_KEYS, *map(meant, keys)}))


def dimension_meant(written: str) -> str:
    """A dimension by its one name: ``Cost Centre`` is ``cost-center``."""
    return SAME.get(meant(written), meant(written))


def spelled(key: str, attributes: Attributes) -> tuple[str, ...]:
    """The columns that are tags of ``key`` in any spelling; the one as it is written first."""
    same = key_meant(key)
    found = (name for name in attributes if name.startswith(TAG) and key_meant(name.removeprefix(TAG)) == same)
    return tuple(sorted(found, key=lambda name: (name != TAG + key, name)))


def fits(value: str | None, pattern: str) -> bool:
    """Whether a name is like a pattern with ``*`` and ``?``, whatever their case."""
    if value is None:
        return False
    return fnmatchcase(value.casefold(), pattern.casefold().replace("[", "[[]"))
