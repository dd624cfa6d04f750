"""The score's picture."""

from __future__ import annotations

from datetime import date

from analysis.maturity import Indicators, score
from analysis.periods import month_of
from charts.maturity import maturity


def test_every_domain_and_the_months_before_are_told() -> None:
    made = score(Indicators(allocated=0.8, waste=0.05), history=[(month_of(date(2026, 10, 1)), 61)])
    drawn = maturity(made)

    assert f"FinOps maturity {made.total} of 100" in drawn.alt
    assert "Quantify Business Value not measured" in drawn.alt and "October 2026 61" in drawn.alt
    assert drawn.png.startswith(b"\x89PNG")
