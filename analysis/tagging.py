"""Tagging: what has no tag and what it costs, how tags are misspelled, and what the missing ones should say.

FinOps Framework capability: Allocation (metadata and tagging strategy). A tag counts in any spelling of its key; a
value that names nobody (``n/a``) counts as none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from analysis.allocation_rules import spelled
from analysis.focus import COST, TAG, CostFrame
from analysis.money import Money
from analysis.periods import Period
from analysis.spelling import key_meant, meant, says_nobody

CLEAR = Decimal("0.8")  # of an account's tagged cost: one team has so much of it that the rest is probably its own
NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Coverage:
    """A part of the bill, what it costs, and what of that has no tag. ``name`` is ``None`` for rows without one."""

    name: str | None
    cost: Money
    without: Money

    @property
    def share(self) -> Decimal:
        """The part that is tagged, from 0 to 1; of nothing, nothing is missing."""
        return 1 - self.without.share_of(self.cost) if self.cost.amount > 0 else Decimal(1)


@dataclass(frozen=True, slots=True)
class Spelling:
    """A key or a value that is not written as it should be: what is written, what is meant, what it costs."""

    what: str  # "key" or "value"
    written: str
    meant: str
    cost: Money


@dataclass(frozen=True, slots=True)
class TagChange:
    """A tag to set on resources of one account and region; ``provider`` is the FOCUS ProviderName."""

    provider: str
    account: str
    region: str
    resource_ids: tuple[str, ...]
    key: str
    value: str


@dataclass(frozen=True, slots=True)
class Untagged:
    """A resource without the tag: what it costs, what the tag should probably say, and why (both may be empty)."""

    resource_id: str
    name: str
    provider: str
    account_id: str
    account: str
    region: str
    service: str
    cost: Money
    value: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Tagging:
    """How well a period's cost is tagged with ``key``, in one currency.

    ``exact`` is what has no tag written just so (what a cloud's own reports show as untagged), ``without`` what has it
    in no spelling, ``unreachable`` the part of that which no resource stands behind: fees, support, unused commitments
    need a rule, not a tag. ``resources`` are the most expensive untagged ones.
    """

    key: str
    period: Period
    cost: Money
    exact: Money
    without: Money
    unreachable: Money
    accounts: tuple[Coverage, ...]
    services: tuple[Coverage, ...]
    owners: tuple[tuple[str, Money], ...]  # who owns what is untagged, by other rules
    keys: tuple[Coverage, ...]
    months: tuple[tuple[Period, Coverage], ...]
    spellings: tuple[Spelling, ...]
    resources: tuple[Untagged, ...]

    @property
    def coverage(self) -> Decimal:
        """The part of the cost that is tagged in any spelling, from 0 to 1."""
        return Coverage(None, self.cost, self.without).share

    def changes(self, most: int) -> list[TagChange]:
        """What to set on the most expensive resources whose tag can be guessed: one change an account and region."""
        groups: dict[tuple[str, str, str, str], list[str]] = defaultdict(list)
        for one in [one for one in self.resources if one.value][:most]:
            groups[one.provider, one.account_id, one.region, one.value].append(one.resource_id)
        return [
            TagChange(provider, account, region, tuple(ids), self.key, value)
            for (provider, account, region, value), ids in groups.items()
        ]


def tagged(row: Mapping[str, str | None], key: str) -> str | None:
    """What a row's tag says, of the first spelling of ``key`` that names anybody; ``None`` if none does."""
    said = (row[column] for column in spelled(key, row))
    return next((value for value in said if value is not None and not says_nobody(value)), None)


def coverages(frame: CostFrame, key: str, by: str) -> tuple[Coverage, ...]:
    """Cost and untagged cost of each value of ``by``, the most untagged dollars first."""
    whole, without = defaultdict[str | None, Decimal](Decimal), defaultdict[str | None, Decimal](Decimal)
    for row, cost in rows_of(frame):
        whole[row[by]] += cost
        if tagged(row, key) is None:
            without[row[by]] += cost
    made = (
        Coverage(name, Money(cost, frame.currency), Money(without[name], frame.currency))
        for name, cost in whole.items()
    )
    return tuple(sorted(made, key=lambda one: (-one.without.amount, str(one.name or ""))))


def coverage(frame: CostFrame, key: str, name: str | None = None) -> Coverage:
    """Cost and untagged cost of everything, in any spelling of ``key``."""
    return _covered(frame, name, lambda row: tagged(row, key) is not None)


def as_written(frame: CostFrame, key: str) -> Money:
    """The cost of what has no tag that is written just as ``key``."""
    return _covered(frame, None, lambda row: row.get(TAG + key) is not None).without


def spellings(frame: CostFrame, key: str) -> tuple[Spelling, ...]:
    """Keys that are not written as ``key``, and values not written as most of their cost writes them."""
    keys: dict[str, Decimal] = defaultdict(Decimal)
    values: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for row, cost in rows_of(frame):
        for column in spelled(key, row):
            value = row[column]
            if value is None:
                continue
            keys[column.removeprefix(TAG)] += cost
            values["" if says_nobody(value) else meant(value)][value] += cost
    found = [
        Spelling("key", written, key, Money(cost, frame.currency)) for written, cost in keys.items() if written != key
    ]
    for same, written in values.items():
        usual = min(written, key=lambda one: (-written[one], one)) if same else ""
        found += [
            Spelling("value", one, usual, Money(cost, frame.currency)) for one, cost in written.items() if one != usual
        ]
    return tuple(sorted(found, key=lambda one: (-one.cost.amount, one.what, one.written)))


def known_values(frame: CostFrame, key: str) -> dict[str, str]:
    """What the tag says anywhere: each value as most of its cost writes it, by what is meant."""
    values: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for row, cost in rows_of(frame):
        if value := tagged(row, key):
            values[meant(value)][value] += cost
    return {same: min(written, key=lambda one: (-written[one], one)) for same, written in values.items()}


def account_values(frame: CostFrame, key: str, account: str) -> dict[str, str]:
    """What the tag says in accounts where one value has nearly all tagged cost, by column ``account``."""
    sums: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for row, cost in rows_of(frame):
        value, name = tagged(row, key), row[account]
        if value and name:
            sums[name][meant(value)] += cost
    clear = {}
    for name, values in sums.items():
        value = max(values, key=lambda one: (values[one], one))
        if values[value] > 0 and values[value] >= CLEAR * sum(values.values(), start=NOTHING):
            clear[name] = value
    return clear


def guess(name: str, account: str, values: Mapping[str, str], accounts: Mapping[str, str]) -> tuple[str, str]:
    """What a missing tag should probably say, and why: a value that the resource's name holds, or its account's.

    ``values`` and ``accounts`` are as ``known_values`` and ``account_values`` find them. Both words are empty where
    nothing speaks for any value; of several values in a name, the first.
    """
    words = f"-{meant(name)}-"
    held = [(words.index(f"-{same}-"), value) for same, value in values.items() if f"-{same}-" in words]
    if held:
        value = min(held)[1]
        return value, f"its name holds {value!r}"
    if account in accounts:
        value = values[accounts[account]]
        return value, f"{account} is {value}'s"
    return "", ""


def rows_of(frame: CostFrame) -> Iterable[tuple[dict[str, str | None], Decimal]]:
    """A frame's rows as mappings of its columns, each with its cost."""
    names: Sequence[str] = [name for name in frame.data.columns if name != COST]
    for row in frame.data.itertuples(index=False, name=None):
        yield dict(zip(names, row[:-1], strict=True)), row[-1]


def same_keys(keys: Iterable[str], preferred: str) -> dict[str, list[str]]:
    """Tag keys by the key that is meant, each family under the spelling that sorts first (``preferred`` before any)."""
    families: dict[str, list[str]] = defaultdict(list)
    for key in sorted(keys, key=lambda one: (one != preferred, one != one.lower(), one)):
        families[key_meant(key)].append(key)
    return {family[0]: family for family in families.values()}


def _covered(frame: CostFrame, name: str | None, has: Callable[[Mapping[str, str | None]], bool]) -> Coverage:
    whole = without = NOTHING
    for row, cost in rows_of(frame):
        whole += cost
        if not has(row):
            without += cost
    return Coverage(name, Money(whole, frame.currency), Money(without, frame.currency))
