"""Tagging: what is missing, what is misspelled, and what a missing tag should probably say."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pandas as pd

from analysis.focus import COST, CostFrame, CostQuery
from analysis.money import Money
from analysis.periods import month_of
from analysis.tagging import (
    Coverage,
    Tagging,
    Untagged,
    account_values,
    as_written,
    coverage,
    coverages,
    guess,
    known_values,
    same_keys,
    spellings,
)

OCTOBER = month_of(date(2026, 10, 1))
COLUMNS = ("SubAccountName", "Tags/Team", "Tags/team")


def frame(*rows: tuple[str | None, str | None, str | None, str]) -> CostFrame:
    data = pd.DataFrame([(*row[:-1], Decimal(row[-1])) for row in rows], columns=[*COLUMNS, COST], dtype=object)
    return CostFrame.checked(data, CostQuery(OCTOBER, "USD", COLUMNS))


BILL = frame(
    ("prod", None, "search", "60"),
    ("prod", None, "Search ", "5"),
    ("prod", "SEARCH", None, "20"),
    ("prod", None, "n/a", "4"),
    ("prod", None, None, "1"),
    ("data", "data", None, "8"),
    ("data", None, None, "2"),
)


def usd(amount: str) -> Money:
    return Money.of(amount, "USD")


def test_a_tag_counts_in_any_spelling_and_a_value_that_names_nobody_does_not() -> None:
    assert coverage(BILL, "team").without == usd("7")
    assert as_written(BILL, "team") == usd("31")
    assert coverages(BILL, "team", "SubAccountName") == (
        Coverage("prod", usd("90"), usd("5")),
        Coverage("data", usd("10"), usd("2")),
    )


def test_misspelled_keys_and_values_are_told_with_what_they_cost() -> None:
    assert [(one.what, one.written, one.meant, one.cost.amount) for one in spellings(BILL, "team")] == [
        ("key", "Team", "team", Decimal(28)),
        ("value", "SEARCH", "search", Decimal(20)),
        ("value", "Search ", "search", Decimal(5)),
        ("value", "n/a", "", Decimal(4)),
    ]


def test_a_missing_tag_is_guessed_from_the_name_then_from_the_account_or_not_at_all() -> None:
    values, accounts = known_values(BILL, "team"), account_values(BILL, "team", "SubAccountName")

    assert values == {"search": "search", "data": "data"}
    assert accounts == {"prod": "search", "data": "data"}
    assert guess("Data-api-search-7", "prod", values, accounts) == ("data", "its name holds 'data'")
    assert guess("database-7", "prod", values, accounts) == ("search", "prod is search's")
    assert guess("database-7", "sandbox", values, accounts) == ("", "")


def test_an_account_that_many_share_says_nothing() -> None:
    shared = frame(("prod", None, "a", "70"), ("prod", None, "b", "30"))

    assert account_values(shared, "team", "SubAccountName") == {}


def test_nothing_billed_and_credits_are_no_gap() -> None:
    assert coverage(frame(), "team").share == 1
    assert coverage(frame(("prod", None, None, "-5")), "team").share == 1


def test_keys_that_are_the_same_are_one_family() -> None:
    assert same_keys(["Team", "TEAM", "team", "cost-center", "CostCenter"], preferred="") == {
        "cost-center": ["cost-center", "CostCenter"],
        "team": ["team", "TEAM", "Team"],
    }


def test_changes_are_one_for_each_account_region_and_value() -> None:
    def bare(name: str, value: str, region: str = "eu-west-1") -> Untagged:
        return Untagged(name, name, "AWS", "1", "prod", region, "EC2", usd("1"), value, "")

    zero, all_of_it = (
        usd("0"),
        (bare("a", "x"), bare("b", ""), bare("c", "x"), bare("d", "x", "us-east-1"), bare("e", "y")),
    )
    tagging = Tagging("team", OCTOBER, zero, zero, zero, zero, (), (), (), (), (), (), all_of_it)

    assert [(one.resource_ids, one.region, one.value) for one in tagging.changes(3)] == [
        (("a", "c"), "eu-west-1", "x"),
        (("d",), "us-east-1", "x"),
    ]
