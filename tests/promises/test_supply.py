"""What Pitcrew is made of: nothing runs what it reads, bounds have reasons, and everything in it is listed."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from importlib.metadata import distributions
from pathlib import Path

import pytest

from bot.licences import differences, page

ROOT = Path(__file__).parents[2]
PAGE_TEXT = (ROOT / "docs" / "licences.md").read_text()
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
            found += [(path.name, name) for name in names if name.split(".")[0] in DESERIALISERS - {"pickle"}]
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in UNSAFE_CALLS:
                found.append((path.name, node.func.id))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                called = ast.unparse(node.func)
                found += [(path.name, called)] if called in {"yaml.load", "pd.read_pickle", "os.system"} else []
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "pickle" and node.attr != "dumps":
                found.append((path.name, ast.unparse(node)))  # what is written to be hashed is read by nobody
            if isinstance(node, ast.ImportFrom) and node.module == "pickle":
                found.append((path.name, "from pickle"))
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


def test_the_page_of_licences_lists_what_is_pinned_today() -> None:
    """Whoever changes constraints.txt writes the page anew: `make sbom`, or `python -m bot.licences`."""
    pinned = {pin(line) for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line}
    told = {(line.split("|")[1].strip(), line.split("|")[2].strip()) for line in rows(PAGE_TEXT)}
    assert told <= pinned
    assert {name for name, _ in told} == {line.split("|")[1].strip() for line in rows(page())}


def test_what_makes_the_bill_of_materials_is_pinned_too() -> None:
    pinned = {pin(line)[0] for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line}
    assert {"cyclonedx-bom", "cyclonedx-python-lib", "packageurl-python", "license-expression"} <= pinned


def test_a_bill_of_materials_that_leaves_something_out_is_found_out(tmp_path: Path) -> None:
    site = tmp_path / "env" / "lib" / "python3.11" / "site-packages"
    for name, version in (("one_thing", "1.0"), ("other", "2.0")):
        (site / f"{name}-{version}.dist-info").mkdir(parents=True)
        (site / f"{name}-{version}.dist-info" / "METADATA").write_text(f"Name: {name}\nVersion: {version}\n")
    document = tmp_path / "bom.json"
    for listed, wrong in (
        ([("one-thing", "1.0"), ("other", "2.0")], []),
        ([("one-thing", "1.0")], ["other 2.0 is installed and not listed"]),
        ([("one-thing", "1.0"), ("other", "2.0"), ("third", "3")], ["third 3 is listed and not installed"]),
    ):
        document.write_text(
            json.dumps({"components": [{"name": name, "version": version} for name, version in listed]})
        )
        assert differences(document, tmp_path / "env") == wrong


def pin(line: str) -> tuple[str, str]:
    name, _, version = line.partition("==")
    return re.sub(r"[-_.]+", "-", name).lower(), version.split("#")[0].strip()


def rows(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("| ") and not line.startswith("| package")]


def licences() -> str:
    """The page as it would be written now; `make sbom` writes it."""
    return page()


@pytest.mark.parametrize("name", ["sqlalchemy", "slack-bolt", "boto3"])
def test_the_list_of_licences_says_what_the_packages_say(name: str) -> None:
    [line] = [line for line in licences().splitlines() if line.startswith(f"| {name} |")]
    [found] = {one.version for one in distributions() if (one.name or "").lower().replace("_", "-") == name}
    assert found in line
