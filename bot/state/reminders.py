"""Who wants no reminders."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from bot.state import schema
from bot.state.database import Database
from commands.core.caller import Caller

table = schema.silence


class RemindersTable:
    """One row for each person or team that said so."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def are_wanted(self, whom: str) -> bool:
        """Whether somebody is to be reminded."""
        with self.database.reading() as connection:
            return connection.execute(sa.select(table).where(table.c.whom == whom)).first() is None

    def want(self, whom: str, by: Caller, now: datetime, *, wanted: bool) -> None:
        """From now on remind somebody, or do not."""
        with self.database.writing() as connection:
            if wanted:
                connection.execute(sa.delete(table).where(table.c.whom == whom))
                return
            row = {"whom": whom, "by": by.id, "at": now}
            connection.execute(self.database.insert(table).values(row).on_conflict_do_nothing())
