"""The pictures of commitments: what they say, and that any bill can be drawn."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO

import numpy as np
import pytest
from matplotlib.image import imread

from analysis.commitments import Standing
from analysis.offers import OFFERS
from analysis.periods import Period, months_of
from analysis.purchases import Ladder, Usage, ladder
from charts.commitments import coverage, described_coverage, described_ladder
from charts.commitments import ladder as drawn

UNTIL = date(2026, 11, 15)


def months(start: date = date(2026, 8, 1), currency: str = "USD", **said: Decimal) -> list[tuple[Period, Standing]]:
    usual = {
        "used": Decimal(850),
        "unused": Decimal(150),
        "covered_list": Decimal(1000),
        "eligible_list": Decimal(4000),
    }
    spans = [Period(one.start, min(one.end, UNTIL)) for one in months_of(Period(start, UNTIL))]
    return [(span, Standing(currency, **(usual | said))) for span in spans]


def proposal(hourly: float = 10.0, currency: str = "USD") -> Ladder:
    days = np.full(200, 24 * hourly)
    usage = Usage(UNTIL - timedelta(days=200), days, 0 * days, 0 * days, currency)
    return ladder(OFFERS[0], usage, {}, Decimal(0), UNTIL)


def test_every_month_is_told_and_the_last_is_called_incomplete() -> None:
    words = coverage(months()).alt

    assert words.startswith("Commitments by month: August 2026 85% used, 25% covered, $150.00 unused; September")
    assert words.endswith("November 2026 is not complete yet.")
    assert "not complete" not in described_coverage(months()[:3])
    assert "team search" in described_coverage(months(), title="team search")


def test_a_ladder_is_told_with_its_steps_and_how_many_days_ran_for_more() -> None:
    words = drawn(proposal()).alt

    assert "90 days ran for $10.00 to $10.00 an hour on demand" in words
    assert "step 1 from Nov 15: $3.60 an hour; step 2 from Dec 15: $1.20 an hour" in words
    assert words.endswith("All of it covers $7.50 an hour; 90 days ran for more.")


def test_pictures_fit_teams_and_are_the_same_each_time() -> None:
    for png in (coverage(months()).png, drawn(proposal()).png):
        height, width = imread(BytesIO(png), format="png").shape[:2]
        assert width <= 1_000 and height <= 1_000
    assert coverage(months()).digest == coverage(months()).digest


@pytest.mark.parametrize(
    ("given", "locale"),
    [
        (months(used=Decimal(0), unused=Decimal(0)), "de_DE"),
        (months(eligible_list=Decimal(0), covered_list=Decimal(0)), "fr_FR"),
        (months(unused=Decimal(-3)), "ja_JP"),
        (months(covered_list=Decimal(3400)), "en_US"),
        (months(date(2024, 1, 1), "JPY"), "ar_EG"),
        (months(date(2026, 11, 1)), "sv_SE"),
    ],
)
def test_any_months_and_any_language_can_be_drawn(given: list[tuple[Period, Standing]], locale: str) -> None:
    assert coverage(given, title="$x_1^2$ and $", locale=locale).png.startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("found", "locale"),
    [(proposal(0.05), "en_US"), (proposal(9e7, "JPY"), "ja_JP"), (proposal(3, "EUR"), "de_DE"), (proposal(0), "fr_FR")],
)
def test_any_ladder_can_be_drawn(found: Ladder, locale: str) -> None:
    assert drawn(found, locale=locale).png.startswith(b"\x89PNG")
    assert "nan" not in described_ladder(found, locale=locale).lower()
