"""Commitments as pictures: how much was covered and used, month by month; and a ladder of purchases under the usage."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from analysis.commitments import Standing
from analysis.money import DEFAULT_LOCALE, Money
from analysis.periods import Period, month_of
from analysis.purchases import Ladder
from charts import style
from charts.picture import Picture, drawn_once

FEWEST = 2  # months that make a line
MOST_TICKS = 7
MOST_TOLD = 13  # months in words: a year and the present one
NEAR = 0.085  # of the axis: two names closer than this would lie on each other
STEPS = (style.GREEN, style.SKY, style.ORANGE)


@drawn_once
def coverage(months: Sequence[tuple[Period, Standing]], *, title: str = "", locale: str = DEFAULT_LOCALE) -> Picture:
    """Draw the used part of all commitments and the covered part of eligible usage, from 0 to 100%.

    A month that has not all its days yet is a hollow point.
    """
    words = described_coverage(months, title=title, locale=locale)
    unused = Money(months[-1][1].unused, months[-1][1].currency)
    until = style.day(months[-1][0].end, locale) if _cut(months[-1][0]) else ""
    subtitle = f"Unused in {style.short_month(months[-1][0].start, locale)}: {style.short(unused, locale)}"
    subtitle += f" (before {until})" if until else ""
    figure, axes = style.card(f"Commitments · {title}" if title else "Commitments: used and covered", subtitle, 0.74)
    axes.set_xlim(-0.4, len(months) - 0.6)
    axes.set_ylim(0, 106)
    style.ticks(axes, "y", [0, 25, 50, 75, 100], ["0", "25%", "50%", "75%", "100%"])
    shown = range(0, len(months), -(-len(months) // MOST_TICKS))
    style.ticks(axes, "x", list(shown), [style.short_month(months[place][0].start, locale) for place in shown])
    ends = []
    for name, colour, values in (
        ("used", style.BLUE, [one.utilization for _, one in months]),
        ("covered", style.GREEN, [one.coverage for _, one in months]),
    ):
        drawn = _line(axes, values, colour, hollow=_cut(months[-1][0]))
        if drawn is not None:
            ends.append((drawn, f"{drawn:.0f}% {name}", colour))
    _names(axes, ends)
    return style.picture(figure, words, "commitments")


def described_coverage(
    months: Sequence[tuple[Period, Standing]], *, title: str = "", locale: str = DEFAULT_LOCALE
) -> str:
    """The picture in words, month by month."""
    told = "; ".join(
        f"{style.month(span.start, locale)} {_percent(one.utilization, 'used')}, {_percent(one.coverage, 'covered')},"
        f" {Money(one.unused, one.currency).said(locale)} unused"
        for span, one in months[-MOST_TOLD:]
    )
    cut = f" {style.month(months[-1][0].start, locale)} is not complete yet." if _cut(months[-1][0]) else ""
    return f"Commitments by month{f', {title}' if title else ''}: {told}.{cut}"


@drawn_once
def ladder(found: Ladder, *, locale: str = DEFAULT_LOCALE) -> Picture:
    """Draw what ran on demand an hour on each day, and beneath it how far each step of a ladder would reach, from 0."""
    price = style.short(found.hourly_total, locale)
    covers = style.short(Money.of(round(max(found.rungs, default=0.0), 2), found.currency), locale)
    subtitle = f"On demand an hour · {price} would cover {covers} of it"
    figure, axes = style.card(f"{found.offer.provider} · what could be committed", subtitle, 0.73)
    days = np.arange(found.hourly.size)
    top = float(max(found.hourly.max(initial=0.0), max(found.rungs, default=0.0))) or 1.0
    axes.set_xlim(0, max(1, found.hourly.size - 1))
    axes.set_ylim(0, 1.12 * top)
    places = [
        float(place) for place in MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]).tick_values(0, top) if place <= 1.1 * top
    ]
    style.ticks(axes, "y", places, [style.short(Money.of(place, found.currency), locale) for place in places])
    marks = [int(place) for place in np.linspace(0, found.hourly.size - 1, 4)]
    every = list(found.window)
    style.ticks(axes, "x", marks, [style.day(every[place], locale) for place in marks])
    axes.fill_between(days, 0, found.hourly, color=style.FAINT, linewidth=0, zorder=1)
    edges = [0.0, *found.rungs]
    bands = list(zip(edges, edges[1:], found.steps, strict=False))
    for number, (below, rung, _) in enumerate(bands):
        axes.fill_between(days, below, rung, color=STEPS[number], alpha=0.75, linewidth=0, zorder=2)
    middles = [(below + rung) / 2 for below, rung, _ in bands]
    names = [f"Step {number}: {style.short(step.hourly, locale)}" for number, (_, _, step) in enumerate(bands, 1)]
    _names(axes, [(place, words, style.INK) for place, words in zip(middles, names, strict=True)])
    axes.plot(days, found.hourly, color=style.INK, linewidth=1.8, zorder=3)
    return style.picture(figure, described_ladder(found, locale=locale), "ladder")


def described_ladder(found: Ladder, *, locale: str = DEFAULT_LOCALE) -> str:
    """The picture in words."""
    lowest, highest = (Money.of(round(float(end), 2), found.currency) for end in _ends(found.hourly))
    usage = f"{found.window.days} days ran for {lowest.said(locale)} to {highest.said(locale)} an hour on demand"
    steps = "; ".join(
        f"step {number} from {style.day(step.on, locale)}: {step.hourly.said(locale)} an hour"
        for number, step in enumerate(found.steps, 1)
    )
    top = max(found.rungs, default=0.0)
    reach = Money.of(round(top, 2), found.currency).said(locale)
    above = int((found.hourly >= top).sum())
    return f"{found.offer.instrument}: {usage}; {steps}. All of it covers {reach} an hour; {above} days ran for more."


def _line(axes: Axes, values: Sequence[Decimal | None], colour: str, *, hollow: bool) -> float | None:
    """One line with its points; the height of the last of them."""
    known = [(place, 100 * float(value)) for place, value in enumerate(values) if value is not None]
    if not known:
        return None
    places, heights = zip(*known, strict=True)
    axes.plot(places, heights, color=colour, linewidth=2.6, marker="o", markersize=5, zorder=3, clip_on=False)
    if hollow and places[-1] == len(values) - 1:
        (point,) = axes.plot(places[-1:], heights[-1:], "o", color=colour, markersize=7, zorder=4, clip_on=False)
        point.set(markerfacecolor=style.PAPER, markeredgewidth=1.8)
    return float(heights[-1])


def _names(axes: Axes, ends: Sequence[tuple[float, str, str]]) -> None:
    """Names (height, words, colour) beside the right end of the axes, kept apart."""
    (low, high), (left, right) = axes.get_ylim(), axes.get_xlim()
    gap, place = NEAR * (high - low), -float("inf")
    for height, words, colour in sorted(ends):
        place = max(height, place + gap)
        look = {"color": colour, "weight": "bold", "va": "center", "clip_on": False}
        style.label(axes, right + 0.015 * (right - left), place, words, **look)


def _cut(span: Period) -> bool:
    return span.end < month_of(span.start).end


def _percent(share: Decimal | None, what: str) -> str:
    return f"nothing to be {what}" if share is None else f"{100 * share:.0f}% {what}"


def _ends(values: np.ndarray) -> tuple[float, float]:
    return (float(values.min()), float(values.max())) if values.size else (0.0, 0.0)
