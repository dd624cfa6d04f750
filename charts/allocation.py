"""Allocation as a picture: who has how much, as bars or as a treemap, with what nobody owns told apart."""

from __future__ import annotations

from typing import Any

import squarify
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.patches import Patch, Rectangle

from analysis.allocation import Allocation, Part
from analysis.money import DEFAULT_LOCALE, Money
from charts import style
from charts.picture import Picture, drawn_once

MOST = 9
ROOMY = 5  # fewer bars are no thicker than these
NAME_LETTERS = 20
FEWEST_LETTERS = 4  # of a name that is cut short
OTHERS = "others"
HATCH = "////"
DEEPEST, PALEST = 1.0, 0.3  # how strong the blue of the largest and of the smallest rectangle is
LETTER_WIDE, LINE_HIGH = 0.107, 0.24  # inches, of the card's smallest type
DARK = 0.45  # on a colour less bright than this, words are white
BRIGHTNESS = (0.299, 0.587, 0.114)  # of red, green and blue (ITU-R BT.601)


@drawn_once
def bars(found: Allocation, *, title: str, subtitle: str = "", locale: str = DEFAULT_LOCALE) -> Picture:
    """Draw a bar for each owner from 0: its own cost, then its part of shared costs; what nobody owns comes last."""
    rows = few(found)
    figure, axes = style.card(title, subtitle, right=0.86)
    places = list(range(len(rows)))[::-1]
    for place, (_, part) in zip(places, rows, strict=True):
        _bar(axes, place, part)
    ends = [float(part.cost) for _, part in rows]
    low, high = min(0.0, *ends, 0.0), max(0.0, *ends, 0.0)
    axes.set_xlim(low * 1.05, high or 1.0)
    axes.set_ylim(min(0, len(rows) - ROOMY) - 0.6, max(1, len(rows)) - 0.4)
    axes.grid(visible=False)
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    style.ticks(axes, "y", places, [_cut(name) for name, _ in rows])
    room = (high - low) or 1.0
    for place, (_, part) in zip(places, rows, strict=True):
        end = max(0.0, float(part.cost)) + 0.015 * room
        style.label(axes, end, place, style.short(part.cost, locale), va="center", clip_on=False, weight="bold")
    if any(part.shared for _, part in rows):
        _legend(axes)
    return style.picture(figure, described(found, title=title, locale=locale), "allocation")


@drawn_once
def treemap(found: Allocation, *, title: str, subtitle: str = "", locale: str = DEFAULT_LOCALE) -> Picture:
    """Draw a rectangle for each owner, as large as its cost; who has more credits than cost has none."""
    rows = sorted((row for row in few(found) if row[1].cost.amount > 0), key=lambda row: -row[1].cost.amount)
    figure, axes = style.card(title, subtitle)
    axes.set_position((0.035, 0.05, 0.93, 0.71))
    axes.axis("off")
    wide, high = 0.93 * style.WIDTH, 0.71 * style.HEIGHT
    axes.set_xlim(0, wide)
    axes.set_ylim(high, 0)
    sizes = squarify.normalize_sizes([float(part.cost) for _, part in rows], wide, high) if rows else []
    spots = squarify.squarify(sizes, 0, 0, wide, high)
    for place, ((name, part), spot) in enumerate(zip(rows, spots, strict=True)):
        _rectangle(axes, spot, _blue(place, len(rows)), name, part, locale)
    return style.picture(figure, described(found, title=title, locale=locale), "allocation")


def described(found: Allocation, *, title: str, locale: str = DEFAULT_LOCALE) -> str:
    """Either picture in words."""
    parts = [part for part in found.parts() if part.cost or part.owner is not None]
    told = [
        f"{_name(part, found.dimension)} {part.cost.said(locale)}"
        + (f", of it {part.shared.said(locale)} shared" if part.shared else "")
        for part in parts[: 2 * MOST]
    ]
    more = f"; and {len(parts) - 2 * MOST} more" if len(parts) > 2 * MOST else ""
    return f"{title}. {'; '.join(told) or 'Nothing'}{more}."


