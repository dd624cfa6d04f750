"""Answers as Adaptive Cards 1.5. Teams' limits live here, and nowhere else.

Foreign text stands in ``TextRun``s, which nothing parses; where only markdown will do (a heading, a fact), it is
escaped. A picture is named ``picture:<digest>`` and a document ``document:<digest>`` until the moment of sending, when
a link that ends, or the picture itself, takes the name's place.

Limits: learn.microsoft.com/microsoftteams/platform/bots/how-to/format-your-bot-messages (100 KB a message, counted in
UTF-16, pictures aside), and /task-modules-and-cards/cards/cards-format.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias, assert_never

from bot.teams import dialog
from bot.teams.text import literal, run, shortened
from bot.words import NOTHING, UNNAMED, clean, cut, is_whole, size
from commands.core.answer import (
    MARKUP,
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
    Plot,
    Table,
    Text,
    Tone,
    Whom,
)
from commands.core.links import Linked
from commands.core.moments import spoken

Element: TypeAlias = dict[str, Any]
Payload: TypeAlias = dict[str, Any]

MAX_CARD = 36_000  # letters of JSON in one message: 72 of the 100 KB that Teams allows
MAX_ROWS = 20
MAX_COLUMNS = 6
MAX_ACTIONS = 5  # of a set: the library behind clients draws no more
MAX_BUTTONS = 24
MAX_TEXT = 4_000
MAX_CELL = 120
FIGURE = 14  # letters of a figure that stays on one line
MAX_LABEL = 60
MAX_TITLE = 200
MAX_FACT = 600
MAX_FACTS = 40
MAX_OPTIONS = 100
MAX_PLAIN = 3_500
NAMELESS = re.compile(r"[^\w .'-]")
MENTION = re.compile(r"</?at>")
PICTURE, DOCUMENT = "picture:", "document:"
SCHEMA = "http://adaptivecards.io/schemas/adaptive-card.json"

COLOURS = {Tone.GOOD: "good", Tone.BAD: "attention"}  # a light theme's "warning" cannot be read
STYLES = {Tone.GOOD: "positive", Tone.BAD: "destructive"}
CHART_COLOURS = ("categoricalBlue", "categoricalMarigold", "categoricalTeal", "categoricalPurple")


def render(answer: Answer, *, again: str = "", unfold: bool = False) -> Payload:
    """One message: its card, the words that stand in for it, and the messages that follow when one does not hold it.

    ``again`` is the ask that draws it anew for its only reader. ``unfold`` puts forms into the card itself, where no
    dialog can be opened.
    """
    said = _plain(answer)
    first, *rest = [{"card": card, "text": said} for card in _cards(answer, unfold=unfold)]
    return first | ({"more": rest} if rest else {}) | ({"again": again} if again else {})


def card(answer: Answer, *, unfold: bool = False) -> Element:
    """The card of an answer, or the first of its cards."""
    return next(_cards(answer, unfold=unfold))


def filled(thing: Any, links: Mapping[str, str]) -> Any:  # noqa: ANN401 (JSON)
    """A card with links in the places of names; what has no link leaves words behind."""
    if isinstance(thing, list):
        return [filled(one, links) for one in thing]
    if not isinstance(thing, dict):
        return thing
    url = thing.get("url")
    if isinstance(url, str) and url.startswith((PICTURE, DOCUMENT)):
        if links.get(url):
            return {**thing, "url": links[url]}
        if url.startswith(PICTURE):
            return _run_block(thing.get("altText") or UNNAMED, isSubtle=True)
        return {
            "type": "Action.Submit",
            "title": f"{thing.get('title', '')}: needs [server] public_url",
            "isEnabled": False,
        }
    return {name: filled(value, links) for name, value in thing.items()}


def names(thing: Any) -> Iterator[str]:  # noqa: ANN401 (JSON)
    """The pictures and documents that a card still waits for."""
    if isinstance(thing, list):
        for one in thing:
            yield from names(one)
    elif isinstance(thing, dict):
        url = thing.get("url")
        if isinstance(url, str) and url.startswith((PICTURE, DOCUMENT)):
            yield url
        for value in thing.values():
            yield from names(value)


def stamped(thing: Any, mark: str) -> Any:  # noqa: ANN401 (JSON)
    """A card whose actions say of which drawing they are, so that two clicks on two drawings are two."""
    if isinstance(thing, list):
        return [stamped(one, mark) for one in thing]
    if not isinstance(thing, dict):
        return thing
    found = {name: stamped(value, mark) for name, value in thing.items()}
    if str(thing.get("type", "")).startswith("Action.") and isinstance(thing.get("data"), dict):
        found["data"] = {**thing["data"], "drawn": mark}
    return found


def bare(thing: Any) -> Any:  # noqa: ANN401 (JSON)
    """A card without what only Teams itself can do (its full width, pictures that open, people), for the playground."""
    if isinstance(thing, list):
        return [bare(one) for one in thing]
    if not isinstance(thing, dict):
        return thing
    found = {name: bare(value) for name, value in thing.items() if name != "msteams"}
    return found | ({"text": MENTION.sub("", found["text"])} if found.get("type") == "TextBlock" else {})


def letters(thing: Any) -> int:  # noqa: ANN401 (JSON)
    """How long a card is, as Teams counts: in UTF-16 units, pictures aside."""
    return size(json.dumps(thing, ensure_ascii=False, separators=(",", ":")))


def _cards(answer: Answer, *, unfold: bool) -> Iterator[Element]:
    """As few cards as hold everything, each no longer than a message may be."""
    heading = answer.tone.symbol + (shortened(answer.title, MAX_TITLE) or UNNAMED)
    groups = [list(_part(part, unfold=unfold)) for part in answer.parts]
    pages: list[list[Element]] = [[]]
    room = MAX_CARD - 2_000
    for group in groups:
        length = sum(map(letters, group))
        if length > room and pages[-1]:
            pages.append([])
            room = MAX_CARD - 2_000
        if length > room:
            group, length = list(_note("Something here is too long for Teams; ask for less of it.")), 200  # noqa: PLW2901
        pages[-1].extend(group)
        room -= length
    for number, page in enumerate(pages, 1):
        title = heading if len(pages) == 1 else f"{heading} ({number} of {len(pages)})"
        more = _note("It goes on in the next message.") if number < len(pages) else ()
        yield _card(title, [*page, *more], answer)


def _card(title: str, body: Sequence[Element], answer: Answer) -> Element:
    heading: Element = {
        "type": "TextBlock",
        "text": literal(title),
        "size": "Large",
        "weight": "Bolder",
        "wrap": True,
        "style": "heading",
    }
    colour = {"color": COLOURS[answer.tone]} if answer.tone in COLOURS else {}
    return {
        "type": "AdaptiveCard",
        "$schema": SCHEMA,
        "version": "1.5",
        "fallbackText": _plain(answer),
        "msteams": {"width": "Full", **_named(answer)},
        "body": [heading | colour, *body],
    }


def _part(part: Part, *, unfold: bool) -> Iterator[Element]:  # noqa: C901 (a closed union)
    match part:
        case Text(text, to):
            yield from (_addressed(to, text),) if to else _paragraphs(text)
        case Facts(pairs):
            yield from _facts(pairs)
        case Table():
            yield from _table(part)
        case Code(label, text):
            yield from _code(label, text)
        case Chart(picture, plot):
            image = _image(picture.digest, picture.alt)
            yield from _chart(plot, image) if plot else (image,)
        case Buttons(buttons):
            yield from _buttons(buttons)
        case Choices():
            yield from _choices(part)
        case Form():
            yield _form(part, unfold=unfold)
        case File():
            yield from _file(part)
        case Note(text):
            yield from _note(text)
        case _:
            assert_never(part)


def _addressed(to: Whom, text: str) -> Element:
    """A paragraph that is said to somebody: only a ``TextBlock`` can name people."""
    called = f"<at>{_name(to)}</at>" if to.on("teams") else literal(f"@{to.name}")
    said = literal(MARKUP.sub(lambda found: found["bold"] or found["code"], cut(clean(text), MAX_TEXT)))
    return {"type": "TextBlock", "wrap": True, "spacing": "Small", "text": f"{called}, {said}"}


def _named(answer: Answer) -> Element:
    """Whom a card names, so that Teams tells them."""
    named = {one.to for one in answer.parts if isinstance(one, Text) and one.to and one.to.on("teams")}
    entities = [
        {"type": "mention", "text": f"<at>{_name(one)}</at>", "mentioned": {"id": one.on("teams"), "name": _name(one)}}
        for one in sorted(named, key=lambda one: one.user)
    ]
    return {"entities": entities} if entities else {}


def _name(to: Whom) -> str:
    """A name that can stand in a mention: letters, and what joins them."""
    return shortened(NAMELESS.sub("", to.name), MAX_LABEL) or UNNAMED


def _paragraphs(text: str) -> Iterator[Element]:
    for line in cut(clean(text, lines=True), MAX_TEXT).split("\n"):
        if runs := list(_runs(line)):
            yield {"type": "RichTextBlock", "spacing": "Small", "inlines": runs}


def _runs(line: str) -> Iterator[Element]:
    """The stretches of a ``Text``: its own two marks become styles, and all else stays as it is."""
    at = 0
    for found in MARKUP.finditer(line):
        if before := line[at : found.start()]:
            yield _run(before)
        yield _run(found["bold"], weight="Bolder") if found["bold"] else _run(found["code"], fontType="Monospace")
        at = found.end()
    if rest := line[at:]:
        yield _run(rest)


def _run(text: str, **style: Any) -> Element:  # noqa: ANN401 (of the schema)
    return {"type": "TextRun", "text": run(text), **style}


def _run_block(text: str, **style: Any) -> Element:  # noqa: ANN401 (of the schema)
    return {"type": "RichTextBlock", "inlines": [_run(shortened(text, MAX_TEXT), **style)]}


def _facts(pairs: Sequence[tuple[str, str]]) -> Iterator[Element]:
    if not pairs:
        return
    facts = [
        {
            "title": literal(shortened(name, MAX_LABEL)),
            "value": _value(value),
        }
        for name, value in pairs[:MAX_FACTS]
    ]
    yield {"type": "FactSet", "facts": facts}
    if len(pairs) > MAX_FACTS:
        yield from _note(f"… and {len(pairs) - MAX_FACTS} more")


def _value(value: str) -> str:
    """A fact's value as markdown: what leads somewhere is a link, and nothing else can be one."""
    if isinstance(value, Linked) and value.url:
        return f"[{literal(shortened(value.words, MAX_LABEL))}]({value.url})"
    return literal(shortened(value, MAX_FACT) or NOTHING)


