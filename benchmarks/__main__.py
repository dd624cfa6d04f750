"""``python -m benchmarks``: every claim, measured here and now; ``make bench`` writes docs/benchmarks.md.

``python -m benchmarks scale fan_out`` runs some and writes nothing; ``ROWS=1000000,10000000`` sets the sizes of
``scale``.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from time import perf_counter

from benchmarks.page import Found, written
from benchmarks.row import Row, table

SUITES = ("scale", "series_at_scale", "chat_latency", "acknowledgement", "fan_out")  # rows, of which the page is made
TABLES = ("aws_assessment", "azure_assessment")  # that print one of their own
ASKED_FOR = ("forecast_accuracy", "anomaly_recall")  # likewise; they take half an hour, and run when they are named


def main(asked: Sequence[str], *, suites: Sequence[str] = SUITES, tables: Sequence[str] = TABLES) -> None:
    """Run what is asked for, or everything; exit 1 when a goal is missed, or something breaks.

    Each suite has a process of its own, so that none warms another.
    """
    if asked[:1] == ["--into"]:
        _measure(asked[2], Path(asked[1]))
        return
    known = (*suites, *tables, *ASKED_FOR)
    if unknown := set(asked) - set(known):
        sys.exit(f"there is no benchmark {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    found = Found()
    missed: list[str] = []
    for name in [one for one in known if one in (asked or (*suites, *tables))]:
        started = perf_counter()
        print(f"\n{name}", flush=True)
        if name in suites:
            found.rows[name], is_whole = _rows(name)
            print("\n".join(table(found.rows[name])))
            missed += [row.what for row in found.rows[name] if row.held is False]
        else:
            found.tables[name], is_whole = _printed(name)
        if not is_whole:
            missed.append(f"all of {name}")
        print(f"{name} took {perf_counter() - started:.0f} s", flush=True)
    if not asked:
        written(found, {name: _about(name) for name in (*suites, *tables)})
    if missed:
        sys.exit(f"broken, or not within its goal: {'; '.join(dict.fromkeys(missed))}")


def _measure(name: str, file: Path) -> None:
    """Write each row as it comes, so that what was measured before a suite broke is not lost."""
    with file.open("w", encoding="utf-8") as out:
        for row in importlib.import_module(f"benchmarks.{name}").measured():
            print(json.dumps(asdict(row)), file=out, flush=True)


def _rows(name: str) -> tuple[list[Row], bool]:
    """What a suite measured, and whether it came to its end."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rows"
        done = subprocess.run([sys.executable, "-m", "benchmarks", "--into", str(file), name], check=False)
        rows = [Row(**json.loads(line)) for line in file.read_text("utf-8").splitlines()] if file.exists() else []
    broke = Row(f"the rest of {name}", why="it broke; its error is above")
    return ([*rows, broke], False) if done.returncode else (rows, True)


def _printed(name: str) -> tuple[str, bool]:
    """The table that a suite prints, and whether it met its goals: each says so itself."""
    asked = [sys.executable, "-m", f"benchmarks.{name}"]
    done = subprocess.run(asked, stdout=subprocess.PIPE, text=True, check=False, env=os.environ)
    print(done.stdout)
    return done.stdout, done.returncode == 0


def _about(name: str) -> str:
    """What a suite says of itself."""
    return str(importlib.import_module(f"benchmarks.{name}").__doc__).strip()


if __name__ == "__main__":
    main(sys.argv[1:])
