"""AWS from end to end: the sample company's half of it stands in the double, and one assessment tells all of it.

Under an IAM that is enforced, with exactly the policies that are shipped.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from bot import config as deployment
from bot.clock import stopped_at
from bot.wiring import Crew, assembled
from commands.core.answer import Answer
from providers.aws.permissions import READS, action, policy
from providers.aws.provider import AwsProvider
from providers.sample import SampleFolder, SampleProvider
from tests.aws import company
from tests.aws.double import Double
from tests.commands.test_commands import text_of
from tests.walks.scrape import scraped

pytestmark = pytest.mark.slow
NOW = datetime(2026, 11, 18, 9, tzinfo=UTC)
ROLE = "pitcrew-read"
NOT_BY_MOTO: dict[tuple[str, str], dict[str, Any]] = {  # whose signatures it takes for wrong, once it looks at them
    ("lambda", "ListFunctions"): {"Functions": []},
    ("eks", "ListClusters"): {"clusters": []},
    ("cloudfront", "ListDistributions"): {
        "DistributionList": {"Marker": "", "MaxItems": 1, "IsTruncated": False, "Quantity": 0}
    },
}
MOTO_SAYS = {  # actions that moto checks under another name than AWS
    "cloudwatch:GetMetricData": "monitoring:GetMetricData",
    "budgets:ViewBudget": "budgets:DescribeBudgets",
}


@pytest.fixture(scope="module")
def apex(tmp_path_factory: pytest.TempPathFactory) -> SampleFolder:
    return SampleProvider.cached(tmp_path_factory.mktemp("apex"), NOW.date()).folder


@pytest.fixture(scope="module")
def aws(apex: SampleFolder) -> Iterator[Double]:
    """The company in the double, and the roles that Pitcrew takes on, with the policies that are shipped."""
    with Double.running() as double, pytest.MonkeyPatch.context() as patch:
        for name, value in double.environment.items():
            patch.setenv(name, value)
        company.stand_up(double, apex)
        for account in (company.PAYER, *company.NAMES):
            _role(account, hub=account == company.PAYER)
        double.answer("budgets", "DescribeBudgets", _budgets)
        for (service, operation), nothing in NOT_BY_MOTO.items():
            double.answer(service, operation, nothing)
        user = boto3.client("iam").create_user(UserName="pitcrew")["User"]["UserName"]
        allow = [{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}]
        document = json.dumps({"Version": "2012-10-17", "Statement": allow})
        boto3.client("iam").put_user_policy(UserName=user, PolicyName="assume", PolicyDocument=document)
        key = boto3.client("iam").create_access_key(UserName=user)["AccessKey"]
        patch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
        patch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
        enforce = HTTPConnection("127.0.0.1", double.moto_port)
        enforce.request("POST", "/moto-api/reset-auth", body=b"0")
        enforce.getresponse().read()
        yield double


def _role(account: str, *, hub: bool) -> None:
    iam = company.client("iam", account)
    said = policy(hub=hub, bucket=company.BUCKET, prefix="finops")
    for statement in said["Statement"]:
        names = "NotAction" if "NotAction" in statement else "Action"
        also = [MOTO_SAYS[one] for one in statement[names] if one in MOTO_SAYS]
        also += ["monitoring:Get*", "budgets:Describe*"] if names == "NotAction" else []
        statement[names] = [*statement[names], *also]
    iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": []}))
    iam.put_role_policy(RoleName=ROLE, PolicyName=ROLE, PolicyDocument=json.dumps(said))


def _budgets(_request: object) -> dict[str, Any]:
    limit = {"Amount": "190000", "Unit": "USD"}
    return {
        "Budgets": [
            {"BudgetName": "all of AWS", "BudgetLimit": limit, "TimeUnit": "MONTHLY", "BudgetType": "COST"},
            {"BudgetName": "hours", "BudgetLimit": limit, "TimeUnit": "DAILY", "BudgetType": "COST"},
        ]
    }


@pytest.fixture(scope="module")
def crew(aws: Double, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crew]:
    folder = tmp_path_factory.mktemp("deployment")
    file = folder / "pitcrew.toml"
    file.write_text(
        f"""
