"""The outbox: every message that is to be said, leased to one courier at a time, a lane after a lane."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from analysis.errors import NotFound
from bot.ports import HOME, Enclosure, Kind, Parcel, Place, Priority, anew
from bot.scopes import is_alone
from bot.state import schema
from bot.state.database import LEASE_LOCK, Database
from charts.picture import Picture
from commands.core.answer import File

outbox, message, shown, lane = schema.outbox, schema.message, schema.shown, schema.lane
COALESCED = (Kind.EDIT.value, Kind.VIEW.value)
DIGEST_PATIENCE_SECONDS = 30.0
MOST_REDRAWN = 10  # messages of one conversation, of those that show one finding
MAY_REPEAT = (Kind.POST.value, Kind.PRIVATE.value, Kind.FILE.value)  # an edit that arrives twice is the same edit

OWN = ("card ", "finding ")  # asks whose message shows one finding and nothing else
ON_THEIR_WAY = ("pending", "leased", "held")  # what is held may yet be sent, or have arrived
ORPHANED = "the message that it belongs to was not delivered"
LOOKED_FOR = tuple(kind.value for kind in Kind if kind.may_repeat)


@dataclass(frozen=True, slots=True)
class Standing:
    """How full the outbox is."""

    pending: int  # waiting or on their way
    oldest_seconds: float  # since the first of them was due
    unclear: int
    failed: int


class OutboxTable:
    """Everything that is to be said, and what became of it."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def put(self, parcels: Sequence[Parcel], enclosures: Sequence[Enclosure]) -> None:
        """Enqueue; a parcel whose id was ever enqueued is ignored."""
        with self.database.writing() as connection:
            self.enter(connection, parcels, enclosures)

    def enter(self, connection: sa.Connection, parcels: Sequence[Parcel], enclosures: Sequence[Enclosure]) -> None:
        """The same, inside another transaction."""
        if not parcels and not enclosures:
            return
        now = self.database.now(connection)
        for one in enclosures:
            table, kept = _kept(one)
            row = {"digest": one.digest, "name": one.name, "at": now, **kept}
            connection.execute(self.database.insert(table).values(row).on_conflict_do_nothing())
        if parcels:  # all at once: one click may redraw a hundred messages
            new = self.database.insert(outbox).on_conflict_do_nothing(index_elements=["id"])
            connection.execute(new, [_row(parcel, now) for parcel in parcels])

    def redraw(self, connection: sa.Connection, finding: str, version: int | str, clicked: str = "") -> None:
        """Have the messages that show a finding (or an alert) drawn anew, inside the transaction that changed it.

        A message that is just on its way is drawn anew when it has arrived. In a conversation that has many, these are
        its newest, which somebody may still look at, and the one that was ``clicked``: a platform lets us change about
        fifty a minute, and one click in a channel with a year of lists is not to be all of them.
        """
        nth = sa.func.row_number().over(
            partition_by=(message.c.platform, message.c.tenant, message.c.conversation, message.c.user),
            order_by=message.c.number.desc(),
        )
        joined = sa.select(message, nth.label("nth")).join(shown, shown.c.message == message.c.number)
        views = joined.where(shown.c.finding == finding).subquery()
        looked_at = sa.or_(views.c.nth <= MOST_REDRAWN, views.c.message == (clicked or None))
        seen = sa.select(views).where(looked_at).order_by(views.c.number)
        edits = [_redrawn(row, finding, version) for row in connection.execute(seen) if row.ask]
        edits += [
            Parcel(
                f"edit:{row.number}:{row.id}:{version}",
                Place(**row.place),
                Kind.EDIT,
                Priority.EDIT,
                ask=row.ask,
                shows=(finding,),
                under=row.id,
            )
            for row in connection.execute(_on_their_way(finding))
            if finding in row.shows and (row.payload or row.state != "pending")
        ]
        self.enter(connection, edits, ())

    def redraw_homes(self, connection: sa.Connection, callers: Iterable[str], key: str) -> None:
        """Have the own pages of people drawn anew, of those who ever opened theirs; ``key`` names what changed."""
        for caller in callers:
            platform, _, user = caller.partition(":")
            seen = sa.select(message).where(
                message.c.platform == platform, message.c.conversation == user, message.c.message == HOME
            )
            places = [_home(row) for row in connection.execute(seen).all() if user]
            pages = [Parcel(f"home:{place.lane}:{key}", place, Kind.VIEW, Priority.EDIT, ask=HOME) for place in places]
            self.enter(connection, pages, ())

    def recall(self, connection: sa.Connection, root: str) -> bool:
        """Take back a message that has not begun to leave, and what lies under it; whether that was so."""
        mine = sa.update(outbox).where(outbox.c.state == "pending").values(state="superseded", why="over before told")
        waits = mine.where(outbox.c.id == root, outbox.c.attempt == 0)
        if connection.execute(waits.returning(outbox.c.number)).first() is None:
            return False
        connection.execute(mine.where(outbox.c.under == root))
        return True

    def threads(self, connection: sa.Connection, finding: str) -> Sequence[Place]:
        """Where a finding is talked of: in each conversation the thread of its own message, else of the newest list."""
        seen = sa.select(message).join(shown, shown.c.message == message.c.number).where(shown.c.finding == finding)
        chosen: dict[tuple[str, ...], Any] = {}
        for row in connection.execute(seen.where(message.c.message != HOME).order_by(message.c.number)):
            where = row.platform, row.tenant, row.conversation, row.user
            own = row.ask.startswith(OWN)
            if where not in chosen or own or not chosen[where].ask.startswith(OWN):
                chosen[where] = row
        return [
            Place(row.platform, row.tenant, row.conversation, thread=row.thread or row.message, user=row.user)
            for row in chosen.values()
        ]

    def own_threads(self, finding: str) -> Sequence[Place]:
        """The threads of the messages that show one finding and nothing else, the newest of each conversation."""
        with self.database.reading() as connection:
            seen = sa.select(message).join(shown, shown.c.message == message.c.number).where(shown.c.finding == finding)
            own = seen.where(message.c.user == "", message.c.message != HOME).order_by(message.c.number)
            rows = [row for row in connection.execute(own) if row.ask.startswith(OWN)]
        newest = {(row.platform, row.tenant, row.conversation): row for row in rows}
        return [Place(*where, thread=row.thread or row.message) for where, row in newest.items()]

    def tenant(self, connection: sa.Connection, platform: str) -> str:
        """The workspace that was last spoken to on a platform; empty if there was none."""
        wanted = sa.select(message.c.tenant).where(message.c.platform == platform).order_by(message.c.number.desc())
        return str(connection.execute(wanted.limit(1)).scalar() or "")

    def lease(self, limit: int, seconds: float, unedited: Sequence[str] = ()) -> Sequence[Parcel]:
        """Take the next parcels that are due, one a lane at most, by priority and age, lanes at rest left out.

        A digest that has waited for half a minute lets no newer edit go first: some channels change all the time.
        In the workspaces that are ``unedited`` (``slack:T1``) no edit is given but an answer that somebody waits for.
        """
        with self.database.writing() as connection:
            self.database.alone(connection, LEASE_LOCK)
            now = self.database.now(connection)
            self._overdue(connection, now)
            self._coalesce(connection)
            self._orphaned(connection)
            root = outbox.alias("root")
            rooted = sa.exists().where(root.c.id == outbox.c.under, root.c.state == "sent")
            busy = sa.select(outbox.c.lane).where(outbox.c.state == "leased")
            resting = sa.select(lane.c.name).where(lane.c.until > now)
            order = (_rank(now), outbox.c.number)
            turn = sa.func.row_number().over(partition_by=outbox.c.lane, order_by=order).label("turn")
            ready = (
                sa.select(outbox.c.number, turn)
                .where(outbox.c.state == "pending", outbox.c.due <= now)
                .where(outbox.c.lane.not_in(busy), outbox.c.lane.not_in(resting))
                .where(sa.or_(outbox.c.under == "", rooted))
                .where(*(~_is_edit_in(workspace) for workspace in unedited))
                .subquery()
            )
            chosen = (
                sa.select(outbox.c.number)
                .join(ready, ready.c.number == outbox.c.number)
                .where(ready.c.turn == 1)
                .order_by(*order)
                .limit(limit)
            )
            leased = (
                sa.update(outbox)
                .where(outbox.c.number.in_(chosen))
                .values(
                    state="leased",
                    attempt=outbox.c.attempt + 1,
                    until=now + timedelta(seconds=seconds),
                    first_try=sa.func.coalesce(outbox.c.first_try, sa.literal(now, schema.Utc)),
                )
                .returning(outbox)
            )
            rows = sorted(connection.execute(leased), key=lambda row: (row.priority, row.number))
            return [self._rooted(connection, row) for row in rows]

    def begun(self, parcel: Parcel) -> bool:
        """It is being sent from now on, so that it is unclear if nobody comes back; ``False`` if the lease was lost."""
        with self.database.writing() as connection:
            mine = self._mine(parcel).values(unclear=parcel.kind.value in MAY_REPEAT)
            return connection.execute(mine.returning(outbox.c.number)).first() is not None

    def sent(self, parcel: Parcel, message: str) -> bool:
        """Delivered as ``message``; remembered as a view of ``shows``. ``False`` if the lease was lost meanwhile."""
        with self.database.writing() as connection:
            mine = self._mine(parcel).values(state="sent", message=message, until=None, unclear=False)
            if connection.execute(mine.returning(outbox.c.number)).first() is None:
                return False
            is_view = parcel.kind is Kind.POST or (parcel.kind is Kind.EDIT and parcel.under)
            if message and parcel.shows and is_view:
                self._remember(connection, parcel, message)
            if parcel.kind is Kind.VIEW and parcel.place.view == HOME:
                self._remember_home(connection, parcel)
            return True

    def later(self, parcel: Parcel, seconds: float, why: str, *, unclear: bool = False) -> None:
        """Give back, to be tried again after ``seconds``."""
        with self.database.writing() as connection:
            due = self.database.now(connection) + timedelta(seconds=seconds)
            given = {"state": "pending", "due": due, "until": None, "why": why, "unclear": unclear}
            ever = sa.or_(outbox.c.was_unclear, sa.literal(unclear))
            connection.execute(self._mine(parcel).values(**given, was_unclear=ever))

    def failed(self, parcel: Parcel, why: str) -> None:
        """Park as undeliverable, with the reason."""
        with self.database.writing() as connection:
            connection.execute(self._mine(parcel).values(state="failed", until=None, why=why))

    def hold(self, parcel: Parcel, why: str) -> None:
        """Keep until a person decides whether it is sent again."""
        with self.database.writing() as connection:
            connection.execute(self._mine(parcel).values(state="held", until=None, why=why))

    def drawn_by(self, platform: str, tenant: str, conversations: Sequence[str], sent_as: str) -> str | None:
        """The ask that draws a message anew; ``None`` if it is no view of ours."""
        wanted = sa.select(message.c.ask).where(
            message.c.platform == platform,
            message.c.tenant == tenant,
            message.c.conversation.in_(conversations),
            message.c.message == sent_as,
        )
        with self.database.reading() as connection:
            row = connection.execute(wanted).first()
        return str(row.ask) if row else None

    def rest(self, lane: str, seconds: float) -> None:
        """Let a lane rest: nothing of it is leased for ``seconds``."""
        table = schema.lane
        with self.database.writing() as connection:
            until = self.database.now(connection) + timedelta(seconds=seconds)
            statement = self.database.insert(table).values(name=lane, until=until)
            later = sa.case((table.c.until > statement.excluded.until, table.c.until), else_=statement.excluded.until)
            connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"until": later}))

    def find_upload(self, platform: str, tenant: str, digest: str) -> str | None:
        """The platform's file id of a picture that was uploaded before."""
        table = schema.upload
        wanted = sa.select(table.c.file).where(
            table.c.platform == platform, table.c.tenant == tenant, table.c.digest == digest
        )
        with self.database.reading() as connection:
            file: str | None = connection.execute(wanted).scalar()
        return file

    def uploaded(self, platform: str, tenant: str, digest: str, file: str) -> None:
        """Remember an upload."""
        kept = {"platform": platform, "tenant": tenant, "digest": digest, "file": file}
        with self.database.writing() as connection:
            connection.execute(self.database.insert(schema.upload).values(kept).on_conflict_do_nothing())

    def picture(self, digest: str) -> Picture:
        """The picture of that digest.

        Raises:
            NotFound: it was never put here.
        """
        with self.database.reading() as connection:
            row = connection.execute(sa.select(schema.picture).where(schema.picture.c.digest == digest)).first()
        if row is None:
            raise NotFound(f"no picture has the digest {digest[:12]}…")
        return Picture(row.png, row.alt, row.name)

    def document(self, digest: str) -> File:
        """The document of that digest.

        Raises:
            NotFound: it was never put here.
        """
        table = schema.document
        with self.database.reading() as connection:
            row = connection.execute(sa.select(table).where(table.c.digest == digest)).first()
        if row is None:
            raise NotFound(f"no document has the digest {digest[:12]}…")
        return File(row.name, row.media, row.content, row.said)

    def twins(self) -> Sequence[tuple[Parcel, str]]:
        """Parcels that were unclear and later sent, with their message ids, whose lateness is not yet over."""
        late = sa.select(outbox).where(
            outbox.c.state == "sent", outbox.c.was_unclear, outbox.c.swept.is_(False), outbox.c.kind.in_(LOOKED_FOR)
        )
        with self.database.reading() as connection:
            return [(self._rooted(connection, row), row.message) for row in connection.execute(late).all()]

    def swept(self, parcel_id: str) -> None:
        """The late twins of a parcel were looked for; it need not be done again."""
        with self.database.writing() as connection:
            connection.execute(sa.update(outbox).where(outbox.c.id == parcel_id).values(swept=True))

    def due(self) -> int:
        """How many parcels are on their way, or could be now."""
        with self.database.reading() as connection:
            now = self.database.now(connection)
            could = sa.and_(outbox.c.state == "pending", outbox.c.due <= now)
            wanted = sa.select(sa.func.count()).select_from(outbox).where(sa.or_(outbox.c.state == "leased", could))
            return int(connection.execute(wanted).scalar_one())

    def counts(self) -> Mapping[str, int]:
        """How many parcels are in each state."""
        wanted = sa.select(outbox.c.state, sa.func.count().label("number")).group_by(outbox.c.state)
        with self.database.reading() as connection:
            return {row.state: row.number for row in connection.execute(wanted)}

    def standing(self, now: datetime) -> Standing:
        """How many wait, since when, and how many are in doubt or given up."""
        waiting = outbox.c.state.in_(("pending", "leased"))
        doubtful = sa.or_(sa.and_(outbox.c.state == "pending", outbox.c.unclear), outbox.c.state == "held")
        one = sa.case
        wanted = sa.select(
            sa.func.coalesce(sa.func.sum(one((waiting, 1), else_=0)), 0).label("pending"),
            sa.func.coalesce(sa.func.sum(one((doubtful, 1), else_=0)), 0).label("unclear"),
            sa.func.coalesce(sa.func.sum(one((outbox.c.state == "failed", 1), else_=0)), 0).label("failed"),
            sa.func.min(one((waiting, sa.func.coalesce(outbox.c.first_try, outbox.c.due)))).label("since"),
        )
        with self.database.reading() as connection:
            row = connection.execute(wanted).one()
        late = (now - row.since).total_seconds() if row.since else 0.0
        return Standing(int(row.pending), max(0.0, late), int(row.unclear), int(row.failed))

    def _mine(self, parcel: Parcel) -> sa.Update:
        """An update of a parcel that only the holder of its present lease may make."""
        held = (outbox.c.id == parcel.id, outbox.c.state == "leased", outbox.c.attempt == parcel.attempt)
        return sa.update(outbox).where(*held)

    def _overdue(self, connection: sa.Connection, now: datetime) -> None:
        """Parcels whose courier never came back: what it had begun to send may have arrived, or not."""
        lost = sa.update(outbox).where(outbox.c.state == "leased", outbox.c.until <= now)
        ever = sa.or_(outbox.c.was_unclear, outbox.c.unclear)
        connection.execute(lost.values(state="pending", until=None, was_unclear=ever))

    def _coalesce(self, connection: sa.Connection) -> None:
        """Of several pending edits of one message, or fillings of one page, only the newest counts."""
        newer = outbox.alias("newer")
        overtaken = sa.exists().where(
            newer.c.state == "pending",
            newer.c.kind == outbox.c.kind,
            newer.c.lane == outbox.c.lane,
            newer.c.message == outbox.c.message,
            newer.c.under == outbox.c.under,
            newer.c.number > outbox.c.number,
        )
        old = sa.update(outbox).where(outbox.c.state == "pending", outbox.c.kind.in_(COALESCED), overtaken)
        connection.execute(old.values(state="superseded"))

    def _orphaned(self, connection: sa.Connection) -> None:
        """What waits for a root that will never be sent waits no longer."""
        root = outbox.alias("root")
        alive = sa.exists().where(root.c.id == outbox.c.under, root.c.state.in_((*ON_THEIR_WAY, "sent")))
        lost = sa.update(outbox).where(outbox.c.state == "pending", outbox.c.under != "", ~alive)
        connection.execute(lost.values(state="failed", why=ORPHANED))

    def _rooted(self, connection: sa.Connection, row: Any) -> Parcel:  # noqa: ANN401 (a row)
        """The parcel with the message of its root filled in, or of what was posted when that one was gone."""
        parcel = _parcel(row)
        found, name = "", parcel.under
        while name and (sent := connection.execute(_sent_as(name)).scalar_one_or_none()):
            found, name = sent, anew(parcel.lane, sent)
        if not found:
            return parcel
        place = parcel.place
        if parcel.kind is Kind.EDIT:
            return replace(parcel, place=replace(place, message=found))
        return replace(parcel, place=replace(place, thread=place.thread or found))

    def _remember(self, connection: sa.Connection, parcel: Parcel, sent_as: str) -> None:
        """A message is a view of the findings that it shows."""
        place = parcel.place
        kept = {
            "platform": place.platform,
            "tenant": place.tenant,
            "conversation": place.conversation,
            "message": sent_as,
            "user": place.user if is_alone(place) else "",
            "ask": parcel.ask,
            "thread": place.thread,
        }
        new = self.database.insert(message).values(kept).on_conflict_do_nothing().returning(message.c.number)
        row = connection.execute(new).first()
        for finding in parcel.shows if row else ():
            seen = {"message": row.number, "finding": finding} if row else {}
            connection.execute(self.database.insert(shown).values(seen).on_conflict_do_nothing())

    def _remember_home(self, connection: sa.Connection, parcel: Parcel) -> None:
        """A page of somebody's own is a view of what it shows now, and of nothing that it showed before."""
        place = parcel.place
        kept = {"platform": place.platform, "tenant": place.tenant, "conversation": place.caller.partition(":")[2]}
        kept |= {"message": HOME}
        connection.execute(self.database.insert(message).values(kept | {"ask": HOME}).on_conflict_do_nothing())
        mine = (message.c[name] == value for name, value in kept.items())
        number = connection.execute(sa.select(message.c.number).where(*mine)).scalar_one()
        connection.execute(sa.delete(shown).where(shown.c.message == number))
        for finding in parcel.shows:
            connection.execute(sa.insert(shown).values({"message": number, "finding": finding}))


