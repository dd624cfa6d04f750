"""The subscriptions: what people asked to hear regularly, and where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from bot.state import schema
from bot.state.database import Database
from commands.core.caller import Here
from commands.core.ports import Subscription

table = schema.subscription


class SubscriptionsTable:
    """Every subscription of a deployment."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def all(self) -> Sequence[Subscription]:
        """Every one, the oldest first."""
        with self.database.reading() as connection:
            return [_one(row) for row in connection.execute(sa.select(table).order_by(table.c.at, table.c.id))]

    def keep(self, one: Subscription) -> None:
        """Remember it; one of the same id is replaced."""
        row: dict[str, Any] = asdict(one)
        row["place"] = row.pop("here")
        with self.database.writing() as connection:
            statement = self.database.insert(table).values(row)
            connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=row))

    def drop(self, name: str) -> None:
        """Forget it."""
        with self.database.writing() as connection:
            connection.execute(sa.delete(table).where(table.c.id == name))


def _one(row: Any) -> Subscription:  # noqa: ANN401 (a row)
    return Subscription(
        row.id,
        row.rhythm,
        row.ask,
        row.cron,
        row.timezone,
        row.quiet,
        Here(**row.place),
        row.by,
        row.by_name,
        row.at,
    )
