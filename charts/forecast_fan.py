"""The forecast fan: what the month has cost, what it will end at, and how sure that is."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from analysis.counting import so_many
from analysis.forecasts import Forecast
from analysis.money import DEFAULT_LOCALE, Money
from charts import style
from charts.picture import Picture, drawn_once

CROSSED = 0.2  # a budget so near to 0, as a share of the axis, is named at its right end
FAR = 2.5  # a budget so many times beyond everything else would flatten the picture: it is told at the edge


@drawn_once
def forecast_fan(
    forecast: Forecast, *, budget: Money | None = None, title: str = "", locale: str = DEFAULT_LOCALE
) -> Picture:
    """Draw one month, cumulated from 0: complete days, expected course, 80 and 95% ranges, budget.

    ``title`` names the scope ("team search"); dates and money are written as in ``locale``.
    """
    end = forecast.month_end
    heading = f"{style.month(forecast.month.start, locale)} · {title or 'forecast'}"
    span = f"{style.short(end.low80, locale)} to {style.short(end.high80, locale)}"
    figure, axes = style.card(heading, f"Expected {style.short(end.expected, locale)} · 80% range {span}", right=0.82)
    known_days, known = _known(forecast)
    _frame(axes, forecast, budget, locale)
    _fan(axes, forecast, locale)
    axes.plot(known_days, known, color=style.BLUE, linewidth=3, solid_capstyle="round", zorder=4)
    if known.size > 1:
        axes.plot(known_days[-1:], known[-1:], "o", color=style.BLUE, markersize=6, zorder=5)
    _provisional(axes, forecast)
    if budget is not None:
        _budget(axes, budget, locale)
    return style.picture(figure, described(forecast, budget=budget, title=title, locale=locale), "forecast")


def described(forecast: Forecast, *, budget: Money | None, title: str = "", locale: str = DEFAULT_LOCALE) -> str:
    """The picture in words, with every number that a decision needs."""
    end = forecast.month_end
    complete = max(0, (forecast.known_until - max(forecast.month.start, forecast.start)).days)
    days = so_many(complete, "complete day")
    parts = [
        f"Month to date {forecast.month_to_date.said(locale)} ({days})",
        f"expected at month end {end.expected.said(locale)}",
        f"80% range {end.low80.said(locale)} to {end.high80.said(locale)}",
        f"95% range {end.low95.said(locale)} to {end.high95.said(locale)}",
    ]
    if budget is not None:
        over = end.expected - budget
        word = "over" if over.amount > 0 else "under"
        amount = (over if over.amount > 0 else -over).said(locale)
        parts.append(f"budget {budget.said(locale)}, expected {amount} {word}, {_chances(forecast, budget)}")
    open_days = [style.day(when, locale) for when, _ in _open_days(forecast)]
    if open_days:
        span = open_days[0] if len(open_days) == 1 else f"{open_days[0]} to {open_days[-1]}"
        parts.append(f"provisional days, not counted yet: {len(open_days)} ({span})")
    scope = f", {title}" if title else ""
    return f"Forecast of {style.month(forecast.month.start, locale)}{scope}. {'; '.join(parts)}."


def _chances(forecast: Forecast, budget: Money) -> str:
    end = forecast.month_end
    if budget < end.low95:
        return "and even the 95% range lies over it"
    if budget > end.high95:
        return "and even the 95% range lies under it"
    return "with the budget inside the 80% range" if end.low80 <= budget <= end.high80 else "inside the 95% range"


def _known(forecast: Forecast) -> tuple[np.ndarray, np.ndarray]:
    """Ends of the month's complete days (0 is its beginning), and what it had cost by then."""
    skipped = (forecast.month.start - forecast.start).days
    daily = forecast.actual[max(0, skipped) :] if forecast.known_until > forecast.month.start else np.empty(0)
    days = np.arange(daily.size + 1) + max(0, -skipped)
    return days, np.concatenate([[0.0], np.cumsum(daily)])


def _open_days(forecast: Forecast) -> list[tuple[date, float]]:
    """The provisional days of the month, with the month's cost to the end of each, as billed so far."""
    found, total = [], float(forecast.month_to_date)
    for number, cost in enumerate(forecast.provisional):
        when = forecast.known_until + timedelta(days=number)
        if when in forecast.month:
            total += float(cost)
            found.append((when, total))
    return found


def _tops(forecast: Forecast) -> np.ndarray:
    open_costs = [cost for _, cost in _open_days(forecast)]
    return np.concatenate([_known(forecast)[1], forecast.fan.ravel(), open_costs])


