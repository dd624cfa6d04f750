"""The inbox: every ask, committed before it is acknowledged, leased while it is answered, closed with its answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from bot.ports import Ask, Enclosure, Parcel, Place
from bot.state import schema
from bot.state.database import Database
from bot.state.outbox import OutboxTable

inbox = schema.inbox


class InboxTable:
    """Everything that was asked."""

    def __init__(self, database: Database, outbox: OutboxTable) -> None:
        self.database = database
        self.outbox = outbox

    def accept(self, ask: Ask) -> bool:
        """Commit an ask; ``False`` if a copy of it is here already.

        Raises:
            NotSaved: the database did not take it.
        """
        with self.database.writing() as connection:
            return self.enter(connection, ask)

    def enter(self, connection: sa.Connection, ask: Ask) -> bool:
        """The same, inside another transaction."""
        row = asdict(ask) | {"place": asdict(ask.place), "attempt": 0, "done": False}
        statement = self.database.insert(inbox).values(row).on_conflict_do_nothing(index_elements=["key"])
        return connection.execute(statement.returning(inbox.c.number)).first() is not None

    def take(self, limit: int, lease_seconds: float) -> Sequence[Ask]:
        """Lease asks that nobody is answering, the oldest first."""
        with self.database.writing() as connection:
            now = self.database.now(connection)
            free = (
                sa.select(inbox.c.number)
                .where(inbox.c.done.is_(False), sa.or_(inbox.c.until.is_(None), inbox.c.until <= now))
                .order_by(inbox.c.number)
                .limit(limit)
                .with_for_update(skip_locked=True)
            )
            numbers = connection.execute(free).scalars().all()
            if not numbers:
                return []
            leased = (
                sa.update(inbox)
                .where(inbox.c.number.in_(numbers))
                .values(until=now + timedelta(seconds=lease_seconds), attempt=inbox.c.attempt + 1)
                .returning(inbox)
            )
            rows = sorted(connection.execute(leased), key=lambda row: row.number)
            return [_ask(row) for row in rows]

    def done(self, key: str, parcels: Sequence[Parcel], enclosures: Sequence[Enclosure]) -> None:
        """Close an ask and put what it caused into the outbox, in one transaction."""
        with self.database.writing() as connection:
            self.outbox.enter(connection, parcels, enclosures)
            connection.execute(sa.update(inbox).where(inbox.c.key == key).values(done=True))


def _ask(row: Any) -> Ask:  # noqa: ANN401 (a row)
    return Ask(
        row.key,
        Place(**row.place),
        row.user,
        row.user_name,
        row.text,
        row.received_at,
        row.clicked,
        row.loud,
        row.attempt,
        row.locale,
        row.timezone,
    )
