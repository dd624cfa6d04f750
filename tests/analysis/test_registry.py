"""Registries: a module is imported when its thing is asked for, and all of them when the list is."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from analysis.errors import UnknownName
from analysis.registry import Registry

PACKAGE = """
from analysis.registry import Registry
FRUITS = Registry("fruit")
"""
MODULE = """
import time
from orchard import FRUITS
FRUITS.add({name!r}, {name!r} + " is ripe")
time.sleep(0.05)
WHOLE = True
"""


@pytest.fixture
def fruits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry[str]]:
    """Three things, one of them in a module that is called otherwise."""
    (tmp_path / "orchard").mkdir()
    for module, name in (("__init__", ""), ("apple", "apple"), ("sour_cherry", "sour-cherry"), ("plum", "damson")):
        (tmp_path / "orchard" / f"{module}.py").write_text(MODULE.format(name=name) if name else PACKAGE)
    monkeypatch.syspath_prepend(tmp_path)
    orchard = importlib.import_module("orchard")
    orchard.FRUITS.discover(orchard)
    yield orchard.FRUITS
    for name in [name for name in sys.modules if name.partition(".")[0] == "orchard"]:
        del sys.modules[name]


def imported() -> set[str]:
    return {name.removeprefix("orchard.") for name in sys.modules if name.startswith("orchard.")}


def test_a_thing_is_imported_when_it_is_asked_for(fruits: Registry[str]) -> None:
    assert imported() == set()
    assert fruits["sour-cherry"] == "sour-cherry is ripe"
    assert imported() == {"sour_cherry"}


def test_the_list_is_all_of_them(fruits: Registry[str]) -> None:
    assert list(fruits) == ["apple", "damson", "sour-cherry"]
    assert imported() == {"apple", "plum", "sour_cherry"}


def test_a_thing_is_found_in_a_module_of_another_name(fruits: Registry[str]) -> None:
    assert "damson" in fruits
    assert "plum" not in fruits


def test_who_mistypes_hears_of_all_that_there_are(fruits: Registry[str]) -> None:
    with pytest.raises(UnknownName, match="damson"):
        fruits["damsom"]


@pytest.mark.parametrize("name", ["apple", "damson"])
def test_nobody_is_given_a_thing_whose_module_is_half_imported(fruits: Registry[str], name: str) -> None:
    def whole(_: int) -> bool:
        assert fruits[name]
        module = sys.modules[{"apple": "orchard.apple", "damson": "orchard.plum"}[name]]
        return bool(module.__dict__.get("WHOLE"))

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(whole, range(8)))
