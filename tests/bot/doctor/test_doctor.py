"""The doctor as an operator meets it: what works, what does not, and what to do about it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from analysis.errors import UnknownName
from bot import config as deployment
from bot.__main__ import app
from bot.clock import stopped_at
from bot.doctor import Level, Patient, discover, examined, verdict
from bot.wiring import state_of

NOW = stopped_at(datetime(2026, 11, 18, 9, tzinfo=UTC))


def patient(folder: Path, **said: Any) -> Patient:
    raw = {"data": {"folder": str(folder)}, "providers": [{"kind": "sample"}], **said}
    return Patient(deployment.parse(raw, lambda _: "test"), {}, NOW)


def test_the_worst_thing_seen_is_what_the_process_ends_with() -> None:
    assert [verdict(levels) for levels in ([], [Level.OK], [Level.OK, Level.WARN], [Level.WARN, Level.FAIL])] == [
        0,
        0,
        1,
        2,
    ]


def test_a_part_that_is_misspelt_is_named_with_the_real_ones(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="no part is named 'stat'; did you mean state"):
        list(examined(patient(tmp_path), "stat"))


def test_a_state_database_is_looked_at_and_left_as_it_is(tmp_path: Path) -> None:
    someone = patient(tmp_path / "data")
    [(_, seen)] = examined(someone, "state")
    assert seen.level is Level.OK and "no state database yet" in seen.what
    assert not (tmp_path / "data").exists()

    with state_of(someone.config, NOW):
        [(_, seen)] = examined(someone, "state")
        assert seen.level is Level.FAIL and seen.remedy
    [(_, seen)] = examined(someone, "state")
    assert seen.level is Level.OK and "is at 0" in seen.what


def test_it_is_asked_on_the_command_line(tmp_path: Path) -> None:
    file = tmp_path / "pitcrew.toml"
    file.write_text(f'[data]\nfolder = "{tmp_path / "data"}"\n[[providers]]\nkind = "sample"\n')

    said = CliRunner().invoke(app, ["doctor", "state", "--config", str(file)])
    listed = CliRunner().invoke(app, ["doctor", "state", "--config", str(file), "--json"])

    assert said.exit_code == 0 and said.stdout.startswith("ok    state: no state database yet")
    assert [one["part"] for one in json.loads(listed.stdout)] == ["state"]


def test_every_part_keeps_silent_where_nothing_of_it_is_configured(tmp_path: Path) -> None:
    seen = list(examined(patient(tmp_path)))

    assert {one.level for _, one in seen} <= {Level.OK, Level.WARN}
    assert set(discover()) >= {name for name, _ in seen}
