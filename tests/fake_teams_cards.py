"""What Teams refuses of a card: elements, properties and values that Adaptive Cards 1.5 does not have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

COMMON = {"type", "id", "isVisible", "separator", "spacing", "height", "fallback", "requires", "horizontalAlignment"}
STYLED = {"color", "fontType", "isSubtle", "size", "text", "weight"}
INPUT = {"label", "isRequired", "errorMessage", "value", "placeholder", "inlineAction"}
ELEMENTS: Mapping[str, set[str]] = {
    "TextBlock": STYLED | {"wrap", "maxLines", "style"},
    "RichTextBlock": {"inlines"},
    "TextRun": STYLED | {"highlight", "italic", "strikethrough", "underline", "selectAction"},
    "FactSet": {"facts"},
    "Image": {"url", "altText", "size", "width", "style", "backgroundColor", "selectAction", "msteams"},
    "Container": {"items", "style", "bleed", "minHeight", "verticalContentAlignment"},
    "ColumnSet": {"columns", "style", "bleed"},
    "Column": {"items", "width", "style", "verticalContentAlignment"},
    "Table": {"columns", "rows", "firstRowAsHeaders", "showGridLines", "gridStyle"},
    "TableRow": {"cells", "style"},
    "TableCell": {"items", "style", "bleed", "verticalContentAlignment"},
    "ActionSet": {"actions"},
    "Input.Text": INPUT | {"isMultiline", "maxLength", "regex", "style"},
    "Input.Date": INPUT | {"max", "min"},
    "Input.ChoiceSet": INPUT | {"choices", "isMultiSelect", "style", "wrap"},
    "Action.Execute": {"title", "verb", "data", "style", "tooltip", "isEnabled", "mode", "associatedInputs"},
    "Action.Submit": {"title", "data", "style", "tooltip", "isEnabled", "mode", "associatedInputs"},
    "Action.OpenUrl": {"title", "url", "style", "tooltip", "isEnabled", "mode"},
    "Action.ShowCard": {"title", "card", "style", "tooltip", "isEnabled", "mode"},
    "AdaptiveCard": {"$schema", "version", "body", "actions", "fallbackText", "msteams", "refresh", "lang", "speak"},
    "Chart.Line": {"title", "data", "xAxisTitle", "yAxisTitle", "colorSet", "color"},
    "Chart.VerticalBar": {"title", "data", "xAxisTitle", "yAxisTitle", "colorSet", "color", "showBarValues"},
    "Chart.HorizontalBar": {"title", "data", "xAxisTitle", "yAxisTitle", "colorSet", "color", "displayMode"},
    "Chart.HorizontalBar.Stacked": {"title", "data", "xAxisTitle", "yAxisTitle", "colorSet", "color"},
    "Chart.Donut": {"title", "data", "colorSet", "value"},
    "Chart.Gauge": {"title", "value", "segments", "min", "max", "subLabel", "valueFormat", "colorSet"},
}
NEEDED: Mapping[str, str] = {
    "TextBlock": "text",
    "TextRun": "text",
    "Image": "url",
    "RichTextBlock": "inlines",
    "Action.OpenUrl": "url",
    "Input.ChoiceSet": "choices",
}
VALUES: Mapping[str, set[Any]] = {
    "weight": {"Lighter", "Default", "Bolder"},
    "fontType": {"Default", "Monospace"},
    "color": {"default", "dark", "light", "accent", "good", "warning", "attention"},
    "horizontalAlignment": {"Left", "Center", "Right"},
    "spacing": {"None", "Small", "Default", "Medium", "Large", "ExtraLarge", "Padding"},
}
NOT_ELEMENTS = {"facts", "choices", "data", "msteams", "requires", "segments"}
MAX_LEVELS = 20


def problems(card: Mapping[str, Any]) -> list[str]:
    """Everything that is wrong with a card."""
    if card.get("type") != "AdaptiveCard" or card.get("version") != "1.5":
        return ["no Adaptive Card 1.5"]
    return list(_of(card, 0))


def _of(thing: Any, level: int) -> Iterator[str]:
    if level > MAX_LEVELS:
        yield "nested too deep"
    elif isinstance(thing, list):
        for one in thing:
            yield from _of(one, level + 1)
    elif isinstance(thing, Mapping):
        kind = thing.get("type")
        if kind is not None:
            yield from _element(thing, str(kind))
        for name, value in thing.items():
            if name not in NOT_ELEMENTS:
                yield from _of(value, level + 1)


def _element(thing: Mapping[str, Any], kind: str) -> Iterator[str]:
    if kind not in ELEMENTS:
        yield f"unknown element {kind}"
        return
    if kind.startswith("Chart.") and "fallback" not in thing:
        yield f"{kind} without a fallback"
    for name in set(thing) - ELEMENTS[kind] - COMMON:
        yield f"{kind} has no {name}"
    if not thing.get(NEEDED.get(kind, "type")):
        yield f"{kind} without {NEEDED[kind]}"
    if kind == "Image" and not str(thing.get("url", "")).startswith(("https://", "http://127.0.0.1", "data:image/png")):
        yield f"an image at {str(thing.get('url'))[:40]}"
    if kind == "Image" and not thing.get("altText"):
        yield "an image without words"
    if not kind.startswith("Chart."):
        yield from (
            f"{kind}.{name} is {thing[name]!r}" for name in VALUES if name in thing and thing[name] not in VALUES[name]
        )
