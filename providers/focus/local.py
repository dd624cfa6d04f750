"""FOCUS files on a disk: a folder, a file or a glob, as exports.

This is the door for other stores too: whoever fetches an export's files to a disk makes the same ``Export`` of them.
"""

from __future__ import annotations

import glob
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog

from analysis.errors import BadData
from providers.provider import Export

log = structlog.get_logger(__name__)
ENDINGS = (".csv", ".csv.gz", ".parquet")
MANIFEST = "*anifest.json"  # AWS: <export>-Manifest.json under metadata/; Azure: manifest.json beside the parts
PART = re.compile(r"([-_.]?part[-_]?\d.*|[-_.]\d{5}|_\d{1,4})$", re.IGNORECASE)  # AWS, Azure, Spark, DuckDB


def local(path: str, provider: str = "focus") -> Iterator[Export]:
    """The exports under ``path``, the oldest first.

    A manifest says which files belong to its run; one that names a file which is not there yet is left for later.
    Without a manifest, the parts of one name in one folder belong together (``cost-00001.csv.gz``,
    ``cost-00002.csv.gz``), and any other file stands for itself. An export is as old as the newest of its files.

    Raises:
        BadData: there is nothing to read.
    """
    files = sorted(set(_files(path)))
    if not files:
        raise BadData(f"{path}: no FOCUS files there; files that end in {', '.join(ENDINGS)} are read")
    root = Path(path) if Path(path).is_dir() else None
    manifests = sorted(root.rglob(MANIFEST)) if root else []
    found = [_export(name, parts, provider) for name, parts in _sets(root, manifests, files) if parts]
    yield from sorted(found, key=lambda export: (export.made_at, export.name))


def _sets(
    root: Path | None, manifests: Sequence[Path], files: Sequence[Path]
) -> Iterator[tuple[str, tuple[Path, ...]]]:
    """Names and the files that belong together."""
    governed: set[Path] = set()
    for manifest in manifests:
        listed = _listed(manifest)
        parts = [next((file for file in files if _is(file, name)), None) for name in listed]
        governed |= {folder for part in parts if part for folder in [part.parent]}
        if parts and all(parts):
            yield _said(root, manifest.parent), tuple(part for part in parts if part)
        elif listed:
            log.warning("export is not complete yet", manifest=str(manifest), missing=parts.count(None))
    loose: dict[tuple[Path, str], list[Path]] = defaultdict(list)
    for file in files:
        if file.parent not in governed:
            loose[file.parent, PART.sub("", _stem(file))].append(file)
    for (folder, stem), parts_of_one in loose.items():
        yield f"{_said(root, folder)}/{stem}".strip("/"), tuple(parts_of_one)


def _listed(manifest: Path) -> list[str]:
    """The data files that a manifest names, wherever it does: all of its texts that end like one.

    The key differs between providers and versions (``blobs[].blobName``, ``dataFiles``); the endings do not.
    """
    try:
        content = json.loads(manifest.read_text("utf-8-sig"))
    except (OSError, ValueError) as error:
        raise BadData(f"{manifest}: cannot be read as a manifest: {error}") from None
    return sorted({text for text in _texts(content) if text.endswith(ENDINGS)})


def _texts(content: Any) -> Iterator[str]:  # noqa: ANN401 (a vendor's JSON)
    if isinstance(content, str):
        yield content
    elif isinstance(content, dict | list):
        for one in content.values() if isinstance(content, dict) else content:
            yield from _texts(one)


def _is(file: Path, name: str) -> bool:
    """Whether a path on the disk ends as the blob or object of that name does: in the same folder, if it has one."""
    wanted = Path(name.partition("?")[0]).parts[-2:]
    return file.parts[-len(wanted) :] == wanted


def _said(root: Path | None, folder: Path) -> str:
    return str(folder.relative_to(root)) if root and folder != root else folder.name


def _stem(file: Path) -> str:
    return re.sub(r"(\.snappy|\.gz|\.zstd)?(\.csv\.gz|\.csv|\.parquet)$", "", file.name)


def _export(name: str, files: Iterable[Path], provider: str) -> Export:
    parts = tuple(files)
    newest = max(file.stat().st_mtime for file in parts)
    return Export(name, parts, datetime.fromtimestamp(newest, UTC), provider)


def _files(path: str) -> Iterator[Path]:
    root = Path(path)
    inside = [file for ending in ENDINGS for file in root.rglob(f"*{ending}")] if root.is_dir() else []
    found = inside or [Path(file) for file in glob.glob(path, recursive=True)]  # noqa: PTH207 (it may be absolute)
    return (file for file in found if file.is_file() and file.name.endswith(ENDINGS) and not file.name.startswith("."))
