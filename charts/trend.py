"""The trend: each day's cost with the line that it follows, and the pattern of its week."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from analysis.money import DEFAULT_LOCALE, Money
from analysis.trends import WEEKDAYS, Trend
from charts import style
from charts.picture import Picture, drawn_once


@drawn_once
def trend(found: Trend, *, title: str, subtitle: str = "", locale: str = DEFAULT_LOCALE) -> Picture:
    """Draw complete days as a thin line and their trend as a thick one; an inset has the weekdays beside it."""
    figure, axes = style.card(title, subtitle, right=0.97)
    days = np.arange(found.values.size)
    axes.plot(days, found.values, color=style.SKY, linewidth=1.2, zorder=2)
    axes.plot(days, found.trend, color=style.BLUE, linewidth=3, zorder=3)
    odd = [(day - found.start).days for day, _ in found.largest()]
    axes.plot(odd, found.values[odd], "o", color=style.RED, markersize=6, zorder=4)
    begin = (found.since - found.start).days
    if begin:
        axes.axvline(begin, color=style.MUTED, linewidth=1, linestyle=":", zorder=1)
        label = f"since {style.day(found.since, locale)}"
        style.label(axes, begin, axes.get_ylim()[0], f" {label}", color=style.MUTED, va="bottom")
    _frame(axes, found, locale)
    _week(axes, found)
    return style.picture(figure, described(found, title=title, locale=locale), "trend")


def described(found: Trend, *, title: str, locale: str = DEFAULT_LOCALE) -> str:
    """The picture in words."""
    end = found.start + timedelta(days=found.values.size - 1)
    odd = ", ".join(f"{style.day(day, locale)} {amount.signed(locale)}" for day, amount in found.largest())
    weekend = f"; a weekend day {found.weekend:+.0%} beside a weekday" if abs(found.weekend) >= 0.01 else ""  # noqa: PLR2004
    return (
        f"{title}, {style.day(found.start, locale)} to {style.day(end, locale)}: a day costs about"
        f" {found.level.said(locale)} by the trend, {found.a_month.signed(locale)} a month with each month since"
        f" {style.day(found.since, locale)}{weekend}{f'; out of line: {odd}' if odd else ''}."
    )


def _frame(axes: Axes, found: Trend, locale: str) -> None:
    low, high = min(0.0, float(found.values.min())), max(0.0, float(found.values.max())) or 1.0
    axes.set_xlim(0, found.values.size - 1)
    axes.set_ylim(low, high * 1.25)
    places = [float(one) for one in MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)]
    places = [one for one in places if low <= one <= high * 1.05]
    style.ticks(axes, "y", places, [style.short(Money.of(one, found.currency), locale) for one in places])
    marks = [int(one) for one in np.linspace(0, 0.95 * (found.values.size - 1), 5)]
    style.ticks(axes, "x", marks, [style.day(found.start + timedelta(days=one), locale) for one in marks])


def _week(axes: Axes, found: Trend) -> None:
    """Seven small bars in the corner: each weekday beside the trend."""
    size = float(np.max(np.abs(found.weekdays)))
    if size <= 0:
        return
    inset = axes.inset_axes((0.74, 0.82, 0.25, 0.17))
    inset.bar(range(7), found.weekdays / size, color=[style.BLUE] * 5 + [style.ORANGE] * 2, width=0.7)
    inset.set_ylim(-1.1, 1.1)
    inset.set_yticks([])
    inset.set_xticks(range(7), [name[0] for name in WEEKDAYS])
    inset.tick_params(length=0, labelsize=8, labelcolor=style.MUTED, pad=1)
    for side in ("top", "right", "left", "bottom"):
        inset.spines[side].set_visible(False)
    inset.axhline(0, color=style.MUTED, linewidth=0.6)
