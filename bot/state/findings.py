"""The findings table: what was seen, where it stands, and the transitions, each one conditional UPDATE."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from analysis.errors import FinOpsError, NotAllowed, NotFound, TooLate
from analysis.findings import ASLEEP, Finding, Link, Move, State, still_billed, unknown
from analysis.savings import Saving
from bot.ports import Kind, Parcel, Place, Priority
from bot.state import schema
from bot.state.database import ASSESSMENT_LOCK, Database
from bot.state.finding_rows import STANDING, as_before, before, finding_of, row_of
from bot.state.outbox import OutboxTable
from bot.state.records import AuditLine, AuditTable
from commands.core.caller import Caller, Permission
from commands.core.ports import Moved, Seen, Step

finding, history, link = schema.finding, schema.history, schema.link
SHORTEST_NAME = 4
CHUNK = 500  # rows a statement, so that no writer holds the database for long
PIPELINE = "assessment"  # who moves a finding that nobody moved
BILL = "bill"  # who reopens what is still billed


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
        wanted = sa.select(finding)
        if states:
            written = {*states, *(ASLEEP if State.OPEN in states else ())}  # whose sleep is over is open again
            wanted = wanted.where(finding.c.state.in_([state.value for state in written]))
        with self.database.reading() as connection:
            links = _links(connection)
            found = [finding_of(row, today, links.get(row.id, ())) for row in connection.execute(wanted)]
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
        return self._alone(name, by, ask, now, lambda connection, held: self._tried(connection, held, move, by, now))

    def undo(self, name: str, by: Caller, ask: str, now: datetime, within: timedelta) -> Finding:
        """Take back the last step of a finding: whoever made it may, until ``within`` has passed.

        Raises:
            NotFound: no such finding.
            TooLate: it has moved on since, or too much time has passed.
            NotAllowed: somebody else made the last step.
            NotSaved: the database did not take it.
        """
        return self._alone(name, by, ask, now, lambda connection, held: self._undone(connection, held, by, now, within))

    def move_all(self, names: Sequence[str], move: Move, by: Caller, ask: str, now: datetime) -> Moved:
        """Try one transition of several findings, each with an audit line of its own, all in one transaction.

        Those that have moved on are left alone, and told. The same ``by.key`` twice answers what the first did.

        Raises:
            NotFound: one of the names is nobody's; then nothing has moved.
            NotSaved: the database did not take it.
        """
        with self.database.writing() as connection:
            ids = list(dict.fromkeys(self._get(connection, name).id for name in names))
            every = {key: self._held(connection, key) for key in sorted(ids)}  # in one order: nobody waits in a ring
            if self.audit.line(connection, by.key):
                return self._moved_before(connection, ids, by)
            moved, refused = [], []
            for key, held in every.items():
                done, refusal = self._tried(connection, held, move, by, now)
                outcome = _outcome(refusal)
                self.audit.enter(connection, AuditLine(f"{by.key}:{key}", by.id, ask, outcome, now, moved=key))
                if done:
                    moved.append(done)
                else:
                    refused.append((held, str(refusal)))
            self.audit.enter(connection, AuditLine(by.key, by.id, ask, "answered", now))
        return Moved(tuple(moved), tuple(refused))

    def adopt(self, found: Sequence[Finding]) -> None:
        """Enter findings as they stand, with their moments; those that are known already are left alone."""
        with self.database.writing() as connection:
            for one in found:
                moment = one.changed_at or self.database.now(connection)
                row = row_of(one, moment) | {
                    "state": one.state,
                    "owner": one.owner,
                    "owner_name": one.owner_name,
                    "first_seen": one.first_seen or moment,
                    "changed_at": moment,
                    "version": 1,
                    "fixed_at": one.fixed_at or (moment if one.state is State.RESOLVED else None),
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
        exempt: Mapping[str, Move] = {},
    ) -> Seen:
        """Enter the findings of one assessment; those of ``complete`` providers that vanished are resolved.

        ``kept`` are accounts and resources that nobody could look at: their findings stay as they are. ``exempt`` are
        ids that were seen and are no waste, with the move that says so: they are put to sleep, and never entered.
        """
        with self.database.writing() as connection:
            self.database.alone(connection, ASSESSMENT_LOCK)
            known = {row.id: row for row in connection.execute(sa.select(finding))}
            new = {one.id: one for one in found if one.id not in known}
            again = {one.id: one for one in found if one.id in known}
            back = {key for key in again if known[key].state == State.RESOLVED}
            awake = {key for key in again if known[key].state == State.EXEMPT}
            here = {one.id for one in found} | exempt.keys()
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
            readmitted = Step("readmit", State.OPEN, PIPELINE, run, "no longer exempt", now)
            self._to(connection, awake, State.OPEN, readmitted)
            self._to(connection, gone, State.RESOLVED, Step("resolve", State.RESOLVED, PIPELINE, run, "gone", now))
            for key, move in exempt.items():
                if key in known and known[key].state in move.come_from:
                    self._asleep(connection, key, move, now)
            rows = {row.id: finding_of(row, now.date()) for row in connection.execute(sa.select(finding))}
        return Seen(
            opened=tuple(rows[key] for key in new),
            reopened=tuple(rows[key] for key in sorted(back | awake)),
            resolved=tuple(rows[key] for key in gone),
            known=len(again) - len(back) - len(awake),
        )

    def billed(self, line: Saving, now: datetime, figure: str) -> Finding | None:
        """What the bill says of a fix: told once in the threads of the messages that show the finding.

        What is not fallen is open again, with the ``figure``. ``None`` if it was told before, or has moved on.
        """
        from analysis.savings import Verdict

        reopens = line.verdict is Verdict.NOT_FALLEN
        name = f"{line.verdict.name.lower()}:{line.finding.id}:{line.fixed_on.isoformat()}"
        with self.database.writing() as connection:
            held = self._held(connection, line.finding.id)
            if reopens:
                move = still_billed(figure)
                changed = connection.execute(_conditional(held.id, move, _pipeline(BILL), now)).first()
                if changed is None:
                    return None
                step = Step(move.verb, move.to, BILL, "", move.reason, now)
                self._stepped(connection, [(changed.id, changed.version, step)])
            ask = f"savings {held.id}"
            parcels = [
                Parcel(f"{name}:{place.lane}:{place.thread}", place, Kind.POST, Priority.ALERT, ask=ask)
                for place in self._told_at(connection, held)
            ]
            self.outbox.enter(connection, parcels, ())
            return self._get(connection, held.id)

    def history(self, name: str) -> Sequence[Step]:
        """What became of one finding, the oldest first.

        Raises:
            NotFound: no such finding.
        """
        with self.database.reading() as connection:
            one = self._get(connection, name)
            rows = connection.execute(sa.select(history).where(history.c.finding == one.id).order_by(history.c.number))
            return [Step(row.verb, State(row.state), row.by, row.by_name, row.reason, row.at) for row in rows]

    def _told_at(self, connection: sa.Connection, held: Finding) -> Sequence[Place]:
        """The threads where a finding is told of, one a conversation; where there is none, whoever has it."""
        threads = self.outbox.threads(connection, held.id)
        if threads:
            return threads
        platform, _, user = held.owner.partition(":")
        tenant = self.outbox.tenant(connection, platform)
        return [Place(platform, tenant, user=user)] if user and tenant else []

    def _alone(
        self,
        name: str,
        by: Caller,
        ask: str,
        now: datetime,
        attempt: Callable[[sa.Connection, Finding], tuple[Finding | None, FinOpsError | None]],
    ) -> Finding:
        """One attempt to move one finding, and its line in the audit, in one transaction."""
        with self.database.writing() as connection:
            held = self._held(connection, name)
            if known := self.audit.line(
                connection, by.key
            ):  # its first copy has ended, while this one waited or before
                return self._again(connection, known)
            moved, refusal = attempt(connection, held)
            self.audit.enter(connection, AuditLine(by.key, by.id, ask, _outcome(refusal), now, moved=held.id))
        if refusal:
            raise refusal
        assert moved is not None  # noqa: S101 (one or the other)
        return moved

    def _tried(
        self, connection: sa.Connection, held: Finding, move: Move, by: Caller, now: datetime
    ) -> tuple[Finding | None, FinOpsError | None]:
        is_over = held.until is not None and held.until <= now.date()
        could = held.state in move.come_from or is_over  # else nobody needs a statement to know that they are late
        row = connection.execute(_conditional(held.id, move, by, now)).first() if could else None
        if row is None:
            return None, _refusal(held, move)
        step = Step(move.verb, move.to, by.id, by.name, move.reason, now)
        self._stepped(connection, [(row.id, row.version, step)], before(held), by.message)
        self._homes(connection, held, row)
        return finding_of(row, now.date(), _links(connection, held.id).get(held.id, ())), None

    def _undone(
        self, connection: sa.Connection, held: Finding, by: Caller, now: datetime, within: timedelta
    ) -> tuple[Finding | None, FinOpsError | None]:
        wanted = sa.select(history).where(history.c.finding == held.id).order_by(history.c.number.desc()).limit(1)
        last = connection.execute(wanted).first()
        if last is None or last.was is None or last.verb == "undo" or last.version != held.version:
            return None, TooLate("there is nothing to take back: no person has changed this finding last")
        if last.by != by.id:
            return None, NotAllowed(f"only {last.by_name} may take that back; {last.verb} was theirs")
        if now - last.at > within:
            minutes = int(within.total_seconds() // 60)
            return None, TooLate(
                f"a change can be taken back for {minutes} minutes, and this one was made"
                f" at {last.at.astimezone(UTC):%H:%M} UTC on {last.at:%d %b}; release gives a finding back at any time"
            )
        values = as_before(last.was) | {"changed_at": now, "mover": "", "version": finding.c.version + 1}
        mine = sa.update(finding).where(finding.c.id == held.id, finding.c.version == held.version)
        row = connection.execute(mine.values(values).returning(finding)).one()
        step = Step("undo", State(row.state), by.id, by.name, f"{last.verb} taken back", now)
        self._stepped(connection, [(row.id, row.version, step)], clicked=by.message)
        self._homes(connection, held, row)
        if last.verb == "exempt":
            self._readmit_others(connection, held, by, now)
        return finding_of(row, now.date(), _links(connection, held.id).get(held.id, ())), None

    def _readmit_others(self, connection: sa.Connection, held: Finding, by: Caller, now: datetime) -> None:
        """An exemption is taken back with the step that made it, and so are the findings that it covered."""
        table = schema.exemption
        made = sa.and_(table.c.by == by.id, table.c.at == held.changed_at, table.c.ended_at.is_(None))
        ended = sa.update(table).where(made).values(ended_at=now, ended_by=by.name).returning(table.c.number)
        if connection.execute(ended).first() is None:
            return
        others = sa.select(finding.c.id).where(
            finding.c.state == State.EXEMPT.value, finding.c.changed_at == held.changed_at, finding.c.mover == by.id
        )
        step = Step("readmit", State.OPEN, by.id, by.name, "exemption taken back", now)
        self._to(connection, set(connection.execute(others).scalars()), State.OPEN, step)

    def put_to_sleep(
        self, connection: sa.Connection, names: Iterable[str], move: Move, by: Caller, now: datetime
    ) -> list[Finding]:
        """Inside another transaction: those of ``names`` that ``move`` can move, moved, each with its audit line."""
        moved = []
        for key in sorted(names):
            done, _ = self._tried(connection, self._held(connection, key), move, by, now)
            if done:
                self.audit.enter(connection, AuditLine(f"{by.key}:{key}", by.id, move.verb, "answered", now, moved=key))
                moved.append(done)
        return moved

    def _asleep(self, connection: sa.Connection, key: str, move: Move, now: datetime) -> None:
        row = connection.execute(_conditional(key, move, _pipeline(PIPELINE), now)).first()
        if row:
            step = Step(move.verb, move.to, PIPELINE, move.owner_name, move.reason, now)
            self._stepped(connection, [(row.id, row.version, step)])

    def _get(self, connection: sa.Connection, name: str) -> Finding:
        row = self._row(connection, name)
        return finding_of(row, self.database.clock().date(), _links(connection, row.id).get(row.id, ()))

    def _row(self, connection: sa.Connection, name: str) -> Any:  # noqa: ANN401 (a row)
        return _only(connection, name, sa.select(finding))

    def _held(self, connection: sa.Connection, name: str) -> Finding:
        """The finding of that name; until this transaction ends nobody else moves it."""
        row = _only(connection, name, sa.select(finding).with_for_update())
        return finding_of(row, self.database.clock().date())

    def _again(self, connection: sa.Connection, known: AuditLine) -> Finding:
        """What the first of two copies of an ask was told."""
        kind, _, text = known.outcome.partition(": ")
        for refusal in (TooLate, NotAllowed):
            if kind == refusal.__name__:
                raise refusal(text)
        return self._get(connection, known.moved or "")

    def _moved_before(self, connection: sa.Connection, ids: Sequence[str], by: Caller) -> Moved:
        """What the first of two copies of an ask about several was told."""
        moved, refused = [], []
        for key in sorted(ids):
            line = self.audit.line(connection, f"{by.key}:{key}")
            one = self._get(connection, key)
            if line and line.outcome == "answered":
                moved.append(one)
            else:
                refused.append((one, line.outcome.partition(": ")[2] if line else "it was not asked for then"))
        return Moved(tuple(moved), tuple(refused))

    def _insert(self, connection: sa.Connection, new: Iterable[Finding], now: datetime) -> None:
        rows = [
            row_of(one, now) | {"state": State.OPEN, "first_seen": now, "changed_at": now, "version": 1} for one in new
        ]
        for first in range(0, len(rows), CHUNK):
            connection.execute(sa.insert(finding), rows[first : first + CHUNK])
        opened = Step("open", State.OPEN, PIPELINE, "", "", now)
        self._write_history(connection, [(row["id"], 1, opened) for row in rows])

    def _update(self, connection: sa.Connection, again: Iterable[Finding], now: datetime) -> None:
        """What was seen is new each time; where it stands is not touched."""
        rows = [
            {f"new_{key}": value for key, value in row_of(one, now).items() if key not in STANDING} for one in again
        ]
        if not rows:
            return
        values: dict[str, Any] = {key.removeprefix("new_"): sa.bindparam(key) for key in rows[0] if key != "new_id"}
        statement = sa.update(finding).where(finding.c.id == sa.bindparam("new_id")).values(**values)
        for first in range(0, len(rows), CHUNK):
            connection.execute(statement, rows[first : first + CHUNK])

    def _to(self, connection: sa.Connection, ids: set[str], state: State, step: Step) -> None:
        """Move many at once, for reasons that nobody asked for. What was exempt and is gone was never fixed."""
        ordered = sorted(ids)
        for first in range(0, len(ordered), CHUNK):
            moved = sa.update(finding).where(finding.c.id.in_(ordered[first : first + CHUNK]))
            values: dict[str, Any] = {
                "state": state,
                "changed_at": step.at,
                "version": finding.c.version + 1,
                "mover": "",
                "fixed_at": None,
            }
            if state is State.RESOLVED:
                was_waste = finding.c.state != State.EXEMPT.value
                fixed = sa.func.coalesce(finding.c.fixed_at, sa.literal(step.at, schema.Utc))
                values["fixed_at"] = sa.case((was_waste, fixed), else_=sa.null())
            else:
                values |= {"owner": "", "owner_name": "", "until": None}
            rows = connection.execute(moved.values(**values).returning(finding.c.id, finding.c.version)).all()
            self._stepped(connection, [(row.id, row.version, step) for row in rows])

    def _homes(self, connection: sa.Connection, held: Finding, row: Any) -> None:  # noqa: ANN401 (a row)
        """Whoever had it and whoever has it see it on their own pages."""
        people = {one for one in (held.owner, row.owner) if one}
        self.outbox.redraw_homes(connection, sorted(people), f"{row.id}:{row.version}")

    def _stepped(
        self,
        connection: sa.Connection,
        steps: Sequence[tuple[str, int, Step]],
        was: Mapping[str, Any] | None = None,
        clicked: str = "",
    ) -> None:
        self._write_history(connection, steps, was)
        for name, version, _ in steps:
            self.outbox.redraw(connection, name, version, clicked)

    def _write_history(
        self, connection: sa.Connection, steps: Sequence[tuple[str, int, Step]], was: Mapping[str, Any] | None = None
    ) -> None:
        rows = [
            {
                "finding": name,
                "verb": step.verb,
                "state": step.state.value,
                "by": step.by,
                "by_name": step.by_name,
                "reason": step.reason,
                "at": step.at,
                "version": version,
                "was": dict(was) if was is not None else None,
            }
            for name, version, step in steps
        ]
        for first in range(0, len(rows), CHUNK):
            connection.execute(sa.insert(history), rows[first : first + CHUNK])


def _conditional(name: str, move: Move, by: Caller, now: datetime) -> Any:  # noqa: ANN401 (an UPDATE … RETURNING)
    """The one statement that lets exactly one of two movers win."""
    comes_from: sa.ColumnElement[bool] = finding.c.state.in_([state.value for state in move.come_from])
    if State.OPEN in move.come_from:  # a sleep that is over is open again, whether or not anybody has looked since
        asleep = finding.c.state.in_([state.value for state in ASLEEP])
        comes_from = sa.or_(comes_from, sa.and_(asleep, finding.c.until <= now.date()))
    allowed: list[sa.ColumnElement[bool]] = [finding.c.id == name, comes_from]
    if move.owner_only and not by.may(Permission.ADMIN):
        free = sa.literal(State.OPEN in move.come_from) & (finding.c.state != State.CLAIMED.value)
        allowed.append(sa.or_(finding.c.owner == by.id, free))
    values = {
        "state": move.to,
        "owner": move.owner,
        "owner_name": move.owner_name,
        "reason": move.reason,
        "until": move.until,
        "changed_at": now,
        "version": finding.c.version + 1,
        "fixed_at": now if move.to is State.DONE else None,
        "mover": by.id if by.key else "",
    }
    return sa.update(finding).where(*allowed).values(**values).returning(finding)


def _only(connection: sa.Connection, name: str, wanted: sa.Select[Any]) -> Any:  # noqa: ANN401 (a row)
    """The one row of ``wanted`` whose finding's id begins with ``name``; an index finds it: ids are of 0-9 and a-f.

    Raises:
        NotFound: there is none, or more than one.
    """
    found: Sequence[Any] = ()
    if len(name) >= SHORTEST_NAME and name.isalnum():
        first = name.lower()
        near = finding.c.id.startswith(first) & (finding.c.id >= first) & (finding.c.id <= f"{first}z")
        found = connection.execute(wanted.where(near).order_by(finding.c.id).limit(2)).all()
    if len(found) != 1:
        raise NotFound(unknown(name, several=bool(found)))
    return found[0]


def _pipeline(name: str) -> Caller:
    """Who moves what no person moved."""
    return Caller(name, "", frozenset(Permission), "")


def _links(connection: sa.Connection, of: str = "") -> dict[str, list[Link]]:
    wanted = sa.select(link).order_by(link.c.number)
    found: dict[str, list[Link]] = {}
    for row in connection.execute(wanted.where(link.c.of == of) if of else wanted):
        found.setdefault(row.of, []).append(Link(row.target, row.key, row.url, row.failed))
    return found


def _outcome(refusal: FinOpsError | None) -> str:
    return f"{type(refusal).__name__}: {refusal}" if refusal else "answered"


def _refusal(held: Finding, move: Move) -> FinOpsError:
    """Why a move was not made, for the one who tried."""
    if held.state in move.come_from:
        return NotAllowed(f"only {held.owner_name or 'its owner'} or an admin may {move.verb} this finding")
    when = f" at {held.changed_at.astimezone(UTC):%H:%M} UTC on {held.changed_at:%d %b}" if held.changed_at else ""
    who = f" by {held.owner_name}" if held.owner_name else ""
    return TooLate(f"already {held.state}{who}{when}; nothing was changed")
