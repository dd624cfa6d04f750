"""The schema on both databases: what the migrations make is what the tables say."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from analysis.errors import BadConfig
from bot.clock import wall
from bot.state import State, schema
from tests.contracts.conftest import BEGINNING
from tests.contracts.said import ALL, found


def test_the_migrations_make_what_the_tables_say(state: State) -> None:
    with state.database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})

        assert compare_metadata(context, schema.metadata) == []


def test_an_empty_database_is_not_upgraded_unasked(url: str) -> None:
    with pytest.raises(BadConfig, match=r"at nothing yet, this version needs [0-9]{4}; run pitcrew db upgrade"):
        State.open(url, wall, upgrade=False)

    with State.open(url, wall) as state:
        assert state.revision == state.database.newest
    with State.open(url, wall, upgrade=False) as state:
        assert state.findings.standing() == []


def test_opening_again_keeps_everything(url: str) -> None:
    with State.open(url, wall) as state:
        state.findings.seen([found()], "run", ALL, BEGINNING)
        before = state.findings.standing()

    with State.open(url, wall) as state:
        assert state.findings.standing() == before


@pytest.mark.parametrize("upgrade", [True, False])
def test_a_schema_of_a_later_version_is_refused(url: str, upgrade: bool) -> None:
    with State.open(url, wall) as state, state.database.writing() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(BadConfig, match="9999"):
        State.open(url, wall, upgrade=upgrade)
