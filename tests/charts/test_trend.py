"""The trend's picture: what it says, and that any series can be drawn."""

from __future__ import annotations

import numpy as np
import pytest

from charts.trend import trend
from tests.analysis.test_trends import apart, grown


def test_it_says_level_growth_and_week() -> None:
    words = trend(apart(grown(weekend=-300)), title="Daily cost").alt

    assert words.startswith("Daily cost, Jun 1 to Sep 28: a day costs about $1,")
    assert "a month with each month since Jun 1" in words and "a weekend day -" in words


@pytest.mark.parametrize("values", [np.zeros(40), np.full(40, -3.0), 1e9 * grown(40), grown(90)])
@pytest.mark.parametrize("locale", ["en_US", "de_DE"])
def test_any_series_can_be_drawn(values: np.ndarray, locale: str) -> None:
    assert trend(apart(values), title="$x$", locale=locale).png.startswith(b"\x89PNG")
