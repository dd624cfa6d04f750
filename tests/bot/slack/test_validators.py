"""Everything that is said passes validators that nobody here wrote: Slack's own types, and Slack's own SDK."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from bot.slack.render import render
from bot.state import State
from tests.bot.slack.draw import bundle, drawn, message, size_of
from tests.bot.slack.payloads import NAMED, Said, everything, pages
from tests.conftest import Company, Talk
from tests.fake_slack_blocks import effects, problems, view_problems

pytestmark = pytest.mark.slow
NODE = Path(__file__).parents[2] / "node" / "node_modules"
STRICT = ("--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext", "--moduleResolution", "nodenext")


@pytest.fixture(scope="module")
def said(company: Company, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Said]]:
    folder = tmp_path_factory.mktemp("validators")
    with State.open(f"sqlite:///{folder / 'state.db'}", company.crew.clock, folder=folder) as state:
        yield everything(Talk(company.crew.remembering(state)))


def compiled(folder: Path, kind: str, things: dict[str, Any]) -> str:
    """What TypeScript says of JSON that claims to be of one of Slack's types; nothing, if it is."""
    (folder / "node_modules").symlink_to(NODE)
    (folder / "package.json").write_text('{"type": "module"}')
    lines = ['import type { HomeView, KnownBlock, ModalView } from "@slack/types";']
    for number, (name, thing) in enumerate(things.items()):
        lines += [f"// {json.dumps(name)}", f"export const p{number}: {kind} = {json.dumps(thing)};"]
    (folder / "payloads.ts").write_text("\n".join(lines))
    done = subprocess.run(
        [NODE / ".bin" / "tsc", *STRICT, "payloads.ts"], cwd=folder, capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


def test_enough_is_said_to_be_worth_a_look(said: list[Said]) -> None:
    kinds = {block["type"] for one in said for block in one.payload["blocks"]}

    assert len(said) > 60
    assert kinds >= {"header", "rich_text", "table", "image", "actions", "section", "context"}


def test_every_message_is_of_slacks_own_types(said: list[Said], tmp_path: Path) -> None:
    assert compiled(tmp_path, "KnownBlock[]", {one.name: one.payload["blocks"] for one in said}) == ""


def test_newer_tables_are_too_and_newer_charts_are_what_the_reference_says(said: list[Said], tmp_path: Path) -> None:
    newer = {one.name: render(one.answer, newer=True) for one in said}
    changed = {name: made["blocks"] for name, made in newer.items() if "older" in made}
    kinds = {block["type"] for blocks in changed.values() for block in blocks}
    typed = {  # Slack's types do not know its charts yet, and the fake knows them by the reference
        name: [block for block in blocks if block["type"] not in {"data_visualization", "image"}]
        for name, blocks in changed.items()
    }

    assert kinds >= {"data_table", "data_visualization"}
    assert compiled(tmp_path, "KnownBlock[]", typed) == ""
    for name, blocks in changed.items():
        assert problems([block for block in blocks if block["type"] != "image"]) == [], name


def test_every_page_and_form_is_of_slacks_own_types(said: list[Said], tmp_path: Path) -> None:
    views = dict(pages(said))

    assert {view["type"] for view in views.values()} == {"home", "modal"}
    assert compiled(tmp_path, "HomeView | ModalView", views) == ""


def test_the_types_would_see_a_mistake(tmp_path: Path) -> None:
    wrong = [{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}]

    assert "not assignable" in compiled(tmp_path, "KnownBlock[]", {"wrong": wrong})


def test_slacks_sdk_finds_nothing_too_long_or_missing(said: list[Said]) -> None:
    for one in said:
        for block in one.payload["blocks"]:
            parsed = Block.parse(block)
            assert parsed is not None, f"{one.name}: the SDK does not know {block['type']}"
            parsed.validate_json()
    for _, view in pages(said):
        View(**view).validate_json()


def test_nothing_is_refused_by_the_fake_either_and_nothing_in_it_is_alive(said: list[Said]) -> None:
    for one in said:
        assert problems(one.payload["blocks"]) == [], one.name
        assert len(one.payload["text"]) <= 4000, one.name
        alive = [found for found in effects(one.payload) if '"type": "date"' not in found]
        ours = ['{"type": "user", "user_id": "U1"}', '{"type": "link", "url": "https://tracker.example/CLOUD-7"']
        assert len(alive) == (len(ours) if one.answer is NAMED else 0), (one.name, alive)
        assert all(found.startswith(tuple(ours)) for found in alive), "we name people, and link what was sent on"
    for name, view in pages(said):
        assert view_problems(view) == [], name


def test_a_message_is_drawn_at_a_phones_width_by_a_library_that_is_not_ours(tmp_path: Path, said: list[Said]) -> None:
    waiting = next(one for one in said if one.name == "(waiting)")
    width, height = size_of(drawn(message(waiting), 390, bundle(tmp_path)))

    assert width == 390 and 100 < height < 400
