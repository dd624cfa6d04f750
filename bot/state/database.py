"""The database itself: opened, locked, migrated, and written to by one transaction at a time where it must be."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from threading import RLock
from time import monotonic
from typing import IO, Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from analysis.errors import BadConfig, NotSaved
from bot import metrics
from bot.clock import Clock
from bot.state import schema

BUSY_SECONDS = 5
FRESH_SECONDS = 0.5  # whoever answered so lately is alive, as in HikariCP's aliveBypassWindowMs
MIGRATIONS = Path(__file__).parent / "migrations"
MIGRATION_LOCK, LEASE_LOCK, ASSESSMENT_LOCK, ALERT_LOCK = range(
    7_205_201, 7_205_205
)  # PostgreSQL's; any numbers that are ours
DRIVERS = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg"}


class Database:
    """An engine with our manners. SQLite: one process, one writer. PostgreSQL: several replicas, its own clock."""

    def __init__(self, url: str, clock: Clock, *, visiting: bool = False) -> None:
        """Open; on a visit (an operator's command) SQLite is shared with the process that holds it."""
        self.url = _url(url)
        self.clock = clock
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._writer = RLock()
        self._lock: IO[str] | None = _locked(self.url) if self.is_sqlite and not visiting else None
        self.engine = _sqlite(self.url) if self.is_sqlite else _postgres(self.url)

    def close(self) -> None:
        """Let go of everything."""
        self.engine.dispose()
        if self._lock:
            self._lock.close()

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """One transaction: all of it, or nothing.

        Raises:
            NotSaved: the database did not take it.
        """
        with self._writer if self.is_sqlite else _nobody():
            try:
                with metrics.timed(metrics.DB_SECONDS.labels("write")), self._begun() as connection:
                    yield connection
            except (DBAPIError, sa.exc.TimeoutError) as error:
                metrics.DB_ERRORS.inc()
                raise NotSaved(
                    "the state database did not take it, so nothing has changed; please try again"
                ) from error

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A look at one version of everything.

        Raises:
            NotSaved: the database cannot be reached.
        """
        try:
            with metrics.timed(metrics.DB_SECONDS.labels("read")), self.engine.connect() as connection:
                yield connection
        except (DBAPIError, sa.exc.TimeoutError) as error:
            metrics.DB_ERRORS.inc()
            raise NotSaved("the state database cannot be reached; please try again") from error

    @contextmanager
    def _begun(self) -> Iterator[sa.Connection]:
        """A connection in a transaction that will write."""
        with self.engine.connect() as connection:
            writing = connection.execution_options(immediate=True) if self.is_sqlite else connection
            with writing.begin():
                yield writing

    def now(self, connection: sa.Connection) -> datetime:
        """The moment that leases go by: PostgreSQL's, since replicas' clocks differ; on SQLite our one process's."""
        if self.is_sqlite:
            return self.clock()
        moment: datetime = connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
        return moment

    def probe(self) -> None:
        """Write something, and read nothing into it: whether the database takes writes.

        Raises:
            NotSaved: it does not.
        """
        with self.writing() as connection:
            row = {"name": "pitcrew:probe", "until": self.now(connection)}
            statement = self.insert(schema.lane).values(row)
            connection.execute(
                statement.on_conflict_do_update(index_elements=["name"], set_={"until": statement.excluded.until})
            )

    def alone(self, connection: sa.Connection, lock: int) -> None:
        """Let no other replica do what ``lock`` stands for until this transaction ends."""
        if not self.is_sqlite:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(lock)))

    def insert(self, table: sa.Table) -> Any:  # noqa: ANN401 (two dialects' classes with the same methods)
        """An INSERT that knows ON CONFLICT."""
        if self.is_sqlite:
            return sqlite.insert(table)
        from sqlalchemy.dialects import postgresql

        return postgresql.insert(table)

    @property
    def revision(self) -> str:
        """The schema that the database has."""
        with self.reading() as connection:
            if not sa.inspect(connection).has_table("alembic_version"):
                return "nothing yet"
            return str(connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar())

    @property
    def newest(self) -> str:
        """The schema that this version wants: its last step, whose file begins with its number."""
        return max(path.name.partition("_")[0] for path in MIGRATIONS.glob("versions/[0-9]*.py"))

    def upgrade(self) -> None:
        """Bring the schema up to date; of several replicas that start at once, one does.

        Raises:
            BadConfig: the database cannot be reached, or its schema is none that we know.
        """
        try:
            if self.revision != self.newest:
                self._migrate()
        except (SQLAlchemyError, NotSaved) as error:
            raise BadConfig(
                f"the state database {self._shown} cannot be used: {_first(error.__cause__ or error)}"
            ) from error

    def _migrate(self) -> None:
        from alembic import command  # a tenth of the bot's start, and seldom needed
        from alembic.config import Config
        from alembic.util import CommandError

        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        try:
            with self._begun() as connection:
                self.alone(connection, MIGRATION_LOCK)
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
        except CommandError as error:
            raise BadConfig(f"the state database {self._shown} cannot be used: {_first(error)}") from error

    @property
    def _shown(self) -> str:
        return self.url.render_as_string()


