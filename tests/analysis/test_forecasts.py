"""Forecasts: exact where they must be, honest where they guess, and never broken by an odd bill."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from analysis.errors import BadData, TooShort
from analysis.focus import DailySeries
from analysis.forecasts import Forecast, Range, forecast
from analysis.money import Money

AS_OF = date(2026, 11, 21)


def series(values: np.ndarray | Sequence[float], until: date = AS_OF) -> DailySeries:
    rows = np.atleast_2d(np.asarray(values, dtype=float))
    names = tuple((f"account {number}",) for number in range(len(rows)))
    return DailySeries(names, until - timedelta(days=rows.shape[1]), rows, "USD")


def one(values: np.ndarray | Sequence[float], until: date = AS_OF, as_of: date = AS_OF) -> Forecast:
    return forecast(series(values, as_of), known_until=until, as_of=as_of)[0]


def on_day(day: int, amount: float, days: int, until: date = AS_OF) -> np.ndarray:
    start = until - timedelta(days=days)
    return np.array([amount if (start + timedelta(days=n)).day == day else 0.0 for n in range(days)])


def noise(seed: int, rows: int = 1, days: int = 365) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 1, (rows, days))


def is_sound(span: Range) -> bool:
    ordered = span.low95 <= span.low80 <= span.expected <= span.high80 <= span.high95
    return ordered and all(m.amount.is_finite() for m in (span.low95, span.expected, span.high95))


@settings(max_examples=60, deadline=None)
@given(
    values=st.integers(7, 70).flatmap(
        lambda days: arrays(float, (3, days), elements=st.floats(-1e9, 1e9, allow_subnormal=False) | st.just(0.0))
    ),
    as_of=st.dates(date(2023, 12, 1), date(2028, 3, 31)),
    lag=st.integers(0, 4),
)
def test_whatever_the_bill_ranges_are_ordered_finite_and_never_below_what_is_spent(
    values: np.ndarray, as_of: date, lag: int
) -> None:
    known_until = as_of - timedelta(days=lag)
    if values.shape[1] - lag < 7:
        return
    for row, found in zip(values, forecast(series(values, as_of), known_until=known_until, as_of=as_of), strict=True):
        assert all(is_sound(span) for span in (found.month_end, *(span for _, span in found.months)))
        assert np.isfinite(found.daily).all() and np.isfinite(found.fan).all()
        known = row[: row.size - lag]
        days = max(0, (known_until - found.month.start).days)
        spent = sum((Decimal(float(cost)) for cost in known[known.size - min(days, known.size) :]), Decimal(0))
        assert abs(found.month_to_date.amount - spent) <= Decimal("0.01") + abs(spent) / 10**12
        if (row >= 0).all():
            assert found.month_end.low95 >= found.month_to_date
            assert all(span.low95.amount >= 0 for _, span in found.months)


def test_the_expected_total_is_what_is_spent_and_the_remaining_days() -> None:
    found = one(300 + 20 * noise(1)[0])
    rest = found.daily[: (found.month.end - found.known_until).days].sum()
    assert float(found.month_end.expected) == pytest.approx(float(found.month_to_date) + rest, abs=0.011)
    assert found.fan[-1, 0] == pytest.approx(float(found.month_end.expected), abs=0.011)


def test_the_same_bill_gives_the_same_forecast() -> None:
    assert one(300 + 20 * noise(1)[0]).months == one(300 + 20 * noise(1)[0]).months


def test_a_monthly_fee_is_scheduled_on_its_day_and_nowhere_else() -> None:
    plain = 300 + 10 * noise(2)[0]
    found = one(plain + on_day(1, 2_000, 365))
    first = (date(2026, 12, 1) - found.known_until).days
    assert found.daily[first] == pytest.approx(2_300, rel=0.1)
    assert found.daily[first + 1 : first + 20].max() < 400
    assert [day for day, _ in found.monthly_charges] == [1]
    assert float(found.monthly_charges[0][1]) == pytest.approx(2_000, rel=0.05)


def test_a_fee_in_the_middle_of_the_month_and_one_on_its_last_day_are_scheduled_too() -> None:
    found = one(300 + 5 * noise(3)[0] + on_day(15, 900, 365))
    assert [day for day, _ in found.monthly_charges] == [15]
    assert found.daily[(date(2027, 1, 15) - found.known_until).days] > 1_000


def test_a_fee_that_is_no_longer_charged_is_not_scheduled() -> None:
    fee = on_day(1, 2_000, 365)
    fee[-70:] = 0
    assert one(300 + 10 * noise(4)[0] + fee).monthly_charges == ()


def test_one_upfront_spike_does_not_raise_the_next_months() -> None:
    plain = 300 + 10 * noise(5)[0]
    spiked = plain.copy()
    spiked[-30] += 20_000
    usual, after = (float(one(values).months[0][1].expected) for values in (plain, spiked))
    assert after == pytest.approx(usual, rel=0.03)


def test_days_that_may_still_grow_are_not_believed() -> None:
    whole = 300 + 10 * noise(6)[0]
    late = whole.copy()
    late[-2:] *= (0.45, 0.15)
    trimmed = one(late, until=AS_OF - timedelta(days=2))
    assert trimmed.provisional.tolist() == late[-2:].tolist()
    assert float(trimmed.month_end.expected) == pytest.approx(float(one(whole).month_end.expected), rel=0.02)
    believed = one(late)
    assert trimmed.month_to_date == Money.of(round(late[-20:-2].sum(), 2), "USD")
    assert abs(float(believed.months[0][1].expected) - 9_300) > 3 * abs(float(trimmed.months[0][1].expected) - 9_300)


def test_a_longer_month_costs_more_by_its_days() -> None:
    found = one(np.full(200, 100.0), as_of=date(2027, 1, 21), until=date(2027, 1, 21))
    costs = {period.days: float(span.expected) for period, span in found.months}
    assert costs[31] / costs[28] == pytest.approx(31 / 28)


def test_february_of_a_leap_year_has_29_days() -> None:
    found = one(np.full(60, 100.0), as_of=date(2028, 1, 10), until=date(2028, 1, 10))
    assert found.months[0][1].expected == Money.of("2900.00", "USD")


def test_the_range_of_a_month_is_not_the_sum_of_its_days_ranges() -> None:
    found = one(300 + 60 * noise(7)[0])
    first = found.fan[0]
    days = len(found.fan)
    width = found.fan[-1, 2] - found.fan[-1, 1]
    assert width < 0.6 * days * (first[2] - first[1])


def test_on_the_first_days_the_month_before_is_still_open() -> None:
    found = one(np.full(100, 100.0), until=date(2026, 10, 30), as_of=date(2026, 11, 2))
    assert found.month.start == found.fan_start == date(2026, 11, 1)
    assert found.month_to_date == Money.zero("USD")
    assert found.month_end.expected == Money.of("3000.00", "USD")
    assert len(found.fan) == 30


def test_a_month_that_is_complete_has_no_range() -> None:
    found = one(np.full(100, 100.0), until=date(2026, 12, 1), as_of=date(2026, 11, 30))
    assert found.month_end.low95 <= found.month_end.high95


def test_a_stopped_account_is_expected_to_stay_stopped() -> None:
    found = one(np.concatenate([300 + 10 * noise(8)[0, :200], np.zeros(14)]))
    assert found.months[0][1].expected == Money.zero("USD")
    assert found.months[0][1].high80 == Money.zero("USD")
    assert found.months[0][1].high95 > Money.zero("USD")


def test_a_new_account_among_old_ones_is_forecast_from_its_own_days() -> None:
    values = 300 + 10 * noise(9, rows=2)
    values[1, :-12] = 0
    old, new = forecast(series(values), known_until=AS_OF, as_of=AS_OF)
    assert float(new.months[0][1].expected) == pytest.approx(9_300, rel=0.05)
    widths = [float(f.months[0][1].high80 - f.months[0][1].low80) for f in (old, new)]
    assert widths[1] > 2 * widths[0]


def test_nothing_billed_is_nothing_expected() -> None:
    found = one(np.zeros(30))
    assert found.month_end.expected == found.months[-1][1].high80 == Money.zero("USD")


def test_credits_beyond_cost_give_a_negative_total() -> None:
    found = one(-100 + 5 * noise(10)[0])
    assert float(found.months[0][1].expected) == pytest.approx(-3_100, rel=0.05)
    assert is_sound(found.months[0][1])


@pytest.mark.parametrize("days", [0, 1, 2, 6])
def test_too_short_a_history_says_how_much_there_is_and_how_much_is_needed(days: int) -> None:
    with pytest.raises(TooShort, match=rf"^{days} complete days of history.* needs 7"):
        forecast(series(np.full((1, days), 5.0)), known_until=AS_OF, as_of=AS_OF)


def test_a_missing_value_is_refused_by_name_and_day() -> None:
    values = np.full((2, 20), 5.0)
    values[1, 3] = np.nan
    with pytest.raises(BadData, match="account 1 on 2026-11-04"):
        forecast(series(values), known_until=AS_OF, as_of=AS_OF)


def wandering(seed: int, rows: int, days: int) -> np.ndarray:
    """Bills as they are: weekdays, noise, a wandering level, steps, a fee on the first."""
    random = np.random.default_rng(seed)
    level = np.exp(np.cumsum(random.normal(0, 0.008, (rows, days)), axis=1))
    steps = random.random((rows, days)) < 0.004
    level *= np.exp(np.cumsum(np.where(steps, random.normal(0, 0.2, (rows, days)), 0), axis=1))
    week = 1 - random.uniform(0, 0.5, (rows, 1)) * (np.arange(days) % 7 >= 5)
    spread = random.uniform(0.02, 0.2, (rows, 1))
    return np.maximum(0, 300 * level * week * (1 + spread * random.normal(0, 1, (rows, days))))


@pytest.mark.parametrize(("history", "rows"), [(365, 150), (60, 150), (14, 150), (150, 1)])
def test_ranges_hold_as_often_as_they_promise(history: int, rows: int) -> None:
    held80, held95, tries = 0, 0, 0
    for seed in range(3 if rows > 1 else 120):
        values = wandering(seed, rows, history + 120)
        as_of = date(2026, 5, 11)
        past = DailySeries(
            tuple((str(n),) for n in range(rows)), as_of - timedelta(days=history), values[:, :history], "USD"
        )
        for row, found in zip(values, forecast(past, known_until=as_of, as_of=as_of), strict=True):
            begin = max(0, history - 10)
            ends = np.cumsum([found.month.end.toordinal() - as_of.toordinal(), 30, 31, 31]) + history
            came = [row[begin : ends[0]].sum(), *(row[a:b].sum() for a, b in pairwise(ends))]
            for total, span in zip(came, (found.month_end, *(span for _, span in found.months)), strict=True):
                held80 += float(span.low80) <= total <= float(span.high80)
                held95 += float(span.low95) <= total <= float(span.high95)
                tries += 1
    assert 0.70 <= held80 / tries <= 0.95
    assert 0.88 <= held95 / tries <= 0.995


def test_it_beats_repeating_last_week_and_the_run_rate() -> None:
    values = wandering(99, 200, 485)
    as_of = date(2026, 5, 11)
    past = DailySeries(tuple((str(n),) for n in range(200)), as_of - timedelta(days=365), values[:, :365], "USD")
    truth = values[:, 386:416].sum(axis=1)
    ours = np.array([float(f.months[0][1].expected) for f in forecast(past, known_until=as_of, as_of=as_of)])
    peers = (values[:, 358:365].mean(axis=1) * 30, values[:, 355:365].mean(axis=1) * 30)
    errors = [np.mean(np.abs(said - truth) / truth) for said in (ours, *peers)]
    assert errors[0] < min(errors[1:])


def test_a_level_that_doubled_ten_days_ago_is_mostly_believed_and_doubted_in_the_range() -> None:
    values = 100 + 5 * noise(11)[0]
    values[-10:] += 100
    span = one(values).months[0][1]
    assert 5_000 < float(span.expected) <= 6_400
    assert span.low95 < Money.of(5_000, "USD") and span.high95 > Money.of(6_200, "USD")


def test_a_job_that_runs_once_a_week_is_no_spike() -> None:
    found = one([50.0 if day % 7 == 3 else 0.0 for day in range(140)])
    assert float(found.months[0][1].expected) == pytest.approx(50 * 31 / 7, rel=0.15)


def test_a_steady_fee_that_was_raised_has_a_range_of_its_own_size() -> None:
    raised = np.where(np.arange(300) < 200, 100.0, 250.0)
    together = np.stack([raised, np.where(np.arange(300) < 150, 300.0, 350.0)])

    for found in (one(raised), *forecast(series(together), known_until=AS_OF, as_of=AS_OF)):
        for _, span in found.months:
            assert span.high95.amount < 3 * span.expected.amount


def test_a_new_account_borrows_the_week_of_the_others() -> None:
    week = np.tile([1.3, 1.2, 1.1, 1.1, 1.3, 0.6, 0.4], 60)
    costs = np.array([300 * week * np.exp(0.25 * row) for row in noise(3, rows=24, days=week.size)])
    costs[:4, :-9] = 0.0

    def miss(found: Forecast) -> float:
        return float(np.abs(found.daily[:7] / found.daily[:7].mean() - week[:7]).mean())

    together = forecast(series(costs), known_until=AS_OF, as_of=AS_OF)[:4]
    alone = [one(row[-9:]) for row in costs[:4]]
    assert sum(map(miss, together)) < 0.7 * sum(map(miss, alone))


def test_a_spike_of_the_past_widens_a_range_but_not_without_bound() -> None:
    calm = 100 + 3 * noise(5)[0]
    odd = calm.copy()
    odd[[60, 150, 240, 300]] += 2_000
    absurd = calm.copy()
    absurd[200] += 1e7

    width = {
        name: float(one(values).months[0][1].high80.amount - one(values).months[0][1].low80.amount)
        for name, values in (("calm", calm), ("odd", odd), ("absurd", absurd))
    }

    assert width["calm"] < width["odd"]
    assert width["absurd"] < 5 * width["calm"]
