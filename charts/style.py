"""The one style of all charts: palette, type sizes, the card they are drawn on, and how it becomes a picture.

Colours are Okabe and Ito's (2008), told apart by colour-blind readers too. Every chart is a white card with an edge of
its own, so that it reads the same on a light and a dark chat. Text is never parsed: a $ in a team's name is a dollar.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date
from functools import cache
from io import BytesIO
from textwrap import shorten
from typing import Any

from babel.dates import format_date, format_skeleton
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import findfont, get_font
from matplotlib.text import Text

from analysis.money import DEFAULT_LOCALE, Money
from charts.picture import Picture

INK = "#1d2733"
MUTED = "#5b6775"
FAINT = "#d9dfe6"
PAPER = "#ffffff"
BLUE = "#0072b2"
SKY = "#56b4e9"
GREEN = "#009e73"
ORANGE = "#e69f00"
RED = "#d55e00"

SMALL, BODY, TITLE = 12.0, 13.0, 15.0  # points; at 6 inches wide, 12 can be read on a phone
WIDTH, HEIGHT, DPI = 6.0, 3.6, 160  # 960 × 576 pixels: Teams refuses pictures beyond 1,024
LETTER = 0.0165  # of the card's width, at SMALL
LONGEST_TITLE = 44  # characters that fit beside each other


def card(title: str, subtitle: str = "", right: float = 0.96) -> tuple[Figure, Axes]:
    """A card with a title and axes that end at ``right`` (a share of the width, for labels beside them)."""
    figure = Figure(figsize=(WIDTH, HEIGHT), dpi=DPI, facecolor=PAPER, edgecolor=FAINT, linewidth=3)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.12, 0.12, right - 0.12, 0.64))
    axes.set_facecolor(PAPER)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(MUTED)
    axes.tick_params(length=0, labelsize=SMALL, labelcolor=MUTED, pad=5)
    axes.set_axisbelow(True)
    axes.grid(axis="y", color=FAINT, linewidth=0.8)
    shown = shorten(title, LONGEST_TITLE, placeholder="…") or title[: LONGEST_TITLE - 1] + "…"
    figure.add_artist(_text(0.035, 0.91, shown, size=TITLE, color=INK, weight="bold", va="center"))
    figure.add_artist(_text(0.035, 0.825, subtitle, size=SMALL, color=MUTED, va="center"))
    return figure, axes


def label(axes: Axes, x: float, y: float, words: str, **look: Any) -> Text:  # noqa: ANN401 (matplotlib's own keywords)
    """Write ``words`` at a place of the data, as they are."""
    return axes.text(x, y, writable(words), parse_math=False, **{"size": SMALL, "color": INK, **look})


def ticks(axes: Axes, which: str, places: Sequence[float], words: Sequence[str]) -> None:
    """Name places of the ``x`` or ``y`` axis, as they are written."""
    if which == "y":  # the words take the room they need
        box = axes.get_position()
        left = 0.045 + LETTER * max(map(len, words), default=0)
        axes.set_position((left, box.y0, box.x1 - left, box.height))
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_ticks(list(places), [writable(word) for word in words], parse_math=False)


def picture(figure: Figure, alt: str, name: str) -> Picture:
    """The figure as PNG; compressed lightly, since encoding is most of a chart's time."""
    png = BytesIO()
    figure.savefig(
        png,
        format="png",
        facecolor=figure.get_facecolor(),
        edgecolor=figure.get_edgecolor(),
        pil_kwargs={"compress_level": 4},
    )
    return Picture(png.getvalue(), alt, name)


def short(amount: Money, locale: str = DEFAULT_LOCALE) -> str:
    """Money in few characters, three digits of it: $12.3K; in full where the locale has no short form."""
    if not amount:
        return "0"
    return _or_english(amount.brief, locale)


def day(when: date, locale: str = DEFAULT_LOCALE) -> str:
    """A day of a year that is clear: Nov 3."""
    return _or_english(lambda tongue: str(format_skeleton("MMMd", when, locale=tongue)), locale)


def month(when: date, locale: str = DEFAULT_LOCALE) -> str:
    """A month: November 2026."""
    return _or_english(lambda tongue: str(format_date(when, "LLLL yyyy", locale=tongue)), locale)


def short_month(when: date, locale: str = DEFAULT_LOCALE) -> str:
    """A month of a year that is clear: Nov."""
    return _or_english(lambda tongue: str(format_date(when, "LLL", locale=tongue)), locale)


def writable(words: str) -> str:
    """The words on one line, with ? for what the charts' typeface cannot write."""
    known = _letters()
    return "".join(letter if ord(letter) in known else "?" for letter in re.sub(r"[\t\r\n]+", " ", words))


def _or_english(said: Callable[[str], str], locale: str) -> str:
    words = said(locale)
    return words if words == writable(words) else said(DEFAULT_LOCALE)


@cache
def _letters() -> frozenset[int]:
    return frozenset(get_font(findfont("DejaVu Sans")).get_charmap())


def _text(x: float, y: float, words: str, **look: Any) -> Text:  # noqa: ANN401
    return Text(x, y, writable(words), parse_math=False, **look)
