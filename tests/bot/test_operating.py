"""What an operator types about a running deployment, and what comes back."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot import config as deployment
from bot.clock import wall
from bot.shell import app
from bot.state import State
from bot.wiring import state_url
from tests.contracts.said import caller, parcel


@pytest.fixture
def deployed(tmp_path: Path) -> Path:
    file = tmp_path / "pitcrew.toml"
    file.write_text(f'[data]\nfolder = "{tmp_path / "data"}"\n[[providers]]\nkind = "sample"\n')
    return file


@pytest.fixture
def type_(deployed: Path) -> Callable[..., Result]:
    def typed(*words: str) -> Result:
        return CliRunner().invoke(app, [*words, "--config", str(deployed)])

    return typed


@pytest.fixture
def running(deployed: Path) -> State:
    """The bot's own state, held by it all the while."""
    chosen = deployment.load(deployed, {})
    return State.open(state_url(chosen), wall, folder=chosen.data.folder)


def test_a_message_that_was_given_up_is_seen_and_sent_again_beside_the_running_bot(
    type_: Callable[..., Result], running: State
) -> None:
    with running as state:
        state.outbox.put([parcel("digest:2026-11-23")], ())
        [leased] = state.outbox.lease(1, 60)
        state.outbox.failed(leased, "Slack will not take it (is_archived)")

        told = type_("outbox", "list").stdout
        assert "digest:2026-11-23\n    failed: post to slack:T1:C1" in told and "is_archived" in told
        [row] = json.loads(type_("outbox", "list", "--json").stdout)
        assert row["id"] == "digest:2026-11-23"
        assert type_("outbox", "resend", "digest:2026-11-23").exit_code == 0
        assert state.outbox.counts() == {"pending": 1}
        assert type_("outbox", "drop", "digest:2026-11-23").exit_code == 0
        assert state.outbox.counts() == {"failed": 1}


def test_a_backup_is_made_looked_at_and_put_back(type_: Callable[..., Result], running: State, tmp_path: Path) -> None:
    file = str(tmp_path / "monday.backup")
    with running as state:
        state.audit.record(caller("Ana"), "waste", "answered", wall())
        assert "is a sound copy of sqlite" in type_("backup", file).stdout
        assert "1 audit" in type_("restore", file, "--verify").stdout
        assert type_("restore", file, "--yes").exit_code != 0, "the bot is running"
        state.audit.record(caller("Bo"), "waste", "answered", wall())

    assert "is now sqlite at schema" in type_("restore", file, "--yes").stdout
    lines = [json.loads(line) for line in type_("audit", "export").stdout.splitlines()]
    assert [line["caller"] for line in lines] == ["slack:UANA"]


def test_who_left_is_forgotten_and_old_rows_go(type_: Callable[..., Result], running: State, tmp_path: Path) -> None:
    with running as state:
        state.audit.record(caller("Ana"), "waste", "answered", wall())
        assert "stands under slack:forgotten-" in type_("forget-user", "slack:UANA", "--yes").stdout
        out = tmp_path / "audit.csv"
        assert type_("audit", "export", "--format", "csv", "--out", str(out)).exit_code == 0
        assert "UANA" not in out.read_text() and "forget-user" in out.read_text()
        assert "nothing, all of it is young enough" in type_("retention").stdout
