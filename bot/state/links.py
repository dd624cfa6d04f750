"""Links: where findings and anomalies were sent on to, and what the other side calls them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from analysis.errors import TooLate
from analysis.findings import Link
from bot.onward.template import Made
from bot.ports import OURS, WEBHOOK, Kind, Parcel, Place, Priority
from bot.state import schema
from bot.state.database import Database
from bot.state.outbox import OutboxTable
from bot.state.records import AuditLine, AuditTable
from commands.core.caller import Caller

table = schema.link
LONGEST_WHY = 300


class LinksTable:
    """One row for each thing and target: it is sent there once, unless it could not be delivered."""

    def __init__(self, database: Database, audit: AuditTable, outbox: OutboxTable) -> None:
        self.database = database
        self.audit = audit
        self.outbox = outbox

    def send(self, target: str, event: Mapping[str, Any], by: Caller, ask: str, now: datetime) -> None:
        """Put an event on its way, with its line in the audit and the redrawing of whatever shows it.

        Raises:
            TooLate: it was sent there already.
            NotSaved: the database did not take it.
        """
        of = str(event["id"])
        row = {"of": of, "target": target, "key": "", "url": "", "failed": "", "by": by.id, "at": now}
        with self.database.writing() as connection:
            if known := self.audit.line(connection, by.key):
                if known.outcome.startswith(TooLate.__name__):
                    raise TooLate(known.outcome.partition(": ")[2])
                return
            statement = self.database.insert(table).values(row)
            again = statement.on_conflict_do_update(
                index_elements=["of", "target"], set_=row, where=table.c.failed != ""
            ).returning(table.c.number)
            taken = connection.execute(again).first()
            held = None if taken else self._link(connection, of, target)
            outcome = f"TooLate: {_known(held)}" if held else "answered"
            self.audit.enter(connection, AuditLine(by.key, by.id, ask, outcome, now, moved=of))
            if taken:
                place = Place(WEBHOOK, OURS, target)
                name = f"onward:{target}:{of}:{now.isoformat()}"
                parcel = Parcel(name, place, Kind.POST, Priority.ALERT, {"event": dict(event)})
                self.outbox.enter(connection, [parcel], ())
                self.outbox.redraw(connection, of, f"sent:{target}:{now.isoformat()}", by.message)
        if held:
            raise TooLate(_known(held))

    def of(self, thing: str) -> Sequence[Link]:
        """Where a finding or an anomaly was sent on to."""
        wanted = sa.select(table).where(table.c.of == thing).order_by(table.c.number)
        with self.database.reading() as connection:
            return [Link(row.target, row.key, row.url, row.failed) for row in connection.execute(wanted)]

    def arrived(self, of: str, target: str, made: Made) -> None:
        """It was taken, and this was made of it: whatever shows it says so."""
        self._became(of, target, {"key": made.key or "sent", "url": made.url, "failed": ""})

    def failed(self, of: str, target: str, why: str) -> None:
        """It never will be; whoever looks at it sees why."""
        self._became(of, target, {"failed": why[:LONGEST_WHY]})

    def _became(self, of: str, target: str, values: Mapping[str, str]) -> None:
        mine = sa.update(table).where(table.c.of == of, table.c.target == target)
        with self.database.writing() as connection:
            row = connection.execute(mine.values(**values).returning(table.c.number, table.c.at)).first()
            if row:
                self.outbox.redraw(
                    connection, of, f"link:{row.number}:{row.at.isoformat()}:{bool(values.get('failed'))}"
                )

    def _link(self, connection: sa.Connection, of: str, target: str) -> Link:
        row = connection.execute(sa.select(table).where(table.c.of == of, table.c.target == target)).one()
        return Link(row.target, row.key, row.url, row.failed)


def _known(held: Link) -> str:
    where = " ".join(part for part in (held.key, held.url) if part)
    return f"it was sent to {held.target} already{': ' + where if where else ', and is on its way'}"
