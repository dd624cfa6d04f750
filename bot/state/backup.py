"""Backups of the state database, taken while the bot runs, looked at before they are trusted, and put back."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import URL, make_url

from analysis.errors import BadConfig, BadData
from bot.clock import Clock
from bot.environment import environment
from bot.state import schema
from bot.state.database import Database

PAGES, PAUSE_SECONDS = 500, 0.01  # so many at a time: writers get in between
SQLITE_MARK, POSTGRES_MARK = b"SQLite format 3\x00", b"PGDMP"


@dataclass(frozen=True, slots=True)
class Kept:
    """What a backup holds: of which database, at which schema, how many rows in each table."""

    kind: str  # sqlite, postgresql
    revision: str
    rows: Mapping[str, int]

    @property
    def said(self) -> str:
        """In one line."""
        there = {name: number for name, number in self.rows.items() if number}
        rows = ", ".join(f"{number:,} {name}" for name, number in sorted(there.items())) or "no rows"
        return f"{self.kind} at schema {self.revision}: {rows}"


def backup(database: Database, file: Path) -> Kept:
    """Copy the state database into ``file``, as it is at one moment, while others write on; then look at the copy.

    Raises:
        BadConfig: the file is there already, or PostgreSQL's ``pg_dump`` is not.
        BadData: the copy is not sound.
    """
    if file.exists():
        raise BadConfig(f"{file} is there already; a backup overwrites nothing")
    part = file.with_name(f"{file.name}.part")
    part.unlink(missing_ok=True)
    part.touch(mode=0o600)  # it holds what people said and decided
    try:
        if database.is_sqlite:
            with (
                closing(sqlite3.connect(str(database.url.database))) as source,
                closing(sqlite3.connect(part)) as target,
            ):
                source.backup(target, pages=PAGES, sleep=PAUSE_SECONDS)
                target.execute("PRAGMA journal_mode = DELETE")  # one file, without companions
        else:
            _client("pg_dump", database.url, "--format=custom", f"--file={part}")
        kept = verified(part)
        part.replace(file)
    except OSError as error:
        raise BadConfig(f"{file} cannot be written: {error.strerror}") from None
    finally:
        part.unlink(missing_ok=True)
    return kept


def verified(file: Path) -> Kept:
    """Read a backup from end to end, and tell what it holds.

    Raises:
        BadData: it is damaged, or no backup of ours.
    """
    try:
        with file.open("rb") as opened:
            mark = opened.read(len(SQLITE_MARK))
    except OSError as error:
        raise BadData(f"{file} cannot be read: {error.strerror}") from None
    if mark == SQLITE_MARK:
        kept = _verified_sqlite(file)
    elif mark.startswith(POSTGRES_MARK):
        kept = _verified_postgres(file)
    else:
        raise BadData(f"{file} is neither a copy of SQLite nor a dump of PostgreSQL")
    if missing := {"finding", "audit", "inbox", "outbox"} - set(kept.rows):
        raise BadData(f"{file} is no backup of Pitcrew: it has no table {', '.join(sorted(missing))}")
    return kept


def restore(url: str, file: Path, clock: Clock) -> Kept:
    """Put a backup in the place of the state database; what was there is kept beside it (SQLite) or gone (PostgreSQL).

    Raises:
        BadConfig: the bot is running on it, or the backup is of the other kind of database.
        BadData: the backup is damaged; nothing has been changed.
    """
    kept = verified(file)
    database = Database(url, clock)  # takes SQLite's lock, so that no bot runs on what is replaced
    try:
        if database.is_sqlite != (kept.kind == "sqlite"):
            raise BadConfig(f"{file} is a backup of {kept.kind}, and this deployment has another database")
        if kept.revision > database.newest:
            raise BadConfig(
                f"{file} is at schema {kept.revision}, this version knows {database.newest}: install a newer"
            )
        database.engine.dispose()
        if database.is_sqlite:
            _put_back(Path(str(database.url.database)), file)
        else:
            _client(
                "pg_restore", database.url, "--clean", "--if-exists", "--no-owner", "--single-transaction", str(file)
            )
    finally:
        database.close()
    return kept


def _put_back(there: Path, file: Path) -> None:
    """The copy first, whole, and then into its place in one step."""
    new = there.with_name(f"{there.name}.restoring")
    shutil.copyfile(file, new)
    new.chmod(0o600)
    for companion in ("-wal", "-shm"):
        if (beside := there.with_name(there.name + companion)).exists():
            beside.replace(there.with_name(f"{there.name}.before-restore{companion}"))
    if there.exists():
        there.replace(there.with_name(f"{there.name}.before-restore"))
    new.replace(there)


def _verified_sqlite(file: Path) -> Kept:
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as opened:
            found = [row[0] for row in opened.execute("PRAGMA integrity_check")]
            if found != ["ok"] or opened.execute("PRAGMA foreign_key_check").fetchone():
                raise BadData(f"{file} is damaged: {found[0]}")
            names = [row[0] for row in opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            rows = {
                name: opened.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]  # noqa: S608 (its own tables)
                for name in names
                if name in schema.metadata.tables
            }
            revision = opened.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.DatabaseError as error:
        raise BadData(f"{file} is damaged: {error}") from None
    return Kept("sqlite", revision[0] if revision else "nothing yet", rows)


def _verified_postgres(file: Path) -> Kept:
    """Have the whole dump written out as text, and count its rows on the way."""
    rows: dict[str, int] = {}
    revision, table = "nothing yet", ""
    with subprocess.Popen(  # noqa: S603 (our own words)
        [_program("pg_restore"), "--file=-", str(file)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as reading:
        for line in reading.stdout or ():
            if table and line == "\\.\n":
                table = ""
            elif table == "alembic_version":
                revision = line.strip()
            elif table:
                rows[table] += 1
            elif line.startswith("COPY ") and line.endswith("FROM stdin;\n"):
                table = line.split()[1].removeprefix("public.").strip('"')
                rows[table] = 0
        trouble = reading.stderr.read() if reading.stderr else ""
    if reading.returncode:
        raise BadData(f"{file} is damaged: {trouble.splitlines()[0] if trouble else 'pg_restore cannot read it'}")
    rows.pop("alembic_version", None)
    return Kept("postgresql", revision, rows)


def _client(program: str, url: URL, *words: str) -> None:
    """Run one of PostgreSQL's programs on a database, with the password where nobody reads it in a list of processes.

    Raises:
        BadConfig: the program is not installed.
        BadData: it failed.
    """
    address = make_url(url).set(drivername="postgresql", password=None).render_as_string(hide_password=False)
    secret = {"PGPASSWORD": str(url.password)} if url.password else {}
    done = subprocess.run(  # noqa: S603 (our own words)
        [_program(program), f"--dbname={address}", "--no-password", *words],
        env={**environment(), **secret},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BadData(f"{program}: {done.stderr.strip().splitlines()[0] if done.stderr.strip() else 'failed'}")


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise BadConfig(f"{name} is not here: install PostgreSQL's client programs of the server's version")
    return found
