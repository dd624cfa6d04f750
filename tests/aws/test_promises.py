"""What stands beside the bill: accounts, the ends of commitments, budgets, list prices."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import boto3
import pytest

from analysis.errors import NotReadable
from analysis.money import Money
from providers.aws.accounts import accounts
from providers.aws.budgets import budgets
from providers.aws.commitments import terms
from providers.aws.connection import Connection
from providers.aws.prices import PriceList
from tests.aws.double import ROOT, Double, Request

NOW = datetime(2026, 11, 18, 9, tzinfo=UTC)


def test_an_organization_is_all_of_its_active_accounts(aws: Double) -> None:
    listed = [
        {"Id": ROOT, "Name": "payer", "State": "ACTIVE"},
        {"Id": "222233334444", "Name": "shop", "State": "ACTIVE"},
        {"Id": "333344445555", "Name": "gone", "State": "SUSPENDED"},
    ]
    aws.answer("organizations", "ListAccounts", {"Accounts": listed})

    found = accounts(Connection())

    assert [(one.id, one.name, one.own) for one in found.list] == [
        (ROOT, "payer", True),
        ("222233334444", "shop", False),
    ]
    assert [one.name for one in accounts(Connection(), ["222233334444"]).list] == ["shop"]
    assert accounts(Connection(), ["999988887777"]).told == ("no such account in the organization: 999988887777",)


def test_one_account_alone_is_read_by_itself(aws: Double) -> None:  # noqa: ARG001 (moto knows no organization)
    found = accounts(Connection())

    assert [one.id for one in found.list] == [ROOT]
    assert found.told == ()


def test_an_organization_that_may_not_be_listed_is_said(aws: Double) -> None:
    aws.fault("organizations", kind="denied", times=None)

    found = accounts(Connection())

    assert [one.id for one in found.list] == [ROOT]
    assert "only account" in found.told[0] and "deploy/aws" in found.told[0]


def test_without_credentials_the_next_step_is_told(
    aws: Double,  # noqa: ARG001
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("HOME", str(tmp_path))

    with pytest.raises(NotReadable, match="give the process a role, or set AWS_PROFILE"):
        accounts(Connection())


def test_expired_credentials_say_so(aws: Double) -> None:
    aws.fault("sts", kind="expired", times=None)

    with pytest.raises(NotReadable, match="expired: renew them"):
        accounts(Connection())


def test_commitments_are_asked_for_where_their_names_say(aws: Double) -> None:
    plan = f"arn:aws:savingsplans::{ROOT}:savingsplan/11111111-2222-3333-4444-555555555555"
    said = {
        "savingsPlanArn": plan,
        "state": "active",
        "savingsPlanType": "Compute",
        "paymentOption": "No Upfront",
        "start": "2026-01-01T00:00:00.000Z",
        "end": "2026-12-31T23:59:59.000Z",
    }
    aws.answer("savingsplans", "DescribeSavingsPlans", {"savingsPlans": [said, {**said, "state": "payment-failed"}]})
    database = f"arn:aws:rds:eu-west-1:{ROOT}:ri:db"
    reserved = {
        "ReservedDBInstanceArn": database,
        "DBInstanceClass": "db.r5.large",
        "DBInstanceCount": 3,
        "OfferingType": "All Upfront",
        "StartTime": datetime(2025, 12, 1, tzinfo=UTC),
        "Duration": 31_536_000,
    }
    aws.answer("rds", "DescribeReservedDBInstances", {"ReservedDBInstances": [reserved]})

    found, failed = terms(Connection(), [plan, database, "not an arn", f"arn:aws:other::{ROOT}:thing/1"])

    assert {(one.id, one.name, one.starts, one.ends) for one in found} == {
        (plan, "Compute savings plan, No Upfront", date(2026, 1, 1), date(2026, 12, 31)),
        (database, "3 × db.r5.large, All Upfront", date(2025, 12, 1), date(2026, 12, 1)),
    }
    assert failed == []
    assert {call.region for call in aws.calls if call.service == "rds"} == {"eu-west-1"}


def test_commitments_of_an_account_that_refuses_are_named(aws: Double) -> None:
    aws.fault("rds", kind="denied", times=None)

    found, failed = terms(Connection(), [f"arn:aws:rds:eu-west-1:{ROOT}:ri:db"])

    assert found == []
    assert f"commitments of rds in account {ROOT}: AccessDenied" in failed[0]


def budget(name: str, **said: Any) -> dict[str, Any]:
    usual = {"BudgetType": "COST", "TimeUnit": "MONTHLY", "BudgetLimit": {"Amount": "1200.50", "Unit": "USD"}}
    return {"BudgetName": name, **usual, **said}


def test_budgets_keep_their_scope_and_what_cannot_be_said_is_told(aws: Double) -> None:
    every = [
        budget("all"),
        budget("year of shop", TimeUnit="ANNUALLY", CostFilters={"LinkedAccount": ["222233334444"]}),
        budget("search", CostFilters={"TagKeyValue": ["user:team$search"], "Service": ["Amazon S3"]}),
        budget("two", CostFilters={"Service": ["Amazon S3", "Amazon EC2"]}),
        budget("hours", BudgetType="USAGE"),
        budget("day", TimeUnit="DAILY"),
    ]
    aws.answer("budgets", "DescribeBudgets", {"Budgets": every})

    found, told = budgets(Connection())

    assert [(one.name, one.amount, one.period, one.account, dict(one.where)) for one in found] == [
        ("all", Money.of("1200.50", "USD"), "month", "", {}),
        ("year of shop", Money.of("1200.50", "USD"), "year", "222233334444", {}),
        ("search", Money.of("1200.50", "USD"), "month", "", {"team": "search", "service": "Amazon S3"}),
    ]
    assert [line.split(" is left out")[0] for line in told] == ["AWS budget two", "AWS budget hours", "AWS budget day"]


def product(name: str, vcpus: int, hourly: str, unit: str = "Hrs") -> str:
    said = {"instanceType": name, "vcpu": str(vcpus), "memory": f"{vcpus * 4} GiB"}
    price = {"unit": unit, "pricePerUnit": {"USD": hourly}}
    return json.dumps(
        {"product": {"attributes": said}, "terms": {"OnDemand": {"a": {"priceDimensions": {"b": price}}}}}
    )


def listed(request: Request) -> dict[str, Any]:
    wanted = {one["Field"]: one["Value"] for one in request.parameters["Filters"]}
    family = wanted["instanceType"]
    sizes = [
        product(f"{family}large", 2, "0.1"),
        product(f"{family}xlarge", 4, "0.2"),
        product(f"{family}odd", 8, "0", "Quantity"),
    ]
    return {"FormatVersion": "aws_v1", "PriceList": sizes}


def test_prices_are_asked_for_once_a_family_and_month(aws: Double, tmp_path: Path) -> None:
    aws.answer("pricing", "GetProducts", listed)
    prices = PriceList(boto3.client, tmp_path, NOW)

    size = prices.machine("m5.xlarge", "us-east-1")
    assert size is not None and (size.vcpus, size.memory_gb, size.hourly.amount) == (4, 16.0, Decimal("0.2"))
    assert [one.name for one in prices.machines_like("m5.xlarge", "us-east-1")] == ["m5.large"]
    assert prices.machine("m5.odd", "us-east-1") is None, "no price by the hour"
    assert len(aws.counted("pricing")) == 1

    again = PriceList(boto3.client, tmp_path, NOW)
    assert again.machine("m5.large", "us-east-1") is not None
    assert len(aws.counted("pricing")) == 1, "from the disk"

    later = PriceList(boto3.client, tmp_path, datetime(2026, 12, 1, tzinfo=UTC))
    assert later.machine("m5.large", "us-east-1") is not None
    assert len(aws.counted("pricing")) == 2, "a new month"


def test_a_successor_is_the_same_size_of_another_family(aws: Double, tmp_path: Path) -> None:
    aws.answer("pricing", "GetProducts", listed)
    prices = PriceList(boto3.client, tmp_path, NOW)

    newer = prices.newer_machine("m4.xlarge", "us-east-1")
    arm = prices.arm_database("db.m5.large", "us-east-1", "postgres")
    assert newer is not None and newer.name.endswith(".xlarge") and not newer.name.startswith("m4")
    assert arm is not None and arm.name.startswith("db.m6g.")
    assert prices.arm_machine("m5.large", "us-east-1", "Windows") is None, "Windows runs on none of them"
    assert prices.database("db.m5.large", "us-east-1", "custom-oracle") is None


def test_a_price_list_that_refuses_costs_a_ratio_and_nothing_else(aws: Double, tmp_path: Path) -> None:
    aws.fault("pricing", kind="denied", times=None)

    assert PriceList(boto3.client, tmp_path, NOW).machine("m5.large", "us-east-1") is None
