"""How much a file may become when it is opened: export bombs are refused before anything is written."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from analysis.errors import BadData

CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Bulk:
    """What is still an export: FOCUS rows compress 10 to 40 times; deflate itself can reach 1,032 times.

    Files that open to less than ``harmless`` bytes (or rows, in Parquet) are never refused.
    """

    largest: int = 64 << 30  # bytes of one file, opened
    densest: int = 250  # bytes opened for each byte stored; in Parquet also rows for each byte
    harmless: int = 64 << 20


def refuse_bombs(connection: duckdb.DuckDBPyConnection, files: Sequence[Path], bulk: Bulk) -> None:
    """Refuse files of which one would become far more than it looks.

    Raises:
        BadData: it would, or it cannot be opened at all.
    """
    try:
        declared = _declared(connection, [file for file in files if file.suffix == ".parquet"])
    except duckdb.Error:  # one of them cannot be opened: each by itself, so that it is named
        declared = {}
    for file in files:
        stored = file.stat().st_size
        try:
            opened = _text(file, bulk, stored) if file.suffix != ".parquet" else _one(connection, file, declared)
        except (OSError, EOFError, zlib.error, duckdb.Error) as error:
            raise BadData(f"{file}: cannot be opened: {str(error).splitlines()[0]}") from None
        if opened > _allowed(stored, bulk):
            raise BadData(
                f"{file}: {stored:,} bytes that open to {opened:,} or more are no export; nothing of it was loaded."
                " If it is one, ask its provider for smaller files"
            )


def _allowed(stored: int, bulk: Bulk) -> int:
    return min(bulk.largest, max(bulk.harmless, stored * bulk.densest))


def _text(file: Path, bulk: Bulk, stored: int) -> int:
    """The size of a text, read only as far as it takes to refuse it."""
    if file.suffix != ".gz":
        return stored
    size, allowed = 0, _allowed(stored, bulk)
    with gzip.open(file) as opened:
        while size <= allowed and (chunk := opened.read(CHUNK)):
            size += len(chunk)
    return size


def _one(connection: duckdb.DuckDBPyConnection, file: Path, declared: Mapping[str, int]) -> int:
    return declared[str(file)] if declared else _declared(connection, [file])[str(file)]


def _declared(connection: duckdb.DuckDBPyConnection, files: Sequence[Path]) -> Mapping[str, int]:
    """The larger of bytes and rows, as each footer declares them; pages that belie it fail in reading."""
    if not files:
        return {}
    rows = connection.execute(
        "SELECT rows.file_name, greatest(num_rows, coalesce(size, 0)) FROM parquet_file_metadata($files) rows LEFT JOIN"
        " (SELECT file_name, sum(total_uncompressed_size) AS size FROM parquet_metadata($files) GROUP BY 1) sizes"
        " USING (file_name)",
        {"files": [str(file) for file in files]},
    ).fetchall()
    return {str(name): int(opened) for name, opened in rows}
