"""Savings: only what the bill says, once, for as long as it lasts."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as some

from analysis.findings import Action, Finding, Remedy, State
from analysis.money import Money
from analysis.savings import Billed, Saving, Verdict, ledger, one_each, verify

FIXED = date(2026, 9, 1)
START = FIXED - timedelta(days=40)


def usd(amount: str | float) -> Money:
    return Money.of(amount, "USD")


def finding(name: str = "vol-1", check: str = "unattached-disk", when: date = FIXED) -> Finding:
    return Finding(
        id=f"{name}{check}",
        check=check,
        title=f"Disk {name}",
        provider="sample",
        cloud="aws",
        account="1",
        region="us-east-1",
        resource_id=name,
        resource_name=name,
        tags={},
        monthly_waste=usd(30),
        frees_commitment=usd(0),
        evidence=(),
        remedy=Remedy(Action.DELETE_DISK),
        state=State.RESOLVED,
        changed_at=datetime(when.year, when.month, when.day, 12, tzinfo=UTC),
    )


def daily(before: str, after: str, days: int = 30, back_from: int | None = None) -> dict[date, Decimal]:
    made = {START + timedelta(days=n): Decimal(before) for n in range((FIXED - START).days + 1)}
    for number in range(1, days + 1):
        came_back = back_from is not None and number >= back_from
        made[FIXED + timedelta(days=number)] = Decimal(before if came_back else after)
    return made


def held(own: dict[date, Decimal], others: dict[date, Decimal] | None = None, days: int = 30) -> Saving:
    return verify(finding(), FIXED, Billed(own, others or {}), FIXED + timedelta(days=days + 1))


def test_a_deleted_disk_saves_its_whole_bill() -> None:
    saving = held(daily("1", "0"))

    assert saving.verdict is Verdict.VERIFIED
    assert saving.monthly == usd("30.44")
    assert saving.realised == usd(30)
    assert saving.yearly == usd("365.28")
    assert saving.by_month == {date(2026, 9, 1): usd(29), date(2026, 10, 1): usd(1)}


def test_a_smaller_machine_saves_the_difference() -> None:
    assert held(daily("10", "4")).monthly == usd("182.63")


def test_a_dip_of_everything_is_no_saving() -> None:
    saving = held(daily("10", "7"), others=daily("100", "70"))

    assert saving.season == Decimal("0.7000")
    assert saving.verdict is Verdict.NOT_FALLEN
    assert saving.monthly == usd(0) and saving.realised == usd(0)


def test_a_growing_season_never_claims_more_than_was_billed() -> None:
    saving = held(daily("10", "0"), others=daily("100", "300"))

    assert saving.season == 2
    assert saving.monthly == usd("304.38")


def test_less_than_a_week_is_too_early() -> None:
    saving = held(daily("1", "0", days=5), days=5)

    assert (saving.verdict, saving.days, saving.monthly) == (Verdict.EARLY, 5, usd(0))


def test_a_cost_that_did_not_fall_is_said_with_its_figure() -> None:
    saving = held(daily("10", "9"))

    assert saving.verdict is Verdict.NOT_FALLEN
    assert saving.after == usd(9)


def test_what_a_commitment_paid_saves_no_cash() -> None:
    assert held({}).verdict is Verdict.NOTHING


def test_a_resource_that_came_back_ends_its_saving() -> None:
    saving = held(daily("1", "0", days=60, back_from=31), days=60)

    assert saving.verdict is Verdict.ENDED
    assert saving.ended_on is not None and abs((saving.ended_on - FIXED).days - 30) <= 3
    assert 26 <= float(saving.realised) <= 31
    assert saving.yearly == usd(0)


def test_one_resource_is_counted_once() -> None:
    first = finding(check="idle-machine", when=date(2026, 8, 1))
    chosen = one_each([finding(), first, finding("vol-2")])

    assert [one.id for one in chosen] == [first.id, finding("vol-2").id]


def test_the_ledger_climbs_and_is_held_against_its_cost() -> None:
    lines = [
        verify(finding("a"), FIXED, Billed(daily("1", "0", days=70), {}), FIXED + timedelta(days=71)),
        verify(finding("b"), FIXED, Billed(daily("2", "0", days=70), {}), FIXED + timedelta(days=71)),
    ]
    found = ledger(lines, "USD", usd(50))

    assert found.annualised == usd("1095.84")
    assert found.roi == (Decimal("1095.84") - 600) / 600
    climb = found.climb(date(2026, 11, 10))
    assert [month.start.month for month, _, _ in climb] == [9, 10, 11]
    assert sum((saved.amount for _, saved, _ in climb), start=Decimal(0)) == found.realised.amount
    assert ledger(lines, "USD").roi is None
    assert ledger((), "USD").climb(date(2026, 11, 10)) == []


@given(some.lists(some.decimals(0, 1000, places=4), min_size=30, max_size=60))
def test_no_bill_makes_a_saving_larger_than_what_was_billed(costs: list[Decimal]) -> None:
    own = {START + timedelta(days=number): cost for number, cost in enumerate(costs)}
    saving = verify(finding(), FIXED, Billed(own, {}), START + timedelta(days=len(costs)))

    assert usd(0) <= saving.monthly <= (saving.before * Decimal("30.4375")).cents()
    assert saving.realised.amount >= 0


def test_currencies_are_never_added() -> None:
    line = verify(finding(), FIXED, Billed(daily("1", "0"), {}), FIXED + timedelta(days=31))

    assert ledger([line], "EUR").lines == ()


@pytest.mark.parametrize("days", [0, 1])
def test_a_fix_of_today_has_no_figure_yet(days: int) -> None:
    assert held(daily("1", "0", days=days), days=days).verdict is Verdict.EARLY
