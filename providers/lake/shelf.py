"""The shelf: which files are the lake just now. Readers see one version, whole; a writer swaps it in one step."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from shutil import rmtree

from analysis.errors import BadData

NAME = "lake.json"
FORMAT = 3  # of the files on it: another one cannot be read


@dataclass(frozen=True, slots=True)
class Partition:
    """The rows of one billing account in one billing period: where they lie, and which export brought them."""

    load: str  # the folder, in that of the lake, with the Parquet files of its export
    shared: bool  # whether they hold anything else than partitions that still count: then rows must be chosen
    export: str
    provider: str
    made_at: str  # ISO 8601, UTC: of two exports the newer counts
    count: int
    tags: Sequence[str] = ()  # the tag keys that its mart knows
    other_tags: Sequence[str] = ()  # those that only its rows know
    warnings: Sequence[str] = ()
    way: str = ""  # how it came, where its provider has several


@dataclass(frozen=True, slots=True)
class Shelf:
    """All partitions, by ``<billing account>|<period>``; and the digests of exports that are known already."""

    partitions: Mapping[str, Partition] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)  # digest of an export's files -> its provider
    loaded_at: str = ""

    @property
    def version(self) -> str:
        """Changes exactly when the rows do; empty when there are none."""
        if not self.partitions:
            return ""
        parts = sorted(f"{key}={one.load}" for key, one in self.partitions.items())
        return sha256("\n".join(parts).encode()).hexdigest()[:16]

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is to be said of the rows that are on it."""
        return tuple(dict.fromkeys(said for one in self.partitions.values() for said in one.warnings))

    @classmethod
    def read(cls, folder: Path) -> Shelf:
        """The present one; an empty one if nothing was ever loaded.

        Raises:
            BadData: it was written by another version of Pitcrew, or by something else.
        """
        try:
            raw = json.loads((folder / NAME).read_text("utf-8"))
        except FileNotFoundError:
            return cls()
        except ValueError:
            raw = {}
        if raw.get("format") != FORMAT:
            raise BadData(f"{folder} holds no lake that this version reads; move it away, and load the exports again")
        partitions = {key: Partition(**one) for key, one in raw["partitions"].items()}
        return cls(partitions, raw["digests"], raw["loaded_at"])

    def put(self, folder: Path) -> None:
        """Make this the present one; it is surely on the disk before it counts."""
        aside = folder / f".{NAME}.new"
        with aside.open("w", encoding="utf-8") as file:
            json.dump({"format": FORMAT, **asdict(self)}, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(folder / NAME)
        synced(folder)

    def swept(self, folder: Path, *, before: Shelf) -> None:
        """Remove loads that neither this shelf nor the one before it names: a reader may still be at the latter."""
        named = {one.load for shelf in (self, before) for one in shelf.partitions.values()}
        for load in folder.glob("load-*"):
            if load.name not in named:
                rmtree(load, ignore_errors=True)

    def kept(self, providers: Collection[str]) -> Shelf:
        """This one without the rows of any other provider."""
        partitions = {key: one for key, one in self.partitions.items() if one.provider in providers}
        digests = {digest: name for digest, name in self.digests.items() if name in providers}
        return replace(self, partitions=partitions, digests=digests)

    def by_one_way(self, ways: Mapping[str, str]) -> Shelf:
        """This one without the rows of providers that came another way than they come now; what is left is read anew.

        ``ways`` is by provider.
        """
        old = {one.provider for one in self.partitions.values() if one.way != ways.get(one.provider, one.way)}
        if not old:
            return self
        partitions = {key: one for key, one in self.partitions.items() if one.way == ways.get(one.provider, one.way)}
        digests = {digest: name for digest, name in self.digests.items() if name not in old}
        return replace(self, partitions=partitions, digests=digests)

    def with_load(self, partitions: Mapping[str, Partition], digests: Mapping[str, str]) -> Shelf:
        """This one with some partitions replaced, and some exports known."""
        left = {one.load for key, one in self.partitions.items() if key in partitions}
        former = {key: replace(one, shared=one.shared or one.load in left) for key, one in self.partitions.items()}
        return replace(self, partitions={**former, **partitions}, digests={**self.digests, **digests})


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Be the only writer of a lake, of all threads and processes; others wait."""
    with (folder / ".writing").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def synced(path: Path) -> None:
    """Have a file, or the names in a folder, surely on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def stamp(folder: Path) -> tuple[int, int, int] | None:
    """Changes whenever a shelf is put, by whichever process."""
    try:
        found = (folder / NAME).stat()
    except FileNotFoundError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size
