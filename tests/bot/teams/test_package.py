"""The package that Teams' administrators upload is what Microsoft's schema wants, and says what the code does."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from jsonschema import Draft202012Validator
from PIL import Image
from typer.testing import CliRunner

from analysis.errors import BadConfig
from bot.config import Config
from bot.shell import app
from bot.teams.http import PATH
from bot.teams.package import OFFERED, build, manifest
from commands.core.registry import discover
from tests.fake_teams import APP, TENANT

SCHEMA = Path(__file__).parent / "manifest_schema.json"
DOCS = Path(__file__).parents[3] / "docs" / "teams.md"


def deployment(**sections: Any) -> Config:
    raw = {
        "teams": {"app_id": APP, "tenant": TENANT},
        "server": {"public_url": "https://pitcrew.example.com"},
        "providers": [{"kind": "sample"}],
        **sections,
    }
    return Config.model_validate(raw)


def test_the_manifest_is_what_microsofts_schema_wants() -> None:
    problems = list(Draft202012Validator(json.loads(SCHEMA.read_text())).iter_errors(manifest(deployment())))
    assert [problem.message for problem in problems] == []


def test_the_package_has_three_files_and_is_the_same_each_time() -> None:
    package = build(deployment())
    assert package == build(deployment())
    with ZipFile(BytesIO(package)) as found:
        assert found.namelist() == ["manifest.json", "color.png", "outline.png"]
        said = json.loads(found.read("manifest.json"))
        colour, outline = (Image.open(BytesIO(found.read(name))) for name in ("color.png", "outline.png"))
    assert said["bots"][0]["botId"] == said["composeExtensions"][0]["botId"] == APP
    assert (colour.size, outline.size, outline.mode) == ((192, 192), (32, 32), "RGBA")
    seen = [pixel for _, pixel in outline.getcolors() or () if isinstance(pixel, tuple) and pixel[3]]
    assert seen and {pixel[:3] for pixel in seen} == {(255, 255, 255)}


def test_what_the_menu_offers_are_commands_that_exist() -> None:
    assert len(OFFERED) == 10
    assert set(OFFERED) <= set(discover())


def test_without_an_app_or_an_address_there_is_no_package() -> None:
    with pytest.raises(BadConfig, match="app_id"):
        manifest(deployment(teams={}))
    with pytest.raises(BadConfig, match="public_url is needed"):
        manifest(deployment(server={}))


def test_the_command_line_writes_it(tmp_path: Path) -> None:
    file = tmp_path / "pitcrew.toml"
    file.write_text(
        f'[teams]\napp_id = "{APP}"\ntenant = "{TENANT}"\n[server]\npublic_url = "https://pitcrew.example.com"\n'
        '[[providers]]\nkind = "sample"\n'
    )
    out = tmp_path / "app.zip"
    done = CliRunner().invoke(app, ["teams", "package", "--config", str(file), "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert out.read_bytes()[:2] == b"PK"


def test_the_page_names_what_is_there() -> None:
    text = DOCS.read_text()
    for word in (
        PATH,
        "TEAMS_APP_PASSWORD",
        "pitcrew teams package",
        "pitcrew doctor teams",
        "serve --sample --playground",
    ):
        assert word in text, word
