"""Purchases: a ladder is never higher than what its usage carries."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from analysis.errors import UnknownName
from analysis.money import Money
from analysis.offers import OFFERS, offers
from analysis.purchases import LEAST_DAYS, WINDOW, Ladder, Usage, ladder

TODAY = date(2026, 11, 18)
AWS = OFFERS[0]
FLAT = np.full(400, 240.0)  # 10 an hour


def usage(on_demand: np.ndarray, covered: float = 0.0, capacity: float = 0.0) -> Usage:
    start = TODAY - timedelta(days=on_demand.size)
    return Usage(start, on_demand, np.full(on_demand.size, covered), np.full(on_demand.size, capacity), "USD")


def proposed(
    on_demand: np.ndarray, *, covered: float = 0.0, capacity: float = 0.0, own: Mapping[int, Decimal] | None = None
) -> Ladder:
    return ladder(AWS, usage(on_demand, covered, capacity), own or {}, Decimal(0), TODAY)


def test_steady_usage_is_climbed_in_three_steps_up_to_its_hourly_floor() -> None:
    found = proposed(FLAT)

    assert [step.hourly for step in found.steps] == [Money.of(amount, "USD") for amount in ("3.60", "1.20", "1.20")]
    assert found.rungs == pytest.approx((4.5, 6.0, 7.5))  # on demand: 60, 80 and 100% of 75% of 10
    assert [step.on for step in found.steps] == [TODAY + timedelta(days=days) for days in (0, 30, 60)]
    assert [step.coverage for step in found.steps] == [Decimal("0.45"), Decimal("0.60"), Decimal("0.75")]
    assert found.reason == ""


def test_a_step_saves_its_discount_on_what_it_covers_and_pays_back_within_its_term() -> None:
    first = proposed(FLAT).steps[0]

    assert first.expected == Money.of(round(0.9 * 24 * 30.4375, 2), "USD")  # 4.50 on demand for 3.60
    assert first.low80 == first.high80 == first.worst == first.expected
    assert (first.break_even, first.utilization) == (Decimal("9.6"), Decimal(1))


def test_a_fall_by_forty_percent_is_carried_by_the_first_step_alone() -> None:
    first, second, third = proposed(FLAT).steps

    assert [step.regret(20).amount > 0 for step in (first, second, third)] == [False, False, True]
    assert [step.regret(40).amount > 0 for step in (first, second, third)] == [False, True, True]
    assert third.regret(20) == Money.of(round(1.2 * 24 * 30.4375, 2), "USD")  # all of it paid, none of it used
    assert all(step.scenarios[20] == step.expected for step in (first, second, third))


def test_a_fall_of_all_usage_falls_on_the_newest_commitment_first() -> None:
    found = proposed(FLAT, covered=240, capacity=240)

    assert found.rungs == pytest.approx((2.0, 5.0))  # 75% of 20, less 20 and 0%, less the 10 that are promised
    assert found.steps[0].rate.years == 1 and found.steps[0].on == TODAY
    assert not found.steps[0].regret(20) and found.steps[0].regret(40)


def test_what_is_promised_already_is_used_first() -> None:
    found = proposed(FLAT, capacity=180)

    assert not found.steps
    assert found.reason == "present commitments already reach what runs in every hour of the lowest days"


def test_the_own_rate_counts_where_its_term_is_known_and_else_only_if_it_is_lower() -> None:
    def rates(own: Mapping[int, Decimal]) -> list[tuple[int, Decimal, bool]]:
        return [(step.rate.years, step.rate.discount, step.rate.own) for step in proposed(FLAT, own=own).steps[:2]]

    careful = (1, AWS.discount, False)
    assert rates({}) == [careful, careful]
    assert rates({1: Decimal("0.3")}) == [(1, Decimal("0.3"), True)] * 2
    assert rates({3: Decimal("0.3")}) == [(3, Decimal("0.3"), True), careful]
    assert rates({0: Decimal("0.3")}) == [careful, careful]
    assert rates({0: Decimal("0.1")}) == [(1, Decimal("0.1"), False)] * 2
    assert rates({3: Decimal("-0.2")}) == [careful, careful]


def test_a_weekend_is_the_lowest_level() -> None:
    week = np.tile([240.0] * 5 + [96.0] * 2, 58)
    found = proposed(week)

    assert found.rungs[-1] <= 0.75 * 4.0 + 1e-9


def test_falling_usage_is_taken_off_again() -> None:
    falling = np.concatenate([np.full(340, 300.0), np.full(60, 300.0) - np.arange(60)])
    found = proposed(falling)

    assert "usage fell by" in found.reason
    assert found.rungs[-1] < 0.75 * falling.min() / 24


def test_growth_is_not_counted_on() -> None:
    growing = 100.0 * np.exp(np.arange(400) / 200)
    steady = np.concatenate([growing, np.full(90, growing[-90:].min())])

    assert proposed(growing).rungs[-1] <= 0.75 * np.quantile(growing[-90:], 0.05) / 24
    assert proposed(growing).steps[0].utilization <= 1
    assert proposed(steady).steps


def test_usage_that_comes_and_goes_carries_nothing() -> None:
    pulses = np.tile([0.0] * 6 + [500.0], 58)

    assert proposed(pulses).reason == "on its lowest days nothing eligible ran on demand"
    assert proposed(np.zeros(400)).reason == "nothing eligible ran on demand"


def test_restless_usage_has_a_range_and_a_worst_case_beneath_it() -> None:
    random = np.random.default_rng(4)
    restless = 240 * np.exp(np.repeat(np.cumsum(random.normal(0, 0.06, 58)), 7))
    step = proposed(restless).steps[0]

    assert step.worst < step.low80 <= step.expected <= step.high80


def test_a_short_history_buys_nothing() -> None:
    found = proposed(np.full(LEAST_DAYS - 1, 240.0))

    assert not found.steps
    assert found.reason == f"59 complete days of usage are known, and a purchase needs {LEAST_DAYS}"


def test_the_same_history_proposes_the_same() -> None:
    first, second = proposed(FLAT), proposed(FLAT)
    assert first.steps == second.steps


@settings(max_examples=40, deadline=None)
@given(
    some.lists(some.floats(-50, 5_000), min_size=LEAST_DAYS, max_size=200),
    some.floats(0, 1_000),
    some.floats(1, 2),
    some.floats(0.01, 0.9),
)
def test_no_ladder_reaches_above_the_billed_level_of_the_lowest_days(
    days: list[float], covered: float, idle: float, rate: float
) -> None:
    found = proposed(np.array(days), covered=covered, capacity=covered * idle, own={1: Decimal(str(round(rate, 3)))})
    lowest = float(np.quantile(np.array(days[-WINDOW:]), 0.05))

    assert max(found.rungs, default=0.0) <= max(0.0, 0.75 * lowest / 24) + 1e-6
    assert list(found.rungs) == sorted(found.rungs)
    for step in found.steps:
        assert step.low80.amount > 0 and step.worst <= step.low80 <= step.high80
        assert step.break_even < 12 * step.rate.years
        assert 0 <= step.coverage <= 1
    assert found.steps or found.reason


def test_rates_are_set_by_the_deployment_for_providers_there_are() -> None:
    [aws, azure] = offers({"AWS": Decimal("0.25")}, Decimal("0.9"))

    assert (aws.discount, azure.discount) == (Decimal("0.25"), OFFERS[1].discount)
    assert aws.hourly_floor == azure.hourly_floor == Decimal("0.9")
    with pytest.raises(UnknownName, match="Gogle"):
        offers({"Gogle": Decimal("0.25")})
