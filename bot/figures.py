"""Answers as JSON: figures as decimal strings, dates as ISO 8601, pictures as file names."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any

from analysis.money import Money
from commands.core.answer import (
    Answer,
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
)
from commands.core.moments import spoken


def as_json(answer: Answer, files: Mapping[str, Path]) -> str:
    """A whole answer for scripts; ``files`` maps the digests of its pictures to where they were written."""
    return json.dumps(plain(_whole(answer, files)), indent=2, ensure_ascii=False)


def _whole(answer: Answer, files: Mapping[str, Path]) -> dict[str, Any]:
    buttons = [button for part in answer.parts if isinstance(part, Buttons) for button in part.buttons]
    return {
        "title": answer.title,
        "text": "\n\n".join(spoken(text) for text in map(_words, answer.parts) if text),
        "tone": answer.tone,
        "private": answer.private,
        "news": answer.news,
        "data": answer.data,
        "buttons": [{"label": button.label, "ask": button.ask} for button in buttons],
        "pictures": [{"file": str(files[one.digest]), "alt": one.alt} for one in answer.pictures],
        "choices": [
            {"label": part.label, "chosen": part.chosen, "options": {one.label: one.ask for one in part.options}}
            for part in answer.parts
            if isinstance(part, Choices)
        ],
        "files": [{"file": str(files[one.digest]), "media": one.media, "said": one.said} for one in answer.files],
        "shows": answer.shows,
        **(
            {"details": [{"ask": one.ask, **_whole(one.answer, files)} for one in answer.details]}
            if answer.details
            else {}
        ),
    }


def plain(value: object) -> Any:  # noqa: ANN401 (JSON)
    """Any figure as plain JSON."""
    match value:
        case Money(amount, currency):
            return {"amount": format(amount, "f"), "currency": currency}
        case Decimal():
            return format(value, "f")
        case datetime() | date():
            return value.isoformat()
        case Enum():
            return value.value
        case Mapping():
            return {str(key): plain(inner) for key, inner in value.items()}
        case str() | int() | float() | bool() | None:
            return value
        case Sequence():
            return [plain(inner) for inner in value]
        case _:
            raise TypeError(f"{type(value).__name__} has no plain form")


def _words(part: Part) -> str:  # noqa: C901 (a closed union)
    match part:
        case Text(text) | Note(text):
            return text
        case Facts(pairs):
            return "\n".join(f"{name}: {value}" for name, value in pairs)
        case Table(headings, rows):
            return "\n".join(" | ".join(row) for row in (headings, *rows))
        case Code(label, text):
            return f"{label}: {text}"
        case Chart(picture):
            return picture.alt
        case File(name, _, _, said):
            return f"{name}: {said}"
        case Choices(label, _, chosen):
            return f"{label}: {chosen}"
        case Form(label, _, ask):
            return f"{label}: {ask}"
        case Buttons():
            return ""