def _frame(axes: Axes, forecast: Forecast, budget: Money | None, locale: str) -> None:
    """Axes that start at 0, with few and round figures."""
    reached = _tops(forecast)
    low, high = min(0.0, float(reached.min())), max(0.0, float(reached.max()))
    if budget is not None and abs(float(budget)) <= FAR * (high - low):
        low, high = min(low, float(budget)), max(high, float(budget))
    room = (high - low) or 1.0
    days = forecast.month.days
    axes.set_xlim(0, days)
    axes.set_ylim(low - (0.08 * room if low < 0 else 0), high + 0.14 * room)
    amounts = [float(place) for place in MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)]
    amounts = [amount for amount in amounts if axes.get_ylim()[0] <= amount <= high + 0.05 * room]
    style.ticks(axes, "y", amounts, [style.short(Money.of(amount, forecast.currency), locale) for amount in amounts])
    dates = [1, 8, 15, 22, days]
    words = [style.day(forecast.month.start + timedelta(days=number - 1), locale) for number in dates]
    style.ticks(axes, "x", dates, words)
    if low < 0:
        axes.axhline(0, color=style.MUTED, linewidth=1, zorder=1)


def _fan(axes: Axes, forecast: Forecast, locale: str) -> None:
    if not len(forecast.fan):
        return
    begin = (forecast.fan_start - forecast.month.start).days
    days = np.arange(begin, begin + len(forecast.fan) + 1)
    now = float(forecast.month_to_date)
    expected, low80, high80, low95, high95 = np.vstack([np.full(5, now), forecast.fan]).T
    axes.fill_between(days, low95, high95, color=style.SKY, alpha=0.28, linewidth=0, zorder=2)
    axes.fill_between(days, low80, high80, color=style.SKY, alpha=0.55, linewidth=0, zorder=2)
    axes.plot(days, expected, color=style.BLUE, linewidth=2.2, linestyle=(0, (3, 1.6)), zorder=3)
    _end_labels(axes, forecast, locale)


def _end_labels(axes: Axes, forecast: Forecast, locale: str) -> None:
    """The ends of the fan, named beside them; a fan too narrow for its names has them in the heading alone."""
    end = forecast.month_end
    gap = 0.085 * (axes.get_ylim()[1] - axes.get_ylim()[0])
    expected, high80, high95 = (float(amount) for amount in (end.expected, end.high80, end.high95))
    x = forecast.month.days * 1.015
    look = {"va": "center", "clip_on": False}
    words = style.short(end.expected, locale)
    style.label(axes, x, expected, words, color=style.BLUE, weight="bold", size=style.BODY, **look)
    if high80 - expected >= gap and high95 - high80 >= gap:
        style.label(axes, x, high80, "80%", color=style.MUTED, **look)
        style.label(axes, x, high95, "95%", color=style.MUTED, **look)


def _provisional(axes: Axes, forecast: Forecast) -> None:
    """Days that may still grow: hatched, with hollow points, and called so."""
    open_days = _open_days(forecast)
    if not open_days:
        return
    numbers = [(when - forecast.month.start).days + 1 for when, _ in open_days]
    axes.axvspan(
        numbers[0] - 1, numbers[-1], facecolor="none", edgecolor=style.FAINT, hatch="////", linewidth=0, zorder=0
    )
    (points,) = axes.plot(numbers, [cost for _, cost in open_days], "o", markersize=6, color=style.BLUE, zorder=6)
    points.set(markerfacecolor=style.PAPER, markeredgewidth=1.6)
    left = numbers[-1] < 0.6 * forecast.month.days  # the words go where there is room
    low, high = axes.get_ylim()
    place = numbers[-1] + 0.8 if left else numbers[0] - 1.4
    look = {"ha": "left" if left else "right", "va": "bottom", "style": "italic", "color": style.MUTED}
    style.label(axes, place, low + 0.03 * (high - low), "provisional", **look)


def _budget(axes: Axes, budget: Money, locale: str) -> None:
    low, high = axes.get_ylim()
    words = f"Budget {style.short(budget, locale)}"
    look = {"color": style.RED, "weight": "bold", "va": "bottom"}
    if low <= float(budget) <= high:
        axes.axhline(float(budget), color=style.RED, linewidth=1.8, zorder=3)
        crossed = abs(float(budget)) < CROSSED * (high - low)  # at the month's start, by the cost itself
        place, side = (axes.get_xlim()[1], "right") if crossed else (0.4, "left")
        style.label(axes, place, float(budget) + 0.012 * (high - low), words, ha=side, **look)
    else:
        style.label(axes, 0.4, high - 0.08 * (high - low), f"{words} ↑", **look)
