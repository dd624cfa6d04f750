"""The sample company as a place where time passes: its bill grows by the day, and shows what people did to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from pathlib import Path
from shutil import copytree, rmtree

from analysis.budgets import Budget
from analysis.commitments import Term
from analysis.findings import Finding
from providers.drivers import Source
from providers.provider import Billed, Export, Inventory, Progress
from providers.sample.changes import Change
from providers.sample.folder import SampleFolder
from providers.sample.provider import SampleProvider


class LivingCompany:
    """Apex Outfitters from one morning on, in a folder of its own; the past of that morning stays what it was."""

    name = "sample"

    def __init__(self, beginning: SampleProvider, root: Path, *, seed: int = 1, months: int = 13) -> None:
        """Begin as ``beginning`` is, written under ``root``; what is there is removed."""
        rmtree(root, ignore_errors=True)
        copytree(beginning.folder.root, root)
        self.began = beginning.folder.as_of
        self.seed, self.months = seed, months
        self.today = SampleProvider(SampleFolder(root, self.began))

    @property
    def as_of(self) -> date:
        """The morning up to which it is billed."""
        return self.today.folder.as_of

    def go_on(self, as_of: date, changes: Sequence[Change]) -> None:
        """Let time pass until the morning of ``as_of``; all that was ever changed is said each time."""
        from providers.sample.write import go_on

        if as_of <= self.as_of:
            return
        folder = self.today.folder
        go_on(folder, seed=self.seed, months=self.months, began=self.began, as_of=as_of, changes=changes)
        self.today = SampleProvider(replace(folder, as_of=as_of))

    def exports(self, now: datetime, progress: Progress) -> Iterator[Export]:
        """One a cloud and billing period, as of this morning."""
        return self.today.exports(now, progress)

    def inventory(self, now: datetime, billed: Billed, progress: Progress) -> Inventory:
        """What stands there this morning."""
        return self.today.inventory(now, billed, progress)

    def budgets(self, month: date) -> Sequence[Budget]:
        """Those that were set in the beginning."""
        return self.today.budgets(month)

    def commitments(self, now: datetime) -> Sequence[Term]:  # noqa: ARG002 (they were promised before)
        """The two that were promised before it began."""
        return SampleProvider(replace(self.today.folder, as_of=self.began)).commitments(_morning(self.began))

    def past(self) -> Sequence[Finding]:
        """What was fixed before anybody looked."""
        return self.today.past()

    def drivers(self) -> Sequence[Source]:
        """Customers and orders a day."""
        return self.today.drivers()


def _morning(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
