"""What an engine is: it holds the rows just now, takes Ibis expressions and gives tables back.

Every question is asked once, in Ibis (``providers.lake.lake``); which machine adds is a word in the deployment file.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import pyarrow as pa

from analysis.periods import Period
from providers.lake.shelf import Shelf

Rows: TypeAlias = pa.Table


class Engine(Protocol):
    """Whatever answers Ibis expressions over the two tables of one version of the lake."""

    @property
    def errors(self) -> tuple[type[Exception], ...]:
        """What it raises, too, when files were swept away between looking and asking."""

    def take(self, folder: Path, shelf: Shelf) -> tuple[Any, Any]:
        """Look at one version of a lake; its daily sums and its rows, as Ibis tables."""

    def within(self, rows: Any, period: Period) -> Any:  # noqa: ANN401 (Ibis types its tables at run time)
        """The same rows, or fewer: those of files that may hold a day of a period."""

    def answer(self, expression: Any) -> Rows:  # noqa: ANN401 (Ibis types its tables at run time)
        """The rows of an expression, in its own types. Safe to call from many threads."""

    def close(self) -> None:
        """Let go of whatever it holds."""


@dataclass(frozen=True, slots=True)
class Live:
    """The part of a load that still counts: months (``2026-10``) and, in each, billing accounts."""

    load: str
    months: Mapping[str, Sequence[str]]


def chosen(shelf: Shelf) -> tuple[list[str], list[Live]]:
    """The loads that count whole, and those that are outdated in part or have bad rows, with what of them does."""
    whole: set[str] = set()
    live: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for key, one in shelf.partitions.items():
        account, _, month = key.rpartition("|")
        if one.shared:
            live[one.load][month].append(account)
        else:
            whole.add(one.load)
    return sorted(whole), [Live(load, months) for load, months in live.items()]


def versions(kept: list[str], version: str, most: int = 2) -> Iterator[str]:
    """Remember a version as the newest, and yield those to drop: the present one and the one before may be in use."""
    if version not in kept:
        kept.append(version)
    while len(kept) > most:
        yield kept.pop(0)
