"""AWS's own advice: read where it is switched on, said where it is not, and nothing of it twice."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from analysis.money import Money
from providers.aws.advice import advice, anomalies
from providers.aws.connection import Connection
from tests.aws.double import Double, Request

NOW = datetime(2026, 11, 18, 9, tzinfo=UTC)
ACCOUNT = "222233334444"
MACHINE = f"arn:aws:ec2:eu-west-1:{ACCOUNT}:instance/i-0123456789abcdef0"
DISK = f"arn:aws:ec2:eu-west-1:{ACCOUNT}:volume/vol-0123456789abcdef0"
FUNCTION = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:resize"


def recommended(arn: str, kind: str, action: str, saving: float, **said: Any) -> dict[str, Any]:
    usual = {
        "accountId": ACCOUNT,
        "region": "eu-west-1",
        "resourceArn": arn,
        "currentResourceType": kind,
        "actionType": action,
        "estimatedMonthlySavings": saving,
        "currencyCode": "USD",
    }
    return usual | said


@pytest.fixture
def nothing_on(aws: Double) -> Double:
    """An organization that has none of it."""
    for service in ("cost-optimization-hub", "compute-optimizer", "trustedadvisor"):
        aws.fault(service, kind="denied", times=None)
    return aws


def switched_on(aws: Double, service: str) -> None:
    aws.faults = [fault for fault in aws.faults if fault.service != service]


def test_where_nothing_is_switched_on_each_source_is_named_once(nothing_on: Double) -> None:  # noqa: ARG001
    found, told = advice(Connection(), ["eu-west-1", "us-east-1"])

    assert found == []
    assert [line.split(" is not read")[0] for line in told] == [
        "Cost Optimization Hub",
        "Compute Optimizer in eu-west-1",
        "Trusted Advisor",
    ]
    assert all("switch it on, or leave it" in line for line in told)


def test_the_hub_speaks_for_the_optimizer(nothing_on: Double) -> None:
    switched_on(nothing_on, "cost-optimization-hub")
    summary = {"currentResourceSummary": "m5.2xlarge", "recommendedResourceSummary": "m5.xlarge"}
    items = [
        recommended(MACHINE, "Ec2Instance", "Rightsize", 140.16, **summary, tags=[{"key": "team", "value": "search"}]),
        recommended(DISK, "EbsVolume", "Delete", 8),
        recommended("", "ComputeSavingsPlans", "PurchaseSavingsPlans", 5_000),
        recommended("", "Ec2Instance", "Stop", 4),
        recommended(f"{MACHINE}-none", "Ec2Instance", "Stop", 0),
    ]
    nothing_on.answer("cost-optimization-hub", "ListRecommendations", {"items": items})

    found, told = advice(Connection(), ["eu-west-1"])

    machine, disk = found
    assert (machine.topic, machine.saving, machine.target) == (
        "aws.ec2.rightsize",
        Money.of("140.16", "USD"),
        "m5.xlarge",
    )
    assert machine.says == "rightsize to m5.xlarge" and machine.tags == {"team": "search"}
    assert (disk.topic, disk.saving) == ("aws.ebs.unattached", Money.of("8", "USD"))
    assert not nothing_on.counted("compute-optimizer"), "the Hub holds it already"
    assert [line.split(" is")[0] for line in told] == ["Trusted Advisor"]


def test_the_optimizer_is_asked_region_by_region_where_there_is_no_hub(nothing_on: Double) -> None:
    switched_on(nothing_on, "compute-optimizer")
    option = {"rank": 1, "memorySize": 512, "savingsOpportunity": saves("9.5")}
    function = {
        "functionArn": f"{FUNCTION}:$LATEST",
        "accountId": ACCOUNT,
        "currentMemorySize": 3_008,
        "finding": "NotOptimized",
        "memorySizeRecommendationOptions": [{"rank": 2, "memorySize": 256}, option],
    }
    smaller = {
        "instanceType": "m5.xlarge",
        "rank": 1,
        "savingsOpportunity": saves("140"),
        "savingsOpportunityAfterDiscounts": saves("90"),
    }
    machine = {
        "instanceArn": MACHINE,
        "accountId": ACCOUNT,
        "finding": "OVER_PROVISIONED",
        "recommendationOptions": [smaller],
    }
    fits = {**machine, "instanceArn": f"{MACHINE}9", "finding": "OPTIMIZED"}
    answers: Mapping[str, tuple[str, list[Any]]] = {
        "GetIdleRecommendations": ("idleRecommendations", []),
        "GetEC2InstanceRecommendations": ("instanceRecommendations", [machine, fits]),
        "GetLambdaFunctionRecommendations": ("lambdaFunctionRecommendations", [function]),
        "GetECSServiceRecommendations": ("ecsServiceRecommendations", []),
        "GetRDSDatabaseRecommendations": ("rdsDBRecommendations", []),
        "GetLicenseRecommendations": ("licenseRecommendations", []),
    }
    for operation, (key, items) in answers.items():
        nothing_on.answer("compute-optimizer", operation, only_in("eu-west-1", key, items))

    found, _ = advice(Connection(), ["eu-west-1", "us-east-1"])

    assert [(one.resource_id, one.saving) for one in found] == [
        (MACHINE, Money.of("90", "USD")),  # after discounts, which is what is paid
        (FUNCTION, Money.of("9.5", "USD")),
    ]
    assert {call.region for call in nothing_on.calls if call.service == "compute-optimizer"} == {
        "eu-west-1",
        "us-east-1",
    }


def only_in(region: str, key: str, items: list[Any]) -> Any:
    return lambda request: {key: items if request.region == region else []}


def saves(amount: str) -> dict[str, Any]:
    return {"estimatedMonthlySavings": {"currency": "USD", "value": float(amount)}}


def test_of_two_pieces_of_advice_on_one_thing_the_smaller_saving_counts(nothing_on: Double) -> None:
    switched_on(nothing_on, "cost-optimization-hub")
    both = [recommended(MACHINE, "Ec2Instance", "Stop", 200), recommended(MACHINE, "Ec2Instance", "Delete", 180)]
    nothing_on.answer("cost-optimization-hub", "ListRecommendations", {"items": both})

    found, _ = advice(Connection(), [])

    assert [one.saving for one in found] == [Money.of("180", "USD")]


def test_a_page_token_that_comes_again_ends_the_list(nothing_on: Double) -> None:
    switched_on(nothing_on, "cost-optimization-hub")
    page = {"items": [recommended(DISK, "EbsVolume", "Delete", 8)], "nextToken": "again"}
    nothing_on.answer("cost-optimization-hub", "ListRecommendations", page)

    found, _ = advice(Connection(), [])

    assert len(found) == 1
    assert len(nothing_on.counted("cost-optimization-hub")) == 2


def test_a_saving_is_read_out_of_what_trusted_advisor_tells(nothing_on: Double) -> None:
    switched_on(nothing_on, "trustedadvisor")
    check = {
        "id": "1",
        "type": "standard",
        "status": "warning",
        "pillars": ["cost_optimizing"],
        "source": "ta_check",
        "name": "Underutilized EBS volumes",
        "resourcesAggregates": {"okCount": 0, "warningCount": 1, "errorCount": 0},
        "arn": "arn:aws:trustedadvisor::123456789012:recommendation/11111111-2222-3333-4444-555555555555",
    }
    fine = {**check, "id": "2", "status": "ok", "arn": f"{check['arn']}9"}
    nothing_on.answer("trustedadvisor", "ListRecommendations", {"recommendationSummaries": [check, fine]})

    def resources(request: Request) -> dict[str, Any]:  # noqa: ARG001
        usual = {
            "id": "1",
            "arn": "arn:aws:trustedadvisor::123456789012:recommendation-resource/1/2",
            "regionCode": "eu-west-1",
            "status": "warning",
            "lastUpdatedAt": NOW,
            "recommendationArn": check["arn"],
        }
        return {
            "recommendationResourceSummaries": [
                {**usual, "awsResourceId": DISK, "metadata": {"Estimated Monthly Savings": "$1,012.34"}},
                {**usual, "awsResourceId": MACHINE, "metadata": {"Estimated Monthly Savings": "unknown"}},
                {**usual, "awsResourceId": FUNCTION, "metadata": {"Age": "12"}},
            ]
        }

    nothing_on.answer("trustedadvisor", "ListRecommendationResources", resources)

    found, _ = advice(Connection(), [])

    assert [(one.resource_id, one.account, one.saving) for one in found] == [
        (DISK, ACCOUNT, Money.of("1012.34", "USD"))
    ]


def test_anomaly_detection_is_told_in_one_line_and_pays_for_one_request(aws: Double) -> None:
    seen = {
        "AnomalyId": "1",
        "AnomalyStartDate": "2026-11-02T00:00:00Z",
        "AnomalyScore": {"MaxScore": 0.9, "CurrentScore": 0.5},
        "Impact": {"MaxImpact": 300.0, "TotalImpact": 2_561.4},
        "MonitorArn": f"arn:aws:ce::{ACCOUNT}:anomalymonitor/1",
        "RootCauses": [{"Service": "Amazon EC2", "Region": "eu-west-1", "LinkedAccountName": "shop"}],
    }
    smaller = {**seen, "AnomalyId": "2", "Impact": {"MaxImpact": 12.0}, "RootCauses": []}
    aws.answer("ce", "GetAnomalies", {"Anomalies": [smaller, seen]})

    (line,) = anomalies(Connection(), NOW)

    assert "2 anomalies in 30 days" in line and "2,561" in line and "from 2026-11-02" in line
    assert "(Amazon EC2, eu-west-1, shop)" in line
    assert aws.counted("ce") == ["GetAnomalies"]


def test_without_a_monitor_it_is_silent_and_a_refusal_is_told(aws: Double) -> None:
    aws.answer("ce", "GetAnomalies", {"Anomalies": []})
    assert anomalies(Connection(), NOW) == []

    aws.fault("ce", kind="denied", times=None)
    assert "Cost Anomaly Detection is not read" in anomalies(Connection(), NOW)[0]
