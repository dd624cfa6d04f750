"""Answers as Block Kit. Slack's limits live here, and nowhere else.

Everything is plain text or rich text, where `<!channel>`, `*x*`, `:joy:` and an address are only characters: no block
is mrkdwn, so no name of somebody's disk is ever parsed. Facts are lines rather than a section's fields: fields need
mrkdwn for their bold names, and on a phone they are lines anyway.

Limits are those of the Block Kit reference (docs.slack.dev/reference/block-kit), some on the safe side.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeAlias, assert_never

from bot.slack import modal
from bot.slack.text import escaped, survives
from bot.words import NOTHING, UNNAMED, clean, cut, is_whole, size
from charts.picture import Picture
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
from commands.core.moments import in_utc, split, spoken

Block: TypeAlias = dict[str, Any]
Payload: TypeAlias = dict[str, Any]

MAX_BLOCKS = 50
MAX_MESSAGE = 12_000  # letters in all blocks together; Slack refuses longer ones as msg_blocks_too_long
MAX_FALLBACK = 3_500  # Slack wants less than 4,000 in a message's text
MAX_LINE = 1_000
MAX_HEADER = 150
MAX_TEXT = 3_000
MAX_NOTE = 2_000
MAX_ALT = 2_000
MAX_BUTTONS = 25
MAX_LABEL = 75
MAX_VALUE = 2_000
MAX_OPTIONS = 100
MAX_OPTION_VALUE = 150
MAX_ROWS = 25  # of the 100 that Slack allows: more is a file, not a message
MAX_COLUMNS = 4  # of 20: what a phone shows; a wider table is stacked, a row's cells under its first
MAX_STACKED = 12  # columns of a stacked row
PAGE_ROWS = 10
MAX_PAGED, MAX_PAGED_COLUMNS = 100, 20
MAX_VISUALS = 2  # in a message
MAX_POINTS, MAX_LINES, MAX_POINT_LABEL, MAX_PLOT_TITLE = 20, 6, 20, 50
MAX_CELL = 120
LONG_CELL = 16
MAX_TABLE = 6_000
MAX_WIDTH = 28  # of a column that is set in monospace

STYLES = {Tone.GOOD: "primary", Tone.BAD: "danger"}
PICTURE = "picture:"
DATE_FORMAT = "{date_short_pretty} at {time}"  # in the reader's own time zone and words


def render(answer: Answer, *, newer: bool = False) -> Payload:
    """The blocks of one message, and the text that stands in for them in notifications, readers and need.

    An image block names its picture as ``picture:<digest>``; ``with_files`` puts Slack's file in its place. With
    ``newer`` blocks those of every Slack come beside them, as ``older``, if they are others.
    """
    title = answer.tone.symbol + (clean(spoken(answer.title)) or UNNAMED)
    header = {"type": "header", "text": _plain(title, MAX_HEADER)}
    made = {"text": _fallback(title, answer.parts), "blocks": [header, *_fitting(_numbered(answer.parts))]}
    drawn = [header, *_fitting(_numbered(answer.parts, newer=True))] if newer else made["blocks"]
    return made if drawn == made["blocks"] else {**made, "blocks": drawn, "older": made["blocks"]}


def page(payload: Mapping[str, Any], *, forms: bool) -> list[Block]:
    """A message's blocks as those of a page, Home or a modal, where Slack has no tables of its own.

    A page has no notification, so its text is not needed; in a modal a button cannot open a form on top of itself.
    """
    known = payload.get("older", payload.get("blocks", ()))
    blocks = [_set(block) if block["type"] == "table" else block for block in known]
    if not blocks:
        return [_paragraph([_run(clean(payload["text"], lines=True))])]
    return blocks if forms else [left for block in blocks if (left := _without_forms(block))]


def _set(table: Block) -> Block:
    """Slack's own table set in monospace."""
    rows = [[cell["text"] for cell in row] for row in table["rows"]]
    numbers = [column for column, one in enumerate(table["column_settings"]) if one["align"] == "right"]
    return _monospaced(rows, numbers)


def _without_forms(block: Block) -> Block | None:
    """A block without the buttons that open something; nothing, if it has no others."""
    if block["type"] != "actions":
        return block
    opening = (f"{modal.FORM}:", f"{modal.WINDOW}:")
    left = [one for one in block["elements"] if not one["action_id"].startswith(opening)]
    return {**block, "elements": left} if left else None


