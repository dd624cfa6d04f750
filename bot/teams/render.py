"""Answers as Adaptive Cards 1.5. Teams' limits live here, and nowhere else."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator, Sequence
from typing import Any, assert_never

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
    Tone,
)
from commands.core.moments import MOMENT, spoken

Element = dict[str, Any]

MAX_ROWS = 20
MAX_ACTIONS = 6  # Teams shows six of a set, the rest behind a menu
MAX_TEXT = 4000
COLOURS = {Tone.CALM: "default", Tone.GOOD: "good", Tone.WARN: "warning", Tone.BAD: "attention"}
MARKDOWN = re.compile(r"([\\*_\[\]()`#~>!|])")
INVISIBLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")


def card(answer: Answer) -> dict[str, Any]:
    """Render one answer as an Adaptive Card; pictures are data URIs."""
    title = {
        "type": "TextBlock",
        "text": literal(answer.title),
        "size": "Large",
        "weight": "Bolder",
        "wrap": True,
        "color": COLOURS[answer.tone],
        "style": "heading",
    }
    return {
        "type": "AdaptiveCard",
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "version": "1.5",
        "fallbackText": spoken(answer.title),
        "msteams": {"width": "full"},
        "body": [title, *(element for part in answer.parts for element in _part(part))],
    }


def _part(part: Part) -> Iterator[Element]:  # noqa: C901 (a closed union)
    match part:
        case Text(text):
            yield from map(_line, text.split("\n"))
        case Facts(pairs):
            yield {
                "type": "FactSet",
                "facts": [{"title": literal(name), "value": literal(value)} for name, value in pairs],
            }
        case Table():
            yield from _table(part)
        case Code(label, text):
            yield from _code(label, text)
        case Chart(picture):
            uri = f"data:image/png;base64,{base64.b64encode(picture.png).decode()}"
            yield {
                "type": "Image",
                "url": uri,
                "altText": picture.alt,
                "size": "Stretch",
                "msteams": {"allowExpand": True},
            }
        case Buttons(buttons):
            yield from _actions(buttons)
        case Choices():
            yield from _choices(part)
        case Form():
            yield _form(part)
        case File(name, _, _, said):
            yield {"type": "TextBlock", "text": f"**{literal(name)}**: {literal(said)}", "wrap": True}
        case Note(text):
            yield {"type": "TextBlock", "text": literal(text), "wrap": True, "isSubtle": True, "size": "Small"}
        case _:
            assert_never(part)


def _line(text: str) -> Element:
    return {"type": "TextBlock", "text": _marked(text)[:MAX_TEXT], "wrap": True, "spacing": "Small"}


def _code(label: str, text: str) -> Iterator[Element]:
    yield {"type": "TextBlock", "text": literal(label), "weight": "Bolder", "wrap": True}
    run = {"type": "TextRun", "text": INVISIBLE.sub("", text), "fontType": "Monospace"}
    yield {"type": "RichTextBlock", "inlines": [run]}


def _image(picture: Picture) -> Element:
    uri = f"data:image/png;base64,{base64.b64encode(picture.png).decode()}"
    return {"type": "Image", "url": uri, "altText": picture.alt, "size": "Stretch", "msteams": {"allowExpand": True}}


def _actions(buttons: Sequence[Button]) -> Iterator[Element]:
    for first in range(0, len(buttons), MAX_ACTIONS):
        yield {"type": "ActionSet", "actions": list(map(_action, buttons[first : first + MAX_ACTIONS]))}


def _choices(choices: Choices) -> Iterator[Element]:
    """A drop-down and the button that asks what was chosen; each option's value is its whole ask."""
    asks = {button.label: button.ask for button in choices.options}
    name = f"choice-{hashlib.sha256(choices.label.encode()).hexdigest()[:8]}"
    yield {
        "type": "Input.ChoiceSet",
        "id": name,
        "label": choices.label,
        "style": "compact",
        "choices": [{"title": label, "value": ask} for label, ask in asks.items()],
        "value": asks.get(choices.chosen, ""),
    }
    data = {"choice": name}
    action: Element = {"type": "Action.Execute", "title": "Show", "verb": "choose", "data": data}
    yield {
        "type": "ActionSet",
        "actions": [action | {"fallback": {"type": "Action.Submit", "title": "Show", "data": data}}],
    }


