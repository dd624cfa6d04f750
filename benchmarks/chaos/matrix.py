"""The matrix as a page holds it: lines that were tried anew take the place of the old ones, the others stay."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

from benchmarks.chaos.plan import PLAN, SOAK
from benchmarks.chaos.trial import Outcome, Trial

Line: TypeAlias = Sequence[str]
HEADINGS: Line = ("id", "what", "database", "goal", "measured", "met")
BEGIN, END = "<!-- matrix: `make chaos` and `make soak` write it -->", "<!-- end of matrix -->"
NONE = "–"
ORDER = [(one.id, one.what, database or NONE) for one in (*PLAN, SOAK) for database in one.databases]


def line(trial: Trial, database: str, outcome: Outcome) -> Line:
    """What came of a trial, as a line of the table."""
    met = "yes" if outcome.met else "NO"
    return trial.id, trial.what, database or NONE, outcome.goal, outcome.measured, met


def shown(cells: Line) -> str:
    """A line in Markdown."""
    return f"| {' | '.join(cells)} |"


def enter(page: Path, lines: Sequence[Line]) -> None:
    """Put lines into the page's matrix, in the plan's order; what the plan has no more goes.

    Raises:
        ValueError: the page has no matrix.
    """
    before, begin, rest = page.read_text().partition(BEGIN)
    old, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{page} has no matrix: {BEGIN} … {END}")
    known = [[cell.strip() for cell in row.strip("|").split(" | ")] for row in old.strip().splitlines()[2:]]
    named = {tuple(one[:3]): one for one in (*known, *lines)}
    table = [HEADINGS, ["---"] * len(HEADINGS), *(named[name] for name in ORDER if name in named)]
    page.write_text(f"{before}{begin}\n\n{chr(10).join(map(shown, table))}\n\n{end}{after}")
