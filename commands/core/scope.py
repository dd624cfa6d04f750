"""Scopes: ``account=prod team=search``, the same words for every command, matched against the real names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from analysis.errors import UnknownName
from analysis.findings import Finding
from analysis.focus import TAG, CostQuery
from analysis.periods import last_days
from analysis.spelling import meant, tagged
from commands.core.ports import Costs

FIELDS: Mapping[str, Sequence[str]] = {
    "account": ("SubAccountId", "SubAccountName"),
    "service": ("ServiceName",),
    "provider": ("ProviderName",),
    "region": ("RegionId",),
}
PROVIDERS = {"aws": "AWS", "azure": "Microsoft"}  # a finding's cloud as FOCUS ProviderName
LATELY = 60
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


def within(costs: Costs, scope: Mapping[str, str], now: datetime) -> Callable[[Finding], bool]:
    """Whether a finding lies within a scope: by what it is billed as where it does not know itself.

    Raises:
        UnknownName: no such key or value; the message suggests real ones.
    """
    where = resolve(costs, scope)
    accounts = _billed(costs, where, "SubAccountName", "SubAccountId", now)
    resources = _billed(costs, where, "ServiceName", "ResourceId", now)
    regions = {str(one).lower() for one in where.get("RegionId", ())}

    def holds(finding: Finding) -> bool:
        clouds = where.get("ProviderName")
        named = {str(one).lower() for one in where.get("SubAccountId", ())} | (accounts or set())
        return (
            (clouds is None or PROVIDERS.get(finding.cloud) in clouds)
            and (not ({"SubAccountId", "SubAccountName"} & where.keys()) or finding.account.lower() in named)
            and (resources is None or finding.resource_id.lower() in resources)
            and ("RegionId" not in where or finding.region.lower() in regions)
            and all(
                meant(tagged(finding.tags, key) or NOBODY) in {meant(word) for word in words.split(",")}
                for key, words in scope.items()
                if key not in FIELDS
            )
        )

    return holds


def _billed(
    costs: Costs, where: Mapping[str, Sequence[str | None]], dimension: str, of: str, now: datetime
) -> set[str] | None:
    """The accounts or resources that are billed under some names, in small letters; ``None`` if none were asked for."""
    if dimension not in where:
        return None
    period = last_days(LATELY, costs.freshness(now).history.end)
    return {
        name.lower()
        for one in costs.currencies(period)
        for name, _ in costs.ask(CostQuery(period, one.currency, (of,), {dimension: where[dimension]})).by(of)
        if name
    }


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
