"""Documents of figures: read again as they were written, and never a formula."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO, StringIO

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.core.workbook import Cell, Sheet, csv_of, workbook
from tests.examples import at_the_gate

NOW = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)
EVIL = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "=cmd|' /C calc'!A0")


def written(*sheets: Sheet) -> openpyxl.Workbook:
    return openpyxl.load_workbook(BytesIO(workbook(sheets, title="t", made_at=NOW)))


def sheet(name: str, rows: Sequence[Sequence[Cell]] = (), said: str = "said") -> Sheet:
    return Sheet(name, said, ("Name", "Cost"), rows, [["Total", Decimal("1.50")]])


@pytest.mark.parametrize("evil", EVIL)
def test_text_is_never_a_formula(evil: str) -> None:
    [page] = written(sheet("s", [[evil, Decimal("1.50")]], said=evil)).worksheets
    assert [page.cell(row, 1).data_type for row in (1, 4)] == ["s", "s"]
    assert str(page.cell(4, 1).value).endswith(evil.strip())
    [_, row] = csv.reader(
        StringIO(csv_of(("Name", "Cost"), [[evil, Decimal("-1.50")]]).decode("utf-8-sig"), newline="")
    )
    assert row == [f"'{evil}", "-1.50"]


def test_amounts_are_numbers_and_totals_stand_under_them() -> None:
    [page] = written(sheet("s", [["a", Decimal("-2.25")], ["b", None]])).worksheets

    assert [[cell.value for cell in row] for row in page.iter_rows(min_row=3)] == [
        ["Name", "Cost"],
        ["a", -2.25],
        ["b", None],
        ["Total", 1.5],
    ]


def test_names_of_sheets_are_made_valid_and_told_apart() -> None:
    names = ["a/b:c", "A b c", "x" * 40, "x" * 41, "", "History", "'q'"]
    found = written(*(sheet(name) for name in names)).sheetnames

    assert found == ["a b c", "A b c 2", "x" * 31, f"{'x' * 29} 2", "Sheet", "History 2", "q"]


def test_the_same_figures_are_the_same_bytes() -> None:
    assert workbook([sheet("s")], title="t", made_at=NOW) == workbook([sheet("s")], title="t", made_at=NOW)


@at_the_gate(60)
@given(st.lists(st.text(), min_size=1, max_size=6))
def test_any_text_can_be_written_and_read_again(texts: list[str]) -> None:
    rows: list[list[Cell]] = [[text, Decimal(1)] for text in texts]
    written(*(sheet(text, rows, said=text) for text in texts))
    lines = csv.reader(StringIO(csv_of(("Name", "Cost"), rows).decode("utf-8-sig"), newline=""))
    assert [line[0].removeprefix("'") for line in lines][1:] == [text.removeprefix("'") for text in texts]
