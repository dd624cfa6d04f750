"""The promises that the pages make are kept by tests that there are."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


@pytest.mark.parametrize("page", ["docs/operations.md", "docs/security.md"])
def test_every_test_that_a_page_names_exists(page: str) -> None:
    named = NAMED.findall((ROOT / page).read_text())
    assert len(named) > 10
    lost = [f"{file}::{name}" for file, name in named if name not in functions(ROOT / file)]
    assert not lost


def test_each_of_the_sixty_one_bad_inputs_has_its_test() -> None:
    text = (ROOT / "docs/security.md").read_text().partition("## Bad input")[2]
    told: set[int] = set()
    for cell in re.findall(r"^\| ([\d, –]+) \|", text, re.MULTILINE):
        for part in cell.split(","):
            first, _, last = part.strip().partition("–")
            told |= set(range(int(first), int(last or first) + 1))
    assert told == set(range(1, 62))


def functions(file: Path) -> set[str]:
    tree = ast.parse(file.read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
