"""What every provider yields, whichever cloud it speaks to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from analysis.budgets import Budget
from analysis.commitments import Term
from analysis.estate import Advice, Bill, Resource
from analysis.findings import Finding
from providers.drivers import Source

Progress: TypeAlias = Callable[[float, str], None]  # how much is done (0 to 1), and what is being done


@dataclass(frozen=True, slots=True)
class Export:
    """FOCUS files that belong together: one run of one export, complete, that stands for whole billing periods.

    ``made_at`` orders the runs of one export; of two that hold the same (billing account, billing period) the newer
    one counts. ``name`` is what a person recognises it by. ``way`` is how it came, where a provider has several that
    name billing accounts differently: rows that came another way are put away with the first that came this one.
    """

    name: str
    files: tuple[Path, ...]
    made_at: datetime
    provider: str
    way: str = ""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where something is billed: FOCUS SubAccountId, RegionId (empty for none) and ServiceName."""

    account: str
    region: str
    service: str


class Awaited(Mapping[str, Bill]):
    """Bills that are still being summed up: whoever looks into them waits."""

    def __init__(self, bills: Future[Mapping[str, Bill]]) -> None:
        self._bills = bills

    def __getitem__(self, name: str) -> Bill:
        return self._bills.result()[name]

    def get(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 (a mapping of whatever is asked for)
        """As of every mapping, without an exception for each name that is not there."""
        return self._bills.result().get(name, default)

    def __iter__(self) -> Iterator[str]:
        return iter(self._bills.result())

    def __len__(self) -> int:
        return len(self._bills.result())


@dataclass(frozen=True, slots=True)
class Billed:
    """What the bill of the last month knows: by it a provider chooses what to ask its cloud.

    ``bills`` are by ResourceId in small letters, ``commitments`` are CommitmentDiscountIds.
    """

    bills: Mapping[str, Bill] = field(default_factory=dict)
    spots: Sequence[Spot] = ()
    commitments: Sequence[str] = ()

    def with_others(self, own: Mapping[str, Bill]) -> Mapping[str, Bill]:
        """The bills, and what a cloud told itself of resources that no billed row names."""
        return {**own, **self.bills} if own else self.bills


@dataclass(frozen=True, slots=True)
class Inventory:
    """What was found, and what could not be read.

    ``unread`` says it in words; ``kept`` are the accounts and the resources of which findings stay as they are, since
    nobody looked. ``advice`` is the cloud's own, ``bills`` what it tells of prices that no billed row does, and
    ``told`` what the figures stand on.
    """

    resources: tuple[Resource, ...]
    unread: tuple[str, ...] = ()  # "account 123 (AccessDenied: role finops-read)"
    kept: frozenset[str] = frozenset()
    advice: tuple[Advice, ...] = ()
    bills: Mapping[str, Bill] = field(default_factory=dict)
    told: tuple[str, ...] = ()


class Provider(Protocol):
    """A source of billed rows and of the things that cause them. Everything is read, nothing is ever written."""

    @property
    def name(self) -> str:
        """What its resources and exports say that they came from."""

    def exports(self, now: datetime, progress: Progress) -> Iterable[Export]:
        """Billed rows as FOCUS files, ready to be loaded."""

    def inventory(self, now: datetime, billed: Billed, progress: Progress) -> Inventory:
        """Everything that runs, with its metrics."""

    def budgets(self, month: date) -> Sequence[Budget]:
        """The budgets that are set in the cloud itself."""

    def commitments(self, now: datetime) -> Sequence[Term]:
        """The commitments that are in force or have ended in the last weeks, with their ends; bills do not tell."""

    def past(self) -> Sequence[Finding]:
        """Findings that were fixed before Pitcrew came, where a provider knows of any: resolved, with their moments."""

    def drivers(self) -> Sequence[Source]:
        """Business figures that come with the bill, as the sample company's do."""
