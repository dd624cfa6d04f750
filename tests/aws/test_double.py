"""The double itself: what boto3 makes of its answers, and of its faults."""

from __future__ import annotations

from datetime import UTC, datetime

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tests.aws.double import Double, Request

ONCE = Config(retries={"total_max_attempts": 1})


def test_json_rest_query_and_ec2_answers_are_read_by_boto3(aws: Double) -> None:
    at = datetime(2024, 1, 2, 3, tzinfo=UTC)
    aws.answer("ce", "GetSavingsPlansCoverage", {"SavingsPlansCoverages": []})
    aws.answer(
        "savingsplans", "DescribeSavingsPlans", {"savingsPlans": [{"savingsPlanId": "one", "commitment": "1.5"}]}
    )
    aws.answer("rds", "DescribeReservedDBInstances", {"ReservedDBInstances": [{"DBInstanceCount": 2, "StartTime": at}]})
    aws.answer("ec2", "DescribeReservedInstances", {"ReservedInstances": [{"InstanceCount": 3, "Start": at}]})

    period = {"Start": "2026-01-01", "End": "2026-02-01"}
    assert boto3.client("ce").get_savings_plans_coverage(TimePeriod=period)["SavingsPlansCoverages"] == []
    assert boto3.client("savingsplans").describe_savings_plans()["savingsPlans"][0]["commitment"] == "1.5"
    [plan] = boto3.client("rds").describe_reserved_db_instances()["ReservedDBInstances"]
    assert plan["DBInstanceCount"] == 2 and plan["StartTime"] == at
    [machine] = boto3.client("ec2").describe_reserved_instances()["ReservedInstances"]
    assert machine["InstanceCount"] == 3 and machine["Start"] == at


def test_an_answer_that_the_service_could_not_give_is_refused(aws: Double) -> None:
    with pytest.raises(AssertionError, match="SavingsPlansCoverages"):
        aws.answer("ce", "GetSavingsPlansCoverage", {})


def test_a_question_that_the_service_does_not_know_is_refused(aws: Double) -> None:
    aws.answer("ce", "GetSavingsPlansCoverage", {"SavingsPlansCoverages": []})
    unchecked = boto3.client("ce", config=Config(parameter_validation=False))

    with pytest.raises(ClientError, match="ValidationException"):
        unchecked.get_savings_plans_coverage(TimePeriod={"Start": 1, "End": "2026-02-01"})


def test_a_function_answers_by_what_is_asked_and_by_which_account(aws: Double) -> None:
    seen: list[Request] = []

    def items(request: Request) -> dict[str, object]:
        seen.append(request)
        return {"items": [], **({} if request.parameters.get("nextToken") else {"nextToken": "more"})}

    aws.answer("cost-optimization-hub", "ListRecommendations", items)
    list(boto3.client("cost-optimization-hub").get_paginator("list_recommendations").paginate())

    assert [request.parameters.get("nextToken") for request in seen] == [None, "more"]
    assert seen[0].account == "123456789012"


def test_the_rest_goes_to_moto_each_account_by_itself(aws: Double) -> None:
    given = boto3.client("sts").assume_role(RoleArn="arn:aws:iam::222233334444:role/x", RoleSessionName="one")[
        "Credentials"
    ]
    there = boto3.Session(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
    there.client("ec2", "eu-west-1").create_volume(AvailabilityZone="eu-west-1a", Size=8)

    assert len(there.client("ec2", "eu-west-1").describe_volumes()["Volumes"]) == 1
    assert boto3.client("ec2", "eu-west-1").describe_volumes()["Volumes"] == []
    assert [(call.account, call.region) for call in aws.calls if call.operation == "DescribeVolumes"] == [
        ("222233334444", "eu-west-1"),
        ("123456789012", "eu-west-1"),
    ]


def test_objects_go_through_whole(aws: Double) -> None:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="bill")
    body = bytes(range(256)) * 5_000
    s3.put_object(Bucket="bill", Key="a/b.parquet", Body=body)

    assert s3.get_object(Bucket="bill", Key="a/b.parquet")["Body"].read() == body
    assert s3.head_object(Bucket="bill", Key="a/b.parquet")["ContentLength"] == len(body)
    assert s3.list_objects_v2(Bucket="bill", Prefix="a/")["KeyCount"] == 1
    assert "GetObject" in aws.counted("s3")


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("throttle", "ThrottlingException"),
        ("error500", "InternalFailure"),
        ("denied", "AccessDenied"),
        ("expired", "ExpiredToken"),
        ("disabled_region", "OptInRequired"),
    ],
)
@pytest.mark.parametrize("service", ["ec2", "ce", "rds", "s3"])
def test_a_fault_is_the_error_that_boto3_knows(aws: Double, service: str, kind: str, code: str) -> None:
    aws.fault(service, kind=kind)
    asked = {
        "ec2": ("describe_volumes", {}),
        "ce": (
            "get_cost_and_usage",
            {"TimePeriod": {"Start": "a", "End": "b"}, "Granularity": "DAILY", "Metrics": ["x"]},
        ),
        "rds": ("describe_db_instances", {}),
        "s3": ("list_buckets", {}),
    }
    operation, parameters = asked[service]

    with pytest.raises(ClientError) as raised:
        getattr(boto3.client(service, config=ONCE), operation)(**parameters)
    assert raised.value.response["Error"]["Code"] == code


def test_a_connection_can_break(aws: Double) -> None:
    aws.fault("ec2", kind="reset")

    with pytest.raises(BotoCoreError):
        boto3.client("ec2", config=ONCE).describe_volumes()