def _image(digest: str, alt: str) -> Element:
    return {
        "type": "Image",
        "url": f"{PICTURE}{digest}",
        "altText": shortened(alt, MAX_TEXT) or UNNAMED,
        "size": "Stretch",
        "msteams": {"allowExpand": True},
    }


def _chart(plot: Plot, picture: Element) -> Iterator[Element]:
    """A chart that Teams draws by itself, under its title; the picture, where a client knows no charts."""
    names = [shortened(one, MAX_TITLE) or UNNAMED for one in plot.labels]
    lines = [
        {"legend": shortened(name, MAX_TITLE) or UNNAMED, "color": CHART_COLOURS[place % len(CHART_COLOURS)]}
        for place, (name, _) in enumerate(plot.lines)
    ]
    values = [figures for _, figures in plot.lines]
    match plot.kind:
        case "line":
            data = [{**line, "values": _points(names, known)} for line, known in zip(lines, values, strict=True)]
            made = {"type": "Chart.Line", "yAxisTitle": plot.unit, "data": data}
        case "bars" if len(lines) == 1:
            made = {"type": "Chart.HorizontalBar", "color": lines[0]["color"], "data": _points(names, values[0])}
        case "bars":
            data = [
                {"title": name, "data": [{**line, "value": one[at]} for line, one in zip(lines, values, strict=True)]}
                for at, name in enumerate(names)
            ]
            made = {"type": "Chart.HorizontalBar.Stacked", "data": data}
        case _:
            assert_never(plot.kind)
    yield _run_block(plot.title, weight="Bolder", size="Small")
    yield {**made, **({} if plot.kind == "line" else {"xAxisTitle": plot.unit}), "fallback": picture}


