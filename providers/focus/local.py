"""FOCUS files on a disk: a folder, a file or a glob, as exports."""

from __future__ import annotations

import glob
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from analysis.errors import BadData
from providers.provider import Export

ENDINGS = (".csv", ".csv.gz", ".parquet")


def local(path: str, provider: str = "focus") -> Iterator[Export]:
    """The exports under ``path``: the files of each folder belong together, and are as old as the newest of them.

    Raises:
        BadData: there is nothing to read.
    """
    folders: dict[Path, list[Path]] = defaultdict(list)
    for file in _files(path):
        folders[file.parent].append(file)
    if not folders:
        raise BadData(f"{path}: no FOCUS files there; files that end in {', '.join(ENDINGS)} are read")
    for folder, files in sorted(folders.items()):
        newest = max(file.stat().st_mtime for file in files)
        yield Export(folder.name or str(folder), tuple(sorted(files)), datetime.fromtimestamp(newest, UTC), provider)


def _files(path: str) -> Iterator[Path]:
    root = Path(path)
    inside = [file for ending in ENDINGS for file in root.rglob(f"*{ending}")] if root.is_dir() else []
    found = inside or [Path(file) for file in glob.glob(path, recursive=True)]  # noqa: PTH207 (it may be absolute)
    return (file for file in found if file.is_file() and file.name.endswith(ENDINGS) and not file.name.startswith("."))
