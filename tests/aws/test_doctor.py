"""What the doctor says of AWS to the person who has just set it up."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot import config as deployment
from bot.clock import stopped_at
from bot.doctor import Level, Patient, Seen, examined
from tests.aws.double import ROOT, Double
from tests.aws.test_provider import export

NOW = stopped_at(datetime(2026, 11, 18, 9, tzinfo=UTC))
MEMBER = "arn:aws:iam::{account}:role/pitcrew-read"
SHOP, DATA = "222233334444", "333344445555"


@pytest.fixture(autouse=True)
def company(aws: Double) -> None:
    """Two member accounts, one export, and Compute Optimizer alone switched on."""
    listed = [{"Id": ROOT, "Name": "payer"}, {"Id": SHOP, "Name": "shop"}, {"Id": DATA, "Name": "data"}]
    listed = [{**one, "State": "ACTIVE"} for one in listed]
    aws.answer("organizations", "ListAccounts", {"Accounts": listed})
    aws.answer("compute-optimizer", "GetIdleRecommendations", {"idleRecommendations": []})
    for service in ("cost-optimization-hub", "trustedadvisor"):
        aws.fault(service, kind="denied", times=None)
    export(aws, "apex-focus")


def seen(folder: Path, **said: Any) -> list[Seen]:
    raw = {"data": {"folder": str(folder)}, "providers": [{"kind": "aws", "member_role": MEMBER, **said}]}
    patient = Patient(deployment.parse(raw, lambda _: "test"), {}, NOW)
    return [one for _, one in examined(patient, "aws")]


def test_it_tells_what_opens_and_what_the_bill_is(tmp_path: Path, aws: Double) -> None:
    found = [(one.level, one.what) for one in seen(tmp_path)]

    assert (Level.OK, f"aws: speaks as account {ROOT}") in found
    assert (Level.OK, "aws: 3 of 3 accounts open") in found
    assert (Level.OK, "aws: bill from export apex-focus (FOCUS_1_2_AWS) in s3://bill") in found
    assert (Level.OK, "aws: Compute Optimizer is read") in found
    [hub] = [what for level, what in found if level is Level.WARN and "Cost Optimization Hub" in what]
    assert "is not read: AccessDenied" in hub
    assert not [call for call in aws.calls if call.service == "ce"]  # each request of Cost Explorer costs a cent


def test_an_account_whose_role_does_not_open_is_named(tmp_path: Path, aws: Double) -> None:
    aws.fault("sts", "AssumeRole", kind="denied", times=1)
    said = seen(tmp_path)

    [opened] = [one for one in said if "accounts open" in one.what]
    assert opened.level is Level.WARN and "2 of 3 accounts open" in opened.what and "deploy/aws" in opened.remedy
    assert any("(shop)" in one.what or "(data)" in one.what for one in said if "AccessDenied at AssumeRole" in one.what)


def test_without_credentials_one_line_says_how_to_get_them(tmp_path: Path, aws: Double) -> None:
    aws.fault("sts", "GetCallerIdentity", kind="expired", times=None)
    [only] = seen(tmp_path)

    assert only.level is Level.FAIL and "expired" in only.what and "docs/aws.md" in only.remedy


def test_without_an_export_it_says_what_the_bill_then_lacks(tmp_path: Path, aws: Double) -> None:
    aws.answer("bcm-data-exports", "ListExports", {"Exports": []})
    aws.answer("cur", "DescribeReportDefinitions", {"ReportDefinitions": []})
    [bill] = [one for one in seen(tmp_path) if "bill" in one.what]

    assert bill.level is Level.WARN and "Cost Explorer, 0.01 USD a request" in bill.what
