"""Answers in a terminal: the same parts, for people at a prompt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any, assert_never

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.panel import Panel
from rich.syntax import Syntax
from rich.table import Table as Grid
from rich.text import Text as Styled

from charts.picture import Picture
from commands.core.answer import (
    Answer,
    Button,
    Buttons,
    Chart,
    Choices,
    Code,
    Facts,
    File,
    Form,
    Note,
    Part,
    Table,
    Text,
    Tone,
    plain,
)
from commands.core.moments import spoken

COLOURS = {Tone.CALM: "cyan", Tone.GOOD: "green", Tone.WARN: "yellow", Tone.BAD: "red"}
SIGNS = {Tone.CALM: "●", Tone.GOOD: "✔", Tone.WARN: "▲", Tone.BAD: "✖"}  # never by colour alone
WIDEST = 110
CONTROLS = dict.fromkeys((*range(9), *range(11, 32), *range(127, 160)))  # all but tab and newline


def show(console: Console, answer: Answer, files: Mapping[str, Path], *, numbered: int = 1) -> list[Button]:
    """Print an answer; buttons get numbers from ``numbered`` on, and are given back in that order."""
    answer = _calm(answer)
    colour = COLOURS[answer.tone]
    console.print()
    console.print(f"[bold {colour}]{SIGNS[answer.tone]} {escape(spoken(answer.title))}[/]")
    pressed: list[Button] = []
    for part in answer.parts:
        _print(console, part, files, pressed, numbered)
    for detail in answer.details:
        pressed += show(console, detail.answer, files, numbered=numbered + len(pressed))
    return pressed


def _calm(thing: Any) -> Any:  # noqa: ANN401 (an answer, and whatever is in it)
    """The same without what moves a cursor, colours the rest or rings a bell: names in a bill are not ours."""
    match thing:
        case Enum() | Picture() | File():
            return thing
        case str():
            return thing.translate(CONTROLS)
        case tuple() | list():
            return tuple(map(_calm, thing))
        case _ if is_dataclass(thing) and not isinstance(thing, type):
            return replace(thing, **{one.name: _calm(getattr(thing, one.name)) for one in fields(thing) if one.init})
        case _:
            return thing


def write_files(answer: Answer, folder: Path) -> dict[str, Path]:
    """Write an answer's pictures (as PNG) and documents; gives back where each digest went."""
    files: dict[str, Path] = {}
    for document in answer.files:
        folder.mkdir(parents=True, exist_ok=True)
        files[document.digest] = folder / document.name
        files[document.digest].write_bytes(document.content)
    for picture in answer.pictures:
        folder.mkdir(parents=True, exist_ok=True)
        files[picture.digest] = folder / f"{picture.name}-{picture.digest[:8]}.png"
        files[picture.digest].write_bytes(picture.png)
    for detail in answer.details:
        files |= write_files(detail.answer, folder)
    return files


def _print(  # noqa: C901 (a closed union)
    console: Console, part: Part, files: Mapping[str, Path], pressed: list[Button], numbered: int
) -> None:
    match part:
        case Text(text, to):
            said = f"@{plain(to.name)}, {text}" if to else text
            console.print(Padding(_marked(said), (0, 0, 0, 2)), width=WIDEST)
        case Facts():
            console.print(_facts(part), width=WIDEST)
        case Table():
            console.print(_table(part), width=WIDEST)
        case Code(label, text):
            code = Syntax(text, "bash", word_wrap=True, background_color="default")
            console.print(Panel(code, title=label, title_align="left", box=box.ROUNDED, width=WIDEST))
        case Chart(picture):
            where = files.get(picture.digest)
            console.print(Padding(Styled(f"▣ {where or picture.name}", style="bold"), (0, 0, 0, 2)), soft_wrap=True)
            console.print(Padding(Styled(_calm(picture.alt), style="dim"), (0, 0, 0, 4)), width=WIDEST)
        case Buttons(buttons):
            _offer(console, "", buttons, pressed, numbered)
        case Choices(label, options, chosen):
            _offer(console, f"{label} ({chosen}): ", options, pressed, numbered)
        case Form(label, _, ask, fields):
            typed = " ".join((ask, *(f"{one.name}=…" for one in fields)))
            console.print(Padding(Styled(f"{label}: type {typed}", style="bold blue"), (0, 0, 0, 2)), width=WIDEST)
        case File(name, _, _, said):
            where = files.get(part.digest)
            console.print(Padding(Styled(f"▤ {where or name}", style="bold"), (0, 0, 0, 2)), soft_wrap=True)
            console.print(Padding(Styled(_calm(said), style="dim"), (0, 0, 0, 4)), width=WIDEST)
        case Note(text):
            console.print(Padding(Styled(spoken(text), style="dim italic"), (0, 0, 0, 2)), width=WIDEST)
        case _:
            assert_never(part)


def _offer(console: Console, label: str, buttons: Sequence[Button], pressed: list[Button], numbered: int) -> None:
    first = numbered + len(pressed)
    labels = (f"[{number}] {button.label}" for number, button in enumerate(buttons, first))
    console.print(Padding(Styled(label + "   ".join(labels), style="bold blue"), (0, 0, 0, 2)), width=WIDEST)
    pressed.extend(buttons)


def _facts(facts: Facts) -> Grid:
    grid = Grid.grid(padding=(0, 3, 0, 0))
    grid.add_column(style="dim")
    grid.add_column(style="bold")
    for name, value in facts.pairs:
        grid.add_row(f"  {escape(name)}", escape(spoken(value)))
    return grid


def _table(table: Table) -> Grid:
    grid = Grid(box=box.SIMPLE, pad_edge=False)
    for index, heading in enumerate(table.headings):
        grid.add_column(escape(heading), justify="right" if index in table.numbers else "left")
    for row in table.rows:
        grid.add_row(*(escape(spoken(cell)) for cell in row))
    return grid


def _marked(text: str) -> Styled:
    """``**bold**`` and `` `code` `` as styles."""
    styled = Styled()
    for index, piece in enumerate(spoken(text).split("**")):
        for inner, word in enumerate(piece.split("`")):
            styled.append(word, style=("bold " if index % 2 else "") + ("cyan" if inner % 2 else ""))
    return styled
