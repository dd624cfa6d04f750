"""Moments: the same instant, told by each surface in its own way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from io import StringIO
from typing import Any

from rich.console import Console

from bot.slack.render import render
from bot.teams.render import card
from bot.terminal import show
from commands.core.answer import Answer, Facts, Note, Table, Text
from commands.core.moments import moment, split, spoken
from commands.core.page import page
from tests.fake_slack_blocks import problems

AT = datetime(2026, 11, 18, 10, 2, tzinfo=timezone(timedelta(hours=1)))
SAID = "18 Nov 2026 at 09:02 UTC"
ANSWER = Answer(
    f"Claimed {moment(AT)}",
    (
        Text(f"**Ana** took it on {moment(AT)}."),
        Facts((("Stands", f"claimed by Ana on {moment(AT)}"),)),
        Table(("Who", "When"), (("Ana", moment(AT)),)),
        Note(f"As of {moment(AT)}"),
    ),
)


def test_a_moment_is_its_instant_in_utc_and_what_only_looks_like_one_is_words() -> None:
    assert list(split(f"at {moment(AT)}.")) == ["at ", AT.astimezone(UTC), "."]
    assert spoken(f"at {moment(AT)}") == f"at {SAID}"
    assert spoken("⟦2026-13-99T09:02Z⟧ ⟦x⟧") == "⟦2026-13-99T09:02Z⟧ ⟦x⟧"


def test_slack_tells_it_in_the_readers_own_time_where_a_block_can() -> None:
    payload = render(ANSWER)

    assert not list(problems(payload["blocks"]))
    text, facts = payload["blocks"][1:3]
    dates = [run for block in (text, facts) for run in block["elements"][0]["elements"] if run["type"] == "date"]
    assert [(one["timestamp"], one["fallback"]) for one in dates] == [(int(AT.timestamp()), SAID)] * 2
    assert "⟦" not in str(payload) and str(payload["text"]).count(SAID.replace(":", ":")) >= 3


def test_teams_tells_it_by_its_own_macros() -> None:
    drawn = str(card(ANSWER))

    assert "⟦" not in drawn
    assert "{{DATE(2026-11-18T09:02:00Z, SHORT)}} at {{TIME(2026-11-18T09:02:00Z)}}" in drawn


def test_a_page_marks_it_and_a_terminal_says_it_in_utc() -> None:
    html = page("Findings", [ANSWER]).decode()
    assert f'<time datetime="2026-11-18T09:02:00+00:00">{SAID}</time>' in html

    console = Console(file=StringIO(), width=120)
    show(console, ANSWER, {})
    out: Any = console.file
    assert "⟦" not in out.getvalue() and SAID in out.getvalue()
