"""Money."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as some

from analysis.errors import BadData, CurrencyMismatch
from analysis.money import Money

AMOUNTS = some.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=11)


@given(some.lists(AMOUNTS, max_size=30))
def test_a_total_is_exact_to_the_last_digit(amounts: list[Decimal]) -> None:
    assert Money.total((Money(amount, "EUR") for amount in amounts), "EUR").amount == sum(amounts, Decimal(0))


def test_currencies_are_never_added() -> None:
    with pytest.raises(CurrencyMismatch, match="USD and EUR cannot be added"):
        Money.of(1, "USD") + Money.of(1, "EUR")


@pytest.mark.parametrize("nonsense", [float("nan"), float("inf"), "-Infinity"])
def test_what_is_no_amount_is_refused(nonsense: float | str) -> None:
    with pytest.raises(BadData, match="is not an amount of money"):
        Money.of(nonsense, "USD")


@pytest.mark.parametrize(
    ("amount", "currency", "locale", "said"),
    [
        ("12.8", "USD", "en_US", "$12.80"),
        ("0.004", "USD", "en_US", "$0.00"),
        ("-999.994", "USD", "en_US", "-$999.99"),
        ("1234567.89", "USD", "en_US", "$1,234,568"),
        ("1234.5", "EUR", "de_DE", "1.235\xa0€"),
        ("999", "JPY", "en_US", "¥999"),
    ],
)
def test_money_is_said_as_its_reader_writes_it(amount: str, currency: str, locale: str, said: str) -> None:
    assert Money.of(amount, currency).said(locale) == said


def test_a_share_of_nothing_is_nothing() -> None:
    assert Money.of(5, "USD").share_of(Money.zero("USD")) == 0
