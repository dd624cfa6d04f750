"""A throwaway PostgreSQL: a cluster of its own in a temporary folder, on a loopback port, that may be stopped hard."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg

INSTALLED = "/usr/lib/postgresql"  # where Debian keeps its versions
OWNERS = ("postgres", "nobody")  # PostgreSQL refuses to run as root
LOOSE = ("-c", "fsync=off", "-c", "full_page_writes=off")  # survives a killed PostgreSQL, not a power cut: enough here
QUICK_COPY = 150_000  # until PostgreSQL 15 there was no other way to copy a database


class Cluster:
    """A running PostgreSQL, with a new database for whoever asks."""

    def __init__(self, folder: Path, owner: str) -> None:
        self.data = folder / "data"
        self.owner = owner
        self.port = _free_port()
        self._numbers = count(1)
        self._run("initdb", "--pgdata", self.data, "--username=crew", "--auth=trust", "--encoding=UTF8", "--no-sync")
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        said = (f"-h 127.0.0.1 -p {self.port} -k {self.data.parent} -c max_connections=60", *LOOSE)
        log = self.data.parent / "log"
        self._run("pg_ctl", "start", "--wait", "--pgdata", self.data, "--log", log, "--options", " ".join(said))

    def stop(self) -> None:
        """Stop it hard: no checkpoint, no goodbye to anybody."""
        self._run("pg_ctl", "stop", "--wait", "--pgdata", self.data, "--mode=immediate")

    def new_database(self, like: str = "") -> str:
        """The address of a new database: an empty one, or a copy of that at ``like``, which nobody is using."""
        name, model = f"crew{next(self._numbers)}", like.rpartition("/")[2] or "template1"
        with psycopg.connect(f"{self._address}/postgres", autocommit=True) as connection:
            quick = " STRATEGY FILE_COPY" if connection.info.server_version >= QUICK_COPY else ""
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {model}{quick}".encode())
        return f"{self._address}/{name}".replace("postgresql:", "postgresql+psycopg:")

    def aside(self) -> Path:
        """A new folder that files of its may stand in, empty or with a disk mounted there."""
        return Path(tempfile.mkdtemp(prefix="aside-", dir=self.data.parent))

    @contextmanager
    def standing(self, url: str, folder: Path) -> Iterator[None]:
        """Have the files of a database that nobody uses stand in a folder; in the end it is dropped."""
        name, space = url.rpartition("/")[2], f"space{next(self._numbers)}"
        files = folder / "files"
        files.mkdir()
        for path in (folder, files) if self.owner else ():
            shutil.chown(path, self.owner)
        with psycopg.connect(f"{self._address}/postgres", autocommit=True) as connection:
            connection.execute(f"CREATE TABLESPACE {space} LOCATION '{files}'".encode())
            connection.execute(f"ALTER DATABASE {name} SET TABLESPACE {space}".encode())
        try:
            yield
        finally:
            with psycopg.connect(f"{self._address}/postgres", autocommit=True) as connection:
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
                connection.execute(f"DROP TABLESPACE {space}".encode())

    @property
    def _address(self) -> str:
        return f"postgresql://crew@127.0.0.1:{self.port}"

    def _run(self, program: str, *said: str | Path) -> None:
        """Run one of PostgreSQL's programs as the cluster's owner; its words go to a file, lest a pipe stays open."""
        said_so = self.data.parent / f"{program}.out"
        with said_so.open("a") as out:
            done = subprocess.run(
                [*_becoming(self.owner), _program(program), *said],
                stdout=out,
                stderr=out,
                cwd=self.data.parent,
                check=False,
            )
        if done.returncode:
            raise RuntimeError(f"{program} failed:\n{said_so.read_text()}")


@contextmanager
def cluster() -> Iterator[Cluster]:
    """A cluster for as long as it is needed."""
    owner = _owner()
    with tempfile.TemporaryDirectory(prefix="crew-postgres-") as name:
        folder = Path(name)
        if owner:
            shutil.chown(folder, owner)
        running = Cluster(folder, owner)
        try:
            yield running
        finally:
            running.stop()


def _program(name: str) -> str:
    """The newest installed version of one of PostgreSQL's programs.

    Raises:
        RuntimeError: PostgreSQL is not installed.
    """
    versions = sorted(Path(INSTALLED).glob(f"*/bin/{name}"), key=lambda path: float(path.parts[-3]))
    found = str(versions[-1]) if versions else shutil.which(name)
    if found is None:
        raise RuntimeError(f"{name} is not here; these tests need PostgreSQL: install Debian's package `postgresql`")
    return found


def _owner() -> str:
    """Who is to own the cluster: "" for whoever runs the tests, unless that is root."""
    if os.geteuid() != 0:
        return ""
    import pwd

    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in OWNERS if name in known)


def _becoming(owner: str) -> list[str]:
    return ["setpriv", f"--reuid={owner}", "--clear-groups", "--"] if owner else []


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
