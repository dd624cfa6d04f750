"""Many Parquet files as one query: what is equal in them is planned once, and what their footers prove is not asked."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import duckdb

from providers.focus.columns import COLUMNS, Kind
from providers.focus.footer import NOTHING, facts
from providers.focus.reader import matched, parquet, parquet_columns
from providers.focus.row import Column, casts_of, note_of, selected, tags_text, values_of
from providers.sql import literal, named

COLUMN = re.compile(r'"|file_index')  # in SQL that depends on the row


@dataclass(frozen=True, slots=True)
class Rows:
    """The query of some rows; those of its columns that have one value throughout, or one for each ``_key``, as SQL."""

    sql: str
    same: Mapping[str, str] = field(default_factory=dict)
    by_key: Mapping[str, str] = field(default_factory=dict)


def alike(
    connection: duckdb.DuckDBPyConnection, files: Sequence[Path], *, numbers: Sequence[int] | None = None
) -> Iterator[Rows]:
    """The rows of many Parquet files, those of all their readings; files with equal columns are read as one.

    What their footers prove is not asked of each row. With ``numbers``, one for each file, they are to be summed up:
    ``_number`` is that of a row's file, costs have as many digits as they are stored with, and ``Tags`` are the text
    of which ``tags_of`` makes them: to group by a map takes ten times as long. Whether it can is in no ``_note``.

    Raises:
        BadData: as ``reading``.
    """
    groups: dict[tuple[tuple[str, str], ...], list[int]] = defaultdict(list)
    for place, file in enumerate(files):
        groups[tuple(parquet_columns(connection, file).items())].append(place)
    for kinds, places in groups.items():
        of_these = [files[place] for place in places]
        found = matched(of_these[0], dict(kinds))
        known = facts(connection, of_these, {named(one.raw) for one in found.values()})
        found = {
            name: replace(one, facts=known.get(named(one.raw), NOTHING), narrow=numbers is not None)
            for name, one in found.items()
        }
        values, read, by_key = values_of(found, dict(kinds)), f"*, {', '.join(casts_of(found))}", {}
        if numbers:
            exports = list(dict.fromkeys(numbers[place] for place in places))
            keys = [exports.index(numbers[place]) for place in places]
            by_key = {"_number": f"{exports}[_key::BIGINT + 1]", **dict(_by_key(found, of_these, keys))}
            values |= {"Tags": tags_text(found.get("Tags")), "_note": note_of(found)}
            values["_key"] = "file_index" if len(exports) == len(places) else f"{keys}[file_index::BIGINT + 1]"
            read += ", file_index"
        query = f"SELECT {selected(values)} FROM (SELECT {read} FROM {parquet(of_these)})"
        yield Rows(query, {name: value for name, value in values.items() if not COLUMN.search(value)}, by_key)


def _by_key(found: Mapping[str, Column], files: Sequence[Path], keys: Sequence[int]) -> Iterator[tuple[str, str]]:
    """The times that are surely one in all files of a key, with the SQL that tells them by ``_key``."""
    for name, column in found.items():
        if COLUMNS[name] is Kind.TIME and column.is_near and column.facts.full:
            times: dict[int, set[datetime]] = {key: set() for key in keys}
            by_file = dict(zip(map(str, files), keys, strict=True))
            for (file, _), bounds in column.facts.times().items():
                times[by_file[file]].update(bounds)
            if all(len(one) == 1 for one in times.values()):
                told = ", ".join(f"TIMESTAMP {literal(time)}" for _, [time] in sorted(times.items()))
                yield name, f"[{told}][_key::BIGINT + 1]"


def together(connection: duckdb.DuckDBPyConnection, files: Sequence[Path]) -> str:
    """The query of ``alike`` rows of many Parquet files.

    Raises:
        BadData: as ``reading``.
    """
    return " UNION ALL BY NAME ".join(f"({one.sql})" for one in alike(connection, files))
