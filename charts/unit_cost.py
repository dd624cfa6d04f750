"""Unit cost: what one unit cost each month, with how many units there were below."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from analysis.money import DEFAULT_LOCALE, Money
from analysis.units import UnitEconomics
from charts import style
from charts.picture import Picture, drawn_once


@drawn_once
def unit_cost(found: UnitEconomics, *, one: str, scope: str = "", locale: str = DEFAULT_LOCALE) -> Picture:
    """Draw each period's unit cost as a line from 0, and the units as pale bars behind it, on a scale of their own.

    ``one`` is what a unit is called ("order").
    """
    points = found.points
    heading = f"Cost of one {one}{f', {scope}' if scope else ''}"
    figure, axes = style.card(heading, _subtitle(found, locale), right=0.95)
    places = np.arange(len(points))
    each = np.array([float(point.each) for point in points])
    daily = np.array([float(point.units) / point.period.days for point in points])
    top = float(each.max(initial=0.0)) or 1.0
    low = min(0.0, float(each.min(initial=0.0)))
    axes.set_ylim(low * 1.1, top * 1.25)
    axes.set_xlim(-0.6, max(len(points), 1) - 0.4)
    if daily.size and daily.max() > 0:
        axes.bar(places, daily / daily.max() * top * 0.55, width=0.7, color=style.FAINT, zorder=1)
    axes.plot(places, each, color=style.BLUE, linewidth=2.6, marker="o", markersize=6, zorder=3)
    _labels(axes, found, locale)
    return style.picture(figure, described(found, one=one, scope=scope, locale=locale), "units")


def described(found: UnitEconomics, *, one: str, scope: str = "", locale: str = DEFAULT_LOCALE) -> str:
    """The picture in words."""
    told = "; ".join(
        f"{style.month(point.period.start, locale)} {said_each(point.each, locale)}"
        f" for {point.units:,.0f} {found.driver}"
        for point in found.points
    )
    why = f" Bars are {found.driver} a day; {_subtitle(found, locale)}." if found.points else ""
    return f"Cost of one {one}{f' of {scope}' if scope else ''}: {told or 'no period can be told'}.{why}"


def said_each(amount: Money, locale: str = DEFAULT_LOCALE) -> str:
    """A unit cost with the digits it needs: cents from ten up, more below."""
    from babel.numbers import format_currency

    size = abs(amount.amount)
    if not size or size >= 1:
        return amount.said(locale)
    digits = min(10, 2 - size.adjusted())
    shown = round(amount.amount, digits)
    return str(
        format_currency(shown, amount.currency, locale=locale, currency_digits=False, decimal_quantization=False)
    )


def _subtitle(found: UnitEconomics, locale: str) -> str:
    """The last change taken apart, or what the bars are."""
    why = found.why
    if why is None:
        return f"bars: {found.driver} a day" if found.points else "nothing to show"
    parts = (("volume", why.volume), ("price", why.price), ("efficiency", why.efficiency))
    told = ", ".join(f"{name} {_signed(amount, locale)}" for name, amount in parts if amount.cents())
    return f"last change: {told or 'none'}"


def _signed(amount: Money, locale: str) -> str:
    return f"{'+' if amount.amount > 0 else '−'}{style.short(_size(amount), locale)}"


def _size(amount: Money) -> Money:
    return amount if amount.amount >= 0 else -amount


def _labels(axes: Axes, found: UnitEconomics, locale: str) -> None:
    points = found.points
    step = max(1, -(-len(points) // 6))
    marks = list(range(len(points)))[::-step][::-1]
    style.ticks(axes, "x", marks, [style.short_month(points[mark].period.start, locale) for mark in marks])
    axes.set_yticks([])
    low, high = axes.get_ylim()
    for mark in marks:
        words = said_each(points[mark].each, locale)
        at = float(points[mark].each) + 0.04 * (high - low)
        weight = "bold" if mark == len(points) - 1 else "normal"
        style.label(axes, mark, at, words, ha="center", va="bottom", color=style.INK, weight=weight)
