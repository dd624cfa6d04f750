"""Promises that tests of their own keep: the matrix runs those very tests and counts them."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.chaos.trial import Ground, Outcome

ROOT = Path(__file__).parents[2]
COUNTED = re.compile(r"(\d+) (passed|failed|error)")
NAMED = re.compile(r"`(tests/[\w/]+\.py::\w+)`")
MOST_SECONDS = 900.0


async def kept(ground: Ground, *, tests: Sequence[str], of: str, profile: str = "repeatable") -> Outcome:
    """Run tests by their names; ``of`` says what they are tests of. A page of the docs stands for all that it names."""
    named = [test for name in tests for test in (_named(name) if name.endswith(".md") else [name])]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--hypothesis-profile", profile),
        *dict.fromkeys(named),
        cwd=ROOT,
        env=None,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(MOST_SECONDS):
            told, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    words = told.decode(errors="replace")
    (ground.folder / "told.txt").write_text(words)
    counted = {kind: int(number) for number, kind in COUNTED.findall(words.splitlines()[-1] if words else "")}
    lost = [line.partition(" - ")[0] for line in words.splitlines() if line.startswith(("FAILED", "ERROR"))]
    passed = counted.get("passed", 0)
    return Outcome(
        "all as promised",
        f"{of}: {passed} tests passed{''.join(f', {line}' for line in lost)}",
        process.returncode == 0 and passed > 0,
    )


def _named(page: str) -> list[str]:
    """The tests that a table of a page names: those of bad input."""
    return NAMED.findall((ROOT / page).read_text().partition("## Bad input")[2])
