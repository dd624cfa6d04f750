"""The burndown: what a budget's period has cost, what it will, the even pace, and the day on which it is used up."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from analysis.burndown import Burndown, said_chance
from analysis.money import DEFAULT_LOCALE, Money
from charts import style
from charts.picture import Picture, drawn_once

FAR = 2.5  # a budget so many times beyond everything else would flatten the picture: it is told at the edge


@drawn_once
def burndown(found: Burndown, *, name: str, locale: str = DEFAULT_LOCALE) -> Picture:
    """Draw a budget's period, cumulated from 0: complete days, the expected course, its range, budget and even pace.

    ``name`` is how the period is called.
    """
    heading = f"{found.budget.name} · {name}"
    subtitle = f"Expected {style.short(found.end.expected, locale)} of {style.short(found.budget.amount, locale)}"
    figure, axes = style.card(heading, f"{subtitle} · {said_chance(found.chance)} to overrun", right=0.84)
    days = found.period.days
    known = max(0, min(days, (found.known_until - found.period.start).days))
    top = _frame(axes, found, locale)
    places = np.arange(len(found.path) + 1)
    path = np.concatenate([[0.0], found.path])
    if len(found.band):
        ahead = np.arange(days - len(found.band), days + 1)
        low, high = (np.concatenate([[path[ahead[0]]], found.band[:, column]]) for column in (0, 1))
        axes.fill_between(ahead, low, high, color=style.SKY, alpha=0.5, linewidth=0, zorder=2)
    budget = float(found.budget.amount)
    axes.plot([0, days], [0, min(budget, top)], color=style.MUTED, linewidth=1.2, linestyle=":", zorder=1)
    axes.plot(places[: known + 1], path[: known + 1], color=style.BLUE, linewidth=3, zorder=4)
    axes.plot(places[known:], path[known:], color=style.BLUE, linewidth=2.2, linestyle=(0, (3, 1.6)), zorder=3)
    _budget(axes, found, top, locale)
    _crossing(axes, found, locale)
    words = style.short(found.end.expected, locale)
    look = {"va": "center", "clip_on": False, "color": style.BLUE, "weight": "bold", "size": style.BODY}
    style.label(axes, days * 1.015, float(path[-1]), words, **look)
    return style.picture(figure, described(found, name=name, locale=locale), "budget")


def described(found: Burndown, *, name: str, locale: str = DEFAULT_LOCALE) -> str:
    """The picture in words, with every number that a decision needs."""
    end = found.end
    span = f"{end.low80.said(locale)} to {end.high80.said(locale)}"
    parts = [
        f"spent {found.spent.said(locale)} up to {style.day(found.known_until - timedelta(days=1), locale)}",
        f"expected at the end {end.expected.said(locale)}, 80% range {span}",
        f"chance to overrun {said_chance(found.chance)}",
    ]
    if found.exhausted_on:
        parts.append(f"used up on {style.day(found.exhausted_on, locale)}")
    budget = f"Budget {found.budget.name}, {name}: {found.budget.amount.said(locale)}"
    return f"{budget}; {'; '.join(parts)}. {str(found.standing).capitalize()}."


def _frame(axes: Axes, found: Burndown, locale: str) -> float:
    """Axes from 0 to what is reached, or the budget if it is not far beyond; gives back their top."""
    reached = max(float(np.max(found.path, initial=0.0)), float(np.max(found.band[:, :2], initial=0.0)), 0.0)
    budget = float(found.budget.amount)
    high = max(reached, budget) if budget <= FAR * reached or not reached else reached
    low = min(0.0, float(np.min(found.path, initial=0.0)))
    room = (high - low) or 1.0
    axes.set_xlim(0, found.period.days)
    axes.set_ylim(low - (0.08 * room if low < 0 else 0), high + 0.14 * room)
    amounts = [float(place) for place in MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)]
    amounts = [amount for amount in amounts if low - 0.05 * room <= amount <= high + 0.05 * room]
    currency = found.spent.currency
    style.ticks(axes, "y", amounts, [style.short(Money.of(amount, currency), locale) for amount in amounts])
    marks = sorted({int(mark) for mark in np.linspace(1, found.period.days, 5)})
    words = [style.day(found.period.start + timedelta(days=mark - 1), locale) for mark in marks]
    style.ticks(axes, "x", marks, words)
    return high + 0.1 * room


def _budget(axes: Axes, found: Burndown, top: float, locale: str) -> None:
    low, high = axes.get_ylim()
    amount = float(found.budget.amount)
    words = f"Budget {style.short(found.budget.amount, locale)}"
    look = {"color": style.RED, "weight": "bold", "va": "bottom"}
    if amount <= top:
        axes.axhline(amount, color=style.RED, linewidth=1.8, zorder=3)
        style.label(axes, found.period.days * 0.01, amount + 0.012 * (high - low), words, **look)
    else:
        style.label(axes, found.period.days * 0.01, high - 0.08 * (high - low), f"{words} ↑", **look)


def _crossing(axes: Axes, found: Burndown, locale: str) -> None:
    """The day on which the budget is used up, marked on its line."""
    when = found.exhausted_on
    if when is None or not found.budget.amount:
        return
    place = (when - found.period.start).days + 1
    axes.plot([place], [float(found.budget.amount)], "o", color=style.RED, markersize=7, zorder=6)
    low, high = axes.get_ylim()
    at = float(found.budget.amount) - 0.02 * (high - low)
    style.label(axes, place, at, style.day(when, locale), ha="center", va="top", color=style.RED)
