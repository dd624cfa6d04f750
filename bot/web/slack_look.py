"""How Slack shows a message: its blocks drawn as simple, faithful HTML, with what is pressed still working."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from bot.slack import modal
from bot.slack.render import PICTURE
from bot.web.draw import PICTURES, choices, dialog, joined, press, row

Block = Mapping[str, Any]
STYLES = {"primary": "go", "danger": "danger"}
WRAPS = (("code", "code"), ("bold", "b"), ("italic", "i"), ("strike", "s"))


def body(payload: Mapping[str, Any]) -> Markup:
    """The blocks of a message, one after the other."""
    return Markup('<div class="slack">{}</div>').format(joined(map(_block, payload["blocks"])))


def _block(block: Block) -> Markup:  # noqa: C901 (one line a kind of block)
    match block["type"]:
        case "header":
            return Markup('<h3 class="title">{}</h3>').format(_text(block["text"]))
        case "section":
            said = Markup("<p>{}</p>").format(_text(block["text"])) if "text" in block else Markup("")
            return _accessory(block) if "accessory" in block else said
        case "rich_text":
            return joined(map(_rich, block["elements"]))
        case "context":
            return Markup('<p class="note">{}</p>').format(" ".join(map(_text, block["elements"])))
        case "actions":
            return row(map(_pressed, block["elements"]))
        case "image":
            return _image(block)
        case "table" | "data_table":
            return _table(block)
        case "divider":
            return Markup("<hr>")
        case kind:
            return Markup('<p class="note">({})</p>').format(kind)


def _text(thing: Mapping[str, Any]) -> str:
    return str(thing.get("text", ""))


def _rich(element: Block) -> Markup:
    runs = joined(map(_run, element.get("elements", ())))
    match element["type"]:
        case "rich_text_preformatted":
            return Markup('<pre tabindex="0" role="group" aria-label="Code"><code>{}</code></pre>').format(runs)
        case "rich_text_list":
            return Markup("<ul>{}</ul>").format(
                joined(Markup("<li>{}</li>").format(joined(map(_run, one["elements"]))) for one in element["elements"])
            )
        case _:
            return Markup('<p class="lines">{}</p>').format(runs)


def _run(run: Block) -> Markup:
    if run["type"] == "date":
        said = Markup("<time>{}</time>").format(run["fallback"])
    elif run["type"] == "user":
        said = Markup("<b>@{}</b>").format(run["user_id"])
    elif run["type"] == "link":
        said = Markup('<a href="{}" target="_blank" rel="noopener noreferrer">{}</a>').format(
            run["url"], run.get("text", run["url"])
        )
    else:
        said = Markup("{}").format(run.get("text", ""))
    for style, tag in WRAPS:
        if run.get("style", {}).get(style):
            said = Markup(f"<{tag}>{{}}</{tag}>").format(said)  # noqa: S704 (tags of ours)
    return said


def _image(block: Block) -> Markup:
    name = block.get("slack_file", {}).get("id", "")
    source = f"{PICTURES}{name.removeprefix(PICTURE)}" if name else block.get("image_url", "")
    return Markup('<figure><img src="{}" alt="{}" loading="lazy"></figure>').format(source, block["alt_text"])


def _pressed(element: Block) -> Markup:
    match element["type"]:
        case "button" if element.get("action_id", "").startswith(modal.FORM):
            return dialog(_text(element["text"]), *modal.unpacked(element["value"]))
        case "button":
            return press(_text(element["text"]), element.get("value", ""), STYLES.get(element.get("style", ""), ""))
        case "static_select":
            return _select(element, "")
        case kind:
            return Markup('<span class="note">({})</span>').format(kind)


def _select(element: Block, label: str) -> Markup:
    options = [(_text(option["text"]), option["value"]) for option in element["options"]]
    return choices(label, options, _text(element.get("initial_option", {}).get("text", {})))


def _accessory(block: Block) -> Markup:
    element = block["accessory"]
    if element["type"] == "static_select":
        return _select(element, _text(block["text"]))
    return Markup('<div class="section"><p>{}</p>{}</div>').format(_text(block["text"]), row((_pressed(element),)))


def _table(block: Block) -> Markup:
    rows: Sequence[Sequence[Block]] = block["rows"]
    sides = ["number" if one and one.get("align") == "right" else "" for one in block.get("column_settings", ())]

    def cell(tag: str, place: int, one: Block) -> Markup:
        side = sides[place] if place < len(sides) else ""
        said = joined(map(_rich, one["elements"])) if one["type"] == "rich_text" else Markup("{}").format(_text(one))
        return Markup(f'<{tag} class="{{}}">{{}}</{tag}>').format(side, said)  # noqa: S704 (tags of ours)

    made = [
        Markup("<tr>{}</tr>").format(
            joined(cell("td" if number else "th", place, one) for place, one in enumerate(line))
        )
        for number, line in enumerate(rows)
    ]
    return Markup('<div class="scroll" tabindex="0" role="group" aria-label="Table"><table>{}</table></div>').format(
        joined(made)
    )
