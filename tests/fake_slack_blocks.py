"""What Slack accepts as blocks, and what it would make of the text in them: the strict half of the fake."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

Check = Callable[[Any, str], Iterator[str]]

MAX_BLOCKS = 50
MAX_LETTERS = 13_200
FILE_ID = re.compile(r"^F[A-Z0-9]{8,}$")


def problems(blocks: object, usable: Callable[[str], bool] = lambda _file: True) -> list[str]:
    """Everything that Slack would refuse in a message's blocks; ``usable`` tells whether a file can be shown yet."""
    if not isinstance(blocks, list):
        return ["blocks is not a list"]
    found = [f"{len(blocks)} blocks"] if len(blocks) > MAX_BLOCKS else []
    for index, block in enumerate(blocks):
        found += _shape(block, f"blocks[{index}]", BLOCKS)
    if sum(isinstance(block, dict) and block.get("type") == "table" for block in blocks) > 1:
        found.append("only_one_table_allowed")
    ids = [element["action_id"] for element in _walk(blocks) if "action_id" in element]
    if len(ids) != len(set(ids)):
        found.append("an action_id comes twice")
    files = [element["slack_file"].get("id", "") for element in _walk(blocks) if "slack_file" in element]
    return found + [f"invalid slack file {file}" for file in files if not FILE_ID.match(file) or not usable(file)]


def view_problems(view: Mapping[str, Any], usable: Callable[[str], bool] = lambda _file: True) -> list[str]:
    """Everything that Slack would refuse in a modal or in Home, neither of which has tables."""
    inputs = {
        "input": {
            "block_id": _string(255),
            "label!": _text(2000, "plain_text"),
            "optional": _flag,
            "element!": _of(INPUT),
        }
    }
    pages = {kind: rules for kind, rules in BLOCKS.items() if kind not in {"table", "data_table"}}
    modal: Mapping[str, Mapping[str, Check]] = {
        "modal": {
            "title!": _text(24, "plain_text"),
            "submit": _text(24, "plain_text"),
            "close": _text(24, "plain_text"),
            "callback_id": _string(255),
            "private_metadata": _string(3000),
            "blocks!": _several(100, _of(pages | inputs)),
        },
        "home": {"blocks!": _several(100, _of(pages)), "private_metadata": _string(3000), "callback_id": _string(255)},
    }
    files = [element["slack_file"].get("id", "") for element in _walk(view) if "slack_file" in element]
    return [
        *_shape(view, "view", modal),
        *_twice(view),
        *(f"invalid slack file {file}" for file in files if not FILE_ID.match(file) or not usable(file)),
    ]


def _twice(view: Mapping[str, Any]) -> Iterator[str]:
    """Inputs are known by their blocks; what is pressed or chosen at once is known by its own name."""
    pressed = [block for block in view.get("blocks", ()) if block["type"] != "input"]
    ids = [element["action_id"] for element in _walk(pressed) if "action_id" in element]
    if len(ids) != len(set(ids)):
        yield "an action_id comes twice"


def letters(blocks: object) -> int:
    """How much text there is in blocks."""
    return sum(len(text) for element in _walk(blocks) if isinstance(text := element.get("text"), str))


def effects(message: Mapping[str, Any]) -> list[str]:
    """What Slack would do with the text of a message beyond showing it: mentions, links, emoji, formatting, quotes."""
    texts = [message.get("text", "")] + [
        element["text"] for element in _walk(message.get("blocks", [])) if element.get("type") == "mrkdwn"
    ]
    alive = [element for element in _walk(message.get("blocks", [])) if element.get("type") in ALIVE]
    plain = [element["text"] for element in _walk(message.get("blocks", [])) if element.get("emoji", False)]
    found = [json.dumps(element) for element in alive]
    found += [hit for text in texts for pattern in MRKDWN for hit in pattern.findall(text)]
    return found + [hit for text in plain for hit in EMOJI.findall(text)]


ALIVE = {"user", "usergroup", "broadcast", "channel", "link", "emoji", "date"}
EMOJI = re.compile(r":[\w+'-]+:")
MRKDWN = (
    re.compile(r"<[^>]*>"),
    re.compile(r"\w+://\w+"),
    re.compile(r"\b(?:[a-z0-9-]+\.)+(?:example|com|net|org|io)\b", re.IGNORECASE),
    EMOJI,
    re.compile(r"(?<![\w\u200b])([*_~`])(?=[^\s\u200b]).*?[^\s\u200b]\1(?![\w\u200b])"),
    re.compile(r"^(?:&gt;|>)", re.MULTILINE),
)


