"""Questions to the bill, and the tables that answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

import pandas as pd
import pytest

from analysis.errors import BadData
from analysis.focus import DAY, CostFrame, CostQuery, Freshness
from analysis.money import Money
from analysis.periods import Period, days_in_month, last_days, month_before, month_of, months_after

WEEK = Period(date(2026, 11, 2), date(2026, 11, 9))


def frame(rows: Sequence[tuple[object, ...]], by: tuple[str, ...]) -> CostFrame:
    query = CostQuery(WEEK, "USD", by)
    return CostFrame.checked(pd.DataFrame(rows, columns=[*by, "Cost"], dtype=object), query)


def test_a_question_about_a_column_nobody_has_is_refused() -> None:
    with pytest.raises(BadData, match="'Colour' is no dimension of a bill"):
        CostQuery(WEEK, "USD", ("Colour",))


def test_the_same_question_has_the_same_key_however_it_is_written() -> None:
    one = CostQuery(WEEK, "USD", where={"RegionId": ("a",), "Tags/team": ("b",)})
    other = CostQuery(WEEK, "USD", where={"Tags/team": ["b"], "RegionId": ["a"]})
    assert one.key() == other.key() and hash(one.key())


def test_a_table_with_other_columns_or_floats_is_refused() -> None:
    query = CostQuery(WEEK, "USD", ("RegionId",))
    with pytest.raises(BadData, match="was asked for"):
        CostFrame.checked(pd.DataFrame({"Cost": [Decimal(1)]}), query)
    with pytest.raises(BadData, match="no decimals"):
        CostFrame.checked(pd.DataFrame({"RegionId": ["a"], "Cost": [1.0]}), query)


def test_totals_are_exact_and_ranked_and_rows_without_a_name_are_kept() -> None:
    found = frame([("a", Decimal("0.1")), (None, Decimal("0.2")), ("a", Decimal("0.3"))], ("RegionId",))

    assert found.total() == Money.of("0.6", "USD")
    assert found.by("RegionId") == [("a", Money.of("0.4", "USD")), (None, Money.of("0.2", "USD"))]


def test_a_series_has_a_value_for_every_day_of_the_question() -> None:
    rows = [
        (date(2026, 11, 3), "a", Decimal(2)),
        (date(2026, 11, 8), "b", Decimal(3)),
        (date(2026, 11, 3), "a", Decimal(1)),
    ]
    series = frame(rows, (DAY, "RegionId")).daily()

    assert series.names == (("a",), ("b",))
    assert series.values.tolist() == [[0, 3, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 3]]
    assert series.total().values.sum() == 6
    assert series.period == WEEK


def test_no_rows_are_a_series_of_nothing() -> None:
    assert frame([], (DAY,)).daily().values.tolist() == [[0.0] * 7]


def test_history_ends_where_the_days_are_complete() -> None:
    fresh = Freshness(
        Period(date(2026, 1, 1), date(2026, 11, 18)), date(2026, 11, 16), datetime(2026, 11, 18, tzinfo=UTC), ("x",)
    )
    assert fresh.history == Period(date(2026, 1, 1), date(2026, 11, 16))
    assert "complete up to 15 Nov 2026" in fresh.said()


def test_months_have_the_days_they_have() -> None:
    assert days_in_month(date(2028, 2, 10)) == 29
    assert month_of(date(2026, 12, 31)) == Period(date(2026, 12, 1), date(2027, 1, 1))
    assert month_before(date(2026, 1, 15)) == month_of(date(2025, 12, 1))
    assert [period.start.month for period in months_after(date(2026, 11, 30), 3)] == [12, 1, 2]
    assert last_days(30, date(2026, 3, 1)).start == date(2026, 1, 30)
    assert len(list(month_of(date(2026, 2, 1)))) == 28


def test_a_period_is_said_as_people_do() -> None:
    assert str(month_of(date(2026, 11, 5))) == "November 2026"
    assert str(WEEK) == "2026-11-02 to 2026-11-08"