[data]
folder = "{folder / "data"}"

[[providers]]
kind = "aws"
role = "{company.HUB}"
member_role = "{company.MEMBER}"
external_id = "a-long-secret"
"""
    )
    aws.calls.clear()
    with assembled(deployment.load(file, {}), stopped_at(NOW)) as found:
        yield found


@pytest.fixture(scope="module")
def assessed(crew: Crew) -> Answer:
    return crew.typed("assess", "ana")


def truths(apex: SampleFolder) -> list[dict[str, str]]:
    found: list[dict[str, str]] = [one for one in apex.truths()["waste"] if one["cloud"] == "aws"]
    return found


def test_it_finds_every_planted_truth_and_nothing_else(apex: SampleFolder, crew: Crew, assessed: Answer) -> None:
    found = crew.typed("waste", "ana").data["findings"]
    told = {(one["check"], one["resource_id"]): one["monthly_waste"] for one in found}
    planted = {(one["check"], one["resource_id"]): Decimal(one["monthly"]) for one in truths(apex)}
    both = told.keys() & planted.keys()
    print(f"precision {len(both) / len(told):.0%}, recall {len(both) / len(planted):.0%} of {len(planted)}")  # noqa: T201

    assert told.keys() == planted.keys()
    assert all(abs(told[key] - planted[key]) <= Decimal("0.01") for key in both)
    assert assessed.data["unread"] == [], "\n".join(assessed.data["unread"])


def test_it_says_what_it_stands_on(assessed: Answer) -> None:
    text = text_of(assessed)

    assert "bill from export apex-focus (FOCUS_1_2_AWS) in s3://apex-bill" in text
    assert "CloudWatch was asked for" in text
    assert "Cost Optimization Hub is not read: AccessDenied" in text and "our own checks do not need it" in text
    assert "AWS budget hours is left out: its period is daily" in text


async def test_every_request_is_counted_by_what_came_back(aws: Double, crew: Crew, assessed: Answer) -> None:  # noqa: ARG001
    [source] = crew.sources
    assert isinstance(source, AwsProvider)
    aws.fault("ec2", kind="throttle", times=2)
    aws.fault("sts", kind="denied", times=1)
    source.connection.client("ec2").describe_volumes()
    with pytest.raises(ClientError):
        source.connection.client("sts").get_caller_identity()
    aws.faults.clear()
    told = await scraped(crew)

    calls = {name[1:]: count for name, count in told.items() if name[0] == "pitcrew_provider_calls_total"}
    mine = {(code, op): count for (code, op, provider), count in calls.items() if provider == source.name}
    assert mine["200", "ec2:DescribeVolumes"] > 0
    assert mine["429", "ec2:DescribeVolumes"] == 2 and mine["403", "sts:GetCallerIdentity"] == 1
    asked = sum(count for op, count in source.connection.calls.items() if op.startswith("ce:"))
    assert told["pitcrew_provider_spend_usd_total",] == pytest.approx(0.01 * asked)


def test_every_operation_is_on_the_list_and_is_a_read(aws: Double, assessed: Answer) -> None:  # noqa: ARG001
    asked = {(call.service, call.operation) for call in aws.calls if call.service != "sts"}
    allowed = {one for statement in policy(hub=True)["Statement"] for one in statement.get("Action", ())}

    assert asked and {action(*one) for one in asked} <= allowed
    assert all(operation.startswith(READS) for _, operation in asked)


def test_the_role_may_write_nothing(aws: Double, assessed: Answer) -> None:  # noqa: ARG001
    given = boto3.Session().client("sts").assume_role(RoleArn=company.HUB, RoleSessionName="tried")["Credentials"]
    there = boto3.Session(
        given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], region_name="us-east-1"
    )
    for service, operation, asked in (
        ("ec2", "create_volume", {"AvailabilityZone": "us-east-1a", "Size": 1}),
        ("ec2", "delete_volume", {"VolumeId": "vol-1"}),
        ("rds", "delete_db_instance", {"DBInstanceIdentifier": "orders"}),
        ("s3", "put_object", {"Bucket": company.BUCKET, "Key": "x", "Body": b""}),
        ("s3", "get_object", {"Bucket": "other", "Key": "x"}),
        ("secretsmanager", "get_secret_value", {"SecretId": "any"}),
    ):
        with pytest.raises(ClientError, match=r"AccessDenied|UnauthorizedOperation|not authorized"):
            getattr(there.client(service), operation)(**asked)


def test_budgets_and_ends_of_commitments_come_from_aws(crew: Crew, assessed: Answer) -> None:  # noqa: ARG001
    assert "all of AWS" in text_of(crew.typed("budget", "ana"))
    [end] = crew.typed("commitments", "ana").data["expiries"]
    assert end["days_left"] == 76


@pytest.mark.parametrize("persona", ["engineering", "finance", "product", "practitioner", "leadership"])
def test_every_persona_has_its_view_of_it(crew: Crew, assessed: Answer, persona: str) -> None:  # noqa: ARG001
    said = crew.typed(f"summary {persona}", "ana")

    assert "error" not in said.data and said.parts


def test_the_message_of_one_disk_needs_no_question_asked_back(crew: Crew, assessed: Answer) -> None:  # noqa: ARG001
    disk = next(one for one in crew.typed("waste check=unattached-disk", "ana").data["findings"])
    said = crew.typed(f"finding {disk['id'][:8]}", "ana")
    text = f"{said.title}\n{text_of(said)}"

    assert f"${disk['monthly_waste']}" in text and "unattached since" in text
    assert "apex-" in text and "us-" in text  # the account by its name, and the region
    assert "aws ec2 create-snapshot" in text and "aws ec2 delete-volume" in text and "create-volume" in text
    assert "snapshot is billed until you delete it" in text


def test_one_account_that_refuses_leaves_the_others_and_its_own_findings(
    aws: Double,
    apex: SampleFolder,
    crew: Crew,
    assessed: Answer,  # noqa: ARG001
) -> None:
    closed = next(one["account"] for one in truths(apex))
    aws.fault("ec2", account=closed, kind="denied", times=None)
    try:
        again = crew.typed("assess", "ana")
    finally:
        aws.faults.clear()
        _closed(aws)

    assert again.data["unread"][0] == "5 of 6 accounts were read whole"
    assert closed in again.data["unread"][1] and "the role lacks the permission" in again.data["unread"][1]
    assert again.data["resolved"] == [] and again.data["opened"] == []
    assert len(crew.typed("waste", "ana").data["findings"]) == len(truths(apex))


def test_credentials_that_expired_leave_the_last_good_figures(aws: Double, crew: Crew, assessed: Answer) -> None:  # noqa: ARG001
    aws.fault("s3", kind="expired", times=None)
    aws.fault("bcm-data-exports", kind="expired", times=None)
    aws.fault("cur", kind="expired", times=None)
    aws.fault("ce", kind="expired", times=None)
    try:
        again = crew.typed("assess", "ana")
    finally:
        aws.faults.clear()
        _closed(aws)

    assert any("expired" in line and "its rows of before stand" in line for line in again.data["unread"])
    assert again.data["resolved"] == []
    assert crew.typed("forecast", "ana").data.get("error") is None


def test_a_role_that_cannot_be_taken_on_is_named(aws: Double, tmp_path: Path) -> None:
    raw = {
        "data": {"folder": str(tmp_path)},
        "providers": [{"kind": "aws", "role": "arn:aws:iam::111122223333:role/no-such-role"}],
    }
    aws.fault("sts", "AssumeRole", kind="denied", times=1)
    with (
        assembled(deployment.parse(raw, lambda _: "test"), stopped_at(NOW), load=False) as found,
        pytest.raises(Exception, match="no-such-role: AccessDenied at AssumeRole: the role lacks the permission"),
    ):
        found.assessor.load(NOW)


def _closed(aws: Double) -> None:
    """What nobody has switched on, once more."""
    for service in ("cost-optimization-hub", "compute-optimizer", "trustedadvisor"):
        aws.fault(service, kind="denied", times=None)


def test_the_provider_is_the_one_that_is_configured(crew: Crew) -> None:
    assert isinstance(crew.sources[0], AwsProvider)
