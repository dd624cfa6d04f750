"""Bars: a few named amounts beside each other, the largest first."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.money import DEFAULT_LOCALE, Money
from charts import style
from charts.picture import Picture, drawn_once

MOST = 8
ROOMY = 5  # fewer bars are no thicker than these
NAME_LETTERS = 22


@drawn_once
def bars(
    rows: Sequence[tuple[str, Money]],
    *,
    title: str,
    subtitle: str = "",
    name: str = "bars",
    rest: str = "others",
    locale: str = DEFAULT_LOCALE,
) -> Picture:
    """Draw each row as a bar from 0, its amount written at its end; beyond ``MOST`` they are one bar, ``rest``.

    Credits point to the left. All amounts are of one currency.
    """
    shown = few(rows, rest)
    figure, axes = style.card(title, subtitle, right=0.86)
    amounts = [float(amount) for _, amount in shown]
    places = list(range(len(shown)))[::-1]
    colours = [style.MUTED if index == MOST - 1 and len(rows) > MOST else style.BLUE for index in range(len(shown))]
    axes.barh(places, amounts, height=0.62, color=colours, zorder=2)
    low, high = min(0.0, *amounts, 0.0), max(0.0, *amounts, 0.0)
    axes.set_xlim(low * 1.05, high or 1.0)
    axes.set_ylim(min(0, len(shown) - ROOMY) - 0.6, max(1, len(shown)) - 0.4)
    axes.grid(visible=False)
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    style.ticks(axes, "y", places, [_cut(label) for label, _ in shown])
    room = (high - low) or 1.0
    for place, (_, amount) in zip(places, shown, strict=True):
        end = max(0.0, float(amount)) + 0.015 * room
        words = style.short(amount, locale)
        style.label(axes, end, place, words, va="center", clip_on=False, weight="bold", color=style.INK)
    return style.picture(figure, described(rows, title=title, locale=locale), name)


def described(rows: Sequence[tuple[str, Money]], *, title: str, locale: str = DEFAULT_LOCALE) -> str:
    """The bars in words."""
    told = "; ".join(f"{label} {amount.said(locale)}" for label, amount in rows[: 2 * MOST])
    more = f"; and {len(rows) - 2 * MOST} more" if len(rows) > 2 * MOST else ""
    return f"{title}. {told or 'Nothing'}{more}."


def few(rows: Sequence[tuple[str, Money]], rest: str) -> list[tuple[str, Money]]:
    """As many rows as are drawn, the last of them all the others together."""
    if len(rows) <= MOST:
        return list(rows)
    left = rows[MOST - 1 :]
    return [*rows[: MOST - 1], (f"{len(left)} {rest}", Money.total((one for _, one in left), left[0][1].currency))]


def _cut(label: str) -> str:
    return label if len(label) <= NAME_LETTERS else f"{label[: NAME_LETTERS - 1]}…"
