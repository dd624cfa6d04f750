"""An anomaly: what each day cost, what it should have cost, and the days that were off."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from analysis.anomalies import Event, Watched
from analysis.money import DEFAULT_LOCALE, Money
from charts import style
from charts.picture import Picture, drawn_once

DAYS = 60
AHEAD = 12  # days after an event that are drawn too


@drawn_once
def anomaly(seen: Watched, event: Event, *, locale: str = DEFAULT_LOCALE) -> Picture:
    """Draw the two months around an event: days as a line, the expected band, the event's days in red.

    Days that are not complete yet have hollow points.
    """
    row = seen.series.names.index(event.name)
    last = min(seen.series.values.shape[1], (event.last_day - seen.series.start).days + 1 + AHEAD)
    first = max(0, last - DAYS)
    days = np.arange(first, last)
    values = seen.series.values[row, first:last]
    heading = " · ".join(part for part in reversed(event.name) if part)
    figure, axes = style.card(heading, _subtitle(event, locale), right=0.97)
    known = (seen.known_until - seen.series.start).days
    judged = days[days < seen.expected.shape[1]]
    expected, band = seen.expected[row, judged], seen.band[row, judged]
    low = np.maximum(expected - band, min(0.0, float(values.min())))
    axes.fill_between(judged, low, expected + band, color=style.SKY, alpha=0.4, linewidth=0, zorder=1)
    axes.plot(judged, expected, color=style.MUTED, linewidth=1.4, linestyle=(0, (3, 1.6)), zorder=2)
    complete = days < known
    axes.plot(days[complete], values[complete], color=style.BLUE, linewidth=2.4, zorder=3)
    _event_days(axes, seen, event, row)
    if (~complete).any():
        (points,) = axes.plot(days[~complete], values[~complete], "o", color=style.BLUE, markersize=5, zorder=3)
        points.set(markerfacecolor=style.PAPER, markeredgewidth=1.4)
    _frame(axes, seen, days, float(max(values.max(), np.nanmax(expected + band, initial=0.0))), locale)
    return style.picture(figure, described(seen, event, locale=locale), "anomaly")


def described(seen: Watched, event: Event, *, locale: str = DEFAULT_LOCALE) -> str:
    """The picture in words."""
    name = " in ".join(part for part in reversed(event.name) if part)
    span = (
        f"since {style.day(event.start, locale)}"
        if event.end is None
        else style.day(event.start, locale)
        if event.start == event.end
        else f"{style.day(event.start, locale)} to {style.day(event.end, locale)}"
    )
    known = style.day(seen.known_until - timedelta(days=1), locale)
    return (
        f"Daily cost of {name}: {event.shape} {span}, {event.actual.said(locale)} where"
        f" {event.expected.said(locale)} was expected, {event.impact.signed(locale)}; days are complete up to {known}."
    )


def _subtitle(event: Event, locale: str) -> str:
    when = f"since {style.day(event.start, locale)}" if event.end is None else f"from {style.day(event.start, locale)}"
    return f"{event.impact.signed(locale)} in {event.days} day{'s' if event.days > 1 else ''}, {event.shape} {when}"


def _event_days(axes: Axes, seen: Watched, event: Event, row: int) -> None:
    begin = (event.start - seen.series.start).days
    end = (event.last_day - seen.series.start).days + 1
    axes.axvspan(begin - 0.5, end - 0.5, color=style.RED, alpha=0.12, linewidth=0, zorder=0)
    days = np.arange(begin, end)
    axes.plot(days, seen.series.values[row, begin:end], "o", color=style.RED, markersize=5.5, zorder=4)


def _frame(axes: Axes, seen: Watched, days: np.ndarray, top: float, locale: str) -> None:
    low = min(0.0, float(axes.get_ylim()[0]) if float(np.min(seen.series.values[:, days])) < 0 else 0.0)
    axes.set_xlim(days[0] - 0.6, days[-1] + 0.6)
    axes.set_ylim(low, (top or 1.0) * 1.12)
    places = [float(one) for one in MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]).tick_values(low, top)]
    places = [one for one in places if low <= one <= top * 1.1]
    style.ticks(axes, "y", places, [style.short(Money.of(one, seen.series.currency), locale) for one in places])
    marks = [int(one) for one in np.linspace(days[0], days[0] + 0.95 * (days[-1] - days[0]), 5)]
    style.ticks(axes, "x", marks, [style.day(_day(seen, one), locale) for one in marks])


def _day(seen: Watched, place: int) -> date:
    return seen.series.start + timedelta(days=place)
