"""Scopes: ``account=prod team=search``, the same words for every command, matched against the real names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from analysis.errors import UnknownName
from analysis.findings import Finding
from analysis.focus import TAG
from commands.core.context import Costs

FIELDS: Mapping[str, Sequence[str]] = {
    "account": ("SubAccountId", "SubAccountName"),
    "service": ("ServiceName",),
    "provider": ("ProviderName",),
    "region": ("RegionId",),
}
NOBODY = "none"  # team=none: rows without the tag


def resolve(costs: Costs, scope: Mapping[str, str]) -> dict[str, Sequence[str | None]]:
    """The filters of a ``CostQuery`` that a person's words mean.

    A key is a field (account, service, provider, region) or a tag key; values match whatever their case, and several
    may be given, separated by commas.

    Raises:
        UnknownName: no such key or value; the message suggests real ones.
    """
    where: dict[str, Sequence[str | None]] = {}
    for key, words in scope.items():
        dimensions = FIELDS.get(key) or (TAG + _tag_key(costs, key),)
        for word in words.split(","):
            dimension, value = _value(costs, key, dimensions, word.strip())
            where[dimension] = (*where.get(dimension, ()), value)
    return where


def holds(finding: Finding, scope: Mapping[str, str]) -> bool:
    """Whether a finding lies within a scope that ``resolve`` has accepted."""
    fields = {
        "account": finding.account,
        "provider": finding.provider,
        "region": finding.region,
        **{key.lower(): value for key, value in finding.tags.items()},
    }
    return all(
        (fields.get(key) or NOBODY).lower() in {w.strip().lower() for w in words.split(",")}
        for key, words in scope.items()
    )


def said(scope: Mapping[str, str]) -> str:
    """A scope as the tail of a title: `` of team search, account prod``."""
    return " of " + ", ".join(f"{key} {value}" for key, value in scope.items()) if scope else ""


def _tag_key(costs: Costs, key: str) -> str:
    known = sorted(costs.names("Tags"), key=lambda name: name != key)  # the same spelling before any other
    for name in known:
        if name.lower() == key:
            return name
    raise UnknownName("scope", key, known=[*FIELDS, *known])


def _value(costs: Costs, key: str, dimensions: Sequence[str], word: str) -> tuple[str, str | None]:
    if word.lower() == NOBODY:
        return dimensions[0], None
    known: list[str] = []
    for dimension in dimensions:
        names = costs.names(dimension)
        for name in names:
            if name.lower() == word.lower():
                return dimension, name
        known.extend(names)
    raise UnknownName(key, word, known)
