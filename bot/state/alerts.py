"""The alerts and where they were told: a look at the bill, its messages and their changes in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

import sqlalchemy as sa

from analysis.alerts import Alert, AlertRules, Change, Kept, Line, changes, judged, unknown
from analysis.errors import NotFound
from analysis.money import Money
from bot.ports import Kind, Parcel, Place, Priority
from bot.state import schema
from bot.state.database import ALERT_LOCK, Database
from bot.state.outbox import OutboxTable
from commands.core.caller import Caller
from commands.core.ports import Said

alert, told = schema.alert, schema.told
SHORTEST_NAME = 4
MOST_LOOKED_AT = 500  # anomalies, the newest first: verdicts are of those of the last 90 days
ENDING = (Said.EXPECTED, Said.FALSE_ALARM)


@dataclass(frozen=True, slots=True)
class Telling:
    """How alerts reach people: where each goes, what day it is there, and until when an alert has to wait.

    ``otherwise`` are the places of an alert that could not be delivered where it belongs.
    """

    places: Callable[[Alert], Sequence[Place]]
    otherwise: Sequence[Place]
    day: str
    due: Callable[[Alert, Place], datetime | None]


class AlertsTable:
    """All alerts of a deployment. A message of one is its ask's answer, drawn when it is sent and whenever it moves."""

    def __init__(self, database: Database, outbox: OutboxTable) -> None:
        self.database = database
        self.outbox = outbox

    def get(self, name: str) -> Kept:
        """The alert whose id begins with ``name``.

        Raises:
            NotFound: none does, or more than one.
        """
        with self.database.reading() as connection:
            return self._get(connection, name)

    def standing(self, ended_since: datetime | None = None) -> Sequence[Kept]:
        """Those that are open, the largest first; and, after them, those that ended since a moment."""
        with self.database.reading() as connection:
            return self._ranked(connection, _lately(ended_since))

    def of_event(self, event: str) -> Kept | None:
        """The alert of an anomaly, by the anomaly's id."""
        with self.database.reading() as connection:
            return self._of_event(connection, event)

    def told(self, name: str) -> Sequence[str]:
        """Where it was told, in words."""
        with self.database.reading() as connection:
            rows = connection.execute(sa.select(told).where(told.c.alert == name).order_by(told.c.lane))
            return [_said(Place(**row.place)) for row in rows]

    def held(self, summary: str) -> Sequence[Kept]:
        """Those that a day's summary tells."""
        with self.database.reading() as connection:
            rows = connection.execute(sa.select(told.c.alert, told.c.root).where(told.c.held))
            names = [row.alert for row in rows if summary_of(row.root) == summary]
            return self._ranked(connection, alert.c.id.in_(names))

    def look(
        self, found: Iterable[Alert], rules: AlertRules, telling: Telling | None, now: datetime
    ) -> Sequence[Change]:
        """Enter what a look at the bill has found; what is new is told, what has changed is drawn anew.

        Without a ``telling`` nothing is told yet; a later look tells it.
        """
        seen = tuple(found)
        with self.database.writing() as connection:
            self.database.alone(connection, ALERT_LOCK)
            ids = [one.id for one in seen]
            rows = connection.execute(sa.select(alert).where(sa.or_(alert.c.closed.is_(None), alert.c.id.in_(ids))))
            made = changes([_kept(row) for row in rows], seen, now, rules)
            for one in made:
                self._enter(connection, one.kept)
                self._redraw(connection, one.kept)
            if telling is not None:
                for one in made:
                    self._follow_up(connection, one, telling)
                self._tell(connection, rules, telling)
        return made

    def hush(self, name: str, by: Caller, now: datetime) -> Kept:
        """Say no more of it in its thread; its messages are drawn anew.

        Raises:
            NotFound: there is none.
        """
        with self.database.writing() as connection:
            self.database.alone(connection, ALERT_LOCK)
            before = self._get(connection, name)
            if before.stopped:
                return before
            after = replace(before, stopped=by.name, changed=now, version=before.version + 1)
            self._enter(connection, after)
            self._redraw(connection, after)
            return after

    def judge(self, connection: sa.Connection, event: str, said: Said, by: Caller, now: datetime) -> None:
        """What somebody said of an anomaly ends its alert, or opens it again, inside the transaction that notes it."""
        self.database.alone(connection, ALERT_LOCK)
        before = self._of_event(connection, event)
        if before is None:
            return
        if said in ENDING:
            after = judged(before, f"{said} says {by.name}", now)
        else:
            after = replace(before, changed=now, version=before.version + 1)
        self._enter(connection, after)
        self._redraw(connection, after)

    def _get(self, connection: sa.Connection, name: str) -> Kept:
        rows: list[Any] = []
        if len(name) >= SHORTEST_NAME and name.isalnum():
            rows = list(connection.execute(sa.select(alert).where(alert.c.id.startswith(name.lower())).limit(2)))
        if len(rows) != 1:
            raise NotFound(unknown(name, several=bool(rows)))
        return _kept(rows[0])

    def _of_event(self, connection: sa.Connection, event: str) -> Kept | None:
        newest = sa.select(alert).where(alert.c.kind == "anomaly").order_by(alert.c.opened.desc()).limit(MOST_LOOKED_AT)
        rows = connection.execute(newest)
        return next((_kept(row) for row in rows if event in (row.facts["seen"].get("event"), row.key)), None)

    def _ranked(self, connection: sa.Connection, wanted: sa.ColumnElement[bool]) -> Sequence[Kept]:
        found = [_kept(row) for row in connection.execute(sa.select(alert).where(wanted))]
        return sorted(found, key=lambda one: (not one.is_open, -abs(one.alert.amount.amount), one.alert.id))

    def _enter(self, connection: sa.Connection, one: Kept) -> None:
        row = _row(one)
        statement = self.database.insert(alert).values(row)
        connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=row))

    def _redraw(self, connection: sa.Connection, one: Kept) -> None:
        """Have every message that shows it drawn anew, a day's summary included."""
        self.outbox.redraw(connection, one.alert.id, one.version)
        for row in connection.execute(sa.select(told).where(told.c.alert == one.alert.id, told.c.held)).all():
            self._redraw_summary(connection, row.root, f"{one.alert.id}:{one.version}")

    def _redraw_summary(self, connection: sa.Connection, root: str, why: str) -> None:
        self.outbox.redraw(connection, summary_of(root), why)

    def _follow_up(self, connection: sa.Connection, change: Change, telling: Telling) -> None:
        """Tell the threads of an alert; one that ended before anybody was told of it is not told at all."""
        one = change.kept
        for row in connection.execute(sa.select(told).where(told.c.alert == one.alert.id, ~told.c.held)).all():
            place = Place(**row.place)
            if not one.is_open and self.outbox.recall(connection, row.root):
                continue
            if change.line:
                number = len(one.lines)
                line = Parcel(
                    f"{row.root}:line:{number}",
                    place,
                    Kind.POST,
                    Priority.ALERT,
                    ask=f"alert {one.alert.id} line={number}",
                    under=row.root,
                    due=telling.due(one.alert, place),
                )
                self.outbox.enter(connection, [line], ())

    def _tell(self, connection: sa.Connection, rules: AlertRules, telling: Telling) -> None:
        """Tell every open alert that nobody was told of; one that could not be delivered goes where others go."""
        for one in self._ranked(connection, alert.c.closed.is_(None)):
            states = self._delivery(connection, one)
            if states and set(states.values()) != {"failed"}:
                continue
            wanted = telling.otherwise if states else telling.places(one.alert)
            for lane, place in {place.lane: place for place in wanted}.items():
                if lane not in states:
                    self._tell_in(connection, one, place, rules, telling)

    def _delivery(self, connection: sa.Connection, one: Kept) -> dict[str, str]:
        """How the messages of an alert fare, by lane."""
        outbox = schema.outbox
        rows = sa.select(told.c.lane, outbox.c.state).outerjoin(outbox, outbox.c.id == told.c.root)
        found = connection.execute(rows.where(told.c.alert == one.alert.id))
        return {row.lane: row.state or "sent" for row in found}  # what was sent long ago is in no outbox any more

    def _tell_in(self, connection: sa.Connection, one: Kept, place: Place, rules: AlertRules, telling: Telling) -> None:
        today = sa.select(sa.func.count()).where(told.c.lane == place.lane, told.c.day == telling.day, ~told.c.held)
        is_held = connection.execute(today).scalar_one() >= rules.most_a_day
        root = f"alerts:{place.lane}:{telling.day}" if is_held else f"alert:{one.alert.id}:{place.lane}"
        row = {
            "alert": one.alert.id,
            "lane": place.lane,
            "place": asdict(place),
            "root": root,
            "day": telling.day,
            "held": is_held,
        }
        connection.execute(self.database.insert(told).values(row).on_conflict_do_nothing())
        shows = summary_of(root) if is_held else one.alert.id
        ask = f"alerts held={shows}" if is_held else f"alert {one.alert.id}"
        due = telling.due(one.alert, place)
        message = Parcel(root, place, Kind.POST, Priority.ALERT, ask=ask, shows=(shows,), due=due)
        self.outbox.enter(connection, [message], ())
        if is_held:
            self._redraw_summary(connection, root, one.alert.id)