def _home(row: Any) -> Place:  # noqa: ANN401 (a row)
    """Whose page a row is: it is kept by who they are, which names the workspace where there are several."""
    user = row.conversation.rpartition(":")[2]
    person = "" if user == row.conversation else f"{row.platform}:{row.conversation}"
    return Place(row.platform, row.tenant, user=user, view=HOME, person=person)


def _redrawn(row: Any, finding: str, version: int | str) -> Parcel:  # noqa: ANN401 (a row)
    """What draws a message, or somebody's own page, anew, since a finding on it has moved."""
    place = Place(row.platform, row.tenant, row.conversation, message=row.message, user=row.user)
    kind, name = Kind.EDIT, f"edit:{row.number}:{finding}:{version}"
    if row.message == HOME:
        place, kind = _home(row), Kind.VIEW
    return Parcel(name, place, kind, Priority.EDIT, ask=row.ask, shows=(finding,))


def _rank(now: datetime) -> sa.ColumnElement[int]:
    """The priority that a parcel has by now."""
    is_old = outbox.c.due <= now - timedelta(seconds=DIGEST_PATIENCE_SECONDS)
    grown = sa.and_(outbox.c.priority == int(Priority.DIGEST), is_old)
    return sa.case((grown, sa.literal(int(Priority.EDIT))), else_=outbox.c.priority)


