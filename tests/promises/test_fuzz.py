"""R10: whatever names, tags and typed words hold, every surface shows it, and nothing of it comes alive.

How many examples that is depends on the profile: a hundred at the gate, a thousand in `make fuzz`, ten thousand where
`make fuzz PROFILE=thorough` is asked for.
"""

from __future__ import annotations

from html.parser import HTMLParser
from io import StringIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.console import Console

from analysis.errors import BadAsk
from bot.slack.render import pictures, render, with_files
from bot.teams import render as teams
from bot.terminal import show
from bot.web.draw import body
from commands.core.answer import Answer, Chart, Tone
from commands.core.registry import words_of
from tests.bot.slack.test_render import part, words
from tests.fake_slack_blocks import effects, problems
from tests.fake_teams_cards import problems as card_problems

pytestmark = pytest.mark.slow
short = st.builds(Answer, words, st.lists(part, max_size=6), st.sampled_from(Tone))
drawn = st.builds(Answer, words, st.lists(part.filter(lambda one: not isinstance(one, Chart)), max_size=6))
RELAXED = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
ALIVE = {"script", "iframe", "object", "embed", "link", "meta", "style"}


@RELAXED
@given(short)
def test_on_slack_no_answer_is_refused_and_none_notifies_or_links(answer: Answer) -> None:
    payload = render(answer)
    blocks = with_files(payload, dict.fromkeys(pictures(payload), "F12345678"))["blocks"]

    assert problems(blocks) == [] and effects({**payload, "blocks": blocks}) == []


@RELAXED
@given(short)
def test_on_teams_every_card_is_valid_and_of_bounded_size(answer: Answer) -> None:
    payload = teams.render(answer)
    for page in (payload, *payload.get("more", ())):
        named = {name: f"https://pitcrew.example/{name}" for name in teams.names(page["card"])}
        assert not card_problems(teams.filled(page["card"], named))
        assert teams.letters(page["card"]) <= 40_000


class Elements(HTMLParser):
    """The elements of a page, and what they would run or fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.alive: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.alive += [tag] if tag in ALIVE else []
        self.alive += [name for name, _ in attrs if name.startswith("on") or name == "style"]
        self.alive += [value or "" for name, value in attrs if name in {"src", "href"} and "://" in (value or "")]


@RELAXED
@given(drawn)
def test_on_the_page_nothing_runs_and_nothing_is_fetched_from_elsewhere(answer: Answer) -> None:
    elements = Elements()
    elements.feed(str(body(answer)))
    assert not elements.alive


@RELAXED
@given(drawn)
def test_in_a_terminal_nothing_moves_the_cursor_or_colours_the_rest(answer: Answer) -> None:
    written = StringIO()
    show(Console(file=written, width=100), answer, {})
    assert not {letter for letter in written.getvalue() if letter < " " and letter != "\n"} - {"\t"}


@given(st.text() | st.lists(st.sampled_from(["waste", "team=", '"', "'", "\\", "=", "\u00a0", "“", "x"])).map("".join))
def test_whatever_is_typed_is_words_or_a_reason_why_not(text: str) -> None:
    try:
        assert all(isinstance(word, str) for word in words_of(text))
    except BadAsk:
        return