def summary_of(root: str) -> str:
    """The name of a day's summary in asks."""
    return sha256(root.encode()).hexdigest()[:12]


def _said(place: Place) -> str:
    return place.conversation or "direct messages"


def _lately(ended_since: datetime | None) -> sa.ColumnElement[bool]:
    is_open = alert.c.closed.is_(None)
    return is_open if ended_since is None else sa.or_(is_open, alert.c.closed >= ended_since)


def _row(one: Kept) -> dict[str, Any]:
    """An alert as a row; what no query asks for lies in ``facts``."""
    said = one.alert
    return {
        "id": said.id,
        "kind": said.kind,
        "key": said.key,
        "state": "open" if one.is_open else "closed",
        "said": said.said,
        "amount": format(said.amount.amount, "f"),
        "currency": said.amount.currency,
        "facts": {
            "seen": dict(said.facts),
            "team": said.team,
            "account": said.account,
            "service": said.service,
            "urgent": said.urgent,
            "grows": said.grows,
            "over": said.over,
            "quietly": said.quietly,
            "family": said.family,
            "step": said.step,
            "told": format(one.told.amount, "f"),
            "ended": one.ended,
            "stopped": one.stopped,
        },
        "lines": [{"said": line.said, "at": line.at.isoformat()} for line in one.lines],
        "opened": one.opened,
        "changed": one.changed,
        "closed": one.closed,
        "version": one.version,
    }


def _kept(row: Any) -> Kept:  # noqa: ANN401 (a row)
    facts = dict(row.facts)
    seen, was = facts.pop("seen"), facts.pop("told")
    ended, stopped = facts.pop("ended"), facts.pop("stopped")
    amount = Money(Decimal(row.amount), row.currency)
    return Kept(
        Alert(row.kind, row.key, row.said, amount, facts=seen, **facts),
        row.opened,
        row.changed,
        Money(Decimal(was), row.currency),
        ended,
        row.closed,
        stopped,
        tuple(Line(line["said"], datetime.fromisoformat(line["at"])) for line in row.lines),
        row.version,
    )
