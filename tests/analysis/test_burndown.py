"""Budgets against what is spent and expected."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from analysis.budgets import Budget
from analysis.burndown import Burndown, Standing, burndown, chance_over, said_chance, windows_of
from analysis.focus import DailySeries
from analysis.forecasts import Range, forecast
from analysis.money import Money
from analysis.periods import Period, month_of, quarter_of, year_of

TODAY = date(2026, 11, 18)
KNOWN = date(2026, 11, 15)


def usd(amount: float | str | Decimal) -> Money:
    return Money.of(amount, "USD")


def held(amount: float, *, daily: float = 100.0, noise: float = 0.04, period: Period | None = None) -> Burndown:
    random = np.random.default_rng(3)
    days = (KNOWN - date(2025, 10, 1)).days
    values = daily * (1 + noise * random.normal(size=(1, days)))
    span = period or month_of(TODAY)
    series = DailySeries((("total",),), date(2025, 10, 1), values, "USD")
    outlook = forecast(series, known_until=KNOWN, as_of=TODAY, months=0, windows=windows_of(span, KNOWN))[0]
    return burndown(Budget("cloud", usd(amount)), span, outlook)


def test_a_budget_with_room_is_on_course() -> None:
    found = held(4_000)

    assert found.standing is Standing.ON_COURSE
    assert said_chance(found.chance) == "< 3%"
    assert found.exhausted_on is None
    assert found.days_left == 16
    assert float(found.allowance) == pytest.approx((4_000 - float(found.spent)) / 16, abs=0.01)


def test_a_budget_that_will_be_used_up_says_when() -> None:
    found = held(2_500)

    assert found.standing is Standing.OVER and found.spent < found.budget.amount
    assert found.exhausted_on == date(2026, 11, 25)
    earliest, latest = found.exhausted_between
    assert earliest is not None and latest is not None
    assert earliest <= found.exhausted_on <= latest
    assert said_chance(found.chance) == "> 97%"


def test_a_budget_that_is_used_up_has_no_allowance() -> None:
    found = held(1_000)

    assert found.spent > found.budget.amount
    assert found.allowance == usd(0)
    assert found.exhausted_on == date(2026, 11, 10)
    assert found.exhausted_between == (found.exhausted_on, found.exhausted_on)
    assert found.reached == 100


def test_a_budget_of_nothing_is_over_and_all_of_it_is_used() -> None:
    found = held(0)

    assert found.standing is Standing.OVER
    assert found.used == 1
    assert found.exhausted_on == date(2026, 11, 1)


def test_an_account_that_costs_nothing_keeps_a_budget_of_nothing() -> None:
    found = held(0, daily=0.0, noise=0.0)

    assert found.standing is Standing.ON_COURSE
    assert found.chance == 0


def test_credits_larger_than_cost_are_a_right_figure() -> None:
    found = held(100, daily=-50)

    assert found.spent.amount < 0 and found.standing is Standing.ON_COURSE
    assert np.isfinite(found.path).all()


@pytest.mark.parametrize("period", [quarter_of(TODAY), year_of(TODAY), year_of(TODAY, 4), quarter_of(TODAY, 2)])
def test_quarters_and_years_are_spent_and_expected_as_a_whole(period: Period) -> None:
    found = held(1e6, period=period)

    days = (KNOWN - max(period.start, date(2025, 10, 1))).days
    assert float(found.spent) == pytest.approx(100 * days, rel=0.02)
    assert float(found.end.expected) == pytest.approx(100 * period.days, rel=0.03)
    assert found.end.low80 < found.end.expected < found.end.high80
    assert len(found.path) == period.days
    assert found.path[-1] == pytest.approx(float(found.end.expected), rel=0.001)


def test_the_range_of_a_quarter_is_narrower_than_its_months_added_up() -> None:
    series = DailySeries(
        (("total",),),
        date(2025, 10, 1),
        100 * (1 + 0.2 * np.random.default_rng(5).normal(size=(1, (KNOWN - date(2025, 10, 1)).days))),
        "USD",
    )
    coming = Period(date(2027, 1, 1), date(2027, 4, 1))
    outlook = forecast(series, known_until=KNOWN, as_of=TODAY, months=4, windows=[coming])[0]
    [(_, whole)] = outlook.windows
    months = [total for span, total in outlook.months if span.start >= coming.start]

    assert float(whole.expected) == pytest.approx(sum(float(one.expected) for one in months), abs=0.05)
    assert float(whole.high80 - whole.low80) < sum(float(one.high80 - one.low80) for one in months)


@given(some.lists(some.floats(-1e9, 1e9), min_size=5, max_size=5), some.floats(-2e9, 2e9))
def test_a_chance_is_a_chance(bounds: list[float], limit: float) -> None:
    low95, low80, expected, high80, high95 = sorted(bounds)
    chance = chance_over(Range(usd(expected), usd(low80), usd(high80), usd(low95), usd(high95)), usd(limit))

    assert 0 <= chance <= 1
    if low80 + 1 < limit < high80 - 1:
        assert 0.1 - 1e-6 <= chance <= 0.9 + 1e-6


def test_the_more_is_allowed_the_less_likely_is_an_overrun() -> None:
    chances = [held(amount).chance for amount in range(2_800, 3_200, 20)]

    assert chances == sorted(chances, reverse=True)
    assert chances[0] > 0.9 and chances[-1] < 0.1
    assert said_chance(0.238) == "24%"


def test_the_first_of_a_month_has_spent_nothing() -> None:
    series = DailySeries((("total",),), date(2026, 9, 1), np.full((1, 61), 100.0), "USD")
    day = date(2026, 11, 1)
    outlook = forecast(series, known_until=day - timedelta(days=2), as_of=day, months=0)[0]
    found = burndown(Budget("cloud", usd(3_000)), month_of(day), outlook)

    assert found.spent == usd(0) and found.days_left == 30
    assert len(found.path) == 30


def test_the_range_of_a_quarter_widens_to_that_of_its_end() -> None:
    found = held(9_000, period=quarter_of(TODAY, 1))

    assert len(found.band) == found.days_left
    assert tuple(found.band[-1]) == tuple(
        float(one) for one in (found.end.low80, found.end.high80, found.end.low95, found.end.high95)
    )
    widths = np.diff(found.band[:, :2], axis=1)[::7, 0]
    assert (np.diff(widths) > 0).all()
