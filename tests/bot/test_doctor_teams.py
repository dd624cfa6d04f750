"""`pitcrew doctor teams` says what Teams lacks, and what mends it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from analysis.errors import BadConfig
from bot.clock import stopped_at
from bot.config import Config
from bot.doctor import Level, Patient, Seen, examined
from bot.ports import Conversation
from bot.state import State
from tests.fake_teams import APP, CHANNEL, TEAM, TENANT

CLOCK = stopped_at(datetime(2026, 11, 27, 9, 0, tzinfo=UTC))
AWAY = {"HTTPS_PROXY": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}  # nobody is reached


def patient(folder: Path, environ: dict[str, str], **sections: Any) -> Patient:
    raw = {
        "teams": {"app_id": APP, "tenant": TENANT},
        "data": {"folder": str(folder)},
        "providers": [{"kind": "sample"}],
        "personas": {"practitioner": ["teams:Cloud/FinOps", "teams:Cloud/Nowhere"]},
        **sections,
    }
    return Patient(Config.model_validate(raw), environ, CLOCK)


def seen(one: Patient) -> list[Seen]:
    return [found for _, found in examined(one, "teams")]


def test_a_deployment_without_teams_is_fine(tmp_path: Path) -> None:
    [found] = seen(patient(tmp_path, {}, teams={}, personas={}))
    assert (found.level, found.what) == (Level.OK, "nothing of teams is configured")


def test_a_route_to_teams_without_an_app_is_named(tmp_path: Path) -> None:
    [found] = seen(patient(tmp_path, {}, teams={}))
    assert found.level is Level.FAIL and "teams:Cloud/FinOps is a route" in found.what


def test_a_missing_secret_is_named(tmp_path: Path) -> None:
    [found] = seen(patient(tmp_path, {}))
    assert found.level is Level.FAIL and "TEAMS_APP_PASSWORD is not in the environment" in found.what


def test_an_app_without_a_tenant_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="tenant is needed"):
        patient(tmp_path, {}, teams={"app_id": APP})
    with pytest.raises(BadConfig, match="write teams:Team/Channel"):
        patient(tmp_path, {}, personas={"practitioner": ["teams:FinOps"]})


def test_each_route_and_each_lost_place_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in AWAY.items():
        monkeypatch.setenv(name, value)
    with State.open(f"sqlite:///{tmp_path / 'state.db'}", CLOCK, folder=tmp_path) as state:
        channel = Conversation("teams", TENANT, CHANNEL, "channel", "https://x/", TEAM, "Cloud", "FinOps")
        state.conversations.met(channel)
        state.conversations.met(Conversation("teams", TENANT, "a:1", "personal", "https://x/", user="U1"))
        state.conversations.lost("teams", TENANT, "a:1", "blocked by its owner")
    found = seen(patient(tmp_path, {"TEAMS_APP_PASSWORD": "x"}, teams={"app_id": APP, "tenant": TENANT}))

    said = {one.what: one.level for one in found}
    assert said["teams:Cloud/FinOps is there"] is Level.OK
    assert said["teams:Cloud/Nowhere: Pitcrew is in no channel of that name"] is Level.FAIL
    assert said["a personal chat: blocked by its owner"] is Level.WARN
    assert any("public_url is empty" in what for what in said)
    assert any("in 1 channels and 0 personal chats" in what for what in said)
    assert all(one.remedy for one in found if one.level is not Level.OK)
