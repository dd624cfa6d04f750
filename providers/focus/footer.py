"""What the footers of Parquet files prove of all rows, so that it need not be looked for row by row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TypeAlias, TypeVar

import duckdb

T = TypeVar("T")
Group: TypeAlias = tuple[str, int]  # a file, and the number of a row group in it


@dataclass(frozen=True, slots=True)
class Facts:
    """One column: whether each cell is filled, and the least and the greatest value of each row group, if all tell.

    Values are texts. Those of floating numbers prove nothing: NaN is not among them.
    """

    full: bool = False
    bounds: Mapping[Group, tuple[str, str]] = field(default_factory=dict)

    @property
    def only(self) -> str | None:
        """The one value that all cells have, if that is sure."""
        found = {one for both in self.bounds.values() for one in both}
        return found.pop() if self.full and len(found) == 1 else None

    def numbers(self) -> Mapping[Group, tuple[Decimal, Decimal]]:
        """The bounds as numbers; nothing if that is not sure."""
        try:
            return self._as(Decimal)
        except InvalidOperation:
            return {}

    def times(self) -> Mapping[Group, tuple[datetime, datetime]]:
        """The bounds as times in UTC; nothing if that is not sure."""
        try:
            return self._as(lambda text: datetime.fromisoformat(text.removesuffix("+00")))
        except ValueError:  # before the year 1, or after 9999
            return {}

    def _as(self, read: Callable[[str], T]) -> Mapping[Group, tuple[T, T]]:
        return {group: (read(least), read(most)) for group, (least, most) in self.bounds.items()}


NOTHING = Facts()


def facts(connection: duckdb.DuckDBPyConnection, files: Sequence[Path], names: Iterable[str]) -> Mapping[str, Facts]:
    """What is sure of some columns in all of the files, by their own names; a column that has none is not there.

    Raises:
        duckdb.Error: a file is no Parquet.
    """
    rows = connection.execute(
        "SELECT path_in_schema, file_name, row_group_id, stats_null_count, stats_min_value, stats_max_value,"
        " coalesce(min_is_exact AND max_is_exact, true) FROM parquet_metadata(?)"
        " WHERE list_contains(?, path_in_schema) AND num_values > 0",
        [[str(file) for file in files], list(names)],
    ).fetchall()
    full: dict[str, bool] = defaultdict(lambda: True)
    told: dict[str, dict[Group, tuple[str, str]]] = defaultdict(dict)
    untold: set[str] = set()
    for name, file, number, empty, least, most, exact in rows:
        full[name] = full[name] and empty == 0
        if exact and least is not None and most is not None:
            told[name][file, number] = least, most
        else:
            untold.add(name)
    return {name: Facts(sure, {} if name in untold else told[name]) for name, sure in full.items()}
