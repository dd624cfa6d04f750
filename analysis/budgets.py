"""Budgets: what was meant to be spent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from analysis.money import Money
from analysis.periods import Period, month_of, quarter_of, year_of


@dataclass(frozen=True, slots=True)
class Budget:
    """What may be spent in each ``period`` (month, fiscal quarter or fiscal year).

    ``account`` is a SubAccountId, or empty for everything; ``where`` narrows it further, in the words of a scope
    (``{"team": "search"}``).
    """

    name: str
    amount: Money
    account: str = ""
    period: str = "month"
    where: Mapping[str, str] = field(default_factory=dict)

    def period_on(self, day: date, year_starts: int = 1) -> Period:
        """Its period that a day lies in; the fiscal year begins with month ``year_starts``."""
        match self.period:
            case "year":
                return year_of(day, year_starts)
            case "quarter":
                return quarter_of(day, year_starts)
            case _:
                return month_of(day)
