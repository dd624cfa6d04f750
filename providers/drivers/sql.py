"""Drivers from a database: one SELECT, in a transaction that is rolled back whatever it did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from analysis.errors import BadData

MOST_ROWS = 100_000


def rows(name: str, url: str, query: str) -> Sequence[Mapping[str, Any]]:
    """The rows of a query.

    Raises:
        BadData: the database cannot be reached, refuses the query, or has too many rows.
    """
    try:
        engine = sa.create_engine(url)
    except (sa.exc.ArgumentError, sa.exc.NoSuchModuleError) as error:
        raise BadData(f"driver {name}: {error}") from None
    try:
        with engine.connect() as connection:
            found = connection.execute(sa.text(query)).mappings().fetchmany(MOST_ROWS + 1)
            connection.rollback()
    except sa.exc.SQLAlchemyError as error:
        said = str(getattr(error, "orig", None) or type(error).__name__).split("\n", 1)[0]
        raise BadData(f"driver {name}: the database says: {said}") from None
    finally:
        engine.dispose()
    if len(found) > MOST_ROWS:
        raise BadData(f"driver {name}: the query has more than {MOST_ROWS:,} rows; add them up by day")
    return [dict(row) for row in found]
