"""The shelf: which files are the lake just now. Readers see one version, whole; a writer swaps it in one step."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from shutil import rmtree

NAME = "lake.json"


@dataclass(frozen=True, slots=True)
class Partition:
    """The rows of one billing account in one billing period: where they lie, and which export brought them."""

    rows: str  # a Parquet file, relative to the folder
    mart: str  # its daily sums
    export: str
    provider: str
    made_at: str  # ISO 8601, UTC: of two exports the newer counts
    count: int


@dataclass(frozen=True, slots=True)
class Shelf:
    """All partitions, by ``<billing account>|<period>``; and the digests of exports that are known already."""

    partitions: Mapping[str, Partition] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)  # digest of an export's files -> its provider
    warnings: Sequence[str] = ()
    loaded_at: str = ""

    @property
    def version(self) -> str:
        """Changes exactly when the rows do; empty when there are none."""
        if not self.partitions:
            return ""
        files = sorted(partition.rows for partition in self.partitions.values())
        return sha256("\n".join(files).encode()).hexdigest()[:16]

    @classmethod
    def read(cls, folder: Path) -> Shelf:
        """The present one; an empty one if nothing was ever loaded."""
        try:
            raw = json.loads((folder / NAME).read_text("utf-8"))
        except FileNotFoundError:
            return cls()
        partitions = {key: Partition(**one) for key, one in raw["partitions"].items()}
        return cls(partitions, raw["digests"], tuple(raw["warnings"]), raw["loaded_at"])

    def put(self, folder: Path) -> None:
        """Make this the present one, surely on the disk before it counts; then clear away what no longer does."""
        aside = folder / f".{NAME}.new"
        with aside.open("w", encoding="utf-8") as file:
            json.dump(asdict(self), file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(folder / NAME)

    def swept(self, folder: Path, *, before: Shelf) -> None:
        """Remove loads that neither this shelf nor the one before it names: a reader may still be at the latter."""
        named = {Path(one.rows).parts[0] for shelf in (self, before) for one in shelf.partitions.values()}
        for load in folder.glob("load-*"):
            if load.name not in named:
                rmtree(load, ignore_errors=True)

    def kept(self, providers: Collection[str]) -> Shelf:
        """This one without the rows of any other provider."""
        partitions = {key: one for key, one in self.partitions.items() if one.provider in providers}
        digests = {digest: name for digest, name in self.digests.items() if name in providers}
        return replace(self, partitions=partitions, digests=digests)

    def with_load(self, partitions: Mapping[str, Partition], **others: object) -> Shelf:
        """This one with some partitions replaced."""
        return replace(self, partitions={**self.partitions, **partitions}, **others)  # type: ignore[arg-type]
