"""The inbox: every ask, committed before it is acknowledged, leased while it is answered, closed with its answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from analysis.errors import NotAllowed, NotFound
from bot.ports import Ask, Enclosure, Parcel, Place, run_of
from bot.state import schema
from bot.state.database import Database
from bot.state.outbox import OutboxTable
from commands.core.caller import Caller, Permission

inbox = schema.inbox


class InboxTable:
    """Everything that was asked."""

    def __init__(self, database: Database, outbox: OutboxTable) -> None:
        self.database = database
        self.outbox = outbox

    def accept_all(self, waiting: Callable[[], Sequence[Ask]]) -> Sequence[bool]:
        """Commit the asks that wait when the transaction has begun; of each, ``False`` if a copy is here already.

        Raises:
            NotSaved: the database did not take them, and none of them is here.
        """
        with self.database.writing() as connection:
            asks = waiting()
            new = self._entered(connection, [one for one in asks if not one.twins])
            said = []
            for one in asks:
                said.append(self.enter(connection, one) if one.twins else one.key in new)
                new.discard(one.key)
            return said

    def enter(self, connection: sa.Connection, ask: Ask) -> bool:
        """Enter an ask inside another transaction; ``False`` if a copy of it is here already."""
        if ask.twins and self._is_here(connection, ask.twins):
            return False
        return ask.key in self._entered(connection, [ask])

    def _entered(self, connection: sa.Connection, asks: Sequence[Ask]) -> set[str]:
        """Put rows of asks in, and tell the keys of those that were not here."""
        if not asks:
            return set()
        statement = self.database.insert(inbox).on_conflict_do_nothing(index_elements=["key"]).returning(inbox.c.key)
        return set(connection.execute(statement, [_row(one) for one in asks]).scalars())

    def _is_here(self, connection: sa.Connection, keys: Sequence[str]) -> bool:
        found = sa.select(inbox.c.number).where(inbox.c.key.in_(keys)).limit(1)
        return connection.execute(found).first() is not None

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

    def meanwhile(self, key: str, parcels: Sequence[Parcel], lease_seconds: float) -> None:
        """Say something while an ask is still being answered, and lease it for so much longer."""
        with self.database.writing() as connection:
            until = self.database.now(connection) + timedelta(seconds=lease_seconds)
            mine = sa.update(inbox).where(inbox.c.key == key, inbox.c.done.is_(False)).values(until=until)
            if connection.execute(mine.returning(inbox.c.number)).first():
                self.outbox.enter(connection, parcels, ())

    def put_back(self, key: str) -> None:
        """Let go of an ask whose answerer stops, so that the next one need not wait for the lease."""
        with self.database.writing() as connection:
            mine = sa.update(inbox).where(inbox.c.key == key, inbox.c.done.is_(False))
            connection.execute(mine.values(until=None))

    def cancelled(self, key: str) -> str:
        """Who has cancelled an ask; "" for nobody."""
        with self.database.reading() as connection:
            return str(connection.execute(sa.select(inbox.c.cancelled).where(inbox.c.key == key)).scalar() or "")

    def cancel(self, run: str, by: Caller) -> str:
        """Have the work for an ask end at its next step; gives back what was asked.

        Raises:
            NotFound: nothing of that name is under way.
            NotAllowed: it is somebody else's.
        """
        with self.database.writing() as connection:
            under_way = connection.execute(sa.select(inbox).where(inbox.c.done.is_(False), inbox.c.key != by.key))
            row = next((row for row in under_way if run_of(row.key) == run.lower()), None)
            if row is None:
                raise NotFound(f"nothing named {run!r} is under way any more; it is done, or was never begun")
            if row.user != by.id and not by.may(Permission.ADMIN):
                raise NotAllowed(f"only {row.user_name} or an admin may cancel that")
            connection.execute(sa.update(inbox).where(inbox.c.number == row.number).values(cancelled=by.name))
            return str(row.text)

    def unanswered(self) -> int:
        """How many asks are not closed yet."""
        wanted = sa.select(sa.func.count()).select_from(inbox).where(inbox.c.done.is_(False))
        with self.database.reading() as connection:
            return int(connection.execute(wanted).scalar_one())

    def done(self, key: str, parcels: Sequence[Parcel], enclosures: Sequence[Enclosure]) -> None:
        """Close an ask and put what it caused into the outbox, in one transaction."""
        with self.database.writing() as connection:
            self.outbox.enter(connection, parcels, enclosures)
            connection.execute(sa.update(inbox).where(inbox.c.key == key).values(done=True))


def _row(ask: Ask) -> dict[str, Any]:
    row = asdict(ask) | {"attempt": 0, "done": False}
    del row["twins"], row["readers"]
    return row


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