def _points(names: Sequence[str], values: Sequence[float]) -> list[Element]:
    return [{"x": name, "y": value} for name, value in zip(names, values, strict=True)]


def _code(label: str, text: str) -> Iterator[Element]:
    """A command to copy: whole, or not at all, since half a command is another command."""
    name, shown = shortened(label, MAX_LABEL), clean(text, lines=True)
    if size(shown) > MAX_TEXT:
        yield from _note(f"{name or 'The command'}: its {size(shown):,} characters are too long for Teams")
        return
    if name:
        yield _run_block(name, weight="Bolder")
    if not shown:
        return
    inlines = [_run(line or " ", fontType="Monospace") for line in shown.split("\n")]
    yield {
        "type": "Container",
        "style": "emphasis",
        "items": [{"type": "RichTextBlock", "spacing": "None", "inlines": [one]} for one in inlines],
    }


def _note(text: str) -> Iterator[Element]:
    if shown := clean(text):
        yield _run_block(shown, size="Small", isSubtle=True)


def _buttons(buttons: Sequence[Button]) -> Iterator[Element]:
    shown = [one for one in buttons if one.ask and is_whole(one.ask)][:MAX_BUTTONS]
    for first in range(0, len(shown), MAX_ACTIONS):
        yield {"type": "ActionSet", "actions": list(map(_action, shown[first : first + MAX_ACTIONS]))}
    if left := len(buttons) - len(shown):
        yield from _note(f"… and {left} more button{'s' if left > 1 else ''}")


