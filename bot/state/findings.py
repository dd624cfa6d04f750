"""The findings table: what was seen, where it stands, and the transitions, each one conditional UPDATE."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from analysis.errors import FinOpsError, NotAllowed, NotFound, TooLate
from analysis.findings import Action, Finding, Fix, Move, Remedy, State
from analysis.money import Money
from bot.state import schema
from bot.state.database import ASSESSMENT_LOCK, Database
from bot.state.outbox import OutboxTable
from bot.state.records import AuditLine, AuditTable
from commands.core.context import Caller, Permission, Seen

finding, history = schema.finding, schema.history
SHORTEST_NAME = 4
CHUNK = 500  # rows a statement, so that no writer holds the database for long
PIPELINE = "assessment"  # who moves a finding that nobody moved


@dataclass(frozen=True, slots=True)
class Step:
    """One transition of one finding."""

    verb: str
    state: State
    by: str
    by_name: str
    reason: str
    at: datetime


class FindingsTable:
    """All findings of a deployment."""

    def __init__(self, database: Database, audit: AuditTable, outbox: OutboxTable) -> None:
        self.database = database
        self.audit = audit
        self.outbox = outbox

    def get(self, name: str) -> Finding:
        """The finding whose id begins with ``name``.

        Raises:
            NotFound: none does, or more than one.
        """
        with self.database.reading() as connection:
            return self._get(connection, name)

    def standing(self, *states: State) -> Sequence[Finding]:
        """Those in one of ``states`` (all, if none is named), the most expensive first."""
        today = self.database.clock().date()
        with self.database.reading() as connection:
            found = [_finding(row, today) for row in connection.execute(sa.select(finding))]
        chosen = [one for one in found if not states or one.state in states]
        return sorted(chosen, key=lambda one: (-one.monthly_waste.amount, -one.frees_commitment.amount, one.id))

    def move(self, name: str, move: Move, by: Caller, ask: str, now: datetime) -> Finding:
        """Try a transition, with its audit line and the redrawing of every message that shows the finding.

        Raises:
            NotFound: no such finding.
            TooLate: it had moved on; the message says who was first.
            NotAllowed: the move is its owner's alone.
            NotSaved: the database did not take it.
        """
        with self.database.writing() as connection:
            before = self._held(connection, name)
            if known := self.audit.line(connection, by.key):
                return self._again(connection, known)
            row = connection.execute(_conditional(before.id, move, by, now)).first()
            refusal = None if row else _refusal(before, move)
            outcome = f"{type(refusal).__name__}: {refusal}" if refusal else "answered"
            self.audit.enter(connection, AuditLine(by.key, by.id, ask, outcome, now, moved=before.id))
            if row:
                step = Step(move.verb, move.to, by.id, by.name, move.reason, now)
                self._stepped(connection, [(row.id, row.version, step)])
                people = {one for one in (before.owner, row.owner) if one}
                self.outbox.redraw_homes(connection, sorted(people), f"{row.id}:{row.version}")
        if refusal:
            raise refusal
        return _finding(row, now.date())

    def adopt(self, found: Sequence[Finding]) -> None:
        """Enter findings as they stand, with their moments; those that are known already are left alone."""
        with self.database.writing() as connection:
            for one in found:
                moment = one.changed_at or self.database.now(connection)
                row = _row(one, moment) | {
                    "state": one.state,
                    "owner": one.owner,
                    "owner_name": one.owner_name,
                    "first_seen": one.first_seen or moment,
                    "changed_at": moment,
                    "version": 1,
                }
                connection.execute(self.database.insert(finding).values(row).on_conflict_do_nothing())

    def seen(
        self,
        found: Sequence[Finding],
        run: str,
        complete: frozenset[str],
        now: datetime,
        *,
        kept: frozenset[str] = frozenset(),
    ) -> Seen:
        """Enter the findings of one assessment; those of ``complete`` providers that vanished are resolved.

        ``kept`` are accounts and resources that nobody could look at: their findings stay as they are.
        """
        with self.database.writing() as connection:
            self.database.alone(connection, ASSESSMENT_LOCK)
            known = {row.id: row for row in connection.execute(sa.select(finding))}
            new = {one.id: one for one in found if one.id not in known}
            again = {one.id: one for one in found if one.id in known}
            back = {key for key in again if known[key].state == State.RESOLVED}
            here = {one.id for one in found}
            gone = {
                key
                for key, row in known.items()
                if key not in here
                and row.provider in complete
                and row.state != State.RESOLVED
                and row.account not in kept
                and row.resource_id.lower() not in kept
            }
            self._insert(connection, new.values(), now)
            self._update(connection, again.values(), now)
            self._to(connection, back, State.REOPENED, Step("reopen", State.REOPENED, PIPELINE, run, "seen again", now))
            self._to(connection, gone, State.RESOLVED, Step("resolve", State.RESOLVED, PIPELINE, run, "gone", now))
            rows = {row.id: _finding(row, now.date()) for row in connection.execute(sa.select(finding))}
        return Seen(
            opened=tuple(rows[key] for key in new),
            reopened=tuple(rows[key] for key in back),
            resolved=tuple(rows[key] for key in gone),
            known=len(again) - len(back),
        )

    def history(self, name: str) -> Sequence[Step]:
        """What became of one finding, the oldest first.

        Raises:
            NotFound: no such finding.
        """
        with self.database.reading() as connection:
            one = self._get(connection, name)
            rows = connection.execute(sa.select(history).where(history.c.finding == one.id).order_by(history.c.number))
            return [Step(row.verb, State(row.state), row.by, row.by_name, row.reason, row.at) for row in rows]

    def _get(self, connection: sa.Connection, name: str) -> Finding:
        found: list[Any] = []
        if len(name) >= SHORTEST_NAME and name.isalnum():
            found = list(connection.execute(sa.select(finding).where(finding.c.id.startswith(name.lower())).limit(2)))
        if len(found) != 1:
            why = "more than one finding begins with" if found else "no finding is named"
            raise NotFound(f"{why} {name!r}; `waste` lists them, and eight characters of an id are enough")
        return _finding(found[0], self.database.clock().date())

    def _held(self, connection: sa.Connection, name: str) -> Finding:
        """The finding of that name; until this transaction ends nobody else moves it, a copy of this click included."""
        key = self._get(connection, name).id
        row = connection.execute(sa.select(finding).where(finding.c.id == key).with_for_update()).one()
        return _finding(row, self.database.clock().date())

    def _again(self, connection: sa.Connection, known: AuditLine) -> Finding:
        """What the first of two copies of an ask was told."""
        kind, _, text = known.outcome.partition(": ")
        for refusal in (TooLate, NotAllowed):
            if kind == refusal.__name__:
                raise refusal(text)
        return self._get(connection, known.moved or "")

    def _insert(self, connection: sa.Connection, new: Iterable[Finding], now: datetime) -> None:
        rows = [
            _row(one, now) | {"state": State.OPEN, "first_seen": now, "changed_at": now, "version": 1} for one in new
        ]
        for first in range(0, len(rows), CHUNK):
            connection.execute(sa.insert(finding), rows[first : first + CHUNK])
        opened = Step("open", State.OPEN, PIPELINE, "", "", now)
        self._write_history(connection, [(row["id"], opened) for row in rows])

    def _update(self, connection: sa.Connection, again: Iterable[Finding], now: datetime) -> None:
        """What was seen is new each time; where it stands is not touched."""
        kept = ("state", "owner", "owner_name", "reason", "until", "first_seen", "changed_at", "version")
        rows = [{f"new_{key}": value for key, value in _row(one, now).items() if key not in kept} for one in again]
        if not rows:
            return
        values: dict[str, Any] = {key.removeprefix("new_"): sa.bindparam(key) for key in rows[0] if key != "new_id"}
        statement = sa.update(finding).where(finding.c.id == sa.bindparam("new_id")).values(**values)
        for first in range(0, len(rows), CHUNK):
            connection.execute(statement, rows[first : first + CHUNK])

    def _to(self, connection: sa.Connection, ids: set[str], state: State, step: Step) -> None:
        """Move many at once, for reasons that nobody asked for."""
        ordered = sorted(ids)
        for first in range(0, len(ordered), CHUNK):
            moved = sa.update(finding).where(finding.c.id.in_(ordered[first : first + CHUNK]))
            values: dict[str, Any] = {"state": state, "changed_at": step.at, "version": finding.c.version + 1}
            values |= {"owner": "", "owner_name": "", "until": None} if state is State.REOPENED else {}
            rows = connection.execute(moved.values(**values).returning(finding.c.id, finding.c.version)).all()
            self._stepped(connection, [(row.id, row.version, step) for row in rows])

    def _stepped(self, connection: sa.Connection, steps: Sequence[tuple[str, int, Step]]) -> None:
        self._write_history(connection, [(name, step) for name, _, step in steps])
        for name, version, _ in steps:
            self.outbox.redraw(connection, name, version)

    def _write_history(self, connection: sa.Connection, steps: Sequence[tuple[str, Step]]) -> None:
        rows = [asdict(step) | {"finding": name} for name, step in steps]
        for first in range(0, len(rows), CHUNK):
            connection.execute(sa.insert(history), rows[first : first + CHUNK])


def _conditional(name: str, move: Move, by: Caller, now: datetime) -> Any:  # noqa: ANN401 (an UPDATE … RETURNING)
    """The one statement that lets exactly one of two movers win."""
    comes_from: sa.ColumnElement[bool] = finding.c.state.in_([state.value for state in move.come_from])
    if State.OPEN in move.come_from:  # a snooze that is over is open again, whether or not anybody has looked since
        awake = sa.and_(finding.c.state == State.SNOOZED.value, finding.c.until <= now.date())
        comes_from = sa.or_(comes_from, awake)
    allowed: list[sa.ColumnElement[bool]] = [finding.c.id == name, comes_from]
    if move.owner_only and not by.may(Permission.ADMIN):
        allowed.append(finding.c.owner == by.id)
    values = {
        "state": move.to,
        "owner": move.owner,
        "owner_name": move.owner_name,
        "reason": move.reason,
        "until": move.until,
        "changed_at": now,
        "version": finding.c.version + 1,
    }
    return sa.update(finding).where(*allowed).values(**values).returning(finding)


def _refusal(before: Finding, move: Move) -> FinOpsError:
    """Why a move was not made, for the one who tried."""
    if before.state in move.come_from:
        return NotAllowed(f"only {before.owner_name or 'its owner'} or an admin may {move.verb} this finding")
    when = (
        f" at {before.changed_at.astimezone(UTC):%H:%M} UTC on {before.changed_at:%d %b}" if before.changed_at else ""
    )
    who = f" by {before.owner_name}" if before.owner_name else ""
    return TooLate(f"already {before.state}{who}{when}; nothing was changed")


def _row(one: Finding, now: datetime) -> dict[str, Any]:
    return {
        "id": one.id,
        "check": one.check,
        "title": one.title,
        "provider": one.provider,
        "cloud": one.cloud,
        "account": one.account,
        "region": one.region,
        "resource_id": one.resource_id,
        "resource_name": one.resource_name,
        "tags": dict(one.tags),
        "monthly_waste": format(one.monthly_waste.amount, "f"),
        "frees_commitment": format(one.frees_commitment.amount, "f"),
        "currency": one.monthly_waste.currency,
        "evidence": [list(pair) for pair in one.evidence],
        "remedy": asdict(one.remedy),
        "fix": asdict(one.fix) if one.fix else None,
        "owner": "",
        "owner_name": "",
        "reason": "",
        "until": None,
        "last_seen": now,
    }


def _finding(row: Any, today: date) -> Finding:  # noqa: ANN401 (a row)
    over = row.state == State.SNOOZED and row.until is not None and row.until <= today
    remedy = row.remedy | {"action": Action(row.remedy["action"])}
    return Finding(
        id=row.id,
        check=row.check,
        title=row.title,
        provider=row.provider,
        cloud=row.cloud,
        account=row.account,
        region=row.region,
        resource_id=row.resource_id,
        resource_name=row.resource_name,
        tags=row.tags,
        monthly_waste=Money(Decimal(row.monthly_waste), row.currency),
        frees_commitment=Money(Decimal(row.frees_commitment), row.currency),
        evidence=tuple((name, value) for name, value in row.evidence),
        remedy=Remedy(**remedy),
        fix=Fix(**row.fix) if row.fix else None,
        state=State.OPEN if over else State(row.state),
        owner="" if over else row.owner,
        owner_name="" if over else row.owner_name,
        reason=row.reason,
        until=None if over else row.until,
        first_seen=row.first_seen,
        last_seen=row.last_seen,
        changed_at=row.changed_at,
        version=row.version,
    )