def _walk(thing: object) -> Iterator[dict[str, Any]]:
    if isinstance(thing, dict):
        yield thing
        for value in thing.values():
            yield from _walk(value)
    elif isinstance(thing, list):
        for value in thing:
            yield from _walk(value)


def _shape(thing: object, at: str, known: Mapping[str, Mapping[str, Check]]) -> Iterator[str]:
    """A typed object: known type, no unknown key, each key's own rule; keys ending in ``!`` must be there."""
    if not isinstance(thing, dict) or thing.get("type") not in known:
        yield f"{at}: unknown {thing.get('type') if isinstance(thing, dict) else thing!r}"
        return
    rules = known[thing["type"]]
    names = {name.rstrip("!") for name in rules}
    yield from (f"{at}: unknown key {key}" for key in thing if key not in names | {"type"})
    for name, check in rules.items():
        key = name.rstrip("!")
        if key in thing:
            yield from check(thing[key], f"{at}.{key}")
        elif name.endswith("!"):
            yield f"{at}: {key} is missing"


def _string(limit: int, at_least: int = 1) -> Check:
    def check(value: object, at: str) -> Iterator[str]:
        if not isinstance(value, str):
            yield f"{at}: not a string"
        elif not at_least <= len(value.encode("utf-16-le", "surrogatepass")) // 2 <= limit:
            yield f"{at}: {len(value)} characters"
        elif any("\ud800" <= char <= "\udfff" for char in value):
            yield f"{at}: a lone surrogate"

    return check


def _flag(value: object, at: str) -> Iterator[str]:
    if not isinstance(value, bool):
        yield f"{at}: not true or false"


def _one_of(*values: str) -> Check:
    def check(value: object, at: str) -> Iterator[str]:
        if value not in values:
            yield f"{at}: {value!r}"

    return check


def _several(limit: int, check_one: Check, at_least: int = 1) -> Check:
    def check(value: object, at: str) -> Iterator[str]:
        if not isinstance(value, list) or not at_least <= len(value) <= limit:
            yield f"{at}: {len(value) if isinstance(value, list) else value!r} elements"
            return
        for index, one in enumerate(value):
            yield from check_one(one, f"{at}[{index}]")

    return check


def _text(limit: int, *kinds: str) -> Check:
    rules: Mapping[str, Mapping[str, Check]] = {
        "plain_text": {"text!": _string(limit), "emoji": _flag},
        "mrkdwn": {"text!": _string(limit), "verbatim": _flag},
    }
    return lambda value, at: _shape(value, at, {kind: rules[kind] for kind in kinds or ("plain_text", "mrkdwn")})


def _of(known: Mapping[str, Mapping[str, Check]]) -> Check:
    return lambda value, at: _shape(value, at, known)


def _style(value: object, at: str) -> Iterator[str]:
    if not isinstance(value, dict) or not value or set(value) - {"bold", "italic", "strike", "code"}:
        yield f"{at}: {value!r}"


def _anything(_value: object, _at: str) -> Iterator[str]:
    yield from ()


def _slack_file(value: object, at: str) -> Iterator[str]:
    if not isinstance(value, dict) or set(value) != {"id"}:
        yield f"{at}: {value!r}"


def _rows(value: Sequence[Any], at: str) -> Iterator[str]:
    cell = _of({"raw_text": {"text!": _string(3000)}, "raw_number": {"value!": _anything}, "rich_text": RICH})
    yield from _several(100, _several(20, cell))(value, at)
    if isinstance(value, list) and len({len(row) for row in value if isinstance(row, list)}) > 1:
        yield f"{at}: rows of different lengths"
    if letters(value) > 10_000:
        yield f"{at}: more than 10,000 characters"


def _data_rows(value: Sequence[Any], at: str) -> Iterator[str]:
    cell = _of({"raw_text": {"text!": _string(3000)}, "raw_number": {"value!": _anything}})
    yield from _several(101, _several(20, cell), at_least=2)(value, at)


def _chart(value: Mapping[str, Any], at: str) -> Iterator[str]:
    """One point a category in every series, by the reference's words (docs.slack.dev, data visualization block)."""
    categories = value.get("axis_config", {}).get("categories", [])
    if value.get("type") not in {"line", "bar", "area"} or not 1 <= len(categories) <= 20:
        yield f"{at}: {value.get('type')}, {len(categories)} categories"
    if any(len(word) > 20 for word in categories) or not 1 <= len(value.get("series", [])) <= 6:
        yield f"{at}: series or categories"
    for one in value.get("series", []):
        if [point["label"] for point in one["data"]] != list(categories) or len(one["name"]) > 20:
            yield f"{at}: {one['name']}"


