"""How Teams shows a message: its Adaptive Card drawn as simple, faithful HTML, with what is pressed still working."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape

from bot.web.draw import choices, dialog, joined, press, row
from commands.core.answer import Field

Element = Mapping[str, Any]
STYLES = {"positive": "go", "destructive": "danger"}
MARKS = re.compile(
    r"\*\*(?P<bold>.+?)\*\*|`(?P<code>[^`]+)`|\\(?P<literal>.)|\{\{(?P<macro>[A-Z]+)\((?P<said>[^)]*)\)\}\}"
)
ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))
INPUTS = {"Input.Date": "date", "Input.Text": "text"}


def body(card: Mapping[str, Any]) -> Markup:
    """A card: its elements one after the other, and its actions under them."""
    return Markup('<div class="teams">{}</div>').format(
        joined(_elements(card.get("body", ()), card.get("actions", ())))
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


def _element(element: Element, selects: Mapping[str, Element]) -> Markup:  # noqa: C901, PLR0911 (a line a kind of element)
    match element["type"]:
        case "TextBlock":
            return _text(element)
        case "RichTextBlock":
            runs = "".join(run if isinstance(run, str) else run.get("text", "") for run in element["inlines"])
            return Markup('<pre tabindex="0" role="group" aria-label="Code"><code>{}</code></pre>').format(runs)
        case "CodeBlock":
            said = element.get("codeSnippet", "")
            return Markup('<pre tabindex="0" role="group" aria-label="Code"><code>{}</code></pre>').format(said)
        case "FactSet":
            facts = (
                Markup("<dt>{}</dt><dd>{}</dd>").format(_marked(one["title"]), _marked(one["value"]))
                for one in element["facts"]
            )
            return Markup("<dl>{}</dl>").format(joined(facts))
        case "Image":
            return Markup('<figure><img src="{}" alt="{}" loading="lazy"></figure>').format(
                element["url"], element.get("altText", "")
            )
        case "Table":
            return _table(element)
        case "ActionSet":
            return _actions(element["actions"], selects)
        case "Container":
            return Markup("<div>{}</div>").format(joined(_elements(element.get("items", ()))))
        case "ColumnSet":
            made = (
                Markup("<div>{}</div>").format(joined(_elements(one.get("items", ())))) for one in element["columns"]
            )
            return Markup('<div class="columns">{}</div>').format(joined(made))
        case _:
            fallback = element.get("fallback")
            if isinstance(fallback, Mapping):
                return _element(fallback, selects)
            return Markup('<p class="note">({})</p>').format(element["type"])


def _text(block: Element) -> Markup:
    said = _marked(block["text"])
    if block.get("style") == "heading":
        return Markup('<h2 class="title {}">{}</h2>').format(block.get("color", ""), said)
    if block.get("isSubtle"):
        return Markup('<p class="note">{}</p>').format(said)
    bold = block.get("weight") == "Bolder"
    return Markup("<p><b>{}</b></p>").format(said) if bold else Markup("<p>{}</p>").format(said)


def _marked(text: str) -> Markup:
    """The little of Teams' markdown that our cards use."""
    for entity, letter in ENTITIES:
        text = text.replace(entity, letter)
    pieces: list[Markup] = []
    at = 0
    for found in MARKS.finditer(text):
        pieces.append(escape(text[at : found.start()]))
        if found["bold"]:
            pieces.append(Markup("<b>{}</b>").format(_marked(found["bold"])))
        elif found["code"]:
            pieces.append(Markup("<code>{}</code>").format(found["code"]))
        elif found["macro"]:
            pieces.append(Markup("<time>{}</time>").format(found["said"].partition(",")[0]))
        else:
            pieces.append(escape(found["literal"]))
        at = found.end()
    return joined((*pieces, escape(text[at:])))


def _actions(actions: Sequence[Element], selects: Mapping[str, Element]) -> Markup:
    return row(_action(one, selects) for one in actions)


def _action(action: Element, selects: Mapping[str, Element]) -> Markup:
    data = action.get("data", {})
    if action["type"] == "Action.ShowCard":
        return _form(action)
    if (chosen := selects.get(data.get("choice", ""))) is not None:
        options = [(one["title"], one["value"]) for one in chosen["choices"]]
        named = {value: title for title, value in options}
        return choices(chosen.get("label", ""), options, named.get(chosen.get("value", ""), ""))
    return press(action["title"], data.get("ask", ""), STYLES.get(action.get("style", ""), ""))


def _form(action: Element) -> Markup:
    """A card that unfolds, as the dialog that it is on this page."""
    inner = action["card"]
    [send, *_] = inner["actions"]
    title = next((one["text"] for one in inner["body"] if one["type"] == "TextBlock"), action["title"])
    fields = [_field(one) for one in inner["body"] if one["type"].startswith("Input.")]
    return dialog(send["title"], str(_marked(title).striptags()), send["data"]["ask"], fields)


def _field(one: Element) -> Field:
    options = [choice["value"] for choice in one.get("choices", ())]
    kind: Any = "paragraph" if one.get("isMultiline") else INPUTS.get(one["type"], "text")
    return Field(one["id"], one.get("label", ""), kind, options, one.get("value", ""), not one.get("isRequired", False))


def _table(table: Element) -> Markup:
    def cell(tag: str, one: Element) -> Markup:
        right = any(item.get("horizontalAlignment") == "Right" for item in one["items"])
        said = joined(_marked(item.get("text", "")) for item in one["items"])
        return Markup(f'<{tag} class="{{}}">{{}}</{tag}>').format("number" if right else "", said)  # noqa: S704

    made = [
        Markup("<tr>{}</tr>").format(joined(cell("td" if number else "th", one) for one in line["cells"]))
        for number, line in enumerate(table["rows"])
    ]
    return Markup('<div class="scroll" tabindex="0" role="group" aria-label="Table"><table>{}</table></div>').format(
        joined(made)
    )
