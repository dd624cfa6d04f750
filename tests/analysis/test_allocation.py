"""Allocation: every cent is placed once or shown as unallocated, whatever the rules and the amounts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.allocation import CENT, Allocation, Charge, allocate, divided, rounded
from analysis.allocation_rules import ByAccount, ByName, ByTag, Rule, Rulebook, Rules, Selection, Shared, Split
from analysis.errors import BadConfig, UnknownName
from analysis.money import Money
from analysis.periods import Period, month_of

OCTOBER = month_of(date(2026, 10, 1))
BY_TAG = ByTag(("team", "team-name"))
TAX = Selection(categories=("Tax",))


def charge(amount: str, month: date = OCTOBER.start, **attributes: str) -> Charge:
    """Attributes are FOCUS columns, or tags in small letters."""
    named = {name if name[0].isupper() else f"Tags/{name}": value for name, value in attributes.items()}
    return Charge(named, (Decimal(amount),), month)


def placed(charges: Sequence[Charge], *rules: Rule, **drivers: dict[Period, dict[str, Decimal]]) -> Allocation:
    return allocate(charges, Rules("team", rules, drivers), OCTOBER, "USD", kept=("ServiceName",))


def costs(found: Allocation) -> dict[str | None, Decimal]:
    return {part.owner: part.cost.amount for part in found.parts()}


AMOUNTS = st.decimals(min_value=-(10**9), max_value=10**9, places=10, allow_nan=False, allow_infinity=False)
OWNERS = st.sampled_from(["search", "Search ", "data", "mobile", None])
CHARGES = st.lists(
    st.builds(
        lambda amount, billed, owner, category, month: Charge(
            {"Tags/team": owner, "ChargeCategory": category, "ServiceName": "S3"}, (amount, billed), month
        ),
        AMOUNTS,
        AMOUNTS,
        OWNERS,
        st.sampled_from(["Usage", "Tax", "Credit"]),
        st.sampled_from([date(2026, 9, 1), date(2026, 10, 1)]),
    ),
    max_size=30,
)
SPLITS = st.sampled_from(
    [
        Shared("taxes", TAX, Split.EVEN),
        Shared("taxes", TAX, Split.EVEN, among=("search", "ops")),
        Shared("taxes", TAX, Split.PROPORTIONAL),
        Shared("taxes", TAX, Split.FIXED, shares={"search": Decimal("0.333"), "data": Decimal("0.667")}),
        Shared("taxes", TAX, Split.DRIVER, driver="orders"),
    ]
)


@settings(max_examples=300)
@given(CHARGES, SPLITS)
def test_nothing_is_made_and_nothing_is_lost(charges: list[Charge], shared: Shared) -> None:
    drivers = {"orders": {month_of(date(2026, 10, 1)): {"search": Decimal(3), "data": Decimal(0)}}}
    rules = Rules("team", (shared, BY_TAG), drivers)
    found = allocate(charges, rules, OCTOBER, "USD", columns=("EffectiveCost", "BilledCost"), kept=("ServiceName",))

    for column in (0, 1):
        whole = sum((one.amounts[column] for one in charges), start=Decimal(0))
        assert found.total(column).amount == whole
        assert (
            sum((cost.amount for _, cost in found.in_cents(column)), start=Decimal(0))
            == Money(whole, "USD").cents().amount
        )
        assert (
            sum((part.cost.amount for part in found.parts(column)), start=Decimal(0))
            == Money(whole, "USD").cents().amount
        )
        for part in found.parts(column):
            exact = sum((line.amounts[column] for line in found.lines if line.owner == part.owner), start=Decimal(0))
            assert abs(part.cost.amount - exact) < CENT


@given(AMOUNTS, st.lists(st.decimals(min_value=0, max_value=10**6, places=4), min_size=1, max_size=20))
def test_parts_of_a_shared_cost_add_up_exactly_and_follow_the_weights(amount: Decimal, weights: list[Decimal]) -> None:
    if not any(weights):
        weights[0] = Decimal(1)
    parts = divided(amount, weights)

    assert sum(parts, start=Decimal(0)) == amount
    whole = sum(weights)
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - amount * weight / whole) < Decimal("1E-9")


@given(st.lists(AMOUNTS, min_size=1, max_size=40))
def test_rounded_amounts_add_up_to_the_rounded_whole(amounts: list[Decimal]) -> None:
    whole = Money(sum(amounts, start=Decimal(0)), "USD").cents().amount
    told = rounded(amounts, whole, CENT)

    assert sum(told) == whole
    assert all(abs(one - other) < CENT for one, other in zip(told, amounts, strict=True))


def test_an_owner_is_one_whatever_the_spelling_and_is_called_as_most_of_its_cost_says() -> None:
    spellings = {"Tags/Team": "SEARCH", "Tags/TEAM": "search", "Tags/Team-Name": "sëarch"}
    charges = [Charge({key: value}, (Decimal(1),), OCTOBER.start) for key, value in spellings.items()]
    charges += [charge("5", team="Search "), charge("1", team="search")]

    assert costs(placed(charges, BY_TAG)) == {"Search": 9, None: 0}


def test_an_alias_is_its_owner_and_the_owner_is_called_as_the_rules_say() -> None:
    rule = ByTag(("team",), aliases={"Search": ["srch", "Such-Maschine"]})
    charges = [
        charge("1", team="SRCH"),
        charge("1", team="such_maschine"),
        charge("9", team="SEARCH"),
        charge("1", team="b"),
    ]

    assert costs(placed(charges, rule)) == {"Search": 11, "b": 1, None: 0}
    assert costs(placed(charges, replace(rule, known_only=True))) == {"Search": 11, None: 1}


def test_a_value_that_names_nobody_lets_the_next_rule_decide() -> None:
    charges = [charge("1", team="n/a", team_name="data"), charge("2", team="unknown", SubAccountName="apex-data")]

    assert costs(placed(charges, BY_TAG, ByAccount({"APEX-*": "lake"}))) == {"lake": 2, "data": 1, None: 0}


def test_rules_are_asked_in_order_and_each_says_why() -> None:
    rules = Rules("team", (BY_TAG, ByAccount({"777": "ops"}), ByName({"search-[*": "search"})))

    assert rules.owner_of({"Tags/TEAM": "data ", "SubAccountId": "777"}).why == "its tag TEAM says 'data'"
    assert rules.owner_of({"SubAccountId": "777"}).why == "account 777 belongs to ops"
    assert rules.owner_of({"ResourceName": "search-[1"}).owner == "search"
    nobody = rules.owner_of({"ResourceName": "search-1"})
    assert (nobody.owner, nobody.why) == (None, "no rule fits: it has no tag team or team-name that names anybody")


def test_a_shared_cost_that_stands_last_takes_what_is_left_of_an_account() -> None:
    left = Shared("sandbox", Selection(accounts=("sandbox",)), Split.PROPORTIONAL)
    charges = [
        charge("30", team="a", SubAccountName="sandbox"),
        charge("10", team="b", SubAccountName="prod"),
        charge("8", SubAccountName="sandbox"),
        charge("1", SubAccountName="prod"),
    ]
    found = placed(charges, BY_TAG, left)

    assert costs(found) == {"a": 36, "b": 12, None: 1}
    assert {part.owner: part.shared.amount for part in found.parts()} == {"a": 6, "b": 2, None: 0}
    assert found.by_rule("a") == {
        "tag team": Money(Decimal(30), "USD").cents(),
        "sandbox": Money(Decimal(6), "USD").cents(),
    }


@pytest.mark.parametrize(
    ("split", "expected"),
    [
        (Shared("tax", TAX, Split.EVEN), {"a": "33.34", "b": "13.33", "c": "3.33"}),
        (Shared("tax", TAX, Split.EVEN, among=("c", "d")), {"a": "30.00", "b": "10.00", "c": "5.00", "d": "5.00"}),
        (Shared("tax", TAX, Split.PROPORTIONAL), {"a": "37.50", "b": "12.50", "c": "0.00"}),
        (
            Shared("tax", TAX, Split.FIXED, shares={"a": Decimal("0.1"), "c": Decimal("0.9")}),
            {"a": "31.00", "b": "10.00", "c": "9.00"},
        ),
        (Shared("tax", TAX, Split.DRIVER, driver="orders"), {"a": "30.00", "b": "17.50", "c": "2.50"}),
    ],
)
def test_each_way_of_dividing(split: Shared, expected: dict[str, str]) -> None:
    charges = [charge("30", team="a"), charge("10", team="b"), charge("10", ChargeCategory="Tax")]
    charges += [charge("1", team="c", ServiceName="x"), charge("-1", team="c", ServiceName="y")]
    drivers = {"orders": {OCTOBER: {"b": Decimal(3), "c": Decimal(1)}}}
    found = {part.owner: part.cost for part in placed(charges, split, BY_TAG, **drivers).parts()}

    assert found.pop(None).amount == 0
    assert {owner: cost.amount for owner, cost in found.items()} == {
        owner: Decimal(one) for owner, one in expected.items()
    }


def test_days_of_a_driver_are_added_up_and_missing_ones_count_nothing() -> None:
    days = [OCTOBER.start + timedelta(days=number) for number in range(0, 31) if not 7 <= number < 14]
    orders = {Period(day, day + timedelta(days=1)): {"a": Decimal(1), "b": Decimal(3)} for day in days}
    orders[month_of(date(2026, 11, 1))] = {"a": Decimal(10**6)}
    found = placed(
        [charge("8", ChargeCategory="Tax")], Shared("tax", TAX, Split.DRIVER, driver="orders"), orders=orders
    )

    assert costs(found) == {"b": 6, "a": 2, None: 0}
    assert not found.left


def test_a_driver_that_counted_nothing_leaves_the_cost_unallocated_and_says_so() -> None:
    zero = {OCTOBER: {"a": Decimal(0)}}
    shared = Shared("tax", TAX, Split.DRIVER, driver="orders")
    found = placed([charge("5", team="a"), charge("8", ChargeCategory="Tax")], shared, BY_TAG, orders=zero)

    assert costs(found) == {"a": 5, None: 8}
    assert found.left == ("The shared cost tax stays unallocated: orders counts nothing in October 2026",)


def test_credits_larger_than_cost_are_placed_and_take_no_part_of_what_is_shared() -> None:
    charges = [charge("-50", team="a"), charge("10", team="b"), charge("4", ChargeCategory="Tax")]
    found = placed(charges, Shared("tax", TAX, Split.PROPORTIONAL), BY_TAG)

    assert costs(found) == {"b": 14, "a": -50, None: 0}
    assert found.coverage == 1


def test_nothing_billed_is_covered_and_never_divided_by() -> None:
    found = placed([], Shared("tax", TAX, Split.EVEN), BY_TAG)

    assert not found.total()
    assert found.coverage == 1
    assert costs(found) == {None: 0}
    alone = placed([charge("3", ChargeCategory="Tax")], Shared("tax", TAX, Split.EVEN), BY_TAG)
    assert alone.left == ("The shared cost tax stays unallocated: nobody has a direct cost",)


@pytest.mark.parametrize("shares", [{}, {"a": "0.5"}, {"a": "0.5", "b": "0.6"}, {"a": "1.5", "b": "-0.5"}])
def test_fixed_shares_that_are_not_the_whole_are_refused(shares: dict[str, str]) -> None:
    with pytest.raises(BadConfig, match="add up to 1"):
        Shared("tax", TAX, Split.FIXED, shares={owner: Decimal(share) for owner, share in shares.items()})


def test_the_period_before_is_joined_by_what_is_meant_and_who_has_gone_is_told() -> None:
    earlier = placed([charge("5", team="SEARCH"), charge("7", team="old"), charge("1")], BY_TAG)
    now = replace(placed([charge("9", team="search"), charge("2", team="new")], BY_TAG), earlier=earlier)

    changes = {part.owner: part.change and part.change.amount for part in now.parts()}
    assert changes == {"search": 4, "new": 2, "old": -7, None: -1}


def test_a_dimension_is_the_deployments_or_a_usual_one_or_any_tag() -> None:
    own = (ByAccount({"1": "CC-1"}),)
    book = Rulebook(rules={"cost-center": own})

    assert book.of("Cost Centre").rules == own
    assert book.of().rules == (ByTag(("team", "team-name")),)
    assert book.of("env", keys=["Env"]).columns(["Env", "ENV", "x"]) == ("Tags/ENV", "Tags/Env")
    with pytest.raises(UnknownName, match="did you mean team"):
        book.of("teams", keys=["Env"])


def test_rules_look_only_at_the_columns_they_need() -> None:
    rules = Rules("team", (BY_TAG, Shared("x", Selection(services=("S3",), tags={"env": ["dev"]}), Split.EVEN)))

    assert rules.columns(["Team", "team_name", "ENV", "other"]) == (
        "ServiceName",
        "Tags/ENV",
        "Tags/Team",
        "Tags/team_name",
    )
