"""How Teams shows a message: its Adaptive Cards drawn as simple, faithful HTML, with what is pressed still working."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from markupsafe import Markup, escape

from bot.teams import dialog as dialogs
from bot.web.draw import choices, dialog, joined, press, row
from commands.core.moments import in_utc

Element = Mapping[str, Any]
STYLES = {"positive": "go", "destructive": "danger"}
MARKS = re.compile(
    r"\*\*(?P<bold>.+?)\*\*|`(?P<code>[^`]+)`|\[(?P<linked>[^\]]+)\]\((?P<url>https://[^)\s]+)\)"
    r"|<at>(?P<named>[^<]+)</at>|\\(?P<literal>.)"
)
DATE = re.compile(r"\{\{DATE\((?P<at>[^,)]+)[^)]*\)\}\}(?: at \{\{TIME\([^)]*\)\}\})?")
ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))


def body(payload: Mapping[str, Any]) -> Markup:
    """The card of a message, and those of the messages that follow it."""
    cards = [payload["card"], *(one["card"] for one in payload.get("more", ()))]
    return joined(
        Markup('<div class="teams">{}</div>').format(joined(_elements(one.get("body", ()), one.get("actions", ()))))
        for one in cards
    )


def _elements(elements: Sequence[Element], actions: Sequence[Element] = ()) -> Iterator[Markup]:
    """Elements, each set of actions together with the drop-down that it sends."""
    selects: dict[str, Element] = {}
    for element in elements:
        if element["type"] == "Input.ChoiceSet":
            selects[element["id"]] = element
        else:
            yield _element(element, selects)
    if actions:
        yield _actions(actions, selects)


def _element(element: Element, selects: Mapping[str, Element]) -> Markup:  # noqa: C901 (a line a kind)
    match element["type"]:
        case "TextBlock":
            return _heading(element)
        case "RichTextBlock":
            return _runs(element)
        case "FactSet":
            facts = (
                Markup("<dt>{}</dt><dd>{}</dd>").format(_marked(one["title"]), _marked(one["value"]))
                for one in element["facts"]
            )
            return Markup("<dl>{}</dl>").format(joined(facts))
        case "Image":
            image = '<figure><img src="{}" alt="{}" loading="lazy"></figure>'
            return Markup(image).format(element["url"], element.get("altText", ""))  # noqa: S704 (escaped by format)
        case "Table":
            return _table(element)
        case "ActionSet":
            return _actions(element["actions"], selects)
        case "Container" if element.get("style") == "emphasis":
            lines = "\n".join(run["text"] for item in element["items"] for run in item["inlines"])
            return Markup('<pre tabindex="0" role="group" aria-label="Code"><code>{}</code></pre>').format(lines)
        case "Container":
            return Markup("<div>{}</div>").format(joined(_elements(element.get("items", ()))))
        case kind:
            fallback = element.get("fallback")  # of a chart that is Teams' own: the picture of the same figures
            return _element(fallback, selects) if isinstance(fallback, Mapping) else Markup("<p>({})</p>").format(kind)


def _heading(block: Element) -> Markup:
    said = _marked(block["text"])
    if block.get("style") == "heading":
        return Markup('<h3 class="title {}">{}</h3>').format(block.get("color", ""), said)
    return Markup("<p>{}</p>").format(said)


def _runs(block: Element) -> Markup:
    runs = block["inlines"]
    if all(one.get("isSubtle") for one in runs):
        return Markup('<p class="note">{}</p>').format(joined(map(_run, runs)))
    return Markup("<p>{}</p>").format(joined(map(_run, runs)))


def _run(run: Element) -> Markup:
    said = _dated(run["text"])
    if run.get("weight") == "Bolder":
        return Markup("<b>{}</b>").format(said)
    return Markup("<code>{}</code>").format(said) if run.get("fontType") == "Monospace" else said


def _marked(text: str) -> Markup:
    """The little of Teams' markdown that our cards use."""
    for entity, letter in ENTITIES:
        text = text.replace(entity, letter)
    pieces: list[Markup] = []
    at = 0
    for found in MARKS.finditer(text):
        pieces.append(_dated(text[at : found.start()]))
        if found["bold"]:
            pieces.append(Markup("<b>{}</b>").format(_marked(found["bold"])))
        elif found["code"]:
            pieces.append(Markup("<code>{}</code>").format(found["code"]))
        elif found["named"]:
            pieces.append(Markup("<b>@{}</b>").format(found["named"]))
        elif found["linked"]:
            link = '<a href="{}" target="_blank" rel="noopener noreferrer">{}</a>'
            pieces.append(Markup(link).format(found["url"], _marked(found["linked"])))  # noqa: S704 (escaped by format)
        else:
            pieces.append(escape(found["literal"]))
        at = found.end()
    return joined((*pieces, _dated(text[at:])))


def _dated(text: str) -> Markup:
    """Words, and moments as Teams would fill them in."""
    pieces: list[Markup] = []
    at = 0
    for found in DATE.finditer(text):
        pieces.append(escape(text[at : found.start()]))
        moment = datetime.fromisoformat(found["at"])
        pieces.append(Markup('<time datetime="{}">{}</time>').format(moment.isoformat(), in_utc(moment)))
        at = found.end()
    return joined((*pieces, escape(text[at:])))


def _actions(actions: Sequence[Element], selects: Mapping[str, Element]) -> Markup:
    return row(_action(one, selects) for one in actions)


def _action(action: Element, selects: Mapping[str, Element]) -> Markup:
    data = action.get("data", {})
    if action["type"] == "Action.OpenUrl":
        return Markup('<a href="{}" download>{}</a>').format(action["url"], action["title"])
    if "form" in data:
        form = dialogs.unpacked(data["form"])
        return dialog(form.label, form.title, form.ask, form.fields)
    if (chosen := selects.get(data.get("choice", ""))) is not None:
        options = [(one["title"], one["value"]) for one in chosen["choices"]]
        named = {value: title for title, value in options}
        return choices(chosen.get("label", ""), options, named.get(chosen.get("value", ""), ""))
    return press(action["title"], data.get("ask", ""), STYLES.get(action.get("style", ""), ""))


def _table(table: Element) -> Markup:
    def cell(tag: str, one: Element) -> Markup:
        right = any(item.get("horizontalAlignment") == "Right" for item in one["items"])
        said = joined(_run(run) for item in one["items"] for run in item["inlines"])
        return Markup(f'<{tag} class="{{}}">{{}}</{tag}>').format("number" if right else "", said)  # noqa: S704

    made = [
        Markup("<tr>{}</tr>").format(joined(cell("td" if number else "th", one) for one in line["cells"]))
        for number, line in enumerate(table["rows"])
    ]
    return Markup('<div class="scroll" tabindex="0" role="group" aria-label="Table"><table>{}</table></div>').format(
        joined(made)
    )
