"""Forms as dialogs: a button that carries the whole form, the dialog it opens, and the ask that comes out of it.

Nothing is remembered in between: the form travels in its button, and which message it was opened on in the dialog.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from bot.teams.text import shortened
from bot.words import UNNAMED
from commands.core.answer import Field, Form
from commands.core.registry import quoted

MAX_LABEL = 60
MAX_TITLE = 60
MAX_TYPED = 1_500
MAX_OPTIONS = 100
MAX_FIELDS = 20
KINDS = ("text", "paragraph", "date")

Json = Mapping[str, Any]


def packed(form: Form) -> list[Any]:
    """A form as the data of a button."""
    fields = [[one.name, one.label, one.kind, list(one.options), one.value, one.optional] for one in form.fields]
    return [form.label, form.title, form.ask, fields]


def unpacked(data: Any) -> Form:  # noqa: ANN401 (whatever a client sent)
    """The form of a button.

    Raises:
        ValueError: it is no form of ours.
    """
    match data:
        case [str(label), str(title), str(ask), list(fields)] if len(fields) <= MAX_FIELDS:
            return Form(label, title, ask, tuple(_field(one) for one in fields))
        case _:
            raise ValueError("no form of ours")


def _field(data: Any) -> Field:  # noqa: ANN401
    match data:
        case [str(name), str(label), "text" | "paragraph" | "date" as kind, list(options), str(value), bool(optional)]:
            return Field(name, label, kind, tuple(str(one) for one in options), value, optional)
        case _:
            raise ValueError("no field of ours")


def opened(form: Form, message: str) -> Json:
    """The dialog of a form, clicked on a message: the answer to ``task/fetch``."""
    card = {
        "type": "AdaptiveCard",
        "version": "1.5",
        "body": inputs(form),
        "actions": [
            {
                "type": "Action.Submit",
                "title": shortened(form.label, MAX_LABEL) or UNNAMED,
                "data": {"ask": form.ask, "names": [one.name for one in form.fields], "message": message},
            }
        ],
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
    title = shortened(form.title, MAX_TITLE) or UNNAMED
    return {
        "task": {
            "type": "continue",
            "value": {"title": title, "width": "medium", "height": "medium", "card": attachment},
        }
    }


def said(words: str) -> Json:
    """A dialog that only says something."""
    return {"task": {"type": "message", "value": words}}


def inputs(form: Form) -> list[Json]:
    """What is filled in."""
    return [_input(one) for one in form.fields]


def send(form: Form, verb: str) -> Json:
    """The action that sends a form which unfolded in its card."""
    title = shortened(form.label, MAX_LABEL) or UNNAMED
    data = {"ask": form.ask, "names": [one.name for one in form.fields]}
    submit = {"type": "Action.Submit", "title": title, "data": {**data, "verb": verb}}
    return {"type": "Action.Execute", "title": title, "verb": verb, "data": data, "fallback": submit}


def completed(data: Json) -> str:
    """The ask that a form was filled in to.

    Raises:
        ValueError: what came is no form of ours.
    """
    ask, names = data.get("ask"), data.get("names", [])
    if not isinstance(ask, str) or not isinstance(names, list) or not all(isinstance(one, str) for one in names):
        raise ValueError("no form of ours")
    filled = {name: data.get(name) for name in names}
    options = [f"{name}={value.strip()}" for name, value in filled.items() if isinstance(value, str) and value.strip()]
    return f"{ask} {quoted(options)}".strip()


def _input(one: Field) -> Json:
    named: dict[str, Any] = {
        "id": one.name,
        "label": shortened(one.label, MAX_LABEL) or UNNAMED,
        "isRequired": not one.optional,
    }
    if not one.optional:
        named["errorMessage"] = f"{named['label']} is needed"
    if one.options:
        return {"type": "Input.ChoiceSet", "style": "compact", "choices": _choices(one.options), **named, **_value(one)}
    if one.kind == "date":
        day = {"value": date.fromisoformat(one.value).isoformat()} if one.value else {}
        return {"type": "Input.Date", **named, **day}
    return {
        "type": "Input.Text",
        "isMultiline": one.kind == "paragraph",
        "maxLength": MAX_TYPED,
        **named,
        **_value(one),
    }


def _value(one: Field) -> Json:
    return {"value": one.value} if one.value else {}


def _choices(options: Sequence[str]) -> list[Json]:
    return [{"title": shortened(name, MAX_LABEL) or UNNAMED, "value": name} for name in options[:MAX_OPTIONS]]
