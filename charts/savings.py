"""The climb: what is no longer billed, month by month, and what the standing savings are worth in a year."""

from __future__ import annotations

from datetime import date

from matplotlib.ticker import MaxNLocator

from analysis.money import DEFAULT_LOCALE, Money
from analysis.savings import Savings
from charts import style
from charts.picture import Picture, drawn_once

MOST = 12
MOST_LABELLED = 7  # bars; of more, every other one has its figure, the last one always


@drawn_once
def climb(found: Savings, *, until: date, locale: str = DEFAULT_LOCALE) -> Picture:
    """Draw the annualised worth of the savings that stood at each month's end, as bars from 0."""
    steps = found.climb(until)[-MOST:]
    subtitle = f"worth in a year at each month's end; {found.realised.said(locale)} not billed so far"
    figure, axes = style.card("Savings verified in the bill", subtitle, right=0.97)
    worth = [float(amount) for _, _, amount in steps]
    top = max([*worth, 1.0])
    axes.set_ylim(0, top * 1.15)
    axes.set_xlim(-0.6, max(len(steps), 4) - 0.4)
    axes.bar(range(len(steps)), worth, width=0.66, color=style.GREEN, zorder=2)
    places = [float(one) for one in MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]).tick_values(0, top) if one <= top * 1.1]
    style.ticks(axes, "y", places, [style.short(Money.of(one, found.currency), locale) for one in places])
    style.ticks(axes, "x", range(len(steps)), [style.short_month(month.start, locale) for month, _, _ in steps])
    every = 1 if len(steps) <= MOST_LABELLED else 2
    for place, (_, _, amount) in enumerate(steps):
        if (len(steps) - 1 - place) % every:
            continue
        look = {"ha": "center", "va": "bottom", "weight": "bold" if place == len(steps) - 1 else "normal"}
        style.label(axes, place, float(amount) + 0.02 * top, style.short(amount, locale), **look)
    return style.picture(figure, described(found, until=until, locale=locale), "savings")


def described(found: Savings, *, until: date, locale: str = DEFAULT_LOCALE) -> str:
    """The climb in words."""
    told = "; ".join(
        f"{style.month(month.start, locale)} {worth.said(locale)}" for month, _, worth in found.climb(until)[-MOST:]
    )
    return f"Savings verified in the bill, worth in a year at each month's end: {told or 'none yet'}."
