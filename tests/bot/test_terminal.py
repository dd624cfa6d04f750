"""Answers at a prompt, and as data."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from io import StringIO
from pathlib import Path

from rich.console import Console

from analysis.money import Money
from bot.figures import as_json, plain
from bot.terminal import show, write_files
from charts.picture import Picture
from commands.core.answer import Answer, Button, Buttons, Chart, Choices, Code, Facts, File, Note, Table, Text, Tone

SAID = Answer(
    "Waste [bold]of[/] search",
    (
        Text("**Two** things: `vol-1`"),
        Facts((("A month", "$12.80"),)),
        Table(("What", "Worth"), (("a [red]disk[/]", "$1"),), numbers=(1,)),
        Chart(Picture(b"\x89PNG-bytes", "a line that climbs to $5", "forecast")),
        Code("To act", "aws ec2 delete-volume --volume-id vol-1"),
        Buttons((Button("Claim", "claim 1"), Button("Release", "release 1"))),
        Note("small print"),
    ),
    Tone.WARN,
    data={"worth": Decimal("12.80"), "day": date(2026, 11, 18), "at": datetime(2026, 11, 18, tzinfo=UTC)},
)


def shown(answer: Answer, folder: Path) -> tuple[str, list[Button]]:
    console = Console(file=StringIO(), width=100)
    pressed = show(console, answer, write_files(answer, folder), numbered=4)
    return console.file.getvalue(), pressed  # type: ignore[attr-defined]


def test_every_part_is_printed_and_foreign_markup_means_nothing(tmp_path: Path) -> None:
    text, _ = shown(SAID, tmp_path)
    for words in (
        "Waste [bold]of[/] search",
        "Two things: vol-1",
        "$12.80",
        "a [red]disk[/]",
        "climbs to $5",
        "delete-volume",
    ):
        assert words in text


def test_buttons_are_numbered_on_from_where_they_should(tmp_path: Path) -> None:
    text, pressed = shown(SAID, tmp_path)
    assert "[4] Claim" in text and "[5] Release" in text
    assert [button.ask for button in pressed] == ["claim 1", "release 1"]


def test_what_can_be_chosen_is_numbered_and_a_document_is_written(tmp_path: Path) -> None:
    sheet = File("october.csv", "text/csv", b"team,cost", "Cost of October by team.")
    options = (Button("Orders", "units metric=orders"), Button("Customers", "units metric=customers"))
    answer = Answer("Units", (Choices("Metric", options, "Orders"), sheet))
    console = Console(file=StringIO(), width=200)

    pressed = show(console, answer, write_files(answer, tmp_path), numbered=2)

    said = console.file.getvalue()  # type: ignore[attr-defined]
    assert "Metric (Orders): [2] Orders   [3] Customers" in said
    assert [button.ask for button in pressed] == ["units metric=orders", "units metric=customers"]
    assert (tmp_path / "october.csv").read_bytes() == b"team,cost"
    whole = json.loads(as_json(answer, write_files(answer, tmp_path)))
    assert whole["files"][0]["file"].endswith("october.csv")
    assert whole["choices"][0]["options"]["Customers"] == "units metric=customers"


def test_pictures_are_written_once_by_content(tmp_path: Path) -> None:
    [path] = write_files(SAID, tmp_path).values()
    assert path.read_bytes() == b"\x89PNG-bytes"
    assert write_files(SAID, tmp_path) == write_files(SAID, tmp_path)


def test_figures_are_decimal_strings_and_iso_dates(tmp_path: Path) -> None:
    whole = json.loads(as_json(SAID, write_files(SAID, tmp_path)))
    assert whole["data"] == {"worth": "12.80", "day": "2026-11-18", "at": "2026-11-18T00:00:00+00:00"}
    assert whole["buttons"][0] == {"label": "Claim", "ask": "claim 1"}
    assert Path(whole["pictures"][0]["file"]).exists()


def test_small_and_large_amounts_are_never_written_with_an_exponent() -> None:
    assert plain(Decimal("1E-11")) == "0.00000000001"
    assert plain(Money.of("1E+9", "USD")) == {"amount": "1000000000", "currency": "USD"}


def test_a_name_moves_no_cursor_and_colours_nothing(tmp_path: Path) -> None:
    name = "disk\x1b[31m\x1b[2J\x07\x9b"
    text, _ = shown(Answer(name, (Text(name), Table(("What",), ((name,),)), Code("To act", name))), tmp_path)
    assert "disk[31m" in text and not {"\x1b", "\x07", "\x9b"} & set(text)
