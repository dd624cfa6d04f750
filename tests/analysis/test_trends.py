"""Trends: what was built into a series is what is told of it."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from analysis.errors import BadData, TooShort
from analysis.focus import DailySeries
from analysis.periods import DAYS_A_MONTH
from analysis.trends import Trend, trends

START = date(2026, 6, 1)  # a Monday


def apart(values: np.ndarray) -> Trend:
    series = DailySeries((("total",),), START, values[None, :].astype(float), "USD")
    return trends(series, known_until=START + timedelta(days=values.size))[0]


def grown(days: int = 120, slope: float = 2.0, noise: float = 5.0, weekend: float = 0.0) -> np.ndarray:
    random = np.random.default_rng(7)
    time = np.arange(days)
    week = np.where(time % 7 >= 5, weekend, 0.0)
    return 1_000 + slope * time + week + noise * random.normal(size=days)


def test_growth_is_told_with_its_doubt() -> None:
    found = apart(grown())

    assert found.slope == pytest.approx(2.0, abs=0.1)
    assert float(found.a_month) == pytest.approx(2 * DAYS_A_MONTH**2, rel=0.05)
    assert found.is_sure and found.since == START
    assert abs(found.slope - 2.0) < 3 * found.doubt


def test_what_is_chance_is_not_called_growth() -> None:
    assert not apart(grown(slope=0.0, noise=40.0)).is_sure


def test_a_slope_that_bent_is_told_since_its_bend() -> None:
    values = np.concatenate([grown(60, slope=0.0), 1_000 + 8.0 * np.arange(60)])
    found = apart(values)

    assert abs((found.since - (START + timedelta(days=60))).days) <= 6
    assert found.slope == pytest.approx(8.0, rel=0.1)


def test_a_weekend_is_a_pattern_and_no_trend() -> None:
    found = apart(grown(slope=0.0, weekend=-300.0))

    assert found.weekend == pytest.approx(-0.3, abs=0.06)
    assert int(found.weekdays.argmin()) in {5, 6}


def test_a_day_that_nothing_explains_is_named() -> None:
    values = grown()
    values[50] += 700

    [(day, amount), *_] = apart(values).largest()
    assert day == START + timedelta(days=50)
    assert float(amount) == pytest.approx(700, rel=0.15)


def test_the_parts_are_the_whole() -> None:
    found = apart(grown(weekend=-100))

    assert np.allclose(found.trend + found.week + found.rest, found.values)


def test_too_short_and_incomplete_histories_say_so() -> None:
    with pytest.raises(TooShort, match="10 complete days of history, and a trend needs 28"):
        apart(np.ones(10))
    values = grown()
    values[3] = np.nan
    with pytest.raises(BadData, match="is missing"):
        apart(values)


@pytest.mark.parametrize("values", [np.zeros(60), np.full(60, 5.0), np.full(60, -5.0)])
def test_flat_costs_are_flat(values: np.ndarray) -> None:
    found = apart(values)

    assert not found.is_sure and found.rate == 0 and found.largest() == []


@settings(max_examples=25, deadline=None)
@given(some.lists(some.floats(-1e8, 1e8), min_size=28, max_size=60))
def test_any_costs_have_a_finite_trend(values: list[float]) -> None:
    found = apart(np.array(values))

    assert np.isfinite([found.slope, found.doubt, found.rate, found.weekend]).all()
