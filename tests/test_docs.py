"""What the pages say is so: their examples load, their links lead somewhere, the commands they name exist."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import typer

from bot import config as deployment
from bot.shell import app
from commands.core.registry import discover

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("**/*.md")])
named = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
LINK = re.compile(r"\]\((?!https?:|#)([^)\s#]+)")
TOML = re.compile(r"^ *```toml\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
DEPLOYMENTS = [(page, text) for page in PAGES for text in TOML.findall(page.read_text())]
ON_THE_LINE = re.compile(r"(?:^ *|`|& )pitcrew ([a-z-]+)", re.MULTILINE)
IN_THE_CHAT = re.compile(r"`/finops ([a-z-]+)")


@named
def test_links_lead_somewhere(page: Path) -> None:
    lost = [link for link in LINK.findall(page.read_text()) if not (page.parent / link).exists()]

    assert not lost


@pytest.mark.parametrize(("page", "text"), DEPLOYMENTS, ids=lambda shown: getattr(shown, "stem", "shown"))
def test_deployments_that_are_shown_are_accepted(page: Path, text: str) -> None:
    raw = tomllib.loads("\n".join(line.strip() for line in text.splitlines()))
    read = deployment.parse({"providers": [{"kind": "sample"}], **raw}, lambda where: f"{page.name}: {where}")

    assert raw, f"{page.name} shows a deployment without a key"
    assert read.model_fields_set == {"providers", *raw}
    assert all(len(getattr(read, name)) == len(many) for name, many in raw.items() if isinstance(many, list))


@named
def test_commands_that_are_shown_exist(page: Path) -> None:
    known = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    text = page.read_text()
    typed = set(ON_THE_LINE.findall(text))
    asked = set(IN_THE_CHAT.findall(text)) - {"help"}

    assert typed <= set(known)
    assert asked <= set(discover())
