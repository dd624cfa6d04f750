"""Deliveries on disk: what was fetched of each month, under the mark by which a change of it is seen."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from pathlib import Path, PurePosixPath
from urllib.parse import quote, unquote

from pydantic import TypeAdapter

from analysis.errors import BadData
from analysis.periods import month_of

RESTATED_FOR = timedelta(days=15)  # after a month's end, in which it may still be delivered anew
SPARE = 1.2  # times what is fetched, must be free on the disk
INDEX = "index.json"


@dataclass(frozen=True, slots=True)
class Kept:
    """What is on disk of one month."""

    mark: str
    at: datetime
    files: tuple[str, ...]

    def stands(self, home: Path) -> bool:
        """Whether all of it is still there."""
        return all((home / name).exists() for name in self.files)


INDICES = TypeAdapter(dict[str, Kept])


def read(home: Path) -> dict[str, Kept]:
    """What is kept in a folder, by month; nothing where its index is missing or broken."""
    try:
        return INDICES.validate_json((home / INDEX).read_bytes())
    except (OSError, ValueError):
        return {}


def write(home: Path, index: Mapping[str, Kept]) -> None:
    """Write the index anew; a crash leaves the former one."""
    aside = home / "index.new"
    aside.write_bytes(INDICES.dump_json(dict(index)))
    aside.replace(home / INDEX)


def swept(home: Path, index: Mapping[str, Kept]) -> None:
    """Remove what no month uses any more."""
    used = {(home / name).parent for kept in index.values() for name in kept.files}
    for folder in home.glob("*/*"):
        if folder.is_dir() and folder not in used:
            shutil.rmtree(folder, ignore_errors=True)


def closed(month: str, now: datetime) -> bool:
    """Whether a month (``2026-10``) should not change any more."""
    return now.date() > month_of(date.fromisoformat(f"{month}-01")).end + RESTATED_FOR


def leads_out(name: str) -> bool:
    """Whether a path that a manifest names climbs out of where it stands, as it is or encoded."""
    return ".." in PurePosixPath(unquote(name)).parts


def local_name(name: str) -> str:
    """What a file of a delivery is called on disk: its own name, told apart from those of other folders."""
    return f"{sha256(name.encode()).hexdigest()[:8]}-{quote(PurePosixPath(name).name, safe='._-')}"


def fitting(size: int, folder: Path) -> None:
    """Refuse what the disk has no room for.

    Raises:
        BadData: it does not fit.
    """
    free = shutil.disk_usage(folder).free
    if size * SPARE > free:
        gigabytes = f"{size * SPARE / 1e9:.1f} GB are needed, {free / 1e9:.1f} GB are free"
        raise BadData(f"{folder}: no room for the export: {gigabytes}; set data.folder to a larger disk")
