"""The house stands as it is drawn: names, walls, documents and code in step."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib.metadata import distributions
from pathlib import Path

import pytest

import analysis
import bot
import charts
import commands
import providers
from commands.core.registry import discover

ROOT = Path(__file__).parents[1]
FLOORS = (analysis, bot, charts, commands, providers)
OURS = "finops-pitcrew"


@pytest.mark.parametrize("package", FLOORS, ids=lambda package: package.__name__)
def test_each_top_level_name_is_ours(package: object) -> None:
    assert Path(package.__file__).is_relative_to(ROOT)  # type: ignore[attr-defined]


def test_no_installed_distribution_owns_one_of_our_names() -> None:
    names = {package.__name__ for package in FLOORS}
    for distribution in distributions():
        if distribution.name == OURS:
            continue
        owned = {str(file).split("/", 1)[0].removesuffix(".py") for file in distribution.files or ()}
        assert not names & owned, f"{distribution.name} brings {names & owned}"


def test_every_module_says_what_it_is() -> None:
    for package in FLOORS:
        for path in Path(package.__file__ or "").parent.rglob("*.py"):
            text = path.read_text()
            assert "migrations" in path.parts or re.match(r'(r?)"""\S', text), f"{path} opens with no sentence"


def test_the_folder_of_commands_reads_like_help() -> None:
    files = {path.stem for path in (ROOT / "commands").glob("*.py")} - {"__init__"}
    assert files == set(discover())


def test_each_command_in_the_readme_exists() -> None:
    text = (ROOT / "README.md").read_text()
    asked = re.findall(r"/finops ([a-z]+)", text)
    assert asked, "the README shows no command"
    for name in asked:
        assert name in discover(), f"the README asks /finops {name}"


def test_each_make_target_in_the_readme_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for target in re.findall(r"`?make ([a-z]+)`?", (ROOT / "README.md").read_text()):
        assert target in targets, f"the README names make {target}"


HEAVY = {"duckdb", "ibis", "matplotlib", "numpy", "pandas", "pyarrow", "requests", "scipy", "statsmodels"}


def test_what_is_heavy_stays_off_the_way_to_ready() -> None:
    code = f"import sys, bot.serve; print(sorted({HEAVY} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_no_garbage_is_looked_for_while_the_shell_is_imported() -> None:
    code = (
        "import gc, sys; from bot.__main__ import main; sys.argv = ['pitcrew', 'config', '--nothing']\n"
        "looks = lambda: sum(one['collections'] for one in gc.get_stats()); before = looks()\n"
        "try: main()\nexcept SystemExit: print(looks() - before)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert int(done.stdout) < 20  # of a hundred and eighteen


def test_the_exact_versions_name_no_host() -> None:
    for line in (ROOT / "constraints.txt").read_text().splitlines():
        assert re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!_-]+", line), line


def test_every_dependency_has_an_exact_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    pinned = {line.split("==")[0].lower().replace("_", "-") for line in (ROOT / "constraints.txt").read_text().split()}
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    for requirement in wanted:
        name = re.split(r"[\[<>=; ]", requirement)[0].lower().replace("_", "-")
        assert name in pinned, f"constraints.txt does not pin {name}"