def pictures(payload: Mapping[str, Any]) -> list[str]:
    """The digests of the pictures that a payload still waits for."""
    known = payload.get("older", payload.get("blocks", ()))
    ids = [block["slack_file"]["id"] for block in known if "slack_file" in block]
    return [name.removeprefix(PICTURE) for name in ids if name.startswith(PICTURE)]


def with_files(payload: Mapping[str, Any], files: Mapping[str, str]) -> Payload:
    """The payload with Slack's file in the place of each picture; the words of those that have none."""
    blocks = [_filled(block, files) if "slack_file" in block else block for block in payload.get("blocks", ())]
    return {**payload, "blocks": blocks}


def _filled(block: Block, files: Mapping[str, str]) -> Block:
    file = files.get(block["slack_file"]["id"].removeprefix(PICTURE))
    return {**block, "slack_file": {"id": file}} if file else _paragraph([_run(block["alt_text"], italic=True)])


def _fitting(groups: Sequence[list[Block]]) -> Iterator[Block]:
    """As many whole parts as one message holds, and a word about the others."""
    blocks, letters = 1, 0  # the header
    for done, group in enumerate(groups):
        blocks, letters = blocks + len(group), letters + sum(map(_letters, group))
        if blocks >= MAX_BLOCKS or letters > MAX_MESSAGE:
            left = len(groups) - done
            yield from _note(f"… and {left} more part{'s' if left > 1 else ''} that did not fit into one message")
            return
        yield from group


def _letters(thing: object) -> int:
    match thing:
        case str():
            return size(thing)
        case dict():
            return sum(_letters(value) for key, value in thing.items() if key not in {"type", "action_id", "style"})
        case list():
            return sum(map(_letters, thing))
        case _:
            return 0


def _numbered(parts: Sequence[Part], *, newer: bool = False) -> list[list[Block]]:
    """Each part as its blocks. Action ids count through the message; only the first table may be Slack's own."""
    groups: list[list[Block]] = []
    asks, tables, visuals = 0, 0, 0
    for part in parts:
        match part:
            case Buttons():
                groups.append(list(_buttons(part.buttons, asks)))
                asks += len(part.buttons)
            case Choices():
                groups.append(list(_choices(part, asks)))
                asks += len(part.options)
            case Form():
                groups.append(list(_form(part, asks)))
                asks += 1
            case Table() if newer and _is_paged(part):
                groups.append(list(_paged(part)))
            case Table():
                groups.append(list(_table(part, native=tables == 0)))
                tables += 1
            case Chart(_, Plot() as plot) if newer and visuals < MAX_VISUALS and _fits(plot):
                groups.append([_visual(plot)])
                visuals += 1
            case _:
                groups.append(list(_part(part)))
    return list(_in_rows(groups))


def _in_rows(groups: Sequence[list[Block]]) -> Iterator[list[Block]]:
    """Buttons and forms that follow each other stand in one row."""
    row: list[Block] = []
    for group in groups:
        alone = len(group) == 1 and group[0]["type"] == "actions"
        if alone and row and len(row[0]["elements"]) + len(group[0]["elements"]) <= MAX_BUTTONS:
            row[0]["elements"] += group[0]["elements"]
            continue
        if row:
            yield row
        row = group if alone else []
        if not alone:
            yield group
    if row:
        yield row


def _part(part: Text | Facts | Chart | Code | File | Note) -> Iterator[Block]:  # noqa: C901 (a closed union)
    match part:
        case Text(text, to):
            if runs := [*_called(to), *_runs(cut(text, MAX_TEXT))]:
                yield _paragraph(runs)
        case Facts(pairs):
            if pairs:
                yield _paragraph(list(_facts(pairs)))
        case Chart(picture):
            yield _image(picture)
        case Code(label, text):
            yield from _code(label, text)
        case File():
            yield _paragraph([_run(line) if n else _run(line, bold=True) for n, line in enumerate(_file(part))])
        case Note(text):
            yield from _note(text)
        case _:
            assert_never(part)


def _file(file: File) -> tuple[str, str]:
    return cut(clean(file.name), MAX_LABEL), f": {cut(clean(file.said) or 'a document', MAX_ALT)} It follows as a file."


def _runs(text: str) -> Iterator[Block]:
    """The stretches of a ``Text``: its own two marks become styles, and all else stays as it is."""
    at = 0
    for found in MARKUP.finditer(text):
        yield from _stretch(text[at : found.start()])
        yield from _stretch(found["bold"] or found["code"], bold=bool(found["bold"]), code=bool(found["code"]))
        at = found.end()
    yield from _stretch(text[at:])


