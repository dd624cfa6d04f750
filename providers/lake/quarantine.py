"""The quarantine: rows that do not count, put aside with their reasons; with too many of them an export is refused."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from analysis.errors import BadData
from providers.focus.columns import LARGEST_COST
from providers.focus.reader import Reading
from providers.lake.limits import Limits
from providers.provider import Export
from providers.sql import literal

QUARANTINE = "quarantine"


def put_aside(
    connection: duckdb.DuckDBPyConnection,
    export: Export,
    readings: Sequence[Reading],
    ragged: Sequence[tuple[str, int, str]],
    written: Path,
    limits: Limits,
) -> tuple[int, int]:
    """Enter bad rows into the quarantine, beside the load of the rows that were written; how many of how many.

    Raises:
        BadData: too many; names the first of them.
    """
    [(rows, total)] = connection.execute(
        "SELECT count(*), coalesce(sum(abs(BilledCost)), 0)"
        f" FROM read_parquet({literal(written)}) WHERE _problem IS NULL"
    ).fetchall()
    _find_bad(connection, readings, ragged)
    [(bad, cost)] = connection.execute("SELECT count(*), coalesce(sum(abs(cost)), 0) FROM bad").fetchall()
    if bad > limits.rows * (rows + bad) or cost > limits.cost * (total + cost):
        first = connection.execute('SELECT file, "row", reason FROM bad ORDER BY ALL LIMIT 3').fetchall()
        shown = "; ".join(f"{file}, row {row}: {reason}" for file, row, reason in first)
        raise BadData(
            f"export {export.name}: {bad} of {rows + bad} rows cannot be read ({shown}); nothing of it was loaded,"
            " and the former rows stay"
        )
    load = written.parent
    shelf = load.parent / QUARANTINE
    shelf.mkdir(exist_ok=True)
    connection.execute(f"COPY (FROM bad ORDER BY ALL) TO {literal(shelf / f'{load.name}.parquet')} (FORMAT parquet)")
    return int(bad), int(rows + bad)


def _find_bad(
    connection: duckdb.DuckDBPyConnection, readings: Sequence[Reading], ragged: Sequence[tuple[str, int, str]]
) -> None:
    """Make the table ``bad``: every row that does not count, with its file, its number there, why, and its cost.

    Rows were numbered without the ragged ones, which are put back: the ``i``-th of these (from 0), with the number
    ``row``, comes before the ``k``-th other row where ``row - i <= k``.
    """
    connection.execute("SET preserve_insertion_order = true")
    connection.execute('CREATE TEMP TABLE ragged (file VARCHAR, "row" BIGINT, reason VARCHAR)')
    if ragged:
        connection.executemany("INSERT INTO ragged VALUES (?, ?, ?)", ragged)
    cost = f"CASE WHEN abs(BilledCost) < {LARGEST_COST} THEN BilledCost END AS cost"
    judged = " UNION ALL ".join(
        f"SELECT _file, _row, _problem, {cost} FROM ({one.numbered}) WHERE _problem IS NOT NULL" for one in readings
    )
    connection.execute(
        f"CREATE TEMP TABLE bad AS WITH told AS ({judged}),"
        ' gaps AS (SELECT file, "row" - row_number() OVER (PARTITION BY file ORDER BY "row") + 1 AS after FROM ragged)'
        ' SELECT _file AS file, _row + (SELECT count(*) FROM gaps WHERE gaps.file = _file AND after <= _row) AS "row",'
        " _problem AS reason, cost FROM told UNION ALL"
        ' SELECT file, "row", reason, NULL FROM ragged'
    )
