"""The burndown's picture: what it says, and that any budget can be drawn."""

from __future__ import annotations

import pytest

from analysis.periods import year_of
from charts.burndown import burndown, described
from tests.analysis.test_burndown import TODAY, held


def test_it_says_what_a_decision_needs() -> None:
    words = burndown(held(2_500), name="November 2026").alt

    for part in ("Budget cloud, November 2026: $2,500", "chance to overrun > 97%", "used up on Nov 25", "Going over."):
        assert part in words
    assert "80% range" in described(held(4_000), name="November 2026")


@pytest.mark.parametrize("amount", [0, 1, 2_500, 4_000, 1e9])
@pytest.mark.parametrize("daily", [100.0, 0.0, -50.0])
def test_any_budget_can_be_drawn(amount: float, daily: float) -> None:
    assert burndown(held(amount, daily=daily), name="November 2026", locale="de_DE").png.startswith(b"\x89PNG")


def test_a_year_can_be_drawn() -> None:
    assert burndown(held(30_000, period=year_of(TODAY)), name="2026").png