def _called(to: Whom | None) -> Iterator[Block]:
    """Whom a paragraph is said to: Slack tells them that they were named."""
    if to is None:
        return
    user = to.on("slack")
    yield {"type": "user", "user_id": user} if user else _run(f"@{clean(to.name)}", bold=True)
    yield _run(", ")


def _stretch(text: str, **style: bool) -> Iterator[Block]:
    shown = clean(f"|{text}|", lines=True)[1:-1]  # the bars keep the spaces between two stretches
    if shown:
        yield from _timed(shown, **style)


def _timed(text: str, **style: bool) -> Iterator[Block]:
    """Words, and between them moments, which Slack tells each reader in their own time."""
    for piece in split(text):
        yield _date(piece) if isinstance(piece, datetime) else _run(piece, **style)


def _date(at: datetime) -> Block:
    return {"type": "date", "timestamp": int(at.timestamp()), "format": DATE_FORMAT, "fallback": in_utc(at)}


def _run(text: str, **style: bool) -> Block:
    styles = {name: True for name, is_on in style.items() if is_on}
    return {"type": "text", "text": text, **({"style": styles} if styles else {})}


def _paragraph(runs: list[Block]) -> Block:
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": runs}]}


def _facts(pairs: Sequence[tuple[str, str]]) -> Iterator[Block]:
    room = MAX_TEXT
    for done, (name, value) in enumerate(pairs):
        label, said = cut(clean(name) or UNNAMED, MAX_LABEL), cut(clean(_words_of(value)) or NOTHING, MAX_ALT)
        room -= size(label) + size(said) + 3
        if room < 0 < done:
            yield _run(f"\n… and {len(pairs) - done} more")
            return
        yield _run(f"{'' if done == 0 else chr(10)}{label}: ")
        if isinstance(value, Linked) and value.url:
            yield {"type": "link", "url": value.url, "text": said, "style": {"bold": True}}
        else:
            yield from _timed(said, bold=True)


def _words_of(value: str) -> str:
    return value.words if isinstance(value, Linked) else value


def _image(picture: Picture) -> Block:
    alt = cut(clean(picture.alt) or UNNAMED, MAX_ALT)
    return {"type": "image", "slack_file": {"id": f"{PICTURE}{picture.digest}"}, "alt_text": alt}


def _code(label: str, text: str) -> Iterator[Block]:
    """A command to copy: whole, or not at all, since half a command is another command."""
    name, shown = cut(clean(label), MAX_LABEL), clean(text, lines=True)
    if size(shown) > MAX_TEXT:
        yield from _note(f"{name or 'The command'}: its {size(shown):,} characters are too long for Slack")
        return
    elements: list[Block] = []
    if name:
        elements.append({"type": "rich_text_section", "elements": [_run(name, bold=True)]})
    if shown:
        elements.append({"type": "rich_text_preformatted", "elements": [_run(shown)]})
    if elements:
        yield {"type": "rich_text", "elements": elements}


def _note(text: str) -> Iterator[Block]:
    if shown := clean(spoken(text)):
        yield {"type": "context", "elements": [_plain(shown, MAX_NOTE)]}


def _buttons(buttons: Sequence[Button], first: int) -> Iterator[Block]:
    shown = [(index, one) for index, one in enumerate(buttons, first) if _can_ask(one.ask)][:MAX_BUTTONS]
    if shown:
        yield {"type": "actions", "elements": [_button(index, button) for index, button in shown]}
    if left := len(buttons) - len(shown):
        yield from _note(f"… and {left} more button{'s' if left > 1 else ''}")


def _choices(choices: Choices, first: int) -> Iterator[Block]:
    """A drop-down beside its label; buttons, where an ask is longer than an option of Slack's may be."""
    shown = [one for one in choices.options if _can_ask(one.ask)][:MAX_OPTIONS]
    if not shown:
        return
    if any(size(one.ask) > MAX_OPTION_VALUE for one in shown):
        yield from _note(choices.label)
        yield from _buttons(choices.options, first)
        return
    options = [{"text": _plain(clean(one.label) or UNNAMED, MAX_LABEL), "value": one.ask} for one in shown]
    chosen = [option for one, option in zip(shown, options, strict=True) if one.label == choices.chosen]
    select: Block = {"type": "static_select", "action_id": f"ask:{first}", "options": options}
    select |= {"initial_option": chosen[0]} if chosen else {}
    yield {"type": "section", "text": _plain(clean(choices.label) or UNNAMED, MAX_LABEL), "accessory": select}
    if left := len(choices.options) - len(shown):
        yield from _note(f"… and {left} more to choose from")