def _is_edit_in(workspace: str) -> sa.ColumnElement[bool]:
    """Edits of a workspace that nobody waits for."""
    in_it = outbox.c.lane.startswith(f"{workspace}:", autoescape=True)
    return sa.and_(outbox.c.kind == Kind.EDIT.value, outbox.c.priority > int(Priority.REPLY), in_it)


def _sent_as(name: str) -> sa.Select[Any]:
    """The message that a parcel became."""
    return sa.select(outbox.c.message).where(outbox.c.id == name, outbox.c.state == "sent")


def _on_their_way(finding: str) -> sa.Select[Any]:
    """Posts that can be drawn anew and have not arrived yet, of those that name a finding at all."""
    named = sa.cast(outbox.c.shows, sa.Text).contains(finding, autoescape=True)
    return sa.select(outbox).where(
        outbox.c.state.in_(ON_THEIR_WAY), outbox.c.kind == Kind.POST.value, outbox.c.ask != "", named
    )


def _kept(one: Enclosure) -> tuple[sa.Table, dict[str, Any]]:
    """The table of an enclosure, and the columns that are its own."""
    if isinstance(one, Picture):
        return schema.picture, {"alt": one.alt, "png": one.png}
    return schema.document, {"media": one.media, "said": one.said, "content": one.content}


def _row(parcel: Parcel, now: datetime) -> dict[str, Any]:
    return {
        "id": parcel.id,
        "place": asdict(parcel.place),
        "lane": parcel.lane,
        "message": parcel.place.message,
        "kind": parcel.kind.value,
        "priority": int(parcel.priority),
        "payload": dict(parcel.payload),
        "ask": parcel.ask,
        "shows": list(parcel.shows),
        "under": parcel.under,
        "trace": parcel.trace,
        "state": "pending",
        "attempt": 0,
        "due": max(now, parcel.due or now),
        "unclear": False,
        "was_unclear": False,
        "swept": False,
        "why": "",
    }


def _parcel(row: Any) -> Parcel:  # noqa: ANN401 (a row)
    parcel = Parcel(row.id, Place(**row.place), Kind(row.kind), Priority(row.priority), row.payload, row.ask)
    parcel = replace(parcel, under=row.under, due=row.due, trace=row.trace)
    return replace(parcel, shows=tuple(row.shows), attempt=row.attempt, first_try=row.first_try, unclear=row.unclear)
