"""Daily sums: what all rows of some exports come to, day by day, in a table of DuckDB from which the rest is told.

The table has a row for each thing that is said of rows (``MART_DIMENSIONS``, ``Tags``, a note, a problem), each day,
and each export, whose number is ``_number``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from providers.focus.columns import COSTS, Kind
from providers.focus.row import NO_TAGS, tags_of
from providers.focus.together import Rows
from providers.sql import literal

MART_DIMENSIONS = (
    "BillingCurrency",
    "ProviderName",
    "BillingAccountId",
    "SubAccountId",
    "SubAccountName",
    "ServiceCategory",
    "ServiceName",
    "RegionId",
    "ChargeCategory",
    "CommitmentDiscountStatus",
    "PricingCategory",
)
MART_TAGS = 12  # keys; the rest of the tags is asked of the rows
MART_TAG_VALUES = 200  # a key with more is no dimension of a company but an id


@dataclass(frozen=True, slots=True)
class Part:
    """What one export holds of one billing account and period, its sound rows."""

    key: str  # <billing account>|<period>
    rows: int
    billed: Mapping[str, Decimal]  # by currency


class Sums:
    """The daily sums of some exports, numbered from 0; asked from many threads, dropped by whoever made them."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, table: str, rows: Iterable[Rows]) -> None:
        """Add up rows that have numbers, and whose ``Tags`` are text; a text that many rows have is read once."""
        self.connection, self.table = connection, table
        connection.execute(
            f"CREATE TABLE {table} AS WITH added AS MATERIALIZED ({' UNION ALL BY NAME '.join(map(_added_up, rows))}),"
            f" told AS (SELECT text, {tags_of('text')} AS meant FROM (SELECT DISTINCT Tags AS text FROM added))"
            " SELECT added.* EXCLUDE (Tags, _note), meant AS Tags,"
            f" coalesce(_note, CASE WHEN text IS NOT NULL AND meant IS NULL THEN {literal(NO_TAGS)} END) AS _note"
            " FROM added LEFT JOIN told ON Tags = text"
        )

    def drop(self) -> None:
        """Forget them."""
        self.connection.execute(f"DROP TABLE {self.table}")

    def unsound(self) -> set[int]:
        """The exports of which a row has a problem."""
        rows = self._asked(f"SELECT DISTINCT _number FROM {self.table} WHERE _problem IS NOT NULL")
        return {number for (number,) in rows}

    def parts(self) -> Mapping[int, Sequence[Part]]:
        """What of them counts, by export."""
        rows = self._asked(
            "SELECT _number, BillingAccountId || '|' || strftime(BillingPeriod, '%Y-%m'), BillingCurrency, sum(Rows),"
            f" sum(BilledCost) FROM {self.table} WHERE _problem IS NULL GROUP BY ALL ORDER BY ALL"
        )
        counted: dict[tuple[int, str], int] = defaultdict(int)
        billed: dict[tuple[int, str], dict[str, Decimal]] = defaultdict(dict)
        for number, key, currency, count, cost in rows:
            counted[number, key] += int(count)
            billed[number, key][currency] = cost
        found: dict[int, list[Part]] = defaultdict(list)
        for (number, key), count in counted.items():
            found[number].append(Part(key, count, billed[number, key]))
        return found

    def notes(self) -> Mapping[int, Sequence[tuple[str, int]]]:
        """What was put right, and in how many sound rows, by export."""
        rows = self._asked(
            f"SELECT _number, _note, sum(Rows) FROM {self.table} WHERE _note IS NOT NULL AND _problem IS NULL"
            " GROUP BY ALL ORDER BY ALL"
        )
        found: dict[int, list[tuple[str, int]]] = defaultdict(list)
        for number, note, count in rows:
            found[number].append((note, int(count)))
        return found

    def whole(self) -> set[int]:
        """The exports that have a provider all of whose EffectiveCosts may be whole numbers: their sums are."""
        rows = self._asked(
            f"SELECT _number FROM {self.table} WHERE _problem IS NULL GROUP BY _number, ProviderName"
            " HAVING bool_and(EffectiveCost = trunc(EffectiveCost)) AND bool_or(EffectiveCost <> 0)"
        )
        return {number for (number,) in rows}

    def tag_keys(self) -> Mapping[int, tuple[list[str], list[str]]]:
        """The tag keys that are dimensions (those with few values, the most used first), and all others, by export."""
        rows = self._asked(
            "SELECT _number, pair.key, count(DISTINCT pair.value) AS meanings, sum(uses) AS uses FROM ("
            " SELECT _number, unnest(map_entries(Tags)) AS pair, uses FROM (SELECT _number, Tags, sum(Rows) AS uses"
            f" FROM {self.table} WHERE Tags IS NOT NULL AND _problem IS NULL GROUP BY ALL)"
            ") GROUP BY ALL ORDER BY uses DESC, 2"
        )
        few: dict[int, list[str]] = defaultdict(list)
        every: dict[int, set[str]] = defaultdict(set)
        for number, key, meanings, _ in rows:
            every[number].add(str(key))
            if meanings <= MART_TAG_VALUES and len(few[number]) < MART_TAGS:
                few[number].append(str(key))
        return {number: (sorted(few[number]), sorted(keys - set(few[number]))) for number, keys in every.items()}

    def write(self, number: int, file: Path, keys: Sequence[str] | None) -> None:
        """Write the sums of an export that count; with all tags as they are, or with those of some keys.

        From a cursor of the connection, so that several can be written side by side.
        """
        of_it = f"FROM {self.table} WHERE _number = {number} AND _problem IS NULL"
        if keys is None and not self._noted(number):
            sums = f"Tags, {', '.join(COSTS)}, Rows {of_it}"
        else:
            tags = "Tags"
            if keys is not None:
                listed = "[" + ", ".join(map(literal, keys)) + "]::VARCHAR[]"
                chosen = f"list_filter(map_entries(Tags), lambda entry: list_contains({listed}, entry.key))"
                tags = f"map_from_entries({chosen}) AS Tags"
            added = ", ".join(f"sum({name}) AS {name}" for name in COSTS)
            sums = f"{tags}, {added}, sum(Rows) AS Rows {of_it} GROUP BY ALL"
        with self.connection.cursor() as connection:
            connection.execute(
                f"COPY (SELECT BillingPeriod, Day, {', '.join(MART_DIMENSIONS)}, {sums})"
                f" TO {literal(file)} (FORMAT parquet, COMPRESSION zstd)"
            )

    def _noted(self, number: int) -> bool:
        """Whether the same thing may be there twice, with a note and without."""
        return bool(self._asked(f"SELECT 1 FROM {self.table} WHERE _number = {number} AND _note IS NOT NULL LIMIT 1"))

    def _asked(self, question: str) -> list[tuple[Any, ...]]:
        with self.connection.cursor() as connection:
            return connection.execute(question).fetchall()


def _added_up(rows: Rows) -> str:
    """The daily sums of rows. What is the same in all of them, or in all of a key, is not looked at row by row."""
    told = (*MART_DIMENSIONS, "Tags", "_note", "_problem", "_number")
    common = {**rows.by_key, **rows.same}
    period = "CAST(date_trunc('month', {}) AS DATE) AS BillingPeriod, ".format
    start = "BillingPeriodStart"
    once = "".join(f"{common[name]} AS {name}, " for name in told if name in common)
    once += period(common[start]) if start in common else ""
    each = "" if start in common else period(start)
    each += "".join(f"{name}, " for name in (*told, *(["_key"] if rows.by_key else [])) if name not in common)
    sums = ", ".join(f"CAST(sum({name}) AS {Kind.COST.value}) AS {name}" for name in COSTS)
    return (
        f"SELECT {once}* {'EXCLUDE (_key)' if rows.by_key else ''} FROM (SELECT {each}"
        f" CAST(ChargePeriodStart AS DATE) AS Day, {sums}, count(*) AS Rows FROM ({rows.sql}) GROUP BY ALL)"
    )