@contextmanager
def _nobody() -> Iterator[None]:
    yield


def _url(text: str) -> URL:
    """The address of a database of a kind that we know, with our driver.

    Raises:
        BadConfig: it is none; whatever it says is not repeated, for it may hold a password.
    """
    known = "write sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME"
    try:
        url = make_url(text)
    except ArgumentError:
        raise BadConfig(f"state.url is no database address; {known}") from None
    kind = url.get_backend_name()
    if kind not in DRIVERS:
        raise BadConfig(f"state.url names a {kind} database; {known}")
    if kind == "sqlite" and url.database in (None, "", ":memory:"):
        raise BadConfig(f"state.url names no file, so a restart would forget everything; {known}")
    return url.set(drivername=DRIVERS[kind])


def _locked(url: URL) -> IO[str]:
    """Hold the file that says that this process has the database.

    Raises:
        BadConfig: another process holds it, or it cannot be made.
    """
    path = Path(f"{url.database}.lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a+")
    except OSError as error:
        raise BadConfig(f"the state database {url.database} cannot be used: {error}") from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.seek(0)
        holder = file.read().strip() or "unknown"
        file.close()
        raise BadConfig(
            f"{url.database} is in use by another Pitcrew (process {holder}); SQLite serves one process,"
            " several need PostgreSQL: state.url = postgresql+psycopg://…"
        ) from None
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def _sqlite(url: URL) -> sa.Engine:
    engine = sa.create_engine(url)

    @sa.event.listens_for(engine, "connect")
    def _(connection: Any, _record: object) -> None:  # noqa: ANN401 (sqlite3's own)
        connection.isolation_level = None  # the driver begins no transactions of its own
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
        connection.execute("PRAGMA foreign_keys = ON")

    @sa.event.listens_for(engine, "begin")
    def _(connection: sa.Connection) -> None:
        immediate = connection.get_execution_options().get("immediate")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

    return engine


def _postgres(url: URL) -> sa.Engine:
    """An engine that asks each connection whether it is alive, unless it was in use a moment ago: that is a round trip.

    A connection that is dead takes all of them with it, for then the server was away.
    """
    engine = sa.create_engine(url, pool_size=5, max_overflow=5, pool_timeout=5)

    @sa.event.listens_for(engine, "checkin")
    def _(_connection: object, record: sa.pool.ConnectionPoolEntry) -> None:
        record.info["back"] = monotonic()

    @sa.event.listens_for(engine, "checkout")
    def _(connection: Any, record: sa.pool.ConnectionPoolEntry, _lent: object) -> None:  # noqa: ANN401 (psycopg's)
        back = record.info.get("back")  # none is new
        if back is not None and monotonic() - back > FRESH_SECONDS:
            try:
                engine.dialect.do_ping(connection)
            except engine.dialect.loaded_dbapi.Error as error:
                raise sa.exc.InvalidatePoolError from error

    return engine


def _first(error: BaseException) -> str:
    return str(error).splitlines()[0]
