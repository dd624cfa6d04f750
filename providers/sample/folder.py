"""Where a written sample company lies, and how its parts are read again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from analysis.budgets import Budget
from analysis.estate import Disk, Machine
from analysis.findings import Finding

INVENTORY: TypeAdapter[list[Disk | Machine]] = TypeAdapter(list[Disk | Machine])
PAST: TypeAdapter[list[Finding]] = TypeAdapter(list[Finding])
BUDGETS: TypeAdapter[list[Budget]] = TypeAdapter(list[Budget])


@dataclass(frozen=True, slots=True)
class SampleFolder:
    """Where a sample company was written: its folder, and the day it was written for."""

    root: Path
    as_of: date

    def truths(self) -> dict[str, Any]:
        """What was planted, and what the figures must come out as."""
        read: dict[str, Any] = json.loads((self.root / "truths.json").read_text())
        return read

    def billing(self) -> Iterator[tuple[str, str, tuple[Path, ...]]]:
        """Each cloud and billing period (``2026-10``) with its files."""
        for folder in sorted((self.root / "billing").glob("*/*/")):
            yield folder.parent.name, folder.name, tuple(sorted(folder.iterdir()))
