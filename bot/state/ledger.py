"""The ledger of savings: append-only, so that what was told can be looked up as it was told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from analysis.money import Money
from bot.state import schema
from bot.state.database import Database

table = schema.saving


@dataclass(frozen=True, slots=True)
class Entry:
    """One line, as it was entered."""

    finding: str
    status: str
    monthly: Money
    line: Mapping[str, Any]
    at: datetime


class LedgerTable:
    """Savings as they were verified; a correction is another line."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def enter(self, finding: str, status: str, monthly: Money, line: Mapping[str, Any], now: datetime) -> bool:
        """Add a line, unless the newest of that finding says the same; whether it was added."""
        row = {
            "finding": finding,
            "status": status,
            "monthly": format(monthly.amount, "f"),
            "currency": monthly.currency,
        }
        newest = sa.select(table).where(table.c.finding == finding).order_by(table.c.number.desc()).limit(1)
        with self.database.writing() as connection:
            known = connection.execute(newest.with_for_update()).first()
            if known is not None and {name: getattr(known, name) for name in row} == row:
                return False
            connection.execute(sa.insert(table).values(**row, line=dict(line), at=now))
            return True

    def said(self, finding: str, status: str, fixed_on: date) -> bool:
        """Whether a line says that already of this fix."""
        return any(
            one.status == status and one.line.get("fixed_on") == fixed_on.isoformat() for one in self.entries(finding)
        )

    def entries(self, finding: str = "") -> Sequence[Entry]:
        """All lines, or those of one finding, the oldest first."""
        wanted = sa.select(table).order_by(table.c.number)
        if finding:
            wanted = wanted.where(table.c.finding == finding)
        with self.database.reading() as connection:
            return [
                Entry(row.finding, row.status, Money(Decimal(row.monthly), row.currency), row.line, row.at)
                for row in connection.execute(wanted)
            ]
