"""FOCUS files as a provider: a bill without an inventory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from analysis.budgets import Budget
from analysis.commitments import Term
from analysis.findings import Finding
from providers.drivers import Source
from providers.focus.local import local
from providers.provider import Billed, Export, Inventory, Progress


@dataclass(frozen=True, slots=True)
class FocusProvider:
    """Whoever wrote the files, they are read; what runs behind them is not known."""

    name: str
    path: str

    def exports(self, now: datetime, progress: Progress) -> Iterator[Export]:  # noqa: ARG002
        """The files that are there now."""
        return local(self.path, self.name)

    def inventory(self, now: datetime, billed: Billed, progress: Progress) -> Inventory:  # noqa: ARG002 (a file has none)
        """Nothing: rows say what was billed, not what runs."""
        return Inventory(())

    def budgets(self, month: date) -> Sequence[Budget]:  # noqa: ARG002
        """None: they stand in the deployment file."""
        return ()

    def commitments(self, now: datetime) -> Sequence[Term]:  # noqa: ARG002
        """None: rows say what a commitment costs, not when it ends."""
        return ()

    def past(self) -> Sequence[Finding]:
        """Nothing: a file tells no fixes."""
        return ()

    def drivers(self) -> Sequence[Source]:
        """None: they stand in the deployment file."""
        return ()
