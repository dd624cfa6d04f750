"""Budgets: what was meant to be spent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from analysis.money import Money


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
