"""The forecast fan: what it says, and that any bill can be drawn."""

from __future__ import annotations

from datetime import date, timedelta
from io import BytesIO

import numpy as np
import pytest
from matplotlib.image import imread

from analysis.focus import DailySeries
from analysis.forecasts import Forecast, forecast
from analysis.money import Money
from charts import style
from charts.forecast_fan import described, forecast_fan
from charts.picture import forget

AS_OF = date(2026, 11, 21)


def outlook(daily: float = 300, currency: str = "USD", as_of: date = AS_OF, lag: int = 2, days: int = 90) -> Forecast:
    values = daily * (1 + 0.05 * np.random.default_rng(1).normal(0, 1, (1, days)))
    history = DailySeries((("total",),), as_of - timedelta(days=days), values, currency)
    return forecast(history, known_until=as_of - timedelta(days=lag), as_of=as_of)[0]


def pixels(png: bytes) -> tuple[int, int]:
    height, width = imread(BytesIO(png), format="png").shape[:2]
    return width, height


def test_it_is_small_enough_for_teams() -> None:
    drawn = forecast_fan(outlook(), budget=Money.of(9_500, "USD"))
    width, height = pixels(drawn.png)
    assert width <= 1_000 and height <= 1_000
    assert len(drawn.png) < 200_000
    assert drawn.name == "forecast"


def test_the_words_give_every_number_a_decision_needs() -> None:
    found = outlook()
    words = forecast_fan(found, budget=Money.of(8_500, "USD"), title="team search").alt
    end = found.month_end
    for amount in (found.month_to_date, end.expected, end.low80, end.high80, end.low95, end.high95):
        assert amount.said() in words
    over = end.expected - Money.of(8_500, "USD")
    assert f"budget $8,500, expected {over.said()} over, and even the 95% range lies over it" in words
    assert "provisional days, not counted yet: 2 (Nov 19 to Nov 20)" in words
    assert "November 2026, team search" in words


def test_under_budget_and_no_budget_are_said() -> None:
    assert "under, and even the 95% range lies under it" in described(outlook(), budget=Money.of(90_000, "USD"))
    assert "with the budget inside the 80% range" in described(outlook(), budget=outlook().month_end.expected)
    assert "budget" not in described(outlook(), budget=None)


def test_a_picture_is_the_same_each_time() -> None:
    first = forecast_fan(outlook(), budget=None)
    forget()
    again = forecast_fan(outlook(), budget=None)

    assert again is not first
    assert again.digest == first.digest


@pytest.mark.parametrize(
    ("found", "budget", "locale"),
    [
        (outlook(as_of=date(2026, 11, 2), lag=3), 9_000, "de_DE"),
        (outlook(as_of=date(2026, 11, 1), lag=0), None, "fr_FR"),
        (outlook(as_of=date(2026, 12, 1), lag=1), 9_000, "en_GB"),
        (outlook(-200), -2_000, "en_US"),
        (outlook(0), 0, "en_US"),
        (outlook(0.001), 1, "en_US"),
        (outlook(9e10, "JPY"), 10**14, "ja_JP"),
        (outlook(300, "XAU"), 5, "ar_EG"),
        (outlook(days=9), 1, "sv_SE"),
    ],
)
def test_any_bill_and_any_language_can_be_drawn(found: Forecast, budget: float | None, locale: str) -> None:
    money = None if budget is None else Money.of(budget, found.currency)
    assert forecast_fan(found, budget=money, locale=locale).png.startswith(b"\x89PNG")


def test_a_title_is_written_as_it_is() -> None:
    for title in ("$x_1^2$ and $", "プロジェクト 🚀", "a" * 400, "line\nbreak"):
        assert forecast_fan(outlook(), budget=None, title=title).png


@pytest.mark.parametrize(
    ("amount", "locale", "words"),
    [
        (0, "en_US", "0"),
        (12_345, "en_US", "$12.3K"),
        (10_000, "en_US", "$10K"),
        (500_000, "en_US", "$500K"),
        (1_423_000, "en_US", "$1.42M"),
        (9_250, "en_US", "$9.25K"),
        (12, "en_US", "$12.00"),
        (-2_000, "en_US", "-$2K"),
        (10_000, "de_DE", "10.000\xa0€"),
    ],
)
def test_short_money_keeps_three_digits(amount: float, locale: str, words: str) -> None:
    assert style.short(Money.of(amount, "EUR" if locale == "de_DE" else "USD"), locale) == words
