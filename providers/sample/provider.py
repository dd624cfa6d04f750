"""The sample company as a provider: it reads the folder that was written, as the real ones read their clouds."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

from analysis.budgets import Budget
from analysis.commitments import Term
from analysis.findings import Finding
from providers.drivers import Source
from providers.provider import Billed, Export, Inventory, Progress
from providers.sample.company import COMMITMENTS
from providers.sample.folder import BUDGETS, INVENTORY, PAST, SampleFolder

EDITION = 3  # of what is written; a new one is written anew
FOLDER = re.compile(r"as-of-\d{4}-\d{2}-\d{2}-(.+)")


@dataclass(frozen=True, slots=True)
class SampleProvider:
    """Apex Outfitters, on two clouds."""

    folder: SampleFolder
    name: str = "sample"

    @classmethod
    def cached(
        cls,
        root: Path,
        as_of: date,
        *,
        seed: int = 1,
        months: int = 13,
        scale: int = 1,
        progress: Callable[[float, str], None] | None = None,
    ) -> SampleProvider:
        """The company as of a day, written under ``root`` unless it is there; companies of other days are removed.

        Two processes may ask at once: each writes aside, the first to finish gives the folder its name.
        """
        kind = f"seed-{seed}-months-{months}-scale-{scale}-v{EDITION}"
        folder = root / f"as-of-{as_of.isoformat()}-{kind}"
        if not folder.exists():
            from providers.sample.write import write  # needs what the reading does not: half a second

            root.mkdir(parents=True, exist_ok=True)
            aside = Path(mkdtemp(prefix=".making-", dir=root))
            try:
                write(aside, seed=seed, months=months, scale=scale, as_of=as_of, progress=progress)
                _take_the_name(aside, folder)
            finally:
                rmtree(aside, ignore_errors=True)
            for old in root.iterdir():
                if old != folder and (matched := FOLDER.fullmatch(old.name)) and matched[1] == kind:
                    rmtree(old, ignore_errors=True)
        return cls(SampleFolder(folder, as_of))

    @classmethod
    def of(cls, folder: Path) -> SampleProvider:
        """The company that was written to ``folder``."""
        return cls(SampleFolder(folder, date.fromisoformat(json.loads((folder / "truths.json").read_text())["as_of"])))

    def exports(self, now: datetime, progress: Progress) -> Iterator[Export]:  # noqa: ARG002 (they are there)
        """One a cloud and billing period, as of the morning that it was written for."""
        made_at = datetime.combine(self.folder.as_of, time(), UTC)
        for cloud, period, files in self.folder.billing():
            yield Export(f"{cloud} {period}", files, made_at, self.name)

    def inventory(self, now: datetime, billed: Billed, progress: Progress) -> Inventory:  # noqa: ARG002 (it stands still)
        """Every machine and disk, with its metrics."""
        return Inventory(tuple(INVENTORY.validate_json((self.folder.root / "inventory.json").read_bytes())))

    def budgets(self, month: date) -> Sequence[Budget]:  # noqa: ARG002 (they are the same each month)
        """A budget a currency, and one an account."""
        return BUDGETS.validate_json((self.folder.root / "budgets.json").read_bytes())

    def commitments(self, now: datetime) -> Sequence[Term]:  # noqa: ARG002 (as of the morning it was written for)
        """The two that were promised."""
        return tuple(Term(one.id, one.name, *one.term(self.folder.as_of)) for one in COMMITMENTS.values())

    def past(self) -> Sequence[Finding]:
        """What was fixed before anybody looked."""
        return PAST.validate_json((self.folder.root / "past.json").read_bytes())

    def drivers(self) -> Sequence[Source]:
        """Customers and orders a day."""
        return tuple(Source(name, str(self.folder.root / "drivers.csv"), name) for name in ("orders", "customers"))


def _take_the_name(aside: Path, folder: Path) -> None:
    try:
        aside.rename(folder)
    except OSError:
        if not folder.exists():
            raise
