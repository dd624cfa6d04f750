"""What if: the coming months with changes that somebody has in mind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from analysis.money import Money
from analysis.periods import Period

if TYPE_CHECKING:
    from analysis.forecasts import Range


@dataclass(frozen=True, slots=True)
class Planned:
    """A change of so much a month, from the first of a month on, up to (and without) ``ends``."""

    name: str
    monthly: Money
    begins: date
    ends: date | None = None

    def in_month(self, month: Period) -> bool:
        """Whether it holds in a month."""
        return self.begins < month.end and (self.ends is None or month.start < self.ends)


@dataclass(frozen=True, slots=True)
class Growth:
    """Usage is by this part higher (or lower) than it would be, from the first of a month on."""

    part: Decimal
    begins: date


@dataclass(frozen=True, slots=True)
class Outcome:
    """One month with and without the changes."""

    month: Period
    base: Range
    changed: Range

    @property
    def difference(self) -> Money:
        """How much more the month is expected to cost."""
        return self.changed.expected - self.base.expected


def what_if(
    months: Sequence[tuple[Period, Range]], *, growth: Growth | None = None, planned: Sequence[Planned] = ()
) -> tuple[Outcome, ...]:
    """Apply changes to forecast months: growth scales a month with its range, a planned change moves both.

    Planned changes are taken as certain: they widen no range.
    """
    return tuple(Outcome(month, base, _changed(month, base, growth, planned)) for month, base in months)


def _changed(month: Period, base: Range, growth: Growth | None, planned: Sequence[Planned]) -> Range:
    factor = 1 + growth.part if growth and growth.begins < month.end else Decimal(1)
    currency = base.expected.currency
    moved = Money.total((one.monthly for one in planned if one.in_month(month)), currency)
    changed = {amount.name: (getattr(base, amount.name) * factor + moved).cents() for amount in fields(base)}
    return replace(base, **changed)
