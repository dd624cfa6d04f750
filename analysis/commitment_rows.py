"""Commitment rows: what a bill is asked about commitments, and what its rows mean.

Every question is a ``CostQuery``, so that any engine answers it; ``ask`` is the one who does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any, TypeAlias

from analysis.commitments import Kept, Kind, Line, Term, kind_of
from analysis.focus import DAY, MONTH, CostColumn, CostFrame, CostQuery
from analysis.money import Money
from analysis.offers import Offer
from analysis.periods import Period

Ask: TypeAlias = Callable[[CostQuery], CostFrame]
Where: TypeAlias = Mapping[str, Sequence[str | None]]
Sums: TypeAlias = Mapping[tuple[Any, ...], Mapping[CostColumn, Decimal]]

PROVIDER, SERVICE = "ProviderName", "ServiceName"
ID, NAME = "CommitmentDiscountId", "CommitmentDiscountName"
TYPE, CATEGORY = "CommitmentDiscountType", "CommitmentDiscountCategory"
MEANING = ("ChargeCategory", "PricingCategory", "CommitmentDiscountStatus")
USAGE = ("Usage",)
NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Bill:
    """The billed rows of one currency and scope; ``ids`` are the commitments that they name at all."""

    ask: Ask
    currency: str
    ids: Sequence[str]
    where: Where = field(default_factory=dict)

    def lines(self, offers: Sequence[Offer], history: Period) -> list[Line]:
        """The daily lines of all commitments, and of the usage that ``offers`` cover or could cover."""
        return [*self._eligible(offers, history), *self._committed(history)]

    def kept(self, terms: Sequence[Term], period: Period) -> list[Kept]:
        """Each commitment in a period, the most unused first; spellings of one id are one."""
        if not self.ids:
            return []
        by = (ID, NAME, TYPE, CATEGORY, PROVIDER, *MEANING)
        query = CostQuery(period, self.currency, by, {**self.where, ID: self.ids})
        tallies: dict[str, _Tally] = {}
        for (id_, *named, provider, category, pricing, status), cost in self._sums(
            query, ("EffectiveCost", "ContractedCost", "BilledCost")
        ).items():
            tally = tallies.setdefault(id_.lower(), _Tally(named[0] or id_, named[1] or "", named[2] or "", provider))
            tally.add(kind_of(category, pricing, status, committed=True), status, cost)
        ends = {term.id.lower(): term.ends for term in terms}
        made = [tally.kept(id_, self.currency, ends.get(id_)) for id_, tally in tallies.items()]
        return sorted(made, key=lambda kept: (-kept.unused.amount, kept.name))

    def last_seen(self, history: Period) -> dict[str, tuple[str, date]]:
        """The name and the last billed month of every commitment of a history, by its id in small letters."""
        if not self.ids:
            return {}
        frame = self.ask(CostQuery(history, self.currency, (MONTH, ID, NAME), {**self.where, ID: self.ids}))
        rows = ((month, id_.lower(), name or id_) for month, id_, name, _ in _rows(frame))
        return {id_: (name, month) for month, id_, name in sorted(rows)}

    def _eligible(self, offers: Sequence[Offer], history: Period) -> Iterator[Line]:
        known = {offer.provider: offer for offer in offers}
        services = [service for offer in offers for service in offer.services]
        asked = self.where.get(SERVICE)
        where = {**self.where, SERVICE: services if asked is None else [one for one in asked if one in services]}
        by = (DAY, PROVIDER, SERVICE, "ResourceType", "PricingUnit", TYPE, *MEANING)
        sums = self._sums(
            CostQuery(history, self.currency, by, where, categories=USAGE),
            ("EffectiveCost", "ContractedCost", "ListCost"),
        )
        machines = {(key[1], (key[3] or "").lower()) for key in sums}
        for (day, provider, service, resource, unit, type_, *meaning), cost in sums.items():
            offer, kind = known.get(provider), kind_of(*meaning, committed=type_ is not None)
            if offer is None or kind is None or service not in offer.services or not _is_time(unit):
                continue
            told = any((provider, machine) in machines for machine in offer.machines)
            if (resource or "").lower() in offer.machines or not (told or resource):
                yield _line(day, provider, kind, cost, eligible=True)

    def _committed(self, history: Period) -> Iterator[Line]:
        if not self.ids:
            return
        query = CostQuery(
            history, self.currency, (DAY, PROVIDER, *MEANING), {**self.where, ID: self.ids}, categories=USAGE
        )
        for (day, provider, *meaning), cost in self._sums(query, ("EffectiveCost", "ContractedCost")).items():
            kind = kind_of(*meaning, committed=True)
            if kind is not None:
                yield _line(day, provider or "", kind, cost, eligible=False)

    def _sums(self, query: CostQuery, columns: Sequence[CostColumn]) -> Sums:
        """The answer to one question in several cost columns, by the values of its dimensions."""
        first, *others = columns
        frame = self.ask(replace(query, cost=first, also=tuple(others)))
        size = len(query.by)
        return {row[:size]: dict(zip(columns, row[size:], strict=True)) for row in _rows(frame)}


class _Tally:
    """One commitment's amounts while its rows are read."""

    def __init__(self, name: str, type_: str, category: str, provider: str | None) -> None:
        self.name, self.type, self.category, self.provider = name, type_, category, provider or ""
        self.used = self.unused = self.purchased = self.equivalent = NOTHING
        self.told = True

    def add(self, kind: Kind | None, status: str | None, cost: Mapping[CostColumn, Decimal]) -> None:
        match kind:
            case Kind.PURCHASE:
                self.purchased += cost["BilledCost"]
            case Kind.UNUSED:
                self.unused += cost["EffectiveCost"]
            case Kind.USED:
                self.used += cost["EffectiveCost"]
                self.equivalent += cost["ContractedCost"] or cost["EffectiveCost"]
                self.told = self.told and status is not None
            case _:
                pass

    def kept(self, id_: str, currency: str, ends: date | None) -> Kept:
        return Kept(
            id=id_,
            name=self.name,
            type=self.type,
            category=self.category,
            provider=self.provider,
            used=Money(self.used, currency),
            unused=Money(self.unused, currency),
            purchased=Money(self.purchased, currency),
            equivalent=Money(self.equivalent, currency),
            ends=ends,
            told=self.told,
        )


def _line(day: date, provider: str, kind: Kind, cost: Mapping[CostColumn, Decimal], *, eligible: bool) -> Line:
    return Line(
        day, provider, kind, eligible, cost["EffectiveCost"], cost["ContractedCost"], cost.get("ListCost", NOTHING)
    )


def _is_time(unit: str | None) -> bool:
    """Whether a PricingUnit is machine time; a machine's traffic is billed to it too."""
    return unit is None or "hour" in unit.lower() or unit.lower() in ("hr", "hrs")


def _rows(frame: CostFrame) -> Iterator[tuple[Any, ...]]:
    return frame.data.itertuples(index=False, name=None)
