"""What AWS itself recommends, where it is switched on: Cost Optimization Hub, else Compute Optimizer; Trusted Advisor.

The Hub holds Compute Optimizer's advice too, without doubles: where it is switched on nothing else is asked for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from analysis.estate import Advice, one_each
from analysis.money import Money
from providers.aws.connection import Connection, refusal
from providers.aws.readers import tags_of

HUB, OPTIMIZER, ADVISOR = "Cost Optimization Hub", "Compute Optimizer", "Trusted Advisor"
DETECTION = "Cost Anomaly Detection"
ANOMALY_WINDOW = timedelta(days=30)
PURCHASES = ("PurchaseSavingsPlans", "PurchaseReservedInstances")  # `commitments` proposes those from the bill
NOT_ON = ("OptInRequiredException", "SubscriptionRequiredException", "AccessDeniedException", "AccessDenied")
MOST_PAGES = 500
TOPICS: Mapping[tuple[str, str], str] = {
    ("Ec2Instance", "Stop"): "aws.ec2.idle",
    ("Ec2Instance", "Delete"): "aws.ec2.idle",
    ("Ec2Instance", "Rightsize"): "aws.ec2.rightsize",
    ("Ec2Instance", "Upgrade"): "aws.ec2.prev_gen",
    ("Ec2Instance", "MigrateToGraviton"): "aws.ec2.graviton",
    ("Ec2AutoScalingGroup", "Rightsize"): "aws.asg.idle",
    ("EbsVolume", "Delete"): "aws.ebs.unattached",
    ("EbsVolume", "Upgrade"): "aws.ebs.gp2_gp3",
    ("EbsVolume", "Rightsize"): "aws.ebs.io_to_gp3",
    ("LambdaFunction", "Rightsize"): "aws.lambda.memory",
    ("EcsService", "Rightsize"): "aws.ecs.rightsize",
    ("RdsDbInstance", "Rightsize"): "aws.rds.rightsize",
    ("RdsDbInstance", "Stop"): "aws.rds.idle",
    ("RdsDbInstance", "MigrateToGraviton"): "aws.rds.rightsize",
    ("RdsDbInstanceStorage", "Rightsize"): "aws.rds.storage",
    ("AuroraDbClusterStorage", "Upgrade"): "aws.aurora.io_optimized",
    ("NatGateway", "Delete"): "aws.nat.idle",
}
IDLE = {
    "EC2Instance": "aws.ec2.idle",
    "AutoScalingGroup": "aws.asg.idle",
    "EBSVolume": "aws.ebs.unattached",
    "ECSService": "aws.ecs.rightsize",
    "RDSDBInstance": "aws.rds.idle",
    "NatGateway": "aws.nat.idle",
    "DynamoDBTable": "aws.dynamodb.idle",
    "ElastiCacheCluster": "aws.elasticache.idle",
    "MemoryDBCluster": "aws.elasticache.idle",
    "WorkSpaces": "aws.workspaces.unused",
    "SageMakerEndpoint": "aws.sagemaker.idle",
}
OTHER = "aws.advice.other"


def advice(connection: Connection, regions: Sequence[str]) -> tuple[list[Advice], list[str]]:
    """All advice about resources, and one line for each source that is not switched on or may not be read."""
    found: list[Advice] = []
    told: list[str] = []
    hub_on = _asked(HUB, lambda: list(_hub(connection)), found, told)
    if not hub_on:
        for region in regions:
            if not _asked(f"{OPTIMIZER} in {region}", lambda at=region: list(_optimizer(connection, at)), found, told):
                break
    _asked(ADVISOR, lambda: list(_advisor(connection)), found, told)
    return one_each(found), told


def switched_on(connection: Connection) -> dict[str, str]:
    """Each source of advice, and why it is not read; empty where it is. One small request each, all free."""
    asks: Mapping[str, Callable[[], Any]] = {
        HUB: lambda: connection.client("cost-optimization-hub").list_recommendations(maxResults=1),
        OPTIMIZER: lambda: connection.client("compute-optimizer").get_idle_recommendations(maxResults=1),
        ADVISOR: lambda: connection.client("trustedadvisor").list_recommendations(maxResults=1),
    }
    why: dict[str, str] = {}
    for source, ask in asks.items():
        try:
            ask()
        except (ClientError, BotoCoreError) as error:
            why[source] = refusal(error)
        else:
            why[source] = ""
    return why


def anomalies(connection: Connection, now: datetime) -> list[str]:
    """What AWS's Cost Anomaly Detection saw in the last 30 days, told beside ours and never added to it.

    It needs a monitor there; where there is none it is silent. The request costs 0.01 USD.
    """
    dates = {"StartDate": f"{now.date() - ANOMALY_WINDOW}", "EndDate": f"{now.date()}"}
    found: list[Mapping[str, Any]] = []
    try:
        found += _pages(connection.client("ce"), "get_anomalies", "Anomalies", "NextPageToken", DateInterval=dates)
    except (ClientError, BotoCoreError) as error:
        return [f"{DETECTION} is not read: {refusal(error)}"]
    if not found:
        return []
    impact, largest = max(
        ((one["Impact"].get("TotalImpact", one["Impact"]["MaxImpact"]), one) for one in found), key=lambda pair: pair[0]
    )
    causes = largest.get("RootCauses") or [{}]
    cause = [causes[0].get(part) for part in ("Service", "Region", "LinkedAccountName", "UsageType")]
    amount = Money.of(str(impact), "USD")
    begin = str(largest.get("AnomalyStartDate", ""))[:10]
    of = f" ({', '.join(word for word in cause if word)})" if any(cause) else ""
    count = "1 anomaly" if len(found) == 1 else f"{len(found)} anomalies"
    return [f"{DETECTION} saw {count} in 30 days, the largest {amount} from {begin}{of}; ours: `anomalies`"]


def _asked(source: str, ask: Any, found: list[Advice], told: list[str]) -> bool:  # noqa: ANN401
    try:
        found += ask()
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        switched = " (switch it on, or leave it: our own checks do not need it)" if code in NOT_ON else ""
        told.append(f"{source} is not read: {refusal(error)}{switched}")
        return False
    except BotoCoreError as error:
        told.append(f"{source} is not read: {refusal(error)}")
        return False
    return True


def _pages(client: Any, operation: str, key: str, after: str = "nextToken", **asked: Any) -> Iterator[Any]:  # noqa: ANN401
    """The items of an operation that botocore knows no paginator for; a token that comes again ends it."""
    last: str | None = None
    for _ in range(MOST_PAGES):
        page = getattr(client, operation)(**asked, **({after: last} if last else {}))
        yield from page.get(key, ())
        if not page.get(after) or page[after] == last:
            return
        last = page[after]


def _hub(connection: Connection) -> Iterator[Advice]:
    client = connection.client("cost-optimization-hub")
    for one in _pages(client, "list_recommendations", "items"):
        if one.get("actionType") in PURCHASES or not one.get("resourceArn") or not one.get("estimatedMonthlySavings"):
            continue
        kind, action = one.get("currentResourceType", ""), one.get("actionType", "")
        now, then = one.get("currentResourceSummary", ""), one.get("recommendedResourceSummary", "")
        yield Advice(
            resource_id=one["resourceArn"],
            provider="aws",
            cloud="aws",
            account=one.get("accountId", ""),
            region=one.get("region", ""),
            topic=TOPICS.get((kind, action), OTHER),
            source=f"{HUB}, {one.get('recommendationLookbackPeriodInDays', 14)} days",
            says=f"{_spaced(action).lower()}{f' to {then}' if then and action != 'Stop' else ''}",
            saving=Money.of(str(one["estimatedMonthlySavings"]), one.get("currencyCode", "USD")),
            target=then if action in ("Rightsize", "MigrateToGraviton") else "",
            present=now,
            tags=tags_of(one.get("tags")),
        )


def _optimizer(connection: Connection, region: str) -> Iterator[Advice]:
    client = connection.client("compute-optimizer", region=region)
    for kind in (_idle, _machines, _functions, _containers, _databases, _licences):
        yield from kind(client, region)


def _idle(client: Any, region: str) -> Iterator[Advice]:  # noqa: ANN401
    for one in _pages(client, "get_idle_recommendations", "idleRecommendations"):
        saving = _saving(one.get("savingsOpportunity") or {})
        if one.get("finding") == "Idle" and saving:
            topic = IDLE.get(one.get("resourceType", ""), OTHER)
            yield _of(one, one["resourceArn"], region, topic, one.get("findingDescription") or "idle", saving)


def _machines(client: Any, region: str) -> Iterator[Advice]:  # noqa: ANN401
    for one in _pages(client, "get_ec2_instance_recommendations", "instanceRecommendations"):
        best = _best(one.get("recommendationOptions", ()))
        if best and _is(one.get("finding"), "OVERPROVISIONED"):
            arn, now, then = one["instanceArn"], one.get("currentInstanceType", ""), best[0]["instanceType"]
            yield _of(one, arn, region, "aws.ec2.rightsize", f"would fit {then}", best[1], then, now)


def _functions(client: Any, region: str) -> Iterator[Advice]:  # noqa: ANN401
    for one in _pages(client, "get_lambda_function_recommendations", "lambdaFunctionRecommendations"):
        best = _best(one.get("memorySizeRecommendationOptions", ()))
        if best and _is(one.get("finding"), "NOTOPTIMIZED"):
            arn, then = one["functionArn"].rsplit(":", 1)[0], str(best[0]["memorySize"])
            now = str(one.get("currentMemorySize", ""))
            yield _of(one, arn, region, "aws.lambda.memory", f"would do with {then} MB of memory", best[1], then, now)


def _containers(client: Any, region: str) -> Iterator[Advice]:  # noqa: ANN401
    for one in _pages(client, "get_ecs_service_recommendations", "ecsServiceRecommendations"):
        best = _best(one.get("serviceRecommendationOptions", ()))
        if best and _is(one.get("finding"), "OVERPROVISIONED"):
            then = f"{best[0].get('cpu', 0)} CPU units and {best[0].get('memory', 0)} MB"
            yield _of(one, one["serviceArn"], region, "aws.ecs.rightsize", f"would do with {then}", best[1])


def _databases(client: Any, region: str) -> Iterator[Advice]:  # noqa: ANN401
    for one in _pages(client, "get_rds_database_recommendations", "rdsDBRecommendations"):
        best = _best(one.get("instanceRecommendationOptions", ()))
        if best and _is(one.get("instanceFinding"), "OVERPROVISIONED"):
            arn, now, then = one["resourceArn"], one.get("currentDBInstanceClass", ""), best[0]["dbInstanceClass"]
            yield _of(one, arn, region, "aws.rds.rightsize", f"would fit {then}", best[1], then, now)


def _licences(client: Any, region: str) -> Iterator[Advice]:  # noqa: ANN401
    for one in _pages(client, "get_license_recommendations", "licenseRecommendations"):
        best = _best(one.get("licenseRecommendationOptions", ()))
        if best and _is(one.get("finding"), "NOTOPTIMIZED"):
            says = f"would do with the {best[0].get('licenseEdition', 'smaller')} edition of SQL Server"
            yield _of(one, one["resourceArn"], region, "aws.mssql.license", says, best[1])


def _is(finding: str | None, wanted: str) -> bool:
    """Whether a finding is of that kind: the API writes ``OVER_PROVISIONED``, ``Overprovisioned``, ``NotOptimized``."""
    return (finding or "").upper().replace("_", "") == wanted


def _of(  # noqa: PLR0913, PLR0917
    one: Mapping[str, Any],
    arn: str,
    region: str,
    topic: str,
    says: str,
    saving: Money,
    target: str = "",
    present: str = "",
) -> Advice:
    days = one.get("lookBackPeriodInDays", one.get("lookbackPeriodInDays", 14))
    source = f"{OPTIMIZER}, {days:.0f} days"
    tags, account = tags_of(one.get("tags")), one.get("accountId", "")
    return Advice(arn, "aws", "aws", account, region, topic, source, says, saving, target, present, "", tags)


def _best(options: Iterable[Mapping[str, Any]]) -> tuple[Mapping[str, Any], Money] | None:
    """The option that AWS ranks first, with its saving; after discounts, where AWS knows them."""
    ranked = sorted(options, key=lambda option: option.get("rank", 99))
    for option in ranked[:1]:
        saving = _saving(option.get("savingsOpportunityAfterDiscounts") or option.get("savingsOpportunity") or {})
        if saving:
            return option, saving
    return None


def _saving(opportunity: Mapping[str, Any]) -> Money | None:
    said = opportunity.get("estimatedMonthlySavings") or {}
    return Money.of(str(said["value"]), said.get("currency", "USD")) if said.get("value") else None


def _advisor(connection: Connection) -> Iterator[Advice]:
    client = connection.client("trustedadvisor")
    for one in _pages(client, "list_recommendations", "recommendationSummaries", pillar="cost_optimizing"):
        if one.get("status") not in ("warning", "error"):
            continue
        asked = {"recommendationIdentifier": one["arn"], "status": one["status"]}
        for resource in _pages(client, "list_recommendation_resources", "recommendationResourceSummaries", **asked):
            saving = _promised(resource.get("metadata") or {})
            arn = resource.get("awsResourceId", "")
            if saving is None or not arn:
                continue
            account = arn.split(":")[4] if arn.startswith("arn:") else ""
            yield Advice(
                resource_id=arn,
                provider="aws",
                cloud="aws",
                account=account,
                region=resource.get("regionCode", ""),
                topic=OTHER,
                source=ADVISOR,
                says=str(one.get("name", "low use")).lower(),
                saving=saving,
            )


def _promised(metadata: Mapping[str, str]) -> Money | None:
    """The saving in what a check tells of a resource: ``Estimated Monthly Savings: $12.34``."""
    for key, value in metadata.items():
        if "saving" in key.lower():
            try:
                amount = Decimal(value.replace("$", "").replace(",", "").strip())
            except InvalidOperation:
                continue
            return Money(amount, "USD") if amount > 0 else None
    return None


def _spaced(words: str) -> str:
    return "".join(f" {letter}" if letter.isupper() and place else letter for place, letter in enumerate(words))
