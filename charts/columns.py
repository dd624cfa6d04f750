"""Columns: the same thing period after period, the newest in colour, and what is usual as a line."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.ticker import MaxNLocator

from analysis.money import DEFAULT_LOCALE, Money
from charts import style
from charts.picture import Picture, drawn_once

MOST_LABELS = 5


@drawn_once
def columns(
    points: Sequence[tuple[str, Money]],
    *,
    title: str,
    subtitle: str = "",
    usual: Money | None = None,
    locale: str = DEFAULT_LOCALE,
) -> Picture:
    """Draw each period's amount as a column from 0; ``usual`` is a dashed line across. All are of one currency."""
    figure, axes = style.card(title, subtitle, right=0.97)
    values = np.array([float(amount) for _, amount in points])
    colours = [style.SKY] * (len(points) - 1) + [style.BLUE]
    axes.bar(np.arange(len(points)), values, width=0.72, color=colours, zorder=2)
    line = float(usual) if usual is not None else 0.0
    low, high = min(0.0, float(values.min(initial=0.0)), line), max(0.0, float(values.max(initial=0.0)), line) or 1.0
    if usual is not None:
        axes.axhline(line, color=style.MUTED, linewidth=1.6, linestyle=(0, (3, 1.6)), zorder=3)
    axes.set_xlim(-0.6, max(len(points), 1) - 0.4)
    axes.set_ylim(low * 1.1, high * 1.15)
    places = [float(one) for one in MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)]
    places = [one for one in places if low <= one <= high * 1.05]
    currency = points[-1][1].currency if points else "USD"
    style.ticks(axes, "y", places, [style.short(Money.of(one, currency), locale) for one in places])
    step = max(1, -(-len(points) // MOST_LABELS))
    marks = list(range(len(points) - 1, -1, -step))[::-1]
    style.ticks(axes, "x", [float(mark) for mark in marks], [points[mark][0] for mark in marks])
    return style.picture(figure, described(points, title=title, usual=usual, locale=locale), "columns")


def described(
    points: Sequence[tuple[str, Money]], *, title: str, usual: Money | None = None, locale: str = DEFAULT_LOCALE
) -> str:
    """The picture in words."""
    if not points:
        return f"{title}: nothing."
    label, newest = points[-1]
    amounts = [amount for _, amount in points]
    line = f"; {usual.said(locale)} is usual" if usual is not None else ""
    low, high = min(amounts).said(locale), max(amounts).said(locale)
    return f"{title}: {newest.said(locale)} in {label}, the newest of {len(points)}, between {low} and {high}{line}."
