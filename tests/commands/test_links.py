"""Links: what somebody else's address has to be before it may be clicked, and that nothing else becomes one."""

from __future__ import annotations

import pytest

from bot.delivery.reading import as_read
from bot.slack.render import render as as_slack
from bot.teams.render import card as as_teams
from bot.web.draw import body
from bot.web.slack_look import body as slack_look
from bot.web.teams_look import body as teams_look
from commands.core.answer import Answer, Facts
from commands.core.links import Linked, address
from tests.fake_slack_blocks import problems as slack_problems
from tests.fake_teams_cards import problems as teams_problems

GOOD = "https://tracker.example/browse/CLOUD-7?from=pitcrew#top"
EVIL = (
    "javascript:alert(1)",
    "http://tracker.example/",
    "https://sam:secret@tracker.example/",
    "https://",
    "https://tr\u0430cker.example/",  # a Cyrillic letter in the host
    "https://[::1]/",
    "https://tracker.example/\nX: y",
    "data:text/html,x",
    "https://tracker.example/" + "x" * 2_000,
)


@pytest.mark.parametrize("url", EVIL)
def test_what_may_not_be_clicked_is_no_link(url: str) -> None:
    assert address(url) == ""
    said = Answer("x", (Facts((("Sent to tracker", Linked("CLOUD-7", url)),)),))
    assert not [run for run in runs(said) if run["type"] == "link"]
    assert "](" not in str(as_teams(said)) and "<a " not in body(said)
    assert "CLOUD-7" in str(as_slack(said)) and "CLOUD" in str(as_teams(said)) and "CLOUD-7" in body(said)


def test_what_an_address_may_not_hold_is_encoded() -> None:
    assert address(GOOD) == GOOD
    assert address("https://tracker.example/a b)[c](\"d'<e>|\\") == (
        "https://tracker.example/a%20b%29%5Bc%5D%28%22d%27%3Ce%3E%7C%5C"
    )


def runs(said: Answer) -> list[dict[str, str]]:
    blocks = [block for block in as_slack(said)["blocks"] if block["type"] == "rich_text"]
    return [run for block in blocks for part in block["elements"] for run in part["elements"]]


def test_a_link_can_be_clicked_on_each_platform_and_read_where_there_are_none() -> None:
    said = as_read(Answer("x", (Facts((("Sent to tracker", Linked("CLOUD-7", GOOD)),)),)), "de_DE")
    [link] = [run for run in runs(said) if run["type"] == "link"]
    assert (link["url"], link["text"]) == (GOOD, "CLOUD-7")
    assert not slack_problems(as_slack(said)["blocks"])

    card = as_teams(said)
    assert card["body"][1]["facts"][0]["value"] == f"[CLOUD\\-7]({GOOD})"
    assert not teams_problems({**card, "body": card["body"]})
    anchor = f'<a href="{GOOD}" target="_blank" rel="noopener noreferrer">CLOUD-7</a>'
    assert anchor in body(said)
    assert anchor in slack_look(as_slack(said)) and anchor in teams_look({"card": card, "text": ""})
    assert str(Linked("CLOUD-7", GOOD)) == f"CLOUD-7 {GOOD}"


def test_what_is_only_written_like_a_link_stays_text() -> None:
    evil = Linked("[click](https://evil.example)", GOOD)
    said = Answer("x", (Facts((("Sent to tracker", evil), ("Tag", "[click](https://evil.example)"))),))
    card = as_teams(said)
    first, second = (fact["value"] for fact in card["body"][1]["facts"])
    assert first.endswith(f"]({GOOD})") and "](https://evil" not in first.removesuffix(f"]({GOOD})")
    assert "](https://evil" not in second
    assert body(said).count("<a ") == 1 and 'href="https://evil' not in body(said)
