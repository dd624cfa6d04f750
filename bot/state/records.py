"""What happened: the audit of every ask, the runs of assessments, the fires of schedules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from analysis.assessment import untold
from analysis.errors import NotFound
from bot import metrics
from bot.ports import Ask, Parcel
from bot.state import schema
from bot.state.database import Database
from bot.state.inbox import InboxTable
from commands.core.caller import Caller
from commands.core.ports import Asked

LONGEST_OUTCOME = 2000
PAGE = 1000


@dataclass(frozen=True, slots=True)
class AuditLine:
    """Who asked what, and how it ended."""

    key: str
    caller: str
    ask: str
    outcome: str
    at: datetime
    moved: str | None = None


class AuditTable:
    """One line for each ask; a copy of an ask adds none."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def record(self, caller: Caller, ask: str, outcome: str, now: datetime) -> None:
        """Write one line; a key that has one already keeps it."""
        with self.database.writing() as connection:
            self.enter(connection, AuditLine(caller.key, caller.id, ask, outcome, now))

    def enter(self, connection: sa.Connection, line: AuditLine) -> None:
        """The same, inside another transaction."""
        statement = self.database.insert(schema.audit).values(
            key=line.key,
            caller=line.caller,
            ask=line.ask,
            outcome=line.outcome[:LONGEST_OUTCOME],
            at=line.at,
            moved=line.moved,
        )
        connection.execute(statement.on_conflict_do_nothing(index_elements=["key"]))

    def since(self, moment: datetime) -> Sequence[Asked]:
        """What was asked since then, the oldest first."""
        wanted = sa.select(schema.audit).where(schema.audit.c.at >= moment).order_by(schema.audit.c.number)
        with self.database.reading() as connection:
            return [Asked(row.at, row.caller, row.ask) for row in connection.execute(wanted)]

    def between(self, begin: datetime | None, end: datetime | None) -> Iterator[AuditLine]:
        """The lines from one moment to another, the oldest first, a few at a time."""
        table, after = schema.audit, 0
        wanted = sa.select(table).order_by(table.c.number).limit(PAGE)
        if begin:
            wanted = wanted.where(table.c.at >= begin)
        if end:
            wanted = wanted.where(table.c.at <= end)
        while True:
            with self.database.reading() as connection:
                rows = connection.execute(wanted.where(table.c.number > after)).all()
            yield from map(_line, rows)
            if len(rows) < PAGE:
                return
            after = rows[-1].number

    def line(self, connection: sa.Connection, key: str) -> AuditLine | None:
        """The line of a key, if it has one."""
        row = connection.execute(sa.select(schema.audit).where(schema.audit.c.key == key)).first()
        return _line(row) if row else None

    def lines(self, limit: int = 1000) -> Sequence[AuditLine]:
        """The newest lines, the newest first."""
        with self.database.reading() as connection:
            rows = connection.execute(sa.select(schema.audit).order_by(schema.audit.c.number.desc()).limit(limit))
            return [_line(row) for row in rows]


def _line(row: Any) -> AuditLine:  # noqa: ANN401 (a row)
    return AuditLine(row.key, row.caller, row.ask, row.outcome, row.at, row.moved)


@dataclass(frozen=True, slots=True)
class Run:
    """One assessment: when it began, when it ended (``None``: it has not), and its figures."""

    id: str
    started: datetime
    finished: datetime | None
    summary: Mapping[str, Any]


class RunsTable:
    """The assessments that were made."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def started(self, run: str, now: datetime) -> None:
        """One begins."""
        with self.database.writing() as connection:
            connection.execute(sa.insert(schema.run).values(id=run, started=now, summary={}))
        metrics.RUNS.labels("started").inc()

    def finished(self, run: str, now: datetime, summary: Mapping[str, Any]) -> None:
        """It ended well."""
        with self.database.writing() as connection:
            ended = sa.update(schema.run).where(schema.run.c.id == run).values(finished=now, summary=dict(summary))
            connection.execute(ended)
        metrics.RUNS.labels("finished").inc()

    def tell(self, run: str, told: Mapping[str, Any]) -> None:
        """Keep what was told of one."""
        with self.database.writing() as connection:
            row = connection.execute(sa.select(schema.run).where(schema.run.c.id == run)).first()
            kept = dict(row.summary if row else {}) | {"told": dict(told)}
            connection.execute(sa.update(schema.run).where(schema.run.c.id == run).values(summary=kept))

    def told(self, run: str = "") -> tuple[str, Mapping[str, Any]]:
        """The id of one and what was told of it; the newest, if none is named.

        Raises:
            NotFound: nothing was told of it.
        """
        wanted = sa.select(schema.run).order_by(schema.run.c.started.desc())
        with self.database.reading() as connection:
            rows = connection.execute(wanted.where(schema.run.c.id == run) if run else wanted.limit(20))
            for row in rows:
                if "told" in row.summary:
                    return str(row.id), row.summary["told"]
        raise NotFound(untold(run))

    def last(self) -> Run | None:
        """The newest that ended well."""
        wanted = sa.select(schema.run).where(schema.run.c.finished.is_not(None))
        with self.database.reading() as connection:
            row = connection.execute(wanted.order_by(schema.run.c.started.desc()).limit(1)).first()
        return Run(row.id, row.started, row.finished, row.summary) if row else None

    def scores(self, since: datetime) -> Sequence[tuple[date, int]]:
        """The last maturity score of each month since then, by the first of the month, the oldest first."""
        wanted = sa.select(schema.run).where(schema.run.c.finished.is_not(None), schema.run.c.started >= since)
        with self.database.reading() as connection:
            rows = list(connection.execute(wanted.order_by(schema.run.c.started)))
        found = {row.started.date().replace(day=1): int(row.summary["score"]) for row in rows if "score" in row.summary}
        return sorted(found.items())


class FiresTable:
    """Which schedule fired for which period: the unique row is the lock."""

    def __init__(self, database: Database, inbox: InboxTable) -> None:
        self.database = database
        self.inbox = inbox

    def fire(self, schedule: str, label: str, ask: Ask) -> bool:
        """Enter a fire and its ask, in one transaction; ``False`` if that period has one already."""
        with self.database.writing() as connection:
            new = self._enter(connection, schedule, label, "fired")
            if new:
                self.inbox.enter(connection, ask)
            return new

    def post(self, schedule: str, label: str, parcels: Sequence[Parcel]) -> bool:
        """Enter a fire and its messages, in one transaction; ``False`` if that period has one already."""
        with self.database.writing() as connection:
            new = self._enter(connection, schedule, label, "posted")
            if new:
                self.inbox.outbox.enter(connection, parcels, ())
            return new

    def skip(self, schedule: str, label: str, why: str) -> bool:
        """Record that a period was passed over; ``False`` if it has a fire already."""
        with self.database.writing() as connection:
            return self._enter(connection, schedule, label, why)

    def last(self, schedule: str) -> str | None:
        """The newest label of a schedule."""
        wanted = sa.select(sa.func.max(schema.fire.c.label)).where(schema.fire.c.schedule == schedule)
        with self.database.reading() as connection:
            label: str | None = connection.execute(wanted).scalar()
        return label

    def _enter(self, connection: sa.Connection, schedule: str, label: str, outcome: str) -> bool:
        statement = self.database.insert(schema.fire).values(
            schedule=schedule, label=label, outcome=outcome, at=self.database.now(connection)
        )
        entered = statement.on_conflict_do_nothing().returning(schema.fire.c.label)
        return connection.execute(entered).first() is not None
