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
from bot.clock import stopped_at
from bot.doctor import Level, Patient, discover, examined, verdict
from bot.shell import app
from bot.wiring import state_of
from tests.contracts.said import found, parcel

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
        told = {one.what: one.level for _, one in examined(someone, "state")}
        assert set(told.values()) == {Level.OK}, "beside the running bot"
    assert any("is at 0" in what for what in told) and any("SQLite is whole" in what for what in told)


def test_messages_in_doubt_and_given_up_are_named_with_what_is_to_be_done(tmp_path: Path) -> None:
    someone = patient(tmp_path)
    with state_of(someone.config, NOW) as state:
        state.outbox.put([parcel("digest:1"), parcel("digest:2", "C2")], ())
        one, other = state.outbox.lease(2, 60)
        state.outbox.later(one, 60, "it timed out", unclear=True)
        state.outbox.failed(other, "is_archived")
        warned = [seen for _, seen in examined(someone, "state") if seen.level is Level.WARN]

    assert ["digest:1" in warned[0].what, "digest:2: is_archived" in warned[1].what] == [True, True]
    assert all("pitcrew outbox resend ID" in seen.remedy for seen in warned)


def test_a_damaged_database_is_a_failure(tmp_path: Path) -> None:
    someone = patient(tmp_path)
    with state_of(someone.config, NOW) as state:
        state.findings.seen([found(number) for number in range(300)], "run", frozenset({"sample"}), NOW())
    file = tmp_path / "state.db"
    whole = bytearray(file.read_bytes())
    whole[8192:40960] = b"\xa5" * (40960 - 8192)
    file.write_bytes(whole)

    assert verdict(seen.level for _, seen in examined(someone, "state")) == 2


def test_the_next_three_turns_are_told_on_both_walls(tmp_path: Path) -> None:
    said = {"name": "weekly", "cron": "0 9 * * mon", "ask": "waste", "timezone": "Europe/Berlin"}
    [(_, seen)] = examined(patient(tmp_path, schedules=[said]), "schedules")

    assert seen.what == (
        "weekly: Mon 23 Nov 09:00 CET (08:00 UTC), Mon 30 Nov 09:00 CET (08:00 UTC), Mon 07 Dec 09:00 CET (08:00 UTC)"
    )


def test_a_deployment_in_which_nobody_may_do_anything_is_warned_of(tmp_path: Path) -> None:
    seen = {one.what: one for _, one in examined(patient(tmp_path), "deployment")}
    assert seen["nobody may do anything: [roles] is empty"].level is Level.WARN


def test_it_is_asked_on_the_command_line(tmp_path: Path) -> None:
    file = tmp_path / "pitcrew.toml"
    file.write_text(f'[data]\nfolder = "{tmp_path / "data"}"\n[[providers]]\nkind = "sample"\n')

    said = CliRunner().invoke(app, ["doctor", "state", "--config", str(file)])
    listed = CliRunner().invoke(app, ["doctor", "state", "--config", str(file), "--json"])

    assert said.exit_code == 0 and said.stdout.startswith("ok    state: no state database yet")
    assert [one["part"] for one in json.loads(listed.stdout)] == ["state"]


@pytest.mark.parametrize(
    ("part", "more", "broken", "ends"),
    [
        ("state", '[roles]\n"*" = ["read"]\n', False, 0),
        ("deployment", "", False, 1),  # nobody may do anything
        ("state", "", True, 2),
    ],
)
def test_its_end_tells_the_worst_that_it_saw(tmp_path: Path, part: str, more: str, ends: int, *, broken: bool) -> None:
    file = tmp_path / "pitcrew.toml"
    file.write_text(f'[data]\nfolder = "{tmp_path / "data"}"\n[[providers]]\nkind = "sample"\n{more}')
    if broken:
        (tmp_path / "data").mkdir()
        (tmp_path / "data" / "state.db").write_bytes(b"no database" * 1000)

    said = CliRunner().invoke(app, ["doctor", part, "--config", str(file)])
    assert said.exit_code == ends, said.stdout


def test_every_part_keeps_silent_where_nothing_of_it_is_configured(tmp_path: Path) -> None:
    seen = list(examined(patient(tmp_path)))

    assert {one.level for _, one in seen} <= {Level.OK, Level.WARN}
    assert set(discover()) >= {name for name, _ in seen}
