"""The assessment of a large company beside what it cannot be under: the same measure for each cloud."""

from __future__ import annotations

import resource
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any, Protocol

from analysis.periods import Period
from benchmarks import bill
from bot import imported
from bot.wiring import Crew
from providers.lake.engine import Engine, Rows
from providers.lake.load import connect
from providers.lake.shelf import Shelf
from providers.lake.sums import MART_DIMENSIONS

LATENCY, WORKERS = 0.05, 16  # seconds that each answer of a cloud takes, and requests side by side
MOST_LOAD, MOST_ASSESSMENT, MOST_MEMORY = 1.3, 2.0, 1.5


class Cloud(Protocol):
    """The double of a cloud."""

    def calls(self) -> int:
        """How many there were since the last time that this was asked."""


def compared(crew: Crew, cloud: Cloud) -> bool:
    """Load, assess, and print the table; whether every goal is met."""
    within = [loaded(crew), assessed(crew, cloud)]
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{'most memory':<28}{memory:7.2f} GB (goal: at most {MOST_MEMORY})")
    return all(within) and memory <= MOST_MEMORY


def loaded(crew: Crew) -> bool:
    """The first load, beside the daily sums that DuckDB makes of the same files."""
    [source] = crew.sources
    started = perf_counter()
    exports = list(source.exports(bill.NOW, lambda _share, _what: None))
    fetched = perf_counter() - started
    files = [file for one in exports for file in one.files]
    peer = min(by_hand(files) for _ in range(2))
    started = perf_counter()
    rows = crew.lake.ingest(exports, bill.NOW).rows
    took = perf_counter() - started
    size = sum(file.stat().st_size for file in files) / 1e6
    print(f"{'fetched':<28}{fetched:7.2f} s   {size:,.0f} MB")
    print(f"{'load':<28}{took:7.2f} s   {rows:,} rows")
    print(f"{'its daily sums by hand':<28}{peer:7.2f} s")
    print(f"{'ratio':<28}{took / peer:7.2f} (goal: at most {MOST_LOAD})")
    return took / peer <= MOST_LOAD


def by_hand(files: list[Path]) -> float:
    """Seconds of what a load is for, written down as one statement."""
    named = [str(file) for file in files]
    with tempfile.TemporaryDirectory() as folder, connect(Path(folder)) as connection:
        sums = ", ".join(f"sum({name})" for name in ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost"))
        present = connection.read_parquet(named).columns
        names = ", ".join(name for name in MART_DIMENSIONS if name in present)
        started = perf_counter()
        connection.execute(
            f"CREATE TABLE mart AS SELECT CAST(ChargePeriodStart AS DATE) AS Day, {names}, Tags, {sums}, count(*)"
            f" FROM read_parquet({named}) GROUP BY ALL"
        )
        return perf_counter() - started


def assessed(crew: Crew, cloud: Cloud) -> bool:
    """One assessment on billed rows that are loaded, beside its lower bound, by a bot that is up.

    That is the calls by their latency and the questions to the lake, these asked once more, one after the other.
    """
    engine = Asked(crew.lake._engine)
    crew.lake._engine = engine
    imported.everything()
    cloud.calls()
    started = perf_counter()
    answer = crew.typed("assess", "bench")
    took = perf_counter() - started
    calls, asked = cloud.calls(), engine.again()
    bound = calls / WORKERS * LATENCY + asked
    print(f"{'assessment':<28}{took:7.2f} s   {len(answer.data['opened'])} findings")
    print(f"{'its lower bound':<28}{bound:7.2f} s   {calls} calls, and {asked:.2f} s of questions to the lake")
    print(f"{'ratio':<28}{took / bound:7.2f} (goal: at most {MOST_ASSESSMENT})")
    for line in answer.data["unread"]:
        print(f"not read: {line}")
    return took / bound <= MOST_ASSESSMENT and len(answer.data["opened"]) >= bill.ACCOUNTS


@dataclass
class Asked:
    """An engine that remembers what it was asked."""

    engine: Engine
    questions: list[Any] = field(default_factory=list)

    @property
    def errors(self) -> tuple[type[Exception], ...]:
        """As the engine does."""
        return self.engine.errors

    def close(self) -> None:
        """As the engine does."""
        self.engine.close()

    def take(self, folder: Path, shelf: Shelf) -> tuple[Any, Any]:
        """As the engine does."""
        return self.engine.take(folder, shelf)

    def within(self, rows: Any, period: Period) -> Any:
        """As the engine does."""
        return self.engine.within(rows, period)

    def answer(self, expression: Any) -> Rows:
        """As the engine does."""
        self.questions.append(expression)
        return self.engine.answer(expression)

    def again(self) -> float:
        """Ask everything once more; the seconds that it takes."""
        started = perf_counter()
        for expression in self.questions:
            self.engine.answer(expression)
        return perf_counter() - started
