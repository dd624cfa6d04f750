"""An answer's figures as its reader writes them: ``$1,234.50`` is ``1.234,50 $`` in Germany.

Commands write English, and their words stay so; what is rewritten is what cannot be mistaken for anything but a figure:
money, thousands with their commas, percentages. Dates stay English, as the sentences are that they stand in: they name
their month, and "since 12. Nov." is no English. Commands, names in backticks and the asks of buttons are left as they
are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from commands.core.answer import Answer, Facts, Note, Part, Table, Text
from commands.core.links import Linked

WRITTEN = "en_US"
SYMBOLS = r"(?:CA|A|NZ|HK|MX|R|NT)?\$|[€£¥₹₩₪₫]"
CODES = r"[A-Z]{3}\u00a0"  # CHF 12.00
NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
FIGURE = re.compile(
    rf"(?<![\w.,/:#$€£¥-])(?P<sign>-?)(?P<symbol>{SYMBOLS}|{CODES})(?P<money>{NUMBER})(?P<short>[KMBT]?)(?!\w|[.,]?\d)"
    r"|(?<![\w.,/:#-])(?P<plain>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+\.\d+(?=\s?%))(?!\w|[.,]?\d)"
)
CODE = re.compile(r"(`[^`\n]*`)")


@dataclass(frozen=True, slots=True)
class Style:
    """How a locale sets its figures: its two marks, and a pattern for money like ``{number} {symbol}``."""

    group: str
    decimal: str
    money: str


@cache
def style_of(locale: str) -> Style:
    """The style of a locale, by Babel."""
    from babel import Locale

    found = Locale.parse(locale)
    marks = found.number_symbols["latn"]
    pattern = found.currency_formats["standard"].pattern.split(";")[0]
    before = pattern.startswith("¤")
    gap = "\u00a0" if "\u00a0" in pattern or " " in pattern else ""
    money = f"{{symbol}}{gap}{{number}}" if before else f"{{number}}{gap}{{symbol}}"
    return Style(str(marks["group"]), str(marks["decimal"]), money)


def as_read(answer: Answer, locale: str) -> Answer:
    """The answer as a reader of ``locale`` would write its figures; as it is, for whoever names none."""
    style = style_of(locale or WRITTEN)
    if style == style_of(WRITTEN):
        return answer
    parts = tuple(_part(part, style) for part in answer.parts)
    details = tuple(replace(one, answer=as_read(one.answer, locale)) for one in answer.details)
    return replace(answer, title=_figures(answer.title, style), parts=parts, details=details)


def _part(part: Part, style: Style) -> Part:
    match part:
        case Text(text, to):
            pieces = CODE.split(text)
            return Text("".join(one if one.startswith("`") else _figures(one, style) for one in pieces), to)
        case Note(text):
            return Note(_figures(text, style))
        case Facts(pairs):
            return Facts(tuple((name, _value(value, style)) for name, value in pairs))
        case Table(headings, rows, numbers):
            return Table(headings, _rows(rows, style), numbers)
        case _:
            return part


def _value(value: str, style: Style) -> str:
    """A fact's value; what leads somewhere is called there what it is called."""
    return value if isinstance(value, Linked) else _figures(value, style)


def _rows(rows: Sequence[Sequence[str]], style: Style) -> Sequence[Sequence[str]]:
    return tuple(tuple(_figures(cell, style) for cell in row) for row in rows)


def _figures(text: str, style: Style) -> str:
    return FIGURE.sub(lambda found: _figure(found, style), text)


def _figure(found: re.Match[str], style: Style) -> str:
    if found["plain"]:
        return _number(found["plain"], style)
    number = _number(found["money"], style) + found["short"]
    symbol = found["symbol"].strip()
    pattern = "{symbol}\u00a0{number}" if symbol.isalpha() and style.money == "{symbol}{number}" else style.money
    return found["sign"] + pattern.format(symbol=symbol, number=number)


def _number(text: str, style: Style) -> str:
    whole, point, part = text.partition(".")
    return whole.replace(",", style.group) + (style.decimal if point else "") + part
