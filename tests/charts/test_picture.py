"""Pictures by content: the same values are drawn once."""

from __future__ import annotations

from analysis.money import Money
from charts.bars import bars


def test_the_same_values_are_the_same_picture_and_others_another() -> None:
    rows = [("storage", Money.of(12, "USD")), ("compute", Money.of(30, "USD"))]

    first = bars(rows, title="Costs")

    assert bars(list(rows), title="Costs") is first
    assert bars(rows, title="Cost") is not first
    assert bars([("storage", Money.of(13, "USD")), rows[1]], title="Costs").png != first.png