def _form(form: Form) -> Element:
    """A button that unfolds the form in the card; its inputs are options of the ask."""
    data = {"ask": form.ask, "form": [one.name for one in form.fields]}
    send: Element = {"type": "Action.Execute", "title": form.label, "verb": "ask", "data": data}
    send["fallback"] = {"type": "Action.Submit", "title": form.label, "data": data}
    body = [{"type": "TextBlock", "text": literal(form.title), "weight": "Bolder"}, *map(_input, form.fields)]
    shown = {"type": "AdaptiveCard", "body": body, "actions": [send]}
    return {"type": "ActionSet", "actions": [{"type": "Action.ShowCard", "title": f"{form.label} …", "card": shown}]}


def _input(one: Field) -> Element:
    named: Element = {"id": one.name, "label": one.label, "isRequired": not one.optional, "value": one.value}
    if not one.optional:
        named["errorMessage"] = f"{one.label} is needed"
    if one.options:
        choices = [{"title": name, "value": name} for name in one.options]
        return {"type": "Input.ChoiceSet", "style": "compact", "choices": choices, **named}
    if one.kind == "date":
        return {"type": "Input.Date", **named}
    return {"type": "Input.Text", "isMultiline": one.kind == "paragraph", **named}


def _table(table: Table) -> Iterator[Element]:
    shown = table.rows[:MAX_ROWS]
    columns = [{"width": 1 if index in table.numbers else 2} for index in range(len(table.headings))]
    rows = [_row(table, table.headings, bold=True), *(_row(table, row, bold=False) for row in shown)]
    yield {"type": "Table", "firstRowAsHeaders": True, "gridStyle": "default", "columns": columns, "rows": rows}
    if len(table.rows) > MAX_ROWS:
        yield from _part(Note(f"and {len(table.rows) - MAX_ROWS} more rows"))


def _row(table: Table, cells: Sequence[str], *, bold: bool) -> Element:
    def cell(index: int, text: str) -> Element:
        side = "Right" if index in table.numbers else "Left"
        weight = "Bolder" if bold else "Default"
        block = {
            "type": "TextBlock",
            "text": literal(text),
            "wrap": True,
            "horizontalAlignment": side,
            "weight": weight,
        }
        return {"type": "TableCell", "items": [block]}

    return {"type": "TableRow", "cells": [cell(index, text) for index, text in enumerate(cells)]}


def _action(button: Button) -> Element:
    action: Element = {"type": "Action.Execute", "title": button.label, "verb": "ask", "data": {"ask": button.ask}}
    style = {Tone.GOOD: "positive", Tone.BAD: "destructive"}.get(button.tone)
    action["fallback"] = {"type": "Action.Submit", "title": button.label, "data": {"ask": button.ask}}
    return action | ({"style": style} if style else {})


def literal(text: str) -> str:
    """Foreign text as itself: no markdown, no mention, no invisible tricks; its moments in the reader's own time."""
    visible = INVISIBLE.sub("", text).replace("<", "&lt;")
    return MOMENT.sub(r"{{DATE(\1:00Z, SHORT)}} at {{TIME(\1:00Z)}}", MARKDOWN.sub(r"\\\1", visible)) or "(unnamed)"


def _marked(text: str) -> str:
    """Our ``**bold**`` and `` `code` `` as Teams' markdown, everything else literal."""
    pieces = re.split(r"(\*\*.+?\*\*|`[^`]+`)", text)
    return "".join(_span(piece) for piece in pieces if piece) or " "


def _span(piece: str) -> str:
    if piece.startswith("**"):
        return f"**{literal(piece.strip('*'))}**"
    return f"`{INVISIBLE.sub('', piece.strip('`'))}`" if piece.startswith("`") else literal(piece)
