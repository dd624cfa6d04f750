"""What a cloud is as a provider, whichever it is: what an assessment read of it is remembered until the next one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from pydantic import TypeAdapter

from analysis.budgets import Budget
from analysis.commitments import Term
from analysis.findings import Finding
from providers.drivers import Source

MEMORY = "memory.json"


@dataclass(frozen=True, slots=True)
class Memory:
    """What was last read of budgets and commitments, and what the bill stands on, in words; ``way`` is how it came."""

    terms: Sequence[Term] = ()
    budgets: Sequence[Budget] = ()
    bill: Sequence[str] = ()
    way: str = ""


MEMORIES = TypeAdapter(Memory)


@dataclass
class Cloud:
    """One organization, tenant or account of a cloud, with a folder for what was read of it."""

    name: str
    folder: Path

    def budgets(self, month: date) -> Sequence[Budget]:  # noqa: ARG002 (a cloud tells those in force)
        """Those that the last assessment read."""
        return self.memory().budgets

    def commitments(self, now: datetime) -> Sequence[Term]:  # noqa: ARG002
        """Those that the last assessment read."""
        return self.memory().terms

    def past(self) -> Sequence[Finding]:
        """None: no cloud keeps a record of what was fixed."""
        return ()

    def drivers(self) -> Sequence[Source]:
        """None: they stand in the deployment file."""
        return ()

    def memory(self) -> Memory:
        """What the last assessment read; nothing before the first."""
        try:
            return MEMORIES.validate_json((self.folder / MEMORY).read_bytes())
        except (OSError, ValueError):
            return Memory()

    def remember(self, memory: Memory) -> None:
        """Write it anew; a crash leaves the former file."""
        file = self.folder / MEMORY
        aside = file.with_suffix(".new")
        aside.write_bytes(MEMORIES.dump_json(memory))
        aside.replace(file)
