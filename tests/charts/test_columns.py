"""Columns: what they say, and that any amounts can be drawn."""

from __future__ import annotations

import pytest

from analysis.money import Money
from charts.columns import columns


def points(*amounts: int) -> list[tuple[str, Money]]:
    return [(f"Nov {day}", Money.of(amount, "USD")) for day, amount in enumerate(amounts, 1)]


def test_it_says_the_newest_its_range_and_what_is_usual() -> None:
    said = columns(points(100, 300, 200), title="Cost by day", usual=Money.of(150, "USD")).alt

    assert said == "Cost by day: $200.00 in Nov 3, the newest of 3, between $100.00 and $300.00; $150.00 is usual."


@pytest.mark.parametrize("amounts", [(), (0,), (-5, 10), tuple(range(40)), (10**9, 1)])
@pytest.mark.parametrize("locale", ["en_US", "de_DE"])
def test_any_amounts_can_be_drawn(amounts: tuple[int, ...], locale: str) -> None:
    assert columns(points(*amounts), title="$x$", locale=locale).png.startswith(b"\x89PNG")
