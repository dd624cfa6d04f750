"""Spellings: what is the same, and what only looks like it."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from analysis.spelling import key_meant, meant, says_nobody

TWELVE = (
    *("search engine", "Search Engine", "SEARCH ENGINE", "search-engine", "search_engine", "Search-Engine"),
    *(
        " search engine ",
        "search  engine",
        "Sëarch Éngine",
        "search\tengine",
        "search -_ engine",
        "search engine\u200b",
    ),
)


def test_twelve_spellings_are_one_value() -> None:
    assert len(set(TWELVE)) == 12
    assert {meant(spelling) for spelling in TWELVE} == {"search-engine"}


@pytest.mark.parametrize("key", ["Team Name", "TEAM_NAME", "team-name", "TeamName", " teamname", "Tëam-Name"])
def test_keys_are_also_run_together(key: str) -> None:
    assert key_meant(key) == "teamname"


@pytest.mark.parametrize(("one", "other"), [("search", "research"), ("team1", "team2"), ("कि", "क"), ("数据", "数")])
def test_other_words_stay_other_words(one: str, other: str) -> None:
    assert meant(one) != meant(other)


@pytest.mark.parametrize("value", ["", " ", "-", "n/a", "N/A", "Unknown", "NONE", "tbd "])
def test_what_only_fills_the_field_says_nobody(value: str) -> None:
    assert says_nobody(value)
    assert not says_nobody("nora")


@given(st.text())
@example("𝕊")
def test_what_is_meant_is_always_the_same(text: str) -> None:
    assert meant(meant(text)) == meant(text)
