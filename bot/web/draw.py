"""Answers as the page's own HTML: what is pressed carries its ask, and nothing is run that was not served beside it."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import assert_never

from markupsafe import Markup

from charts.picture import Picture
from commands.core.answer import (
    Answer,
    Button,
    Buttons,
    Chart,
    Choices,
    Code,
    Facts,
    Field,
    File,
    Form,
    Note,
    Part,
    Table,
    Text,
    Tone,
)
from commands.core.page import drawn

SIGNS = {Tone.CALM: "●", Tone.GOOD: "✔", Tone.WARN: "▲", Tone.BAD: "✖"}  # never by colour alone
SAID = {Tone.CALM: "", Tone.GOOD: "Good news: ", Tone.WARN: "Attention: ", Tone.BAD: "Alarm: "}
STYLES = {Tone.GOOD: "go", Tone.BAD: "danger"}
SCROLLS = Markup('<div class="scroll">')
ELLIPSIS = " …"  # what a button says that asks something first
PICTURES, DOCUMENTS = "/picture/", "/document/"
PNG_SIZE = slice(16, 24)  # of a PNG: width and height in its header


def body(answer: Answer) -> Markup:
    """An answer with everything in it."""
    heading = Markup('<h3 class="title {}"><span class="sign" aria-hidden="true">{}</span>{}{}</h3>').format(
        answer.tone, SIGNS[answer.tone], hidden(SAID[answer.tone]), answer.title
    )
    return joined((heading, *_drawn(answer.parts)))


def _drawn(parts: Sequence[Part]) -> Iterator[Markup]:
    """The parts one after the other; what can be pressed, side by side as far as there is room."""
    for pressed, group in groupby(parts, lambda part: isinstance(part, Buttons | Form)):
        members = tuple(group)
        yield row(map(_pressed, members)) if pressed else joined(map(part_of, members))


def _pressed(part: Part) -> Markup:
    match part:
        case Buttons(buttons):
            return joined(map(button, buttons))
        case Form():
            return dialog(part.label, part.title, part.ask, part.fields)
        case _:
            return part_of(part)


def part_of(part: Part) -> Markup:
    """One part of it."""
    match part:
        case Text() | Facts() | Note():
            return drawn(part)
        case Table():
            return drawn(part).replace(
                SCROLLS, Markup('<div class="scroll" tabindex="0" role="group" aria-label="Table">')
            )
        case Chart(picture):
            return image(picture)
        case Code(label, text):
            return code(label, text)
        case Buttons() | Form():
            return row((_pressed(part),))
        case Choices(label, options, chosen):
            return choices(label, ((one.label, one.ask) for one in options), chosen)
        case File():
            return file(part)
        case _:
            assert_never(part)


def hidden(text: str) -> Markup:
    """Words for those who listen."""
    return Markup('<span class="hidden">{}</span>').format(text) if text else Markup("")


def image(picture: Picture) -> Markup:
    """A picture in its real proportions, so that nothing jumps when it comes."""
    width, height = struct.unpack(">II", picture.png[PNG_SIZE])
    return Markup('<figure><img src="{}{}" alt="{}" width="{}" height="{}" loading="lazy"></figure>').format(
        PICTURES, picture.digest, picture.alt, width, height
    )


def code(label: str, text: str) -> Markup:
    """A command to copy."""
    return Markup(
        '<div class="code"><p>{}</p><button type="button" class="copy">Copy</button>'
        '<pre tabindex="0" role="group" aria-label="{}"><code>{}</code></pre></div>'
    ).format(label, label, text)


def button(one: Button) -> Markup:
    """What asks when it is pressed."""
    return press(one.label, one.ask, STYLES.get(one.tone, ""))


def press(label: str, ask: str, style: str = "") -> Markup:
    """The same, by its words."""
    return Markup('<button type="button" class="ask {}" data-ask="{}">{}</button>').format(style, ask, label)


def row(pressed: Iterable[Markup]) -> Markup:
    """Things to press, side by side."""
    return Markup('<div class="row">{}</div>').format(joined(pressed))


def choices(label: str, options: Iterable[tuple[str, str]], chosen: str) -> Markup:
    """A drop-down that asks what is chosen."""
    made = (
        Markup('<option value="{}"{}>{}</option>').format(ask, Markup(" selected") if name == chosen else "", name)
        for name, ask in options
    )
    return Markup('<label class="choices"><span>{}</span><select class="ask">{}</select></label>').format(
        label, joined(made)
    )


def dialog(label: str, title: str, ask: str, fields: Sequence[Field]) -> Markup:
    """A button, and the dialog that it opens; what is filled in completes the ask."""
    return Markup(
        '<button type="button" class="open">{opens}</button>'
        '<dialog aria-label="{title}"><form method="dialog" data-ask="{ask}"><h2>{title}</h2>{fields}'
        '<div class="row"><button type="submit" class="go">{label}</button>'
        '<button type="button" class="close">Cancel</button></div></form></dialog>'
    ).format(
        opens=f"{label.removesuffix(ELLIPSIS)}{ELLIPSIS}",
        label=label.removesuffix(ELLIPSIS),
        title=title,
        ask=ask,
        fields=joined(map(_field, fields)),
    )


def _field(one: Field) -> Markup:
    needed = Markup("") if one.optional else Markup(" required")
    if one.options:
        options = [("", "–")] if one.optional and not one.value else []
        made = (
            Markup('<option value="{}"{}>{}</option>').format(
                value, Markup(" selected") if value == one.value else "", name
            )
            for value, name in (*options, *((name, name) for name in one.options))
        )
        control = Markup('<select name="{}"{}>{}</select>').format(one.name, needed, joined(made))
    elif one.kind == "paragraph":
        control = Markup('<textarea name="{}" rows="3"{}>{}</textarea>').format(one.name, needed, one.value)
    else:
        kind = "date" if one.kind == "date" else "text"
        control = Markup('<input type="{}" name="{}" value="{}"{}>').format(kind, one.name, one.value, needed)
    label = f"{one.label} (optional)" if one.optional else one.label
    return Markup("<label><span>{}</span>{}</label>").format(label, control)


def file(one: File) -> Markup:
    """A document to keep."""
    link = Markup('<a href="{}{}" download="{}">{}</a>').format(DOCUMENTS, one.digest, one.name, one.name)
    return Markup('<p class="file">{}: {}</p>').format(link, one.said)


def joined(pieces: Iterable[Markup]) -> Markup:
    """Pieces one after the other."""
    return Markup("").join(pieces)
