"""The command line, run as a newcomer runs it: a process, a folder, and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
NOW = "2026-11-18T09:00"


def pitcrew(*words: str, where: Path, check: bool = True, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run ``pitcrew`` in an empty folder."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("PITCREW_", "SLACK_"))}
    done = subprocess.run(
        [sys.executable, "-m", "bot", *words],
        cwd=where,
        env=clean | {"PYTHONPATH": str(ROOT), **environ},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if check:
        assert done.returncode == 0, done.stderr
    return done


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the first command leaves the sample company for the next ones."""
    return tmp_path_factory.mktemp("newcomer")


def test_without_a_file_the_sample_company_answers_and_says_so(folder: Path) -> None:
    done = pitcrew("ask", "forecast", "--now", NOW, where=folder)

    assert "sample company" in done.stderr
    assert "Expected at month end" in done.stdout and "80% range" in done.stdout


def test_json_holds_the_figures_the_buttons_and_the_pictures(folder: Path) -> None:
    said = json.loads(
        pitcrew("ask", "forecast", "--format", "json", "--out", "pics", "--now", NOW, where=folder).stdout
    )

    assert {"expected", "low80", "high80", "low95", "high95"} <= set(said["data"]["month_end"])
    assert (folder / said["pictures"][0]["file"]).read_bytes().startswith(b"\x89PNG")
    truth = json.loads(next(folder.rglob("truths.json")).read_text())["future"]["USD"][0]["EffectiveCost"]
    assert float(said["data"]["month_end"]["low95"]) <= float(truth) <= float(said["data"]["month_end"]["high95"])


@pytest.mark.parametrize("format_", ["slack", "teams"])
def test_the_same_answer_as_each_platform_would_get_it(folder: Path, format_: str) -> None:
    said = json.loads(pitcrew("ask", "waste", "--format", format_, "--now", NOW, where=folder).stdout)
    assert said["blocks"] if format_ == "slack" else said["body"]


def test_a_persona_asks_for_its_own_view(folder: Path) -> None:
    said = json.loads(
        pitcrew("ask", "summary", "--as", "finance", "--format", "json", "--now", NOW, where=folder).stdout
    )
    assert said["data"]["persona"] == "finance"


def test_a_bad_ask_ends_with_an_error_code(folder: Path) -> None:
    done = pitcrew("ask", "forcast", "--now", NOW, where=folder, check=False)
    assert done.returncode == 1 and "did you mean forecast" in done.stdout


def test_thirty_days_of_real_rows_are_plainly_too_short(tmp_path: Path) -> None:
    (tmp_path / "pitcrew.toml").write_text(
        f'[[providers]]\nkind = "focus"\npath = "{ROOT / "tests/data/focus_sample.csv"}"\n[roles]\n"*" = ["read"]\n'
    )
    done = pitcrew("ask", "forecast", "--format", "json", where=tmp_path, check=False)
    said = json.loads(done.stdout)

    assert done.returncode == 1
    assert said["data"]["error"] == "TooShort"
    assert "too short" in said["text"] and "complete days" in said["text"]


def test_what_cannot_be_is_one_line_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "pitcrew.toml").write_text('[report]\ntimezone = "Mars/Olympus"\n')
    done = pitcrew("config", "check", where=tmp_path, check=False)

    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "pitcrew.toml:2: report.timezone: 'Mars/Olympus' is no time zone" in done.stderr


def test_help_names_every_command_of_the_shell(tmp_path: Path) -> None:
    said = pitcrew("help", where=tmp_path).stdout
    for name in ("ask", "assess", "demo", "serve", "sample", "checks", "config", "db"):
        assert f"  {name} " in said
    assert "pitcrew ask help" in said


def test_the_checks_are_listed_with_the_ids_they_serve(tmp_path: Path) -> None:
    listed = json.loads(pitcrew("checks", "--format", "json", where=tmp_path).stdout)
    assert {"name", "serves", "thresholds", "about"} == set(listed[0])


def test_the_demo_shows_every_persona_and_writes_its_pictures(folder: Path) -> None:
    done = pitcrew("demo", "--once", "--now", NOW, where=folder)

    for persona in ("Leadership", "Finance", "Product", "Practitioner", "Engineering"):
        assert persona in done.stdout
    finding = done.stdout.partition("the finding that would save most")[2]
    assert all(part in finding for part in ("open, nobody has it yet", "To act", "To undo", "Priced from"))
    assert list((folder / "pitcrew-demo" / "pictures").glob("*.png"))


def test_the_demo_answers_at_its_prompt_and_presses_buttons_by_number(folder: Path) -> None:
    argv = ["pitcrew", "demo", "--terminal", "--now", NOW]
    script = f"import sys; from bot.__main__ import main; sys.argv = {argv}; main()"
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        input="waste check=idle-machine\n1\n1\nstatus\n99\nexit\n",
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    assert "→ card" in done.stdout and "→ claim" in done.stdout
    assert "claimed by you" in done.stdout
    assert "There is no button 99" in done.stdout
