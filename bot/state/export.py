"""The audit as documents, for whoever has to show it."""

from __future__ import annotations

import json
from collections.abc import Iterable

from bot.state.records import AuditLine
from commands.core.workbook import csv_of

COLUMNS = ("at", "caller", "ask", "outcome", "finding", "key")


def as_jsonl(lines: Iterable[AuditLine]) -> str:
    """One JSON object a line."""
    return "".join(
        json.dumps(dict(zip(COLUMNS, _cells(line), strict=True)), ensure_ascii=False) + "\n" for line in lines
    )


def as_csv(lines: Iterable[AuditLine]) -> str:
    """CSV in which no cell is ever a formula, whatever people typed."""
    return csv_of(COLUMNS, [_cells(line) for line in lines]).decode("utf-8")


def _cells(line: AuditLine) -> tuple[str, ...]:
    return (line.at.isoformat(), line.caller, line.ask, line.outcome, line.moved or "", line.key)
