"""What Pitcrew is made of: nothing runs what it reads, bounds have reasons, and everything in it is listed."""

from __future__ import annotations

import ast
import re
import tomllib
from importlib.metadata import distributions
from pathlib import Path

import pytest

from bot.licences import page

ROOT = Path(__file__).parents[2]
FLOORS = ("analysis", "bot", "charts", "commands", "providers")
DESERIALISERS = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "jsonpickle", "shelve", "marshal"}
UNSAFE_CALLS = {"eval", "exec", "compile", "__import__"}


def modules() -> list[Path]:
    return [path for floor in FLOORS for path in (ROOT / floor).rglob("*.py")]


def test_nothing_that_is_read_is_ever_run() -> None:
    found = []
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            found += [(path.name, name) for name in names if name.split(".")[0] in DESERIALISERS]
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in UNSAFE_CALLS:
                found.append((path.name, node.func.id))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                called = ast.unparse(node.func)
                found += [(path.name, called)] if called in {"yaml.load", "pd.read_pickle", "os.system"} else []
    assert not found


def test_arrays_are_read_without_pickles() -> None:
    for path in modules():
        for call in re.findall(r"np\.load\([^)]*\)", path.read_text()):
            assert "allow_pickle=True" not in call, path


def test_no_shell_is_given_what_others_wrote() -> None:
    for path in modules():
        assert not re.search(r"shell\s*=\s*True", path.read_text()), path


def test_a_dependency_has_an_upper_bound_only_with_a_reason() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    section = text.partition("dependencies = [")[2].partition("\n]")[0]
    for line in section.splitlines():
        if re.search(r'"[^"]*(<|==|~=)[^"]*"', line):
            assert "#" in line, f"{line.strip()}: why not newer?"


def test_every_dependency_is_licensed_in_a_way_that_lets_us_pass_it_on() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    ours = {re.split(r"[\[<>=; ]", one)[0].lower().replace("_", "-") for one in project["dependencies"]}
    told = {line.split("|")[1].strip() for line in licences().splitlines() if line.startswith("| ")}
    assert ours <= told
    for line in licences().splitlines():
        assert not re.search(r"\bA?GPL", line) or "LGPL" in line, line


def licences() -> str:
    """The page as it would be written now; `make sbom` writes it."""
    return page()


@pytest.mark.parametrize("name", ["sqlalchemy", "slack-bolt", "boto3"])
def test_the_list_of_licences_says_what_the_packages_say(name: str) -> None:
    [line] = [line for line in licences().splitlines() if line.startswith(f"| {name} |")]
    [found] = {one.version for one in distributions() if (one.name or "").lower().replace("_", "-") == name}
    assert found in line
