"""The files of a lake for engines that do not read an export as it came: our own columns, as Parquet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Any

import ibis

from analysis.periods import month_of
from providers.lake.engine import Live, chosen
from providers.lake.load import MART, ROWS, connect, rows_of
from providers.lake.shelf import Shelf, synced
from providers.sql import literal


@dataclass(frozen=True, slots=True)
class Part:
    """Files that count: whole, or as far as ``live`` says."""

    marts: Sequence[Path]
    rows: Sequence[Path]
    live: Live | None = None


def parts(folder: Path, shelf: Shelf) -> list[Part]:
    """What of a lake counts, every load written in our columns."""
    whole, live = chosen(shelf)
    found = [Part([folder / load / MART for load in whole], [written(folder, load) for load in whole])] if whole else []
    return found + [Part([folder / one.load / MART], [written(folder, one.load)], one) for one in live]


def written(folder: Path, load: str) -> Path:
    """The rows of a load in our columns: written now, if the load has its export only as it came."""
    file = folder / load / ROWS
    if not file.exists():
        aside = file.with_suffix(".new")
        with connect(folder) as connection:
            rows = rows_of(connection, folder / load)
            connection.execute(f"COPY (SELECT * FROM ({rows})) TO {literal(aside)} (FORMAT parquet, COMPRESSION zstd)")
        synced(aside)
        aside.replace(file)
    return file


def both(found: Sequence[Part], read: Callable[[Sequence[Path], str], Any], version: str) -> tuple[Any, Any]:
    """The daily sums and the rows of some parts as Ibis tables; ``read`` makes a named table of Parquet files."""
    marts, rows = [], []
    for number, part in enumerate(found):
        mart, bare = read(part.marts, f"mart_{version}_{number}"), read(part.rows, f"rows_{version}_{number}")
        if part.live:
            mart = mart.filter(_counts(part.live, mart, "BillingPeriod"))
            bare = bare.filter(_counts(part.live, bare, "BillingPeriodStart"), bare["_problem"].isnull())
        marts.append(mart)
        rows.append(bare)
    return ibis.union(*marts) if len(marts) > 1 else marts[0], ibis.union(*rows) if len(rows) > 1 else rows[0]


def _counts(live: Live, table: Any, period: str) -> Any:  # noqa: ANN401 (Ibis types its tables at run time)
    return reduce(or_, (_in_month(table, period, month, accounts) for month, accounts in live.months.items()))


def _in_month(table: Any, period: str, month: str, accounts: Sequence[str]) -> Any:  # noqa: ANN401
    whole = month_of(date.fromisoformat(f"{month}-01"))
    moment = table[period].cast("date")
    begins, ends = ibis.date(whole.start.isoformat()), ibis.date(whole.end.isoformat())
    return (moment >= begins) & (moment < ends) & table.BillingAccountId.isin(list(accounts))
