"""Bars: what they say, and that any amounts can be drawn."""

from __future__ import annotations

import pytest

from analysis.money import Money
from charts.bars import bars, described


def usd(amount: float) -> Money:
    return Money.of(amount, "USD")


def test_every_bar_is_told_in_words() -> None:
    drawn = bars([("Disks", usd(1_200)), ("Machines", usd(30.5))], title="Waste a month", name="waste")

    assert drawn.alt == "Waste a month. Disks $1,200; Machines $30.50."
    assert drawn.name == "waste" and drawn.png.startswith(b"\x89PNG")


def test_many_are_told_up_to_a_number() -> None:
    assert described([(f"t{n}", usd(1)) for n in range(20)], title="Teams").endswith("t15 $1.00; and 4 more.")


@pytest.mark.parametrize("amounts", [[], [0.0], [-5.0, 3.0], [1e9] * 30, [0.0001, -0.0001]])
def test_any_amounts_can_be_drawn(amounts: list[float]) -> None:
    rows = [(f"a very long name of a thing {n}", usd(amount)) for n, amount in enumerate(amounts)]

    assert bars(rows, title="$x_1$ \n plain").png
