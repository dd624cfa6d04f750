"""Owners: the last rule that matches decides, then a tag's address, then where the allocation puts the cost."""

from __future__ import annotations

from typing import Any

import pytest

from analysis.allocation_rules import Ownership
from analysis.owners import Owners, Team, Whose
from tests.contracts.said import found

ANA, BO = "ana@apex.example", "bo@apex.example"
TEAMS = {"search": Team("search", (ANA, BO), "slack:#search"), "checkout": Team("checkout", (BO,))}
PLACED = Ownership("Search", "tag team", "its tag team says 'Search'")


def whose(*rules: tuple[str, str], placed: Ownership | None = None, **said: Any) -> Whose:
    usual = {"account": "111", "region": "eu-west-1", "resource_name": "search-7", "tags": {}}
    return Owners(rules, TEAMS).of(found(**{**usual, **said}), placed)


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [
        ("*", True),
        ("search-*", True),
        ("search-?", True),
        ("SEARCH-7", True),
        ("checkout-*", False),
        ("111/*", True),
        ("apex-prod/*", True),
        ("*/eu-*/search-*", True),
        ("111/us-*/*", False),
        ("[s]earch-7", False),
    ],
)
def test_patterns_are_of_the_name_or_of_account_region_and_name(pattern: str, fits: bool) -> None:
    said = whose((pattern, "checkout"), evidence=(("In account", "apex-prod"),))

    assert (said.team == "checkout") is fits


def test_of_the_rules_that_match_the_last_one_decides() -> None:
    assert whose(("*", "checkout"), ("search-*", "search"), ("111/us-*", "x")).team == "search"
    assert whose(("search-*", "search"), ("*", "checkout")).why == "the rule * names checkout"


def test_a_rule_may_name_a_person_who_brings_their_team() -> None:
    assert whose(("*", "Ana@Apex.example")) == Whose("search", ANA, "the rule * names Ana@Apex.example")


def test_a_tag_with_an_address_names_the_person() -> None:
    said = whose(tags={"Owner": "Bo@apex.example", "team": "x"}, placed=PLACED)

    assert (said.person, said.team, said.why) == (BO, "Search", "its tag owner says Bo@apex.example")


def test_else_it_is_whose_cost_it_is_and_nobodys_with_the_reason() -> None:
    assert whose(placed=PLACED) == Whose("search", "", PLACED.why)
    assert whose(placed=Ownership(None, "none", "no rule fits")) == Whose(why="no rule fits")
    assert whose(tags={"team": "checkout"}).team == "checkout"


def test_a_person_is_asked_for_what_is_theirs_and_for_what_names_no_person_of_their_team() -> None:
    owners = Owners((), TEAMS)
    named, teams, nobodys = found(team="search", whose=BO), found(team="Search"), found(tags={})

    assert [owners.is_for(who, named) for who in (ANA, BO)] == [False, True]
    assert [owners.is_for(who, teams) for who in (ANA, BO, "eve@apex.example", "")] == [True, True, False, False]
    assert not owners.is_for(ANA, nobodys)
    assert [owners.first(one) for one in (named, teams, nobodys)] == [BO, ANA, ""]