def _form(form: Form, number: int) -> Iterator[Block]:
    value = modal.packed(form)
    if size(value) > MAX_VALUE:
        yield from _note(f"{clean(form.label)}: type /finops {clean(form.ask)}")
        return
    label = _plain(clean(form.label) or UNNAMED, MAX_LABEL)
    button = {"type": "button", "action_id": f"{modal.FORM}:{number}", "text": label, "value": value}
    yield {"type": "actions", "elements": [button]}


def _can_ask(ask: str) -> bool:
    return 0 < size(ask) <= MAX_VALUE and is_whole(ask)


def _button(index: int, button: Button) -> Block:
    label = _plain(clean(button.label) or UNNAMED, MAX_LABEL)
    style = {"style": STYLES[button.tone]} if button.tone in STYLES else {}
    name = modal.WINDOW if button.window else "ask"
    return {"type": "button", "action_id": f"{name}:{index}", "text": label, "value": button.ask, **style}


def _table(table: Table, *, native: bool) -> Iterator[Block]:
    """Slack's own table: it scrolls sideways on a phone and sets figures flush right, where monospace lines wrap.

    A message may hold only one; the others are set in monospace.
    """
    width = min(MAX_STACKED, max(map(len, (table.headings, *table.rows)), default=0))
    if not width:
        return
    rows = list(_rows(table, width))
    if width > MAX_COLUMNS and len(rows) > 1:
        yield _paragraph(list(_stacked(rows)))
    else:
        yield _native(rows, table.numbers) if native else _monospaced(rows, table.numbers)
    yield from _note("; ".join(_left_out(table, width, len(rows) - 1)))


def _is_paged(table: Table) -> bool:
    """Whether a table is better turned over page by page: it is long, or wide."""
    width = max(map(len, (table.headings, *table.rows)), default=0)
    return bool(table.rows) and width <= MAX_PAGED_COLUMNS and (len(table.rows) > PAGE_ROWS or width > MAX_COLUMNS)


def _paged(table: Table) -> Iterator[Block]:
    """Slack's ``data_table``: sorted and paged by its reader."""
    width = max(map(len, (table.headings, *table.rows)))
    rows = list(_rows(replace(table, rows=table.rows[:MAX_PAGED]), width, MAX_PAGED))
    cells = [[{"type": "raw_text", "text": cell} for cell in row] for row in rows]
    caption = cut(", ".join(rows[0]), MAX_LABEL)
    yield {"type": "data_table", "caption": caption, "rows": cells, "page_size": PAGE_ROWS}
    yield from _note("; ".join(_left_out(table, width, len(rows) - 1)))


def _fits(plot: Plot) -> bool:
    """Whether Slack can draw it: few points, few lines, short and different names."""
    names = [name for name, _ in plot.lines]
    short = all(0 < size(word) <= MAX_POINT_LABEL for word in plot.labels)
    unique = len(set(names)) == len(names) and len(set(plot.labels)) == len(plot.labels)
    return short and unique and 1 < len(plot.labels) <= MAX_POINTS and 0 < len(names) <= MAX_LINES


def _visual(plot: Plot) -> Block:
    """Slack's ``data_visualization``: a chart that Slack draws, in its reader's own colours."""
    series = [
        {
            "name": cut(clean(name), MAX_POINT_LABEL),
            "data": [{"label": label, "value": value} for label, value in zip(plot.labels, values, strict=True)],
        }
        for name, values in plot.lines
    ]
    axis = {"categories": list(plot.labels), **({"y_label": plot.unit} if plot.unit else {})}
    chart = {"type": "line" if plot.kind == "line" else "bar", "series": series, "axis_config": axis}
    return {"type": "data_visualization", "title": cut(clean(plot.title), MAX_PLOT_TITLE), "chart": chart}


def _stacked(rows: Sequence[Sequence[str]]) -> Iterator[Block]:
    """Each row as its first cell, and under it the others with their headings: no phone has to scroll sideways."""
    headings, *others = rows
    for number, row in enumerate(others):
        yield _run(f"{chr(10) if number else ''}{row[0]}\n", bold=True)
        cells = [f"{name}: {cell}" for name, cell in zip(headings[1:], row[1:], strict=True) if cell != NOTHING]
        yield _run(" · ".join(cells) + "\n")


