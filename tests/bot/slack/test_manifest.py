"""The manifest asks for exactly what the code uses."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from bot.slack.app import COMMAND
from bot.slack.http import PATH
from bot.slack.scopes import NEEDED, SCOPES
from bot.slack.workspaces import LEAVING
from tests.fake_slack import MANIFEST, METHODS

SOURCES = sorted((MANIFEST.parent / "bot" / "slack").glob("*.py"))
CALL = re.compile(r"\.((?:auth|chat|conversations|files|users|views|reactions|team|usergroups)_[A-Za-z_0-9]+)\(")
UPLOAD = {"files.getUploadURLExternal", "files.completeUploadExternal"}
KINDS = ("channels", "groups", "im")
OWN = {"commands", "app_mentions:read", "links:read"}  # what listening needs, besides calling


@pytest.fixture(scope="module")
def manifest() -> Any:
    return yaml.safe_load(Path(MANIFEST).read_text())


def used() -> set[str]:
    """The methods of the Web API that the source calls."""
    called = {name for source in SOURCES for name in CALL.findall(source.read_text())}
    spelled = {name.replace("usergroups_users_", "usergroups_users.") for name in called}
    plain = {name.replace("_", ".", 1) for name in spelled if name != "files_upload_v2"}
    return plain | (UPLOAD if "files_upload_v2" in called else set())


def test_slack_knows_every_method_that_is_called() -> None:
    assert len(used()) > 10
    assert used() <= set(METHODS)


def test_every_scope_is_used_and_every_use_has_its_scope(manifest: Any) -> None:
    needed = {scope.format(kind=kind) for name in used() for scope in METHODS[name].scopes for kind in KINDS}
    needed -= {"im:read"}  # of direct messages nobody asks whether they are shared

    assert set(manifest["oauth_config"]["scopes"]["bot"]) == needed | OWN
    assert set(manifest["oauth_config"]["scopes"]) == {"bot"}
    assert set(SCOPES) == needed | OWN, "what an installation asks for is what the manifest asks for"
    assert set(SCOPES) >= NEEDED


def test_every_event_is_listened_to_and_no_other(manifest: Any) -> None:
    source = (MANIFEST.parent / "bot" / "slack" / "app.py").read_text()
    heard = set(re.findall(r'app\.event\("(\w+)"\)', source))

    heard |= LEAVING
    assert heard == {"app_home_opened", "app_mention", "link_shared", "message", *LEAVING}
    said = {event.split(".")[0] for event in manifest["settings"]["event_subscriptions"]["bot_events"]}
    assert said == heard
    assert manifest["features"]["app_home"]["home_tab_enabled"] is True


def test_the_command_is_ours_and_the_socket_is_on(manifest: Any) -> None:
    [command] = manifest["features"]["slash_commands"]
    assert command["command"] == COMMAND
    assert manifest["settings"]["interactivity"] == {"is_enabled": True}
    assert manifest["settings"]["socket_mode_enabled"] is True
    assert PATH in Path(MANIFEST).read_text()
