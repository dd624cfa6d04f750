"""Upkeep of the state database: what is old goes, what is in doubt is decided, and who left is forgotten."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Any

import sqlalchemy as sa

from analysis.errors import BadAsk, NotFound
from bot.ports import HOME, Kind
from bot.state import schema
from bot.state.database import Database
from bot.state.outbox import ORPHANED
from bot.state.records import AuditLine, AuditTable

audit, inbox, outbox, run, fire = schema.audit, schema.inbox, schema.outbox, schema.run, schema.fire
BATCH = 500  # rows a transaction: no writer is held up for long
OVER = ("sent", "superseded", "failed")
ALONE = (Kind.PRIVATE.value, Kind.SWAP.value, Kind.VIEW.value)
SOMEBODY = "somebody who left"
SHORTEST_NAME = 3  # of one or two letters, replacing would hit other words


@dataclass(frozen=True, slots=True)
class Keeping:
    """How long each kind of row is kept, in days."""

    audit: int = 400
    inbox: int = 30
    outbox: int = 90
    runs: int = 400


@dataclass(frozen=True, slots=True)
class Waiting:
    """One message of the outbox, as an operator sees it."""

    id: str
    state: str
    kind: str
    lane: str
    attempt: int
    due: datetime
    unclear: bool
    why: str


def _signed() -> list[tuple[sa.Table, sa.Column[Any], sa.Column[Any]]]:
    """The tables whose rows say who made them, by id and by name."""
    tables = schema.metadata.sorted_tables
    return [(table, table.c.by, table.c.by_name) for table in tables if {"by", "by_name"} <= {*table.c.keys()}]


def _wordy(table: sa.Table) -> list[sa.Column[Any]]:
    """The columns of a table that may name somebody."""
    ours = {"owner", "owner_name", "reason", "mover", "whose", "why_whose"} if table is schema.finding else None
    return [
        column
        for column in table.columns
        if isinstance(column.type, sa.String | sa.JSON) and (ours is None or column.name in ours)
    ]


def _is_json(column: sa.Column[Any]) -> bool:
    return isinstance(column.type, sa.JSON)


def _waiting(row: Any) -> Waiting:  # noqa: ANN401 (a row)
    """What is just being sent is in no doubt yet."""
    unclear = row.unclear and row.state != "leased"
    return Waiting(row.id, row.state, row.kind, row.lane, row.attempt, row.due, unclear, row.why)


class Upkeep:
    """What an operator does to the state database, beside the running bot."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.audit = AuditTable(database)

    # --- the outbox --------------------------------------------------------------------------------------------------

    def waiting(self, state: str = "") -> Sequence[Waiting]:
        """What is not delivered yet, or was given up, the oldest first; or everything in one ``state``."""
        shown = outbox.c.state == state if state else outbox.c.state.in_(("pending", "leased", "held", "failed"))
        with self.database.reading() as connection:
            rows = connection.execute(sa.select(outbox).where(shown).order_by(outbox.c.number)).all()
        return [_waiting(row) for row in rows]

    def resend(self, parcel: str, by: str, now: datetime) -> None:
        """Have a message delivered that was given up, or is in doubt; the lane's pace and order hold as ever.

        What was given up because it belongs to that message (details in its thread, its pages) follows it.

        Raises:
            NotFound: no message has that id.
            BadAsk: it has been delivered, or is just being.
        """
        again = {"state": "pending", "due": now, "until": None, "unclear": False, "why": "", "attempt": 0}
        with self.database.writing() as connection:
            self._decided(connection, parcel, again, "resend", by, now)
            waiting = sa.update(outbox).where(outbox.c.under == parcel, outbox.c.state == "failed")
            connection.execute(waiting.where(outbox.c.why == ORPHANED).values(again))

    def drop(self, parcel: str, by: str, now: datetime) -> None:
        """Give a message up for good.

        Raises:
            NotFound: no message has that id.
            BadAsk: it has been delivered, or is just being.
        """
        values = {"state": "failed", "until": None, "why": f"dropped by {by}"}
        with self.database.writing() as connection:
            self._decided(connection, parcel, values, "drop", by, now)

    def _decided(
        self, connection: sa.Connection, parcel: str, values: Mapping[str, Any], verb: str, by: str, now: datetime
    ) -> None:
        free = (outbox.c.id == parcel, outbox.c.state.in_(("pending", "held", "failed")))
        changed = sa.update(outbox).where(*free).values(values).returning(outbox.c.number)
        if connection.execute(changed).first() is None:
            state = connection.execute(sa.select(outbox.c.state).where(outbox.c.id == parcel)).scalar()
            if state is None:
                raise NotFound(f"the outbox has no message {parcel}; `pitcrew outbox list` shows those there are")
            raise BadAsk(f"{parcel} is {state}: nothing is to be decided about it")
        self._noted(connection, by, f"outbox {verb} {parcel}", "answered", now)

    def _noted(self, connection: sa.Connection, by: str, ask: str, outcome: str, now: datetime) -> None:
        self.audit.enter(connection, AuditLine(f"upkeep:{token_hex(8)}", by, ask, outcome, now))

    # --- what is old -------------------------------------------------------------------------------------------------

    def retain(self, keeping: Keeping, now: datetime) -> Counter[str]:
        """Delete what is older than it is kept, a few rows a transaction; how many of each table.

        Kept in spite of their age: the last assessment, the last turn of each schedule, messages that others hang on,
        and whatever is not done yet.
        """
        gone: Counter[str] = Counter()
        for table, old in self._old(keeping, now):
            while number := self._deleted(table, old):
                gone[table.name] += number
        return gone

    def _old(self, keeping: Keeping, now: datetime) -> Iterator[tuple[sa.Table, sa.ColumnElement[bool]]]:
        def before(days: int) -> datetime:
            return now - timedelta(days=days)

        later, roots = outbox.alias("later"), schema.told
        hung = sa.or_(
            sa.exists().where(later.c.under == outbox.c.id, later.c.state.in_(("pending", "leased"))),
            sa.exists().where(roots.c.root == outbox.c.id),
        )
        newest = sa.select(run.c.id).where(run.c.finished.is_not(None)).order_by(run.c.started.desc()).limit(1)
        other = fire.alias("other")
        last = ~sa.exists().where(other.c.schedule == fire.c.schedule, other.c.label > fire.c.label)
        yield audit, audit.c.at < before(keeping.audit)
        yield inbox, sa.and_(inbox.c.done, inbox.c.received_at < before(keeping.inbox))
        yield outbox, sa.and_(outbox.c.state.in_(OVER), outbox.c.due < before(keeping.outbox), ~hung)
        yield run, sa.and_(run.c.started < before(keeping.runs), run.c.id.not_in(newest.scalar_subquery()))
        yield fire, sa.and_(fire.c.at < before(keeping.runs), ~last)
        for kept in (schema.picture, schema.document):
            named = sa.cast(outbox.c.payload, sa.Text).contains(kept.c.digest)
            yield kept, sa.and_(kept.c.at < before(keeping.outbox), ~sa.exists().where(named))

    def _deleted(self, table: sa.Table, old: sa.ColumnElement[bool]) -> int:
        key = sa.tuple_(*table.primary_key.columns)
        some = sa.select(*table.primary_key.columns).where(old).limit(BATCH)
        with self.database.writing() as connection:
            rows = connection.execute(some).all()
            if rows:
                connection.execute(sa.delete(table).where(key.in_([tuple(row) for row in rows])))
        return len(rows)

    # --- who left ----------------------------------------------------------------------------------------------------

    def forget(self, person: str, by: str, now: datetime) -> str:
        """Put a pseudonym in the place of a person (``slack:U123``) everywhere, and give it back.

        What they decided stays decided; their id, their names, their own pages and what was said to them alone go. The
        pseudonym is drawn by lot, so it leads back to nobody.

        Raises:
            BadAsk: that is no person's id.
            NotFound: nothing is known of them.
        """
        platform, _, user = person.partition(":")
        if not user or platform in {"clock", "redraw"}:
            raise BadAsk(f"{person!r} is no person; write the platform and the user's id, like slack:U0123")
        pseudonym = f"{platform}:forgotten-{token_hex(4)}"
        with self.database.writing() as connection:
            names = self._names(connection, person)
            touched = self._mail(connection, person, names)
            touched += self._decisions(connection, person, pseudonym)
            touched += self._words(connection, person, pseudonym, names)
            if not touched:
                raise NotFound(f"nothing is known of {person}")
            self._noted(connection, by, "forget-user", f"{pseudonym} has taken somebody's place", now)
        return pseudonym

    def _names(self, connection: sa.Connection, person: str) -> list[str]:
        """Under which names and addresses they were known, the longest first."""
        platform, _, user = person.partition(":")
        finding, known = schema.finding, schema.person
        asked: list[sa.Select[Any]] = [sa.select(by_name).where(by == person) for _, by, by_name in _signed()]
        asked += [
            sa.select(finding.c.owner_name).where(finding.c.owner == person),
            sa.select(inbox.c.user_name).where(inbox.c.user == person),
            sa.select(known.c.name).where(known.c.platform == platform, known.c.id == user),
            sa.select(known.c.email).where(known.c.platform == platform, known.c.id == user),
        ]
        found = {str(name) for query in asked for name in connection.execute(query).scalars()}
        return sorted((name for name in found if len(name) >= SHORTEST_NAME), key=len, reverse=True)

    def _decisions(self, connection: sa.Connection, person: str, pseudonym: str) -> int:
        """Where they stand with what they decided."""
        done = 0
        for table, by, by_name in _signed():
            theirs = sa.update(table).where(by == person).values({by: pseudonym, by_name: SOMEBODY})
            done += connection.execute(theirs).rowcount
        finding = schema.finding
        theirs = sa.update(finding).where(finding.c.owner == person).values(owner=pseudonym, owner_name=SOMEBODY)
        return done + connection.execute(theirs).rowcount

    def _words(self, connection: sa.Connection, person: str, pseudonym: str, names: Sequence[str]) -> int:
        """Wherever else their id or a name of theirs stands; what the clouds tell of a finding is the clouds'."""
        swaps = {person.partition(":")[2]: pseudonym.partition(":")[2], **dict.fromkeys(names, SOMEBODY)}

        def swapped(value: Any) -> Any:  # noqa: ANN401 (text, or JSON)
            if isinstance(value, dict):
                return {key: swapped(inner) for key, inner in value.items()}
            if isinstance(value, list):
                return [swapped(inner) for inner in value]
            for old, new in swaps.items() if isinstance(value, str) else ():
                value = re.sub(rf"(?<!\w){re.escape(old)}(?!\w)", new, value)
            return value

        done = 0
        for table in schema.metadata.sorted_tables:
            columns = [] if table in (inbox, outbox) else _wordy(table)
            named = [
                sa.cast(column, sa.Text).contains(json.dumps(old)[1:-1] if _is_json(column) else old, autoescape=True)
                for column in columns
                for old in swaps
            ]
            for row in connection.execute(sa.select(table).where(sa.or_(*named))).mappings().all() if named else ():
                values = {one.name: swapped(row[one.name]) for one in columns}
                if any(values[one.name] != row[one.name] for one in columns):
                    theirs = [column == row[column.name] for column in table.primary_key.columns]
                    connection.execute(sa.update(table).where(*theirs).values(values))
                    done += 1
        return done

    def _mail(self, connection: sa.Connection, person: str, names: Sequence[str]) -> int:
        """What they asked and what was said to them alone goes; what was said to all stays, with nobody's id on it."""
        platform, _, user = person.partition(":")
        done = connection.execute(sa.delete(inbox).where(inbox.c.user == person)).rowcount
        done += connection.execute(sa.delete(schema.preference).where(schema.preference.c.caller == person)).rowcount
        for table, column in ((schema.person, schema.person.c.id), (schema.conversation, schema.conversation.c.user)):
            done += connection.execute(sa.delete(table).where(table.c.platform == platform, column == user)).rowcount
        page = schema.message.c
        pages = sa.select(page.number).where(
            page.platform == platform,
            sa.or_(page.user == user, sa.and_(page.conversation == user, page.message == HOME)),
        )
        numbers = connection.execute(pages).scalars().all()
        connection.execute(sa.delete(schema.shown).where(schema.shown.c.message.in_(numbers)))
        connection.execute(sa.delete(schema.message).where(page.number.in_(numbers)))
        theirs = outbox.c.place["user"].as_string() == user, outbox.c.place["platform"].as_string() == platform
        for row in connection.execute(sa.select(outbox).where(*theirs)).all():
            this = outbox.c.number == row.number
            if row.kind in ALONE or not row.place.get("conversation"):
                connection.execute(sa.delete(outbox).where(this))
            else:
                name = re.sub(rf"(?<!\w){re.escape(user)}(?!\w)", f"forgotten-{token_hex(4)}", row.id)
                connection.execute(
                    sa.update(outbox).where(this).values(place={**row.place, "user": "", "url": ""}, id=name)
                )
            done += 1
        for word in (user, *names):
            told = sa.cast(outbox.c.payload, sa.Text).contains(json.dumps(word)[1:-1], autoescape=True)
            connection.execute(sa.update(outbox).where(outbox.c.state.in_(OVER), told).values(payload={}))
        return done + len(numbers)
