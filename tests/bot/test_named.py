"""People who are named in a message: told by their platform that they were, and by nobody's tag."""

from __future__ import annotations

from typing import Any

from bot.delivery.reading import as_read
from bot.slack.render import render as as_slack
from bot.teams.render import bare
from bot.teams.render import card as as_teams
from bot.web.draw import body
from bot.web.slack_look import body as slack_look
from bot.web.teams_look import body as teams_look
from commands.core.answer import Answer, Text, Whom
from tests.fake_slack_blocks import problems as slack_problems
from tests.fake_teams_cards import problems as teams_problems

WORDS = "this is yours: **$1,234.50** a month."


def said(user: str, name: str = "Ana Keller") -> Answer:
    return Answer("Waits", (Text(WORDS, to=Whom(user, name)),))


def runs(answer: Answer) -> list[dict[str, Any]]:
    return [run for part in as_slack(answer)["blocks"][1]["elements"] for run in part["elements"]]


def test_slack_is_told_whom_a_message_names() -> None:
    first, second, *_ = runs(said("slack:UANA"))
    assert (first, second["text"]) == ({"type": "user", "user_id": "UANA"}, ", ")
    assert runs(said("slack:T2:UANA"))[0]["user_id"] == "UANA"
    assert not slack_problems(as_slack(said("slack:UANA"))["blocks"])
    assert "@Ana Keller, this is yours" in as_slack(said("slack:UANA"))["text"]


def test_teams_is_told_whom_a_card_names() -> None:
    card = as_teams(said("teams:0a-1b", "Ana <b>[x](y)</b> O'Neil-K."))
    [entity] = card["msteams"]["entities"]
    assert (entity["mentioned"]["id"], entity["type"]) == ("0a-1b", "mention")
    assert entity["text"] == "<at>Ana bxyb O'Neil-K.</at>" and card["body"][1]["text"].startswith(entity["text"])
    assert not teams_problems(card)
    assert "<at>" not in str(bare(card)["body"]) and "msteams" not in bare(card), "the playground names nobody"


def test_on_another_platform_they_are_only_called_by_name() -> None:
    assert runs(said("page:visitor-1"))[0] == {"type": "text", "text": "@Ana Keller", "style": {"bold": True}}
    assert "entities" not in as_teams(said("slack:UANA"))["msteams"]
    assert "<b>@Ana Keller</b>, this is yours" in body(said("page:visitor-1"))
    assert "<b>@Ana Keller</b>" in teams_look({"card": as_teams(said("teams:0a-1b")), "text": ""})
    assert "<b>@UANA</b>" in slack_look(as_slack(said("slack:UANA")))


def test_a_figure_is_written_as_its_reader_writes_it_and_the_name_stays() -> None:
    [text] = as_read(said("slack:UANA"), "de_DE").parts
    assert isinstance(text, Text) and text.to == Whom("slack:UANA", "Ana Keller") and "1.234,50" in text.text


def test_what_others_wrote_names_nobody() -> None:
    evil = Answer("<@UANA> <at>Ana</at>", (Text("<@UANA> <!channel> <at>Ana</at>"),))
    assert {run["type"] for run in runs(evil)} == {"text"}
    assert "entities" not in as_teams(evil)["msteams"]
