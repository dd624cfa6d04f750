"""The inventory of an organization under faults: what fails is named, and everything else is delivered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import boto3
import pytest

from analysis.estate import Bill, Disk, Machine
from analysis.money import Money
from providers.aws.accounts import Account
from providers.aws.connection import Connection, Role
from providers.aws.inventory import Limits, Taken, inventory
from providers.aws.prices import PriceList
from providers.provider import Spot
from tests.aws.company import MEMBER
from tests.aws.company import client as in_account
from tests.aws.double import ROOT, Double

NOW = datetime.now(UTC)  # noqa: TID251 (moto makes things now)
SHOP, LAB = "222233334444", "333344445555"
ACCOUNTS = (Account(ROOT, "payer", own=True), Account(SHOP, "shop"), Account(LAB, "lab"))
EC2 = "Amazon Elastic Compute Cloud"


def empty(aws: Double) -> None:
    """What moto does not know, with nothing in it."""
    aws.answer("pricing", "GetProducts", {"FormatVersion": "aws_v1", "PriceList": []})
    aws.answer("ec2", "DescribeCapacityReservations", {"CapacityReservations": []})


@pytest.fixture
def fleet(aws: Double) -> Double:
    """A disk in each of two regions of each account."""
    for account in (SHOP, LAB):
        for region in ("us-east-1", "eu-west-1"):
            in_account("ec2", account, region).create_volume(AvailabilityZone=f"{region}a", Size=10, VolumeType="gp3")
    empty(aws)
    aws.calls.clear()
    return aws


def taken(tmp_path: Path, spots: Sequence[Spot] = (), bills: dict[str, Bill] | None = None, **limits: Any) -> Taken:
    every = spots or [Spot(account, region, EC2) for account in (SHOP, LAB) for region in ("us-east-1", "eu-west-1")]
    return inventory(
        Connection(member=Role(MEMBER)),
        ACCOUNTS,
        every,
        bills or {},
        prices=PriceList(boto3.client, tmp_path, NOW),
        now=NOW,
        limits=Limits(**limits),
    )


def places(found: Taken) -> set[tuple[str, str]]:
    return {(one.account, one.region) for one in found.inventory.resources if isinstance(one, Disk)}


def test_only_where_the_bill_says(fleet: Double, tmp_path: Path) -> None:
    found = taken(tmp_path, [Spot(SHOP, "eu-west-1", EC2)])

    assert places(found) == {(SHOP, "eu-west-1")}
    assert {one.account_name for one in found.inventory.resources} == {"shop"}
    assert {(call.account, call.region) for call in fleet.calls if call.service == "ec2"} == {(SHOP, "eu-west-1")}


def test_readers_of_one_place_list_a_thing_once(fleet: Double, tmp_path: Path) -> None:
    taken(tmp_path, [Spot(SHOP, "eu-west-1", EC2)])

    listed = [operation for operation in fleet.counted("ec2") if operation == "DescribeInstances"]
    assert len(listed) == 1


@pytest.mark.parametrize("kind", ["throttle", "error500", "reset"])
def test_what_passes_on_another_try_is_never_seen(fleet: Double, tmp_path: Path, kind: str) -> None:
    fleet.fault("ec2", "DescribeVolumes", kind=kind, times=2)

    found = taken(tmp_path)

    assert len(places(found)) == 4 and found.inventory.unread == ()


def test_one_account_denied_among_many_is_named_and_the_rest_delivered(fleet: Double, tmp_path: Path) -> None:
    fleet.fault("ec2", kind="denied", times=None, account=LAB)

    found = taken(tmp_path)

    assert places(found) == {(SHOP, "us-east-1"), (SHOP, "eu-west-1")}
    assert found.inventory.unread[0] == "2 of 3 accounts were read whole"
    assert f"account {LAB} (lab): AccessDenied" in found.inventory.unread[1]
    assert found.inventory.kept == {LAB}, "what was known of it stays"


def test_a_region_that_is_switched_off_is_said_by_name(fleet: Double, tmp_path: Path) -> None:
    fleet.fault("ec2", kind="disabled_region", times=None, region="eu-west-1")

    found = taken(tmp_path)

    assert places(found) == {(SHOP, "us-east-1"), (LAB, "us-east-1")}
    assert all("region eu-west-1 is switched off" in line for line in found.inventory.unread[1:])


def test_a_page_token_that_comes_again_ends_with_a_word(fleet: Double, tmp_path: Path) -> None:
    fleet.answer("ec2", "DescribeVolumes", {"Volumes": [], "NextToken": "again"})

    found = taken(tmp_path)

    assert any("PaginationError" in line for line in found.inventory.unread)


def test_without_a_member_role_only_the_own_account_is_read(fleet: Double, tmp_path: Path) -> None:  # noqa: ARG001
    found = inventory(
        Connection(),
        ACCOUNTS,
        [Spot(SHOP, "us-east-1", EC2), Spot(ROOT, "us-east-1", EC2)],
        {},
        prices=PriceList(boto3.client, tmp_path, NOW),
        now=NOW,
        limits=Limits(),
    )

    assert (
        f"account {SHOP} (shop): no role for member accounts is configured: set member_role" in found.inventory.unread
    )


def machines(aws: Double, count: int) -> list[str]:
    """Running machines with a processor that did 10 percent on each of the last ten days."""
    image = boto3.client("ec2").register_image(Name="base", RootDeviceName="/dev/sda1")["ImageId"]
    made = boto3.client("ec2").run_instances(ImageId=image, InstanceType="m5.large", MinCount=count, MaxCount=count)
    names = [one["InstanceId"] for one in made["Instances"]]
    today = datetime.combine(NOW.date(), datetime.min.time(), UTC)
    for name in names:
        data = [
            {
                "MetricName": "CPUUtilization",
                "Dimensions": [{"Name": "InstanceId", "Value": name}],
                "Timestamp": today - timedelta(days=back) + timedelta(hours=12),
                "Value": value,
            }
            for back in range(1, 11)
            for value in (5.0, 15.0)
        ]
        boto3.client("cloudwatch").put_metric_data(Namespace="AWS/EC2", MetricData=data)
    empty(aws)
    return names


def billed(names: Sequence[str], first: int = 10) -> dict[str, Bill]:
    """Each of them dearer than the one before it."""
    return {
        name.lower(): Bill(Money(Decimal(first + place), "USD"), Money.zero("USD"), 30)
        for place, name in enumerate(names)
    }


def test_metrics_are_measured_by_day_and_their_cost_is_told(aws: Double, tmp_path: Path) -> None:
    names = machines(aws, 1)

    found = taken(tmp_path, [Spot(ROOT, "us-east-1", EC2)], billed(names))

    (machine,) = (one for one in found.inventory.resources if isinstance(one, Machine))
    cpu = machine.metrics["cpu_percent"]
    assert (cpu.days, cpu.average, cpu.maximum) == (10, 10.0, 15.0)
    assert found.spent.amount > 0


def test_the_metrics_budget_goes_to_the_dearest_and_the_rest_is_said(aws: Double, tmp_path: Path) -> None:
    names = machines(aws, 3)

    found = taken(tmp_path, [Spot(ROOT, "us-east-1", EC2)], billed(names), metrics=Money(Decimal("0.0001"), "USD"))

    measured = {one.id.rsplit("/", 1)[-1] for one in found.inventory.resources if "cpu_percent" in one.metrics}
    assert measured <= {names[-1]}
    assert any("not measured: the metrics budget of" in line for line in found.inventory.unread)
    assert {name.rsplit("/", 1)[-1] for name in found.inventory.kept} >= set(names[:2])
    assert found.spent.amount <= Decimal("0.0001")


def test_what_costs_next_to_nothing_is_not_measured(aws: Double, tmp_path: Path) -> None:
    names = machines(aws, 1)

    found = taken(tmp_path, [Spot(ROOT, "us-east-1", EC2)], billed(names, first=1))

    assert found.spent.amount == 0 and not aws.counted("cloudwatch")[20:]
    assert found.inventory.unread == ()


def test_metrics_that_are_refused_keep_what_was_known(aws: Double, tmp_path: Path) -> None:
    names = machines(aws, 1)
    aws.fault("cloudwatch", kind="denied", times=None)

    found = taken(tmp_path, [Spot(ROOT, "us-east-1", EC2)], billed(names))

    assert any("metrics of account" in line for line in found.inventory.unread)
    assert len(found.inventory.kept) == 1