def _settings(value: Sequence[Any], at: str) -> Iterator[str]:
    for index, one in enumerate(value):
        if set(one) - {"align", "is_wrapped"} or one.get("align", "left") not in {"left", "center", "right"}:
            yield f"{at}[{index}]: {one!r}"


BLOCK_ID: Mapping[str, Check] = {"block_id": _string(255)}
RUNS = {
    "text": {"text!": _string(MAX_LETTERS), "style": _style},
    "link": {"url!": _string(3000), "text": _string(3000), "style": _style},
    "user": {"user_id!": _string(30), "style": _style},
    "broadcast": {"range!": _one_of("here", "channel", "everyone")},
    "emoji": {"name!": _string(100)},
    "channel": {"channel_id!": _string(30), "style": _style},
    "date": {"timestamp!": _anything, "format!": _string(200), "fallback": _string(200), "url": _string(3000)},
}
RICH: Mapping[str, Check] = {
    **BLOCK_ID,
    "elements!": _several(
        100,
        _of(
            {
                "rich_text_section": {"elements!": _several(1000, _of(RUNS))},
                "rich_text_preformatted": {"elements!": _several(1000, _of(RUNS)), "border": _anything},
                "rich_text_quote": {"elements!": _several(1000, _of(RUNS)), "border": _anything},
            }
        ),
    ),
}
BUTTON: Mapping[str, Check] = {
    "text!": _text(75, "plain_text"),
    "action_id": _string(255),
    "value": _string(2000),
    "url": _string(3000),
    "style": _one_of("primary", "danger"),
    "confirm": _anything,
    "accessibility_label": _string(75),
}
OPTION: Mapping[str, Check] = {"text": _text(75, "plain_text"), "value": _string(150)}


def _option(value: object, at: str) -> Iterator[str]:
    if not isinstance(value, dict) or set(value) != set(OPTION):
        yield f"{at}: {value!r}"
        return
    for name, check in OPTION.items():
        yield from check(value[name], f"{at}.{name}")


SELECT: Mapping[str, Check] = {
    "action_id": _string(255),
    "options!": _several(100, _option),
    "initial_option": _option,
    "placeholder": _text(150, "plain_text"),
}
INPUT: Mapping[str, Mapping[str, Check]] = {
    "static_select": SELECT,
    "datepicker": {"action_id": _string(255), "initial_date": _string(10, 10)},
    "plain_text_input": {
        "action_id": _string(255),
        "multiline": _flag,
        "initial_value": _string(3000),
        "max_length": _anything,
    },
}
IMAGE: Mapping[str, Check] = {"image_url": _string(3000), "slack_file": _slack_file, "alt_text!": _string(2000)}
BLOCKS: Mapping[str, Mapping[str, Check]] = {
    "header": {**BLOCK_ID, "text!": _text(150, "plain_text")},
    "section": {
        **BLOCK_ID,
        "text": _text(3000),
        "fields": _several(10, _text(2000)),
        "accessory": _of({"button": BUTTON, "image": IMAGE, "static_select": SELECT}),
        "expand": _flag,
    },
    "divider": BLOCK_ID,
    "image": {**BLOCK_ID, **IMAGE, "title": _text(2000, "plain_text")},
    "actions": {**BLOCK_ID, "elements!": _several(25, _of({"button": BUTTON, "static_select": SELECT}))},
    "context": {
        **BLOCK_ID,
        "elements!": _several(
            10,
            _of(
                {
                    "plain_text": {"text!": _string(2000), "emoji": _flag},
                    "mrkdwn": {"text!": _string(2000), "verbatim": _flag},
                    "image": IMAGE,
                }
            ),
        ),
    },
    "rich_text": RICH,
    "table": {**BLOCK_ID, "rows!": _rows, "column_settings": _settings},
    "data_table": {
        **BLOCK_ID,
        "caption!": _string(255),
        "rows!": _data_rows,
        "page_size": _anything,
        "row_header_column_index": _anything,
    },
    "data_visualization": {**BLOCK_ID, "title": _string(50), "chart!": _chart},
    "markdown": {**BLOCK_ID, "text!": _string(12_000)},
}
