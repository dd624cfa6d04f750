"""The waterfall: how one period's cost became another's, cause by cause."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from analysis.drivers import Cause, Variance
from analysis.money import DEFAULT_LOCALE, Money
from charts import style
from charts.picture import Picture, drawn_once

WORDS = {
    Cause.DAYS: "days",
    Cause.VOLUME: "volume",
    Cause.PRICE: "price",
    Cause.MIX: "mix",
    Cause.NEW: "new",
    Cause.GONE: "gone",
    Cause.FEES: "fees",
}
WIDE = 0.66
SEEN = 0.03  # a step smaller than this part of the largest is drawn with the other small ones


@drawn_once
def waterfall(found: Variance, *, names: tuple[str, str], title: str = "", locale: str = DEFAULT_LOCALE) -> Picture:
    """Draw the change from 0, which is the earlier period's cost, to the later one's: more points up, less down.

    ``names`` are how the two periods are called. The axis is the difference, so that no total need be cut off.
    """
    earlier, later = names
    heading = f"{earlier} to {later}{f', {title}' if title else ''}"
    figure, axes = style.card(heading, f"{found.before.said(locale)} became {found.after.said(locale)}", right=0.97)
    steps = _steps(found)
    _frame(axes, [amount for _, amount in steps], found.change, locale)
    level = 0.0
    for place, (_, amount) in enumerate(steps):
        _step(axes, place, level, amount, locale)
        level += float(amount)
        axes.plot([place + WIDE / 2, place + 1 - WIDE / 2], [level, level], color=style.MUTED, linewidth=1, zorder=1)
    end = len(steps)
    axes.bar([end], [float(found.change)], width=WIDE, color=style.BLUE, zorder=2)
    _amount(axes, end, 0.0, found.change, locale, color=style.BLUE)
    style.ticks(axes, "x", list(range(end + 1)), [*(word for word, _ in steps), "together"])
    return style.picture(figure, described(found, names=names, title=title, locale=locale), "why")


def described(found: Variance, *, names: tuple[str, str], title: str = "", locale: str = DEFAULT_LOCALE) -> str:
    """The waterfall in words."""
    causes = "; ".join(f"{WORDS[cause]} {amount.signed(locale)}" for cause, amount in found.causes.items() if amount)
    scope = f" of {title}" if title else ""
    whole = f"{names[0]} {found.before.said(locale)}, {names[1]} {found.after.said(locale)}"
    return f"Change of cost{scope}: {whole}, {found.change.signed(locale)}. {causes or 'Nothing changed'}."


def _steps(found: Variance) -> list[tuple[str, Money]]:
    """The causes that can be seen, and all the others as one."""
    least = SEEN * max(abs(float(amount)) for amount in found.causes.values())
    large = [(WORDS[cause], amount) for cause, amount in found.causes.items() if amount and abs(float(amount)) >= least]
    rest = found.change - Money.total((amount for _, amount in large), found.change.currency)
    return [*large, ("other", rest)] if rest else large


def _frame(axes: Axes, steps: Sequence[Money], change: Money, locale: str) -> None:
    levels, level = [0.0, float(change)], 0.0
    for amount in steps:
        level += float(amount)
        levels.append(level)
    low, high = min(levels), max(levels)
    room = (high - low) or 1.0
    axes.set_xlim(-0.6, len(steps) + 0.6)
    axes.set_ylim(low - 0.16 * room, high + 0.16 * room)
    places = [float(one) for one in MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)]
    places = [one for one in places if low - 0.1 * room <= one <= high + 0.1 * room]
    style.ticks(axes, "y", places, [_tick(Money.of(one, change.currency), locale) for one in places])
    axes.axhline(0, color=style.MUTED, linewidth=1, zorder=1)


def _tick(amount: Money, locale: str) -> str:
    if not amount:
        return "0"
    return f"+{style.short(amount, locale)}" if amount.amount > 0 else f"−{style.short(-amount, locale)}"


def _step(axes: Axes, place: int, level: float, amount: Money, locale: str) -> None:
    colour = style.ORANGE if amount.amount > 0 else style.GREEN
    axes.bar([place], [float(amount)], bottom=[level], width=WIDE, color=colour, zorder=2)
    _amount(axes, place, level, amount, locale, color=style.INK)


def _amount(axes: Axes, place: int, level: float, amount: Money, locale: str, *, color: str) -> None:
    """Write an amount over a bar that points up, under one that points down."""
    low, high = axes.get_ylim()
    up = amount.amount >= 0
    at = level + float(amount) + (0.015 if up else -0.015) * (high - low)
    look = {"ha": "center", "va": "bottom" if up else "top", "color": color, "weight": "bold"}
    style.label(axes, place, at, _tick(amount, locale), **look)