def _action(button: Button) -> Element:
    style = {"style": STYLES[button.tone]} if button.tone in STYLES else {}
    return _execute(shortened(button.label, MAX_LABEL) or UNNAMED, "ask", {"ask": button.ask}) | style


def _execute(title: str, verb: str, data: Mapping[str, Any]) -> Element:
    """An action of today's clients, and what older ones make of it: a message with the same in it."""
    submit = {"type": "Action.Submit", "title": title, "data": {**data, "verb": verb}}
    return {"type": "Action.Execute", "title": title, "verb": verb, "data": dict(data), "fallback": submit}


def _choices(choices: Choices) -> Iterator[Element]:
    """A drop-down and the button that asks what was chosen; each option's value is its whole ask."""
    options = [one for one in choices.options if is_whole(one.ask)][:MAX_OPTIONS]
    if not options:
        return
    chosen = next((one.ask for one in options if one.label == choices.chosen), "")
    name = f"choice-{hashlib.sha256(choices.label.encode('utf-8', 'replace')).hexdigest()[:8]}"
    yield {
        "type": "Input.ChoiceSet",
        "id": name,
        "label": shortened(choices.label, MAX_LABEL) or UNNAMED,
        "style": "compact",
        "choices": [{"title": shortened(one.label, MAX_LABEL) or UNNAMED, "value": one.ask} for one in options],
        **({"value": chosen} if chosen else {"placeholder": "Choose"}),
    }
    yield {"type": "ActionSet", "actions": [_execute("Show", "choose", {"choice": name})]}
    if left := len(choices.options) - len(options):
        yield from _note(f"… and {left} more to choose from")


def _form(form: Form, *, unfold: bool) -> Element:
    title = shortened(form.label, MAX_LABEL) or UNNAMED
    if unfold:
        shown = {"type": "AdaptiveCard", "body": dialog.inputs(form), "actions": [dialog.send(form, "ask")]}
        return {"type": "ActionSet", "actions": [{"type": "Action.ShowCard", "title": title, "card": shown}]}
    data = {"msteams": {"type": "task/fetch"}, "form": dialog.packed(form)}
    return {"type": "ActionSet", "actions": [{"type": "Action.Submit", "title": title, "data": data}]}


