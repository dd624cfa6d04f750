"""Answers as a document: one HTML page that stands alone, to be read, printed and kept."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import assert_never

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup, escape

from commands.core.answer import (
    MARKUP,
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
from commands.core.links import Linked
from commands.core.moments import in_utc, split


def page(title: str, answers: Sequence[Answer], *, lead: str = "", language: str = "en") -> bytes:
    """A page of ``answers``, each a section with its pictures inside; UTF-8, and nothing in it is fetched or run.

    What can be clicked in a chat is written as the ask that it makes. Foreign text is escaped throughout.
    """
    return _template().render(title=title, answers=answers, lead=lead, language=language, draw=drawn).encode()


def drawn(part: Part) -> Markup:  # noqa: C901 (a closed union)
    """One part of an answer as HTML."""
    match part:
        case Text(text, to):
            called = Markup("<b>@{}</b>, ").format(to.name) if to else Markup("")
            lines = [_marked(line) for line in text.split("\n") if line.strip()]
            return _joined(Markup("<p>{}{}</p>").format("" if n else called, line) for n, line in enumerate(lines))
        case Facts(pairs):
            rows = (Markup("<dt>{}</dt><dd>{}</dd>").format(name, _value(value)) for name, value in pairs)
            return Markup("<dl>{}</dl>").format(_joined(rows))
        case Table():
            return _table(part)
        case Chart(picture):
            source = base64.b64encode(picture.png).decode()
            image = '<figure><img src="data:image/png;base64,{}" alt="{}"></figure>'
            return Markup(image).format(source, picture.alt)  # noqa: S704 (escaped by format)
        case Code(label, text):
            return Markup("<p>{}</p><pre>{}</pre>").format(label, text)
        case Buttons(buttons):
            return _asks((button.label, button.ask) for button in buttons)
        case Choices(label, _, chosen):
            return Markup("<dl><dt>{}</dt><dd>{}</dd></dl>").format(label, chosen)
        case Form(label, _, ask):
            return _asks(((label, ask),))
        case File(name, _, _, said):
            return Markup("<p><b>{}</b>: {}</p>").format(name, said)
        case Note(text):
            return Markup('<p class="note">{}</p>').format(_timed(text))
        case _:
            assert_never(part)


def _table(table: Table) -> Markup:
    def row(cells: Sequence[str], tag: str) -> Markup:
        marks = (' class="number"' if index in table.numbers else "" for index in range(len(cells)))
        scope = ' scope="col"' if tag == "th" else ""
        made = (
            Markup(f"<{tag}{scope}{mark}>{{}}</{tag}>").format(_timed(cell))  # noqa: S704
            for mark, cell in zip(marks, cells, strict=True)
        )
        return Markup("<tr>{}</tr>").format(_joined(made))

    body = _joined(row(cells, "td") for cells in table.rows)
    head = row(table.headings, "th")
    return Markup('<div class="scroll"><table><thead>{}</thead><tbody>{}</tbody></table></div>').format(head, body)


def _asks(asks: Iterable[tuple[str, str]]) -> Markup:
    items = (Markup('<li title="/finops {}">{}</li>').format(ask, label) for label, ask in asks)
    return Markup('<ul class="asks">{}</ul>').format(_joined(items))


def _marked(text: str) -> Markup:
    """``**bold**`` and `` `code` `` as elements, everything else as it is."""
    pieces: list[Markup] = []
    at = 0
    for found in MARKUP.finditer(text):
        pieces.append(_timed(text[at : found.start()]))
        tag = "b" if found["bold"] else "code"
        pieces.append(Markup(f"<{tag}>{{}}</{tag}>").format(found["bold"] or found["code"]))  # noqa: S704
        at = found.end()
    return _joined((*pieces, _timed(text[at:])))


def _value(value: str) -> Markup:
    """A fact's value; what leads somewhere is a link."""
    if isinstance(value, Linked) and value.url:
        link = '<a href="{}" target="_blank" rel="noopener noreferrer">{}</a>'
        return Markup(link).format(value.url, value.words)  # noqa: S704 (escaped by format)
    return _timed(value)


def _timed(text: str) -> Markup:
    """Words as they are, and moments as elements that say which they are."""
    made = '<time datetime="{}">{}</time>'
    return _joined(
        Markup(made).format(piece.isoformat(), in_utc(piece)) if isinstance(piece, datetime) else escape(piece)  # noqa: S704
        for piece in split(text)
    )


def _joined(pieces: Iterable[Markup]) -> Markup:
    return Markup("").join(pieces)


@cache
def _template() -> Template:
    loader = PackageLoader("commands.core", "")
    made = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return made.get_template("page.html.j2")
