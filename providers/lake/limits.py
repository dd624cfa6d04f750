"""What a load may cost, and how much of an export may be bad before all of it is refused."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from providers.focus.bulk import Bulk

MOST_BAD_ROWS = Decimal("0.01")
MOST_BAD_COST = Decimal("0.005")


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of an export may be unreadable before all of it is refused (shares of rows and of cost), and its bulk.

    The cost of a row is known only where its BilledCost can be read.
    """

    rows: Decimal = MOST_BAD_ROWS
    cost: Decimal = MOST_BAD_COST
    bulk: Bulk = field(default_factory=Bulk)
    memory: str = ""  # what a load may hold (``4GB``): beyond it, it spills
