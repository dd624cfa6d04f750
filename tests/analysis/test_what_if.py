"""What if, and how good forecasts were."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import numpy as np
import pytest

from analysis.focus import DailySeries
from analysis.forecasts import Range
from analysis.money import Money
from analysis.periods import months_after
from analysis.track_record import track_record
from analysis.what_if import Growth, Planned, what_if

DECEMBER, JANUARY, FEBRUARY = months_after(date(2026, 11, 18), 3)


def usd(amount: float) -> Money:
    return Money.of(amount, "USD")


BASE = Range(usd(1000), usd(900), usd(1100), usd(800), usd(1200))
MONTHS = [(month, BASE) for month in (DECEMBER, JANUARY, FEBRUARY)]


def test_growth_scales_a_month_with_its_range_from_its_first_month_on() -> None:
    december, january, _ = what_if(MONTHS, growth=Growth(Decimal("0.1"), JANUARY.start))

    assert december.difference == usd(0)
    assert (january.changed.expected, january.changed.low80, january.changed.high95) == (usd(1100), usd(990), usd(1320))


def test_a_planned_change_holds_in_its_months_only() -> None:
    found = what_if(MONTHS, planned=[Planned("migration", usd(-200), JANUARY.start, JANUARY.end)])

    assert [one.difference.amount for one in found] == [0, -200, 0]


def test_growth_and_changes_together() -> None:
    change = Planned("new product", usd(50), DECEMBER.start)
    found = what_if(MONTHS, growth=Growth(Decimal("-0.5"), DECEMBER.start), planned=[change])

    assert [one.changed.expected.amount for one in found] == [550, 550, 550]


def series(days: int, jump: float = 1.0) -> DailySeries:
    values = np.full((1, days), 100.0)
    values[:, -25:] *= jump
    return DailySeries((("total",),), date(2026, 1, 1), values, "USD")


def test_a_steady_series_was_forecast_well() -> None:
    record = track_record(series(318), known_until=date(2026, 11, 15), as_of=date(2026, 11, 18))

    assert [one.month.start.month for one in record.held] == [10, 9, 8, 7, 6, 5]
    assert record.error < 0.001
    assert all(one.came == usd(100 * one.month.days) for one in record.held)


def test_a_jump_nobody_could_know_of_is_an_error_and_only_once() -> None:
    record = track_record(series(318, jump=2), known_until=date(2026, 11, 15), as_of=date(2026, 11, 18))

    errors = {one.month.start.month: one.error for one in record.held}
    assert errors[9] == pytest.approx(0, abs=0.001)
    assert errors[10] != pytest.approx(0, abs=0.001)


def test_nothing_after_the_day_is_known_to_the_forecast() -> None:
    one, other = series(318), series(318)
    other.values[:, 290:] = 9e6  # after 18 October
    records = [track_record(it, known_until=date(2026, 11, 15), as_of=date(2026, 11, 18)) for it in (one, other)]

    said = [record.held[0].said for record in records]
    assert said[0] == said[1]


def test_a_short_history_has_no_record() -> None:
    assert track_record(series(20), known_until=date(2026, 1, 18), as_of=date(2026, 1, 21)).held == ()
