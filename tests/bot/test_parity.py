"""What is promised of each platform: nothing is left out of the table, and every part is drawn everywhere."""

from __future__ import annotations

import typing

import pytest

from bot.parity import FULL, PARTS, PLATFORMS, commands, tables
from bot.slack.render import render as on_slack
from bot.teams.package.icons import outline
from bot.teams.render import render as in_teams
from bot.web.draw import body as on_the_page
from charts.picture import Picture
from commands.core.answer import (
    Answer,
    Button,
    Buttons,
    Chart,
    Choices,
    Code,
    Facts,
    Field,
    File,
    Form,
    Note,
    Part,
    Table,
    Text,
)
from commands.core.registry import discover

WORD = "Zebra"
EACH: dict[str, Part] = {
    "Text": Text(WORD),
    "Facts": Facts(((WORD, "1"),)),
    "Table": Table((WORD,), (("1",),)),
    "Chart": Chart(Picture(outline(), WORD, "chart")),
    "Code": Code("To act", WORD),
    "Buttons": Buttons((Button(WORD, "help"),)),
    "Choices": Choices(WORD, (Button("a", "help"),)),
    "Form": Form(WORD, "t", "snooze 1", (Field("until", "Until", "date"),)),
    "File": File(f"{WORD}.csv", "text/csv", b"a", "said"),
    "Note": Note(WORD),
}


def test_every_command_has_its_row() -> None:
    assert [row.what for row in commands()] == list(discover())


def test_every_part_has_its_row_and_no_other() -> None:
    kinds = {one.__name__ for one in typing.get_args(Part)}
    assert {row.what for row in PARTS} == kinds == set(EACH)


def test_what_is_not_full_says_why() -> None:
    for _, rows in tables():
        for row in rows:
            assert len(row.cells) == len(PLATFORMS)
            assert all(cell == FULL or len(cell) > 15 for cell in row.cells), row.what


@pytest.mark.parametrize("name", EACH)
def test_every_part_is_drawn_on_every_platform(name: str) -> None:
    said = Answer("x", (EACH[name],))
    for drawn in (on_slack(said), in_teams(said), on_the_page(said)):
        assert WORD in str(drawn)
