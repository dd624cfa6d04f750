"""Forms as Slack modals: a button that carries the whole form, the view it opens, and the ask that comes out of it.

Nothing is remembered in between: the form travels in its button, and where it was opened in the view.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import Any

from bot.ports import Place
from bot.words import UNNAMED, clean, cut
from commands.core.answer import Field, Form
from commands.core.registry import quoted

FORM = "form"
VIEW = "form"
WINDOW = "window"
MAX_TITLE = 24
MAX_LABEL = 75
MAX_TYPED = 1_500
MAX_OPTIONS = 100


def packed(form: Form) -> str:
    """A form as the value of a button."""
    fields = [[one.name, one.label, one.kind, list(one.options), one.value, one.optional] for one in form.fields]
    return json.dumps([form.title, form.ask, fields], ensure_ascii=False, separators=(",", ":"))


def unpacked(value: str) -> tuple[str, str, list[Field]]:
    """The title, the ask and the fields of a form that is the value of a button.

    Raises:
        ValueError: the value is no form of ours.
    """
    title, ask, fields = json.loads(value)
    return title, ask, [Field(*one) for one in fields]


def view(value: str, label: str, place: Place) -> Mapping[str, Any]:
    """The modal of a form's button, clicked at ``place``.

    Raises:
        ValueError: the value is no form of ours.
    """
    title, ask, fields = unpacked(value)
    kept = {"ask": ask, "place": _kept(place)}
    return {
        "type": "modal",
        "callback_id": VIEW,
        "private_metadata": json.dumps(kept, separators=(",", ":")),
        "title": _plain(title, MAX_TITLE),
        "submit": _plain(label, MAX_TITLE),
        "close": _plain("Cancel", MAX_TITLE),
        "blocks": [_input(one) for one in fields],
    }


def submitted(view: Mapping[str, Any]) -> tuple[str, Place]:
    """The ask that a modal was filled in to, and where it was opened.

    Raises:
        ValueError: it is no view of ours.
    """
    kept = json.loads(view["private_metadata"])
    filled = {name: _value(next(iter(box.values()))) for name, box in view["state"]["values"].items()}
    options = [f"{name}={value}" for name, value in filled.items() if value]
    return f"{kept['ask']} {quoted(options)}".strip(), Place(**kept["place"])


def waiting(label: str, place: Place) -> Mapping[str, Any]:
    """The modal of a window that was opened at ``place``, until its answer is there."""
    blocks = [{"type": "section", "text": _plain("One moment …", MAX_LABEL)}]
    return window({"text": label, "blocks": blocks}, label, place)


def window(payload: Mapping[str, Any], title: str, place: Place) -> Mapping[str, Any]:
    """The modal that shows an answer; it knows where it was opened, so that what is shared from it goes there."""
    return {
        "type": "modal",
        "callback_id": WINDOW,
        "private_metadata": json.dumps({"title": title, "place": _kept(place)}, separators=(",", ":")),
        "title": _plain(title, MAX_TITLE),
        "close": _plain("Close", MAX_TITLE),
        "blocks": payload["blocks"],
    }


def opened_at(view: Mapping[str, Any]) -> Place:
    """Where a window was opened.

    Raises:
        ValueError: it is no view of ours.
    """
    return Place(**json.loads(view["private_metadata"])["place"])


def _kept(place: Place) -> dict[str, str]:
    """What a view has to remember of a place; all else is empty."""
    return {name: value for name, value in asdict(place).items() if value}


def _input(one: Field) -> dict[str, Any]:
    return {
        "type": "input",
        "block_id": one.name,
        "label": _plain(one.label, MAX_LABEL),
        "optional": one.optional,
        "element": {"action_id": "value", **_element(one)},
    }


def _element(one: Field) -> dict[str, Any]:
    if one.options:
        options = [{"text": _plain(name, MAX_LABEL), "value": name} for name in one.options[:MAX_OPTIONS]]
        chosen = [option for option in options if option["value"] == one.value]
        return {"type": "static_select", "options": options, **({"initial_option": chosen[0]} if chosen else {})}
    if one.kind == "date":
        day = {"initial_date": date.fromisoformat(one.value).isoformat()} if one.value else {}
        return {"type": "datepicker", **day}
    typed = {"type": "plain_text_input", "multiline": one.kind == "paragraph", "max_length": MAX_TYPED}
    return typed | ({"initial_value": one.value} if one.value else {})


def _value(element: Mapping[str, Any]) -> str:
    match element:
        case {"selected_option": {"value": str(value)}}:
            return value
        case {"selected_date": str(day)}:
            return day
        case {"value": str(text)}:
            return text.strip()
        case _:
            return ""


def _plain(text: str, limit: int) -> dict[str, Any]:
    return {"type": "plain_text", "text": cut(clean(text) or UNNAMED, limit), "emoji": False}