def _file(file: File) -> Iterator[Element]:
    name = shortened(file.name, MAX_LABEL) or UNNAMED
    said = shortened(file.said, MAX_FACT) or "a document"
    yield {"type": "RichTextBlock", "inlines": [_run(name, weight="Bolder"), _run(f": {said}")]}
    action = {"type": "Action.OpenUrl", "title": f"Open {name}", "url": f"{DOCUMENT}{file.digest}"}
    yield {"type": "ActionSet", "actions": [action]}


def _table(table: Table) -> Iterator[Element]:
    width = min(MAX_COLUMNS, max(map(len, (table.headings, *table.rows)), default=0))
    if not width:
        return
    shown = table.rows[:MAX_ROWS]
    columns = [{"width": _width(table, index)} for index in range(width)]
    rows = [_row(table, table.headings, width, bold=True), *(_row(table, row, width) for row in shown)]
    yield {"type": "Table", "firstRowAsHeaders": True, "gridStyle": "default", "columns": columns, "rows": rows}
    if left := len(table.rows) - len(shown):
        yield from _note(f"… and {left} more row{'s' if left > 1 else ''}")
    if hidden := [clean(heading) or UNNAMED for heading in table.headings[width:]]:
        yield from _note(f"not shown: {', '.join(hidden)}")


def _width(table: Table, index: int) -> int:
    """A column's share of the width: as long as its words are, and a figure never broken in two."""
    heading = max(map(len, clean(table.headings[index] if index < len(table.headings) else "").split()), default=1)
    cells = [clean(row[index]) for row in table.rows[:MAX_ROWS] if index < len(row)]
    longest = max(map(len, cells), default=1)
    longest = longest if index in table.numbers else min(longest, 22)
    return max(heading, round(longest * 1.25)) + 3


def _row(table: Table, cells: Sequence[str], width: int, *, bold: bool = False) -> Element:
    def cell(index: int) -> Element:
        text = shortened(cells[index] if index < len(cells) else "", MAX_CELL) or (NOTHING if index else UNNAMED)
        if index in table.numbers and len(text) <= FIGURE:
            text = text.replace(" ", "\u00a0")
        block: Element = {"type": "RichTextBlock", "inlines": [_run(text, **({"weight": "Bolder"} if bold else {}))]}
        side = {"horizontalAlignment": "Right"} if index in table.numbers else {}
        return {"type": "TableCell", "items": [block | side]}

    return {"type": "TableRow", "cells": [cell(index) for index in range(width)]}


def _plain(answer: Answer) -> str:
    """Everything in words, for notifications and for clients that cannot show a card."""
    lines = [answer.tone.symbol + (shortened(answer.title, MAX_TITLE) or UNNAMED)]
    lines += [
        line for part in sorted(answer.parts, key=lambda one: not isinstance(one, Facts)) for line in _words(part)
    ]
    return cut(spoken("\n".join(line for line in lines if line)), MAX_PLAIN)


def _words(part: Part) -> Iterator[str]:
    match part:
        case Text(text, to):
            said = MARKUP.sub(lambda found: found["bold"] or found["code"], clean(text))
            yield f"@{clean(to.name)}, {said}" if to else said
        case Facts(pairs):
            yield from (f"{clean(name) or UNNAMED}: {clean(value) or NOTHING}" for name, value in pairs)
        case Chart(picture):
            yield clean(picture.alt)
        case Note(text):
            yield clean(text)
        case Table():
            yield from (", ".join(map(clean, row)) for row in part.rows[:10])
        case File(name, _, _, said):
            yield f"{clean(name)}: {clean(said)}"
        case Code() | Buttons() | Choices() | Form():
            pass  # where a card cannot be shown, nothing can be pressed or copied
        case _:
            assert_never(part)
