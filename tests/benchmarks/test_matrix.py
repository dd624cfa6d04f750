"""The matrix on its page: what was tried anew takes its place, and nothing else of the page is touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.chaos.matrix import BEGIN, END, enter, line
from benchmarks.chaos.plan import PLAN, SOAK
from benchmarks.chaos.trial import Outcome, Trial


def trial(name: str) -> Trial:
    return next(one for one in PLAN if one.id == name)


def outcome(measured: str, *, met: bool = True) -> Outcome:
    return Outcome("p99 < 1 s", measured, met)


def test_lines_that_were_tried_take_the_place_of_the_old_ones_and_the_others_stay(tmp_path: Path) -> None:
    page = tmp_path / "operations.md"
    page.write_text(f"# Promises\n\n{BEGIN}\n{END}\n\nThe end.\n")

    enter(page, [line(SOAK, "sqlite", outcome("a month")), line(trial("R1"), "postgresql", outcome("slow", met=False))])
    enter(page, [line(trial("R1"), "postgresql", outcome("quick")), line(trial("R1"), "sqlite", outcome("quicker"))])

    text = page.read_text()
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in text.splitlines() if row.startswith("|")]
    assert [(row[0], row[2], row[4], row[5]) for row in cells[2:]] == [
        ("R1", "sqlite", "quicker", "yes"),
        ("R1", "postgresql", "quick", "yes"),
        ("R15", "sqlite", "a month", "yes"),
    ]
    assert text.startswith("# Promises\n")
    assert text.endswith("The end.\n")


def test_a_page_without_a_matrix_is_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "README.md"
    page.write_text("Hello.\n")

    with pytest.raises(ValueError, match="has no matrix"):
        enter(page, [line(trial("R1"), "sqlite", outcome("quick"))])

    assert page.read_text() == "Hello.\n"
