"""Budgets: what was meant to be spent."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.money import Money


@dataclass(frozen=True, slots=True)
class Budget:
    """A monthly budget; ``account`` is a SubAccountId, or empty for everything."""

    name: str
    amount: Money
    account: str = ""