def _rows(table: Table, width: int, most: int = MAX_ROWS) -> Iterator[list[str]]:
    """The headings and as many rows as fit, every one ``width`` cells long and no cell empty."""
    room = MAX_TABLE
    for row in (table.headings, *table.rows[:most]):
        cells = [_cell(row[column] if column < len(row) else "", column) for column in range(width)]
        room -= sum(map(size, cells))
        if room < 0:
            return
        yield cells


def _cell(text: str, column: int) -> str:
    return cut(clean(spoken(text)), MAX_CELL) or (NOTHING if column else UNNAMED)


def _left_out(table: Table, width: int, rows: int) -> Iterator[str]:
    if left := len(table.rows) - rows:
        yield f"… and {left} more row{'s' if left > 1 else ''}"
    if hidden := [clean(heading) or UNNAMED for heading in table.headings[width:]]:
        yield f"not shown: {', '.join(hidden)}"


def _native(rows: Sequence[Sequence[str]], numbers: Sequence[int]) -> Block:
    settings = [_setting(column in numbers, [row[column] for row in rows]) for column in range(len(rows[0]))]
    cells = [[{"type": "raw_text", "text": cell} for cell in row] for row in rows]
    return {"type": "table", "column_settings": settings, "rows": cells}


def _setting(is_figure: bool, cells: Sequence[str]) -> Block:
    """How a column is set: long words are wrapped, so that the figures beside them are seen on a phone."""
    if is_figure:
        return {"align": "right"}
    return {"align": "left", **({"is_wrapped": True} if max(map(len, cells)) > LONG_CELL else {})}


def _monospaced(rows: Sequence[Sequence[str]], numbers: Sequence[int]) -> Block:
    short = [[cut(cell, MAX_WIDTH) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*short, strict=True)]
    lines = [_line(row, widths, numbers) for row in short]
    return {
        "type": "rich_text",
        "elements": [{"type": "rich_text_preformatted", "elements": [_run("\n".join(lines))]}],
    }


def _line(row: Sequence[str], widths: Sequence[int], numbers: Sequence[int]) -> str:
    cells = [
        cell.rjust(width) if column in numbers else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return "  ".join(cells).rstrip()


def _plain(text: str, limit: int) -> Block:
    return {"type": "plain_text", "text": cut(text, limit), "emoji": False}


def _fallback(title: str, parts: Sequence[Part]) -> str:
    """Everything in words, line by line as far as there is room: the title, then the facts, then the rest."""
    facts_first = sorted(parts, key=lambda part: not isinstance(part, Facts))
    said, room = [escaped(cut(title, MAX_HEADER))], MAX_FALLBACK - 2 * MAX_HEADER
    for line in (line for part in facts_first for line in _lines(part) if line):
        shown = escaped(cut(line, MAX_LINE))
        room -= size(shown) + 1
        if room < 0:
            return "\n".join([*said, "…"])
        said.append(shown)
    return "\n".join(said)


def _lines(part: Part) -> Iterator[str]:  # noqa: C901 (a closed union)
    match part:
        case Text(text, to):
            said = "".join(run.get("text") or run["fallback"] for run in _runs(text))
            yield f"@{clean(to.name)}, {said}" if to else said
        case Facts(pairs):
            yield from (f"{clean(name) or UNNAMED}: {clean(spoken(value)) or NOTHING}" for name, value in pairs)
        case Chart(picture):
            yield clean(picture.alt)
        case Code(label, text):
            can_be_copied = size(text) <= MAX_LINE // 2 and survives(text)
            yield f"{clean(label)}: {text if can_be_copied else 'a command that plain text would spoil'}"
        case Note(text):
            yield clean(spoken(text))
        case Table():
            yield from (", ".join(row) for row in _rows(replace(part, rows=part.rows[:10]), len(part.headings)))
        case Buttons(buttons):
            yield from (f"{clean(one.label)}: /finops {clean(one.ask)}" for one in buttons[:5])
        case Choices(label, _, chosen):
            yield f"{clean(label)}: {clean(chosen) or NOTHING}"
        case Form(label, _, ask):
            yield f"{clean(label)}: /finops {clean(ask)}"
        case File():
            yield "".join(_file(part))
        case _:
            assert_never(part)
