"""Drivers of change: each cause by itself, and that the parts are the whole."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as some

from analysis.drivers import Line, Variance, changes, variance
from analysis.money import Money
from analysis.periods import Period, month_of

SEPTEMBER, OCTOBER = month_of(date(2026, 9, 1)), month_of(date(2026, 10, 1))
FIRST, SECOND = Period(date(2026, 10, 1), date(2026, 10, 11)), Period(date(2026, 10, 11), date(2026, 10, 21))
COST = some.decimals(-10_000, 10_000, places=6)
QUANTITY = some.none() | some.decimals(0, 10_000, places=3)
LINES = some.lists(
    some.builds(Line, some.integers(0, 6), some.integers(0, 2), COST, QUANTITY, some.booleans()), max_size=12
)


def line(key: str, cost: str, quantity: str | None = None, *, fixed: bool = False) -> Line:
    return Line(key, "hours", Decimal(cost), Decimal(quantity) if quantity else None, fixed)


def causes(before: list[Line], after: list[Line], periods: tuple[Period, Period] = (FIRST, SECOND)) -> dict[str, str]:
    found = variance((periods[0], before), (periods[1], after), "USD")
    return {str(cause): str(amount.amount) for cause, amount in found.causes.items() if amount}


def test_more_of_the_same_is_volume() -> None:
    assert causes([line("a", "100", "10")], [line("a", "150", "15")]) == {"volume": "50.00"}


def test_the_same_at_a_new_price_is_price() -> None:
    assert causes([line("a", "100", "10")], [line("a", "120", "10")]) == {"price": "20.00"}


def test_dearer_kinds_of_the_same_volume_are_mix() -> None:
    before = [line("small", "100", "100"), line("large", "100", "10")]
    after = [line("small", "50", "50"), line("large", "600", "60")]

    assert causes(before, after) == {"mix": "450.00"}


def test_a_longer_month_is_the_calendar_and_nothing_else() -> None:
    assert causes([line("a", "300", "30")], [line("a", "310", "31")], (SEPTEMBER, OCTOBER)) == {"days": "10.00"}


def test_a_fee_does_not_grow_with_the_days() -> None:
    assert causes([line("a", "300", fixed=True)], [line("a", "300", fixed=True)], (SEPTEMBER, OCTOBER)) == {}
    assert causes([], [line("a", "300", fixed=True)]) == {"fees": "300.00"}


def test_what_only_one_period_knows_is_new_or_gone() -> None:
    assert causes([line("a", "100", "1")], [line("b", "70", "1")]) == {"gone": "-100.00", "new": "70.00"}


def test_what_is_not_measured_has_a_volume_only() -> None:
    assert causes([line("a", "100")], [line("a", "130")]) == {"volume": "30.00"}


def test_a_price_that_only_rounding_moved_is_no_new_price() -> None:
    assert causes([line("a", "33.333", "100")], [line("a", "66.667", "200")]) == {"volume": "33.34"}


@given(LINES, LINES, some.sampled_from([(FIRST, SECOND), (SEPTEMBER, OCTOBER), (OCTOBER, FIRST)]))
def test_the_causes_add_up_to_the_change_to_the_cent(
    before: list[Line], after: list[Line], periods: tuple[Period, Period]
) -> None:
    found: Variance = variance((periods[0], before), (periods[1], after), "USD")

    assert Money.total(found.causes.values(), "USD") == found.change
    assert found.before == Money(sum((one.cost for one in before), start=Decimal(0)), "USD").cents()


def test_changes_that_cancel_out_are_both_seen() -> None:
    usd = Money.of
    found = variance((FIRST, []), (SECOND, []), "USD")
    moved = changes([("a", usd(100, "USD")), ("b", usd(10, "USD"))], [("a", usd(10, "USD")), ("b", usd(100, "USD"))])
    whole = Variance(found.earlier, found.later, found.before, found.after, found.causes, {"service": moved})

    assert [(one.name, one.change.amount) for one in whole.top("service")] == [("a", Decimal(-90)), ("b", Decimal(90))]
    assert whole.share == 0
