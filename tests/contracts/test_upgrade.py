"""From every schema that was ever released to the newest, with rows in it: nothing is lost, and nothing is changed."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from analysis.errors import BadConfig
from analysis.findings import State as Standing
from bot.state import State
from bot.state.database import MIGRATIONS, Database
from tests.contracts.conftest import BEGINNING, Moving
from tests.contracts.said import ALL, found

FIRST = Path(__file__).parents[1] / "data/state_0001.sql"
TABLES = ("finding", "history", "audit", "inbox", "outbox", "run", "fire")


def as_it_was(url: str, clock: Moving) -> dict[str, list[tuple[object, ...]]]:
    """A database at the first schema with the rows of its time, and what they were."""
    database = Database(url, clock)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    try:
        with database._begun() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "0001")
            for statement in FIRST.read_text().split(";\n"):
                if statement.strip():
                    connection.exec_driver_sql(statement)
        return rows(database)
    finally:
        database.close()


def rows(database: Database) -> dict[str, list[tuple[object, ...]]]:
    """All rows of the first schema's tables, by its columns."""
    told: dict[str, list[tuple[object, ...]]] = {}
    with database.reading() as connection:
        for table in TABLES:
            columns = COLUMNS.setdefault(table, [one["name"] for one in sa.inspect(connection).get_columns(table)])
            named = ", ".join(f'"{column}"' for column in columns)
            told[table] = sorted(map(tuple, connection.exec_driver_sql(f"SELECT {named} FROM {table}")), key=repr)
    return told


COLUMNS: dict[str, list[str]] = {}


def test_the_rows_of_the_first_schema_are_there_and_usable_after_the_upgrade(url: str, clock: Moving) -> None:
    COLUMNS.clear()
    before = as_it_was(url, clock)
    assert all(before.values()), "every table had rows"
    with pytest.raises(BadConfig, match="at 0001, this version needs"):
        State.open(url, clock, upgrade=False)

    with State.open(url, clock) as state:
        assert rows(state.database) == before
        [one] = [one for one in state.findings.standing() if one.state is Standing.CLAIMED]
        assert one.owner == "slack:UANA" and str(one.monthly_waste.amount) == "12.80"
        assert [line.ask for line in state.audit.lines()] == ["claim 1", "waste"]
        assert [parcel.id for parcel in state.outbox.lease(5, 60)] == ["waiting"]
        assert [ask.key for ask in state.inbox.take(5, 60)] == ["unanswered"]
        state.findings.seen([found(7)], "run", ALL, BEGINNING)
        assert state.fires.last("nightly") == "2026-11-22"
