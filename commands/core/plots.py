"""Plots: an answer's picture as figures, where a chart of a platform's own says the same."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from analysis.money import Money
from commands.core.answer import Plot

CENTS = 2


def bars_of(rows: Sequence[tuple[str, Money]], title: str, *, rest: str = "others") -> Plot | None:
    """Named amounts of one currency as lying bars, as many as the picture has.

    ``None`` where one is a credit: no platform's own bars point to the left.
    """
    from charts.bars import few  # matplotlib is half of the bot's start

    shown = few(rows, rest)
    values = [amount_of(amount) for _, amount in shown]
    if not shown or min(values) < 0:
        return None
    return Plot(title, [name for name, _ in shown], ((title, values),), shown[0][1].currency, "bars")


def periods_of(points: Sequence[tuple[str, Money]], title: str) -> Plot | None:
    """Amounts of one currency, period after period, as bars; ``None`` where one is below 0."""
    values = [amount_of(amount) for _, amount in points]
    if not values or min(values) < 0:
        return None
    return Plot(title, [name for name, _ in points], ((title, values),), points[0][1].currency, "bars")


def months_of(starts: Sequence[date]) -> list[str]:
    """Months as they stand under a line, where there is little room: without their years, while none comes twice."""
    short = [f"{start:%b}" for start in starts]
    return short if len(set(short)) == len(short) else [f"{start:%b %Y}" for start in starts]


def amount_of(amount: Money) -> float:
    """An amount as a chart takes it, to the cent."""
    return round(float(amount), CENTS)
