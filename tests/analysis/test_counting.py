"""One is one, and all others are several."""

from __future__ import annotations

from analysis.counting import so_many


def test_one_is_one_and_all_others_are_several() -> None:
    assert [so_many(number, "billed day") for number in (0, 1, 2)] == ["0 billed days", "1 billed day", "2 billed days"]
