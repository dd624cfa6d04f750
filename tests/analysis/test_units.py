"""Unit economics: exact parts, and honesty where a driver is missing."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as some

from analysis.money import Money
from analysis.periods import Period, month_of, months_after
from analysis.units import DriverSeries, UnitCost, decomposed, unit_economics

MONTHS = [month_of(date(2026, 1, 1)), *months_after(date(2026, 1, 1), 9)]
AMOUNT = some.decimals(-(10**6), 10**9, places=2)
UNITS = some.decimals("0.001", 10**9, places=3)


def usd(amount: Decimal | float | str) -> Money:
    return Money.of(amount, "USD")


def driver(daily: float = 100, growth: float = 0.0, skip: tuple[date, ...] = ()) -> DriverSeries:
    days = [day for month in MONTHS for day in month]
    made = {day: Decimal(str(round(daily * (1 + growth * number), 3))) for number, day in enumerate(days)}
    return DriverSeries("orders", {day: figure for day, figure in made.items() if day not in skip})


def costs(fixed: float, each: float, orders: DriverSeries) -> list[tuple[Period, Money]]:
    return [(month, usd(fixed * month.days + each * float(sum(orders.known(month))))) for month in MONTHS]


def test_each_unit_costs_its_part() -> None:
    orders = driver()
    found = unit_economics(costs(0, 0.5, orders), orders)

    assert [round(float(point.each), 6) for point in found.points] == [0.5] * 10
    assert found.change == 0


@given(AMOUNT, AMOUNT, UNITS, UNITS)
def test_volume_and_efficiency_are_the_change_to_the_cent(a: Decimal, b: Decimal, u: Decimal, v: Decimal) -> None:
    why = decomposed(UnitCost(MONTHS[0], usd(a), u), UnitCost(MONTHS[1], usd(b), v))

    assert why.change == usd(b - a)
    assert why.volume.amount == why.volume.cents().amount


def test_new_prices_are_told_apart_from_efficiency() -> None:
    before, after = UnitCost(MONTHS[0], usd(100), Decimal(100)), UnitCost(MONTHS[1], usd(130), Decimal(100))
    why = decomposed(before, after, price=usd("20"))

    assert (why.volume, why.price, why.efficiency) == (usd("0.00"), usd("20.00"), usd("10.00"))


def test_more_orders_at_the_same_cost_are_volume_only() -> None:
    why = decomposed(UnitCost(MONTHS[0], usd(100), Decimal(200)), UnitCost(MONTHS[1], usd(150), Decimal(300)))

    assert (why.volume, why.efficiency) == (usd("50.00"), usd("0.00"))


def test_one_more_unit_costs_less_than_the_average_where_much_is_fixed() -> None:
    orders = driver(growth=0.002)
    found = unit_economics(costs(fixed=300, each=0.2, orders=orders), orders)

    assert found.marginal is not None and found.marginal.is_sure
    assert float(found.marginal.each) == pytest.approx(0.2, rel=0.01)
    assert found.newest.each > found.marginal.each


def test_a_driver_that_hardly_varies_tells_no_marginal_cost() -> None:
    orders = driver()
    assert unit_economics(costs(300, 0.2, orders), orders).marginal is None
    assert unit_economics(costs(300, 0.2, orders)[:3], orders).marginal is None


def test_a_missing_week_is_scaled_and_a_missing_month_is_left_out_and_named() -> None:
    week = tuple(date(2026, 3, day) for day in range(1, 6))
    month = tuple(date(2026, 5, day) for day in range(1, 20))
    found = unit_economics(costs(0, 0.5, driver()), driver(skip=(*week, *month)))

    march = next(point for point in found.points if point.period.start.month == 3)
    assert float(march.units) == pytest.approx(3_100)
    assert found.left_out == ("May 2026: orders is known for 12 of 31 days",)
    assert 5 not in [point.period.start.month for point in found.points]


def test_a_driver_of_nothing_divides_nothing() -> None:
    nothing = DriverSeries("orders", {day: Decimal(0) for month in MONTHS for day in month})
    found = unit_economics([(MONTHS[0], usd(5))], nothing)

    assert found.points == () and found.left_out == ("January 2026: there were no orders",)
