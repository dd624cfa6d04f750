"""What people prefer: their time zone, how they write figures, which teams are theirs."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime

import sqlalchemy as sa

from bot.state import schema
from bot.state.database import Database
from bot.state.outbox import OutboxTable
from commands.core.caller import Caller
from commands.core.ports import Preference

table = schema.preference


class PreferencesTable:
    """One row a person who ever said what they like."""

    def __init__(self, database: Database, outbox: OutboxTable) -> None:
        self.database = database
        self.outbox = outbox

    def of(self, caller: str) -> Preference:
        """What that person likes; nothing in particular, where they never said."""
        with self.database.reading() as connection:
            row = connection.execute(sa.select(table).where(table.c.caller == caller)).first()
        if row is None:
            return Preference()
        return Preference(row.timezone, row.locale, tuple(row.teams), row.told_timezone, row.told_locale)

    def met(self, caller: str, timezone: str, locale: str) -> Preference:
        """What that person likes, after their platform has told where they are and how they write figures."""
        known = self.of(caller)
        told = replace(known, told_timezone=timezone or known.told_timezone, told_locale=locale or known.told_locale)
        if told != known:
            with self.database.writing() as connection:
                self._enter(connection, caller, told, self.database.now(connection))
        return told

    def prefer(self, by: Caller, wanted: Preference, now: datetime) -> None:
        """From now on ``by`` likes it so; their own page is drawn anew."""
        with self.database.writing() as connection:
            self._enter(connection, by.id, wanted, now)
            self.outbox.redraw_homes(connection, (by.id,), f"preference:{by.key}")

    def _enter(self, connection: sa.Connection, caller: str, wanted: Preference, now: datetime) -> None:
        row = asdict(wanted) | {"teams": list(wanted.teams), "at": now}
        statement = self.database.insert(table).values(row | {"caller": caller})
        connection.execute(statement.on_conflict_do_update(index_elements=["caller"], set_=row))
