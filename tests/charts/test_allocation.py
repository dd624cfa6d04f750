"""Allocation pictures: what they say, and that any amounts and names can be drawn."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from analysis.allocation import Allocation, Charge, allocate
from analysis.allocation_rules import ByTag, Rules, Selection, Shared, Split
from analysis.periods import month_of
from charts.allocation import bars, described, treemap

OCTOBER = month_of(date(2026, 10, 1))
RULES = Rules("team", (ByTag(("team",)), Shared("support", Selection(services=("Support",)), Split.PROPORTIONAL)))


def allocation(amounts: dict[str | None, str], support: str = "0") -> Allocation:
    charges = [Charge({"Tags/team": owner}, (Decimal(amount),), OCTOBER.start) for owner, amount in amounts.items()]
    charges.append(Charge({"ServiceName": "Support"}, (Decimal(support),), OCTOBER.start))
    return allocate(charges, RULES, OCTOBER, "USD")


def test_owners_shared_parts_and_what_nobody_owns_are_told_in_words() -> None:
    found = allocation({"search": "3000", "data": "1000", None: "50"}, support="400")

    words = "Cost. search $3,300, of it $300.00 shared; data $1,100, of it $100.00 shared; no team $50.00."
    assert described(found, title="Cost") == words
    assert bars(found, title="Cost").alt == treemap(found, title="Cost").alt == words


def test_nobody_is_left_out_when_everything_is_owned() -> None:
    assert "no team" not in described(allocation({"search": "3000"}), title="Cost")


@pytest.mark.parametrize(
    "amounts",
    [
        {},
        {"a": "0"},
        {"a": "-5", "b": "3"},
        {"a": "-5"},
        {None: "7"},
        {f"a very long name of a team $x_1$ {number}": "1000000000" for number in range(40)},
        {"big": "1000000000", None: "0.01"} | {f"t{number}": "0.01" for number in range(12)},
    ],
)
def test_any_amounts_can_be_drawn(amounts: dict[str | None, str]) -> None:
    for draw in (bars, treemap):
        assert draw(allocation(amounts, support="1"), title="$x_1$", locale="de_DE").png.startswith(b"\x89PNG")
