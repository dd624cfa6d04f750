"""The checks over the sample company: all of the planted waste, at its price, and nothing else."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import duckdb
import pytest

from analysis import checks
from analysis.estate import Bill, Disk, Estate, Machine
from analysis.findings import Finding
from analysis.money import Money
from analysis.periods import DAYS_A_MONTH, last_days
from providers import remedies
from providers.provider import Billed
from providers.sample import SampleFolder, SampleProvider
from tests.builders import quietly
from tests.providers.sample.conftest import AS_OF

NOW = datetime(2026, 11, 18, 9, tzinfo=UTC)
WINDOW = 30
CENT = Decimal("0.01")


@pytest.fixture(scope="module")
def estate(apex: SampleFolder, billed: duckdb.DuckDBPyConnection) -> Estate:
    """The inventory, with what the last thirty complete days were billed, scaled to a month."""
    until = min(date.fromisoformat(day) for day in apex.truths()["complete_until"].values())
    window = last_days(WINDOW, until)
    rows = billed.execute(
        "SELECT lower(ResourceId), BillingCurrency, sum(EffectiveCost),"
        " coalesce(sum(EffectiveCost) FILTER (CommitmentDiscountStatus = 'Used'), 0), count(DISTINCT ChargePeriodStart)"
        " FROM billed WHERE ChargeCategory = 'Usage' AND ResourceId IS NOT NULL AND ChargePeriodStart[:10] >= ?"
        " AND ChargePeriodStart[:10] < ? GROUP BY ALL",
        [window.start.isoformat(), window.end.isoformat()],
    ).fetchall()
    month = Decimal(str(DAYS_A_MONTH)) / WINDOW
    bills = {
        resource: Bill(Money(cost * month, currency), Money(covered * month, currency), days)
        for resource, currency, cost, covered, days in rows
    }
    return Estate.of_all(AS_OF, SampleProvider(apex).inventory(NOW, Billed(), quietly).resources, bills)


@pytest.fixture(scope="module")
def found(estate: Estate) -> list[Finding]:
    return list(checks.run(estate, {}))


def test_the_checks_find_all_of_the_waste_and_nothing_else(apex: SampleFolder, found: list[Finding]) -> None:
    planted = {(one["check"], one["resource_id"]): one["name"] for one in apex.truths()["waste"]}
    seen = {(one.check, one.resource_id): one.resource_name for one in found}

    assert sorted(seen.items()) == sorted(planted.items())
    assert len(found) == len(planted) == 57


def test_each_finding_costs_what_was_planted_to_the_cent(apex: SampleFolder, found: list[Finding]) -> None:
    truths = {one["resource_id"]: one for one in apex.truths()["waste"]}
    for one in found:
        told = truths[one.resource_id]
        assert one.monthly_waste.currency == told["currency"]
        assert abs(one.monthly_waste.amount - Decimal(told["monthly"])) <= CENT, one.resource_name
        assert abs(one.frees_commitment.amount - Decimal(told["frees_commitment"])) <= CENT, one.resource_name


def test_waste_is_told_a_currency_at_a_time(found: list[Finding]) -> None:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for one in found:
        sums[one.monthly_waste.currency] += one.monthly_waste.amount

    assert sums.keys() == {"USD", "EUR"}
    assert sums["USD"] > 2_000


def test_a_machine_that_a_commitment_covers_frees_it_and_saves_no_cash(found: list[Finding]) -> None:
    [covered] = [one for one in found if one.resource_name == "api-standby-covered"]

    assert not covered.monthly_waste
    assert covered.frees_commitment > Money.of(50, "USD")


def test_every_look_alike_is_in_the_inventory_and_is_left_alone(
    apex: SampleFolder, estate: Estate, found: list[Finding]
) -> None:
    decoys = {one["resource_id"]: one["why"] for one in apex.truths()["decoys"]}
    inventory = {resource.id for resource in estate.resources}

    assert decoys.keys() <= inventory
    assert len(decoys) == 12
    assert not decoys.keys() & {one.resource_id for one in found}


def test_a_look_alike_would_be_found_if_its_excuse_were_gone(estate: Estate) -> None:
    """The decoys hang on one fact each: a week on, the fresh disks are waste too."""
    later = Estate(estate.as_of + timedelta(days=7), estate.resources, estate.bills)
    new = {one.resource_name for one in checks.run(later, {})} - {one.resource_name for one in checks.run(estate, {})}

    assert new == {"search-blue-green", "portal-swap-disk"}


def test_the_inventory_comes_back_as_it_was(estate: Estate) -> None:
    machines, disks = list(estate.of(Machine)), list(estate.of(Disk))

    assert len(machines) > 200 and len(disks) > 150
    assert {one.cloud for one in machines} == {one.cloud for one in disks} == {"aws", "azure"}
    assert all(isinstance(one.size.hourly.amount, Decimal) for one in machines)
    assert all(smaller.hourly < one.size.hourly for one in machines for smaller in one.smaller)


def test_every_finding_comes_with_commands_of_its_cloud(found: list[Finding]) -> None:
    for one in found:
        fix = remedies.fix(one)
        assert fix is not None and fix.act and fix.undo and fix.safety
        assert ("aws ec2" in fix.act) == (one.cloud == "aws")
        assert ("az " in fix.act) == (one.cloud == "azure")
