"""One line of the table: what was measured, beside its peer in the same run, and the goal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """A measurement. The goal is the most that ``ours / theirs`` may be; without a peer, that ``ours`` may be.

    ``rows`` is how many billed rows it was measured on, where that matters; ``why`` says why there is no figure.
    """

    what: str
    ours: float = 0.0
    unit: str = "s"
    theirs: float | None = None
    peer: str = ""
    goal: float | None = None
    rows: int = 0
    why: str = ""

    @property
    def ratio(self) -> float | None:
        """Ours by theirs."""
        return self.ours / self.theirs if self.theirs else None

    @property
    def held(self) -> bool | None:
        """Whether the goal is kept; ``None`` if there is none, or nothing was measured."""
        if self.goal is None or self.why:
            return None
        measured = self.ours if self.theirs is None else self.ratio
        return measured is not None and measured <= self.goal

    def cells(self) -> tuple[str, ...]:
        """It in words: what, ours, peer, theirs, ratio, goal, whether it is kept."""
        if self.why:
            return (self.what, "not run", self.peer, self.why, "", _goal(self), "")
        kept = {True: "yes", False: "NO", None: ""}[self.held]
        theirs = f"{_figure(self.theirs)} {self.unit}" if self.theirs is not None else ""
        ratio = f"{self.ratio:.2f}" if self.ratio is not None else ""
        return (self.what, f"{_figure(self.ours)} {self.unit}", self.peer, theirs, ratio, _goal(self), kept)


HEADINGS = ("what", "ours", "beside", "theirs", "ours / theirs", "goal", "kept")


def table(rows: Iterable[Row]) -> Iterator[str]:
    """The rows as a table in Markdown."""
    yield f"| {' | '.join(HEADINGS)} |"
    yield "|" + "---|" * len(HEADINGS)
    for row in rows:
        yield f"| {' | '.join(row.cells())} |"


def _goal(row: Row) -> str:
    if row.goal is None:
        return ""
    return f"≤ {row.goal:g} ×" if row.theirs is not None or row.peer else f"≤ {row.goal:g} {row.unit}"


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"
