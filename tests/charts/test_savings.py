"""The climb's picture."""

from __future__ import annotations

from datetime import date, timedelta

from analysis.savings import Billed, ledger, verify
from charts.savings import climb
from tests.analysis.test_savings import FIXED, daily, finding


def test_every_month_is_told_and_drawn() -> None:
    line = verify(finding(), FIXED, Billed(daily("1", "0", days=70), {}), FIXED + timedelta(days=71))
    drawn = climb(ledger([line], "USD"), until=date(2026, 11, 10))

    assert "September 2026 $365.28; October 2026 $365.28; November 2026 $365.28" in drawn.alt
    assert drawn.png.startswith(b"\x89PNG")


def test_nothing_yet_can_be_drawn() -> None:
    assert "none yet" in climb(ledger((), "EUR"), until=date(2026, 11, 10), locale="de_DE").alt
