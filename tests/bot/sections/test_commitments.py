"""[commitments] in the deployment file: what a purchase may promise."""

from __future__ import annotations

from decimal import Decimal

import pytest

from analysis.errors import BadConfig
from bot.config import Config, parse


def read(**commitments: object) -> Config:
    return parse({"providers": [{"kind": "sample"}], "commitments": commitments}, lambda _: "pitcrew.toml:1")


def test_rates_and_the_floor_are_exact() -> None:
    told = read(discount={"AWS": 0.25}, hourly_floor=1).commitments

    assert (told.discount, told.hourly_floor) == ({"AWS": Decimal("0.25")}, Decimal(1))
    assert read().commitments.hourly_floor is None


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"discount": {"AWS": 25}}, "commitments.discount.AWS"),
        ({"discount": {"AWS": 0}}, "commitments.discount.AWS"),
        ({"hourly_floor": 1.5}, "commitments.hourly_floor"),
        ({"discount": {"Amazon": 0.2}}, "there are AWS, Microsoft"),
        ({"discounts": {}}, "there is no such key"),
    ],
)
def test_what_cannot_be_a_promise_is_refused(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(BadConfig, match=said):
        read(**wrong)
