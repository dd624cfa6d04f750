"""What people said of anomalies: expected, being looked into, a false alarm."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from bot.state import schema
from bot.state.alerts import AlertsTable
from bot.state.database import Database
from commands.core.caller import Caller
from commands.core.ports import Judgement, Said

table = schema.verdict


class VerdictsTable:
    """Every judgement, the newest of an event counts; the same click twice is one."""

    def __init__(self, database: Database, alerts: AlertsTable) -> None:
        self.database = database
        self.alerts = alerts

    def judge(self, event: str, series: tuple[str, ...], said: Said, by: Caller, now: datetime) -> None:
        """Write down what ``by`` says of an event of a series; the alert that tells of it moves with it."""
        row = {
            "key": by.key,
            "event": event,
            "series": list(series),
            "verdict": said.value,
            "by": by.id,
            "by_name": by.name,
            "at": now,
        }
        with self.database.writing() as connection:
            statement = self.database.insert(table).values(row)
            new = statement.on_conflict_do_nothing(index_elements=["key"]).returning(table.c.number)
            if connection.execute(new).first() is not None:
                self.alerts.judge(connection, event, said, by, now)

    def since(self, moment: datetime) -> Sequence[Judgement]:
        """What was said since then, the oldest first."""
        wanted = sa.select(table).where(table.c.at >= moment).order_by(table.c.number)
        with self.database.reading() as connection:
            return [
                Judgement(row.event, tuple(row.series), Said(row.verdict), row.by_name, row.at)
                for row in connection.execute(wanted)
            ]
