"""What the page of benchmarks says follows from what was measured."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import __main__ as run
from benchmarks import scale
from benchmarks.page import Found, written
from benchmarks.row import Row, table


def test_a_goal_is_of_the_ratio_where_there_is_a_peer_and_of_the_figure_where_there_is_none() -> None:
    assert Row("load", 1.2, theirs=1.0, goal=1.3).held is True
    assert Row("load", 1.4, theirs=1.0, goal=1.3).held is False
    assert Row("memory", 1.6, "GB", goal=1.5).held is False
    assert Row("assessment", 9.0).held is None
    assert Row("forecasts", peer="statsforecast", goal=0.25, why="it is not installed").held is None


def test_a_missed_goal_is_said_aloud() -> None:
    said = list(table([Row("load, 10M rows", 2.6, theirs=2.0, peer="DuckDB", goal=1.25)]))

    assert said[-1] == "| load, 10M rows | 2.6 s | DuckDB | 2 s | 1.30 | ≤ 1.25 × | NO |"


def test_a_part_that_breaks_fails_the_whole_run(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="broken, or not within its goal: all of no_such_suite; all of no_such_table"):
        run.main(["no_such_suite", "no_such_table"], suites=["no_such_suite"], tables=["no_such_table"])
    assert "| the rest of no_such_suite | not run |" in capsys.readouterr().out


def test_the_page_has_every_row_and_shows_how_they_grow(tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    rows = [
        Row("files to assessment, 1M rows", 2.0, rows=1_000_000),
        Row("files to assessment, 10M rows", 15.0, rows=10**7),
    ]

    written(
        Found({"scale": rows}, {"aws_assessment": "recall 0.6"}), {"scale": "Rows.", "aws_assessment": "A."}, tmp_path
    )

    page = (tmp_path / "benchmarks.md").read_text("utf-8")
    assert "| files to assessment, 10M rows | 15 s |" in page and "recall 0.6" in page and "cores" in page
    assert "2 at 1M, 15 at 10M](pictures/bench-time.png)" in page
    assert (tmp_path / "pictures" / "bench-time.png").read_bytes().startswith(b"\x89PNG")
    assert not (tmp_path / "pictures" / "bench-memory.png").exists()


@pytest.mark.slow
def test_one_size_is_measured_from_files_to_assessment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROWS", "20000")

    rows = list(scale.measured())

    assert [row.what for row in rows[:3]] == [
        "load, 0.02M rows",
        "assessment, 0.02M rows",
        "files to assessment, 0.02M rows",
    ]
    assert {row.peer for row in rows} >= {"DuckDB, by hand", "polars", "pandas, once"}
    assert all(row.ours > 0 for row in rows if not row.why)