def few(found: Allocation) -> list[tuple[str, Part]]:
    """The largest owners, all others as one, and what nobody owns, if there is any."""
    *owned, nobody = found.parts()
    owned = [part for part in owned if part.cost]
    shown = owned if len(owned) < MOST else owned[: MOST - 2]
    rows = [(_name(part, found.dimension), part) for part in shown]
    if left := owned[len(shown) :]:
        zero = Money.zero(found.currency)
        direct, shared = sum((one.direct for one in left), start=zero), sum((one.shared for one in left), start=zero)
        rows.append((f"{len(left)} {OTHERS}", Part(OTHERS, direct, shared)))
    return [*rows, (_name(nobody, found.dimension), nobody)] if nobody.cost else rows


def _name(part: Part, dimension: str) -> str:
    return f"no {dimension}" if part.owner is None else part.owner


def _bar(axes: Axes, place: int, part: Part) -> None:
    look: dict[str, Any] = {"height": 0.62, "zorder": 2}
    if part.owner is None:
        axes.barh([place], [float(part.cost)], color=style.FAINT, edgecolor=style.MUTED, hatch=HATCH, **look)
        return
    axes.barh([place], [float(part.direct)], color=style.BLUE, **look)
    axes.barh([place], [float(part.shared)], left=[float(part.direct)], color=style.ORANGE, **look)


def _legend(axes: Axes) -> None:
    handles = [Patch(color=style.BLUE, label="its own"), Patch(color=style.ORANGE, label="part of shared costs")]
    axes.legend(
        handles=handles, loc="upper left", bbox_to_anchor=(-0.02, -0.02), ncols=2, frameon=False, fontsize=style.SMALL,
        labelcolor=style.INK, handlelength=1.0, borderpad=0, columnspacing=1.4,
    )  # fmt: skip


def _blue(place: int, count: int) -> tuple[float, float, float]:
    """The blue of a rectangle: paler, the smaller it is."""
    strength = DEEPEST - (DEEPEST - PALEST) * place / max(1, count - 1)
    red, green, blue = (1 - strength * (1 - one) for one in to_rgb(style.BLUE))
    return red, green, blue


def _rectangle(
    axes: Axes, spot: dict[str, float], colour: tuple[float, float, float], name: str, part: Part, locale: str
) -> None:
    """A rectangle with its name and cost, as far as there is room for them."""
    nobody = part.owner is None
    look: dict[str, Any] = {"facecolor": colour, "edgecolor": style.PAPER, "linewidth": 2}
    if nobody:
        look |= {"facecolor": style.FAINT, "edgecolor": style.MUTED, "hatch": HATCH}
    axes.add_patch(Rectangle((spot["x"], spot["y"]), spot["dx"], spot["dy"], **look))
    bright = sum(one * weight for one, weight in zip(colour, BRIGHTNESS, strict=True))
    ink = style.PAPER if bright < DARK and not nobody else style.INK
    words = _words(name, style.short(part.cost, locale), spot)
    behind = {"bbox": {"facecolor": style.PAPER, "edgecolor": "none", "pad": 1.5}} if nobody else {}
    for line, said in enumerate(words):
        top = spot["y"] + 0.06 + line * LINE_HIGH
        weight = "bold" if line == 0 else "normal"
        style.label(axes, spot["x"] + 0.08, top, said, va="top", color=ink, weight=weight, **behind)


def _words(name: str, amount: str, spot: dict[str, float]) -> list[str]:
    """What a rectangle has room for: the name, cut short if it must be, and the amount under it."""
    letters, lines = int((spot["dx"] - 0.14) / LETTER_WIDE), int((spot["dy"] - 0.06) / LINE_HIGH)
    if letters < min(len(name), FEWEST_LETTERS):
        return []
    shown = name if len(name) <= letters else f"{name[: letters - 1]}…"
    return [shown, *([amount] if len(amount) <= letters else [])][:lines]


def _cut(name: str) -> str:
    return name if len(name) <= NAME_LETTERS else f"{name[: NAME_LETTERS - 1]}…"
