"""Unit cost: what its picture says, and the digits it needs."""

from __future__ import annotations

from decimal import Decimal

import pytest

from analysis.money import Money
from analysis.units import UnitEconomics, unit_economics
from charts.unit_cost import said_each, unit_cost
from tests.analysis.test_units import costs, driver


@pytest.mark.parametrize(
    ("amount", "said"),
    [("12.345", "$12.35"), ("0.5371", "$0.537"), ("0.00842", "$0.00842"), ("0", "$0.00"), ("-0.04", "-$0.04"),
     ("1234.5", "$1,235"), ("0.0000001", "$0.0000001")],
)  # fmt: skip
def test_a_unit_cost_has_the_digits_it_needs(amount: str, said: str) -> None:
    assert said_each(Money(Decimal(amount), "USD")) == said


def test_every_month_is_told_in_words() -> None:
    orders = driver()
    words = unit_cost(unit_economics(costs(0, 0.5, orders), orders), one="order", scope="team search").alt

    assert words.startswith("Cost of one order of team search: January 2026 $0.50 for 3,100 orders; ")


@pytest.mark.parametrize("count", [0, 1, 2, 10])
def test_any_number_of_months_can_be_drawn(count: int) -> None:
    orders = driver()
    found = unit_economics(costs(0, -0.5, orders)[:count], orders)
    assert unit_cost(UnitEconomics("orders", found.points, (), None), one="order", locale="de_DE").png
