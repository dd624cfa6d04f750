"""The waterfall: what it says, and that any change can be drawn."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from analysis.drivers import Line, Variance, variance
from analysis.periods import month_of
from charts.waterfall import described, waterfall

NAMES = ("September 2026", "October 2026")


def change(before: str, after: str) -> Variance:
    lines = [[Line("a", "g", Decimal(cost), Decimal(1))] for cost in (before, after)]
    periods = month_of(date(2026, 9, 1)), month_of(date(2026, 10, 1))
    return variance((periods[0], lines[0]), (periods[1], lines[1]), "USD")


def test_it_says_both_totals_and_every_cause() -> None:
    words = waterfall(change("3000", "4000"), names=NAMES, title="team search").alt

    assert words.startswith("Change of cost of team search: September 2026 $3,000, October 2026 $4,000, +$1,000.")
    assert "days +$100.00" in words and "price +$1,000" in words


def test_no_change_is_said() -> None:
    words = described(change("0", "0"), names=NAMES)
    assert words == "Change of cost: September 2026 $0.00, October 2026 $0.00, 0. Nothing changed."


@pytest.mark.parametrize(("before", "after"), [("0", "0"), ("1", "0"), ("-50", "20"), ("1e12", "5"), ("0.01", "0.02")])
@pytest.mark.parametrize("locale", ["en_US", "de_DE"])
def test_any_change_can_be_drawn(before: str, after: str, locale: str) -> None:
    assert waterfall(change(before, after), names=NAMES, locale=locale).png.startswith(b"\x89PNG")
