"""Documents of figures: a table as CSV, several as an XLSX workbook, in which no text is ever a formula."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO, StringIO
from typing import TypeAlias

Cell: TypeAlias = str | Decimal | int | None

CSV, XLSX = "text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
STARTS_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # OWASP: CSV injection
UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # what XML 1.0 cannot hold
NOT_IN_A_NAME = re.compile(r"[\[\]:*?/\\'\x00-\x1f]")
LONGEST_NAME, LONGEST_CELL = 31, 32_767  # Excel's limits
NARROWEST, WIDEST = 10, 48  # columns, in characters
AMOUNT = "#,##0.00;[Red]-#,##0.00"


@dataclass(frozen=True, slots=True)
class Sheet:
    """A named table: headings, rows, and rows of totals under them; amounts are ``Decimal``. ``said`` stands on top."""

    name: str
    said: str
    headings: tuple[str, ...]
    rows: Sequence[Sequence[Cell]]
    totals: Sequence[Sequence[Cell]] = ()


def csv_of(headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """A table as CSV: UTF-8 with a mark, so that spreadsheets read it; text that starts like a formula is quoted."""
    made = StringIO(newline="")
    writer = csv.writer(made)
    writer.writerow([_harmless(heading) for heading in headings])
    writer.writerows([_harmless(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    return made.getvalue().encode("utf-8-sig")


def workbook(sheets: Sequence[Sheet], *, title: str, made_at: datetime) -> bytes:
    """Sheets as an XLSX document; the same figures of the same moment make the same bytes."""
    import xlsxwriter  # a twentieth of a second, and few asks want it

    made = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(made, options) as book:
        book.set_properties({"title": title, "author": "Pitcrew", "created": made_at.astimezone(UTC)})
        bold = {"bold": True}
        looks = {
            "said": book.add_format({"italic": True}),
            "heading": book.add_format(bold | {"bottom": 1, "text_wrap": True, "valign": "top"}),
            "amount": book.add_format({"num_format": AMOUNT}),
            "total": book.add_format(bold | {"num_format": AMOUNT, "top": 1}),
        }
        for sheet, name in zip(sheets, _names([sheet.name for sheet in sheets]), strict=True):
            page = book.add_worksheet(name)
            page.write_string(0, 0, _text(sheet.said), looks["said"])
            for column, heading in enumerate(sheet.headings):
                page.write_string(2, column, _text(heading), looks["heading"])
                page.set_column(column, column, _width(sheet, column))
            page.freeze_panes(3, 0)
            for row, cells in enumerate((*sheet.rows, *sheet.totals), start=3):
                look = looks["amount"] if row < 3 + len(sheet.rows) else looks["total"]
                for column, cell in enumerate(cells):
                    if isinstance(cell, str):
                        page.write_string(row, column, _text(cell), None if look is looks["amount"] else look)
                    elif cell is not None:
                        page.write_number(row, column, cell, look)
    return made.getvalue()


def _harmless(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(STARTS_FORMULA) else text


def _text(text: str) -> str:
    return UNPRINTABLE.sub("\ufffd", text)[:LONGEST_CELL]


def _names(wanted: Sequence[str]) -> list[str]:
    """Names of sheets as Excel allows them, no two alike whatever their case."""
    taken = {"history"}  # Excel keeps that name for itself
    names = []
    for name in wanted:
        base = NOT_IN_A_NAME.sub(" ", _text(name)).strip() or "Sheet"
        short, number = _cut(base, LONGEST_NAME), 1
        while short.lower() in taken:
            number += 1
            short = f"{_cut(base, LONGEST_NAME - len(str(number)) - 1)} {number}"
        taken.add(short.lower())
        names.append(short)
    return names


def _cut(text: str, most: int) -> str:
    """As much of a text as fits into ``most`` UTF-16 units, by which Excel counts, without blanks at its end."""
    return text.encode("utf-16-le")[: 2 * most].decode("utf-16-le", errors="ignore").rstrip() or "Sheet"


def _width(sheet: Sheet, column: int) -> int:
    cells = (str(row[column]) for row in (sheet.headings, *sheet.rows, *sheet.totals) if row[column] is not None)
    return min(WIDEST, max(NARROWEST, 2 + max(map(len, cells), default=0)))
