"""Functions, containers and control planes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from analysis.kinds import ContainerService, Function, Kubernetes
from providers.aws.readers import Place, Seen, Wanted, reader, tags_of

MOST_ASKED = 200  # functions that are asked one by one whether they are kept warm
SERVICES_A_CALL = 10
DAYS = 14


@reader("functions", billed=("Lambda",))
def functions(place: Place) -> Iterator[Seen]:
    """Lambda functions, with what they do and what is kept warm of them."""
    client = place.client("lambda")
    for number, one in enumerate(place.pages("lambda", "list_functions", "Functions")):
        name, arn = one["FunctionName"], one["FunctionArn"]
        warm: tuple[tuple[str, int], ...] = ()
        if number < MOST_ASKED:
            kept = client.list_provisioned_concurrency_configs(FunctionName=name).get(
                "ProvisionedConcurrencyConfigs", ()
            )
            warm = tuple(
                (each["FunctionArn"].rsplit(":", 1)[-1], each["RequestedProvisionedConcurrentExecutions"])
                for each in kept
            )
        tags = tags_of(client.list_tags(Resource=arn).get("Tags"))
        function = Function(
            **place.common(arn, name, tags),
            memory_mb=one.get("MemorySize", 128),
            timeout_s=one.get("Timeout", 3),
            warm=warm,
        )
        yield Seen(function, _of_function(name, warm))


def _of_function(name: str, warm: tuple[tuple[str, int], ...]) -> list[Wanted]:
    of = {"FunctionName": name}
    wanted = [
        Wanted("calls_per_day", "AWS/Lambda", "Invocations", of, "Sum", DAYS, absent_is_zero=True),
        Wanted("errors_per_day", "AWS/Lambda", "Errors", of, "Sum", DAYS, absent_is_zero=True),
    ]
    for qualifier, _ in warm[:1]:
        kept = {"FunctionName": name, "Resource": f"{name}:{qualifier}"}
        metric = "ProvisionedConcurrencyUtilization"
        wanted.append(Wanted("concurrency_percent", "AWS/Lambda", metric, kept, "Average", DAYS, scale=100))
    return wanted


@reader("containers", billed=("Elastic Container Service", "Fargate"))
def containers(place: Place) -> Iterator[Seen]:
    """ECS services with whether something scales them."""
    client = place.client("ecs")
    scaled: set[str] = set()
    clusters = list(place.pages("ecs", "list_clusters", "clusterArns"))
    if clusters:
        targets = place.pages(
            "application-autoscaling", "describe_scalable_targets", "ScalableTargets", ServiceNamespace="ecs"
        )
        scaled = {target["ResourceId"] for target in targets}
    for cluster in clusters:
        arns = list(place.pages("ecs", "list_services", "serviceArns", cluster=cluster))
        for begin in range(0, len(arns), SERVICES_A_CALL):
            listed = arns[begin : begin + SERVICES_A_CALL]
            for one in client.describe_services(cluster=cluster, services=listed, include=["TAGS"])["services"]:
                yield _service(place, one, cluster.rsplit("/", 1)[-1], scaled)


def _service(place: Place, one: dict[str, Any], cluster: str, scaled: set[str]) -> Seen:
    name = one["serviceName"]
    service = ContainerService(
        **place.common(one["serviceArn"], name, tags_of(one.get("tags"))),
        cluster=cluster,
        tasks=one.get("desiredCount", 0),
        scaled=f"service/{cluster}/{name}" in scaled,
        created=one["createdAt"].date() if "createdAt" in one else None,
    )
    of = {"ClusterName": cluster, "ServiceName": name}
    return Seen(service, [Wanted("cpu_percent", "AWS/ECS", "CPUUtilization", of, "Average", DAYS)])


@reader("kubernetes", billed=("Kubernetes",))
def kubernetes(place: Place) -> Iterator[Seen]:
    """EKS control planes."""
    client = place.client("eks")
    for name in place.pages("eks", "list_clusters", "clusters"):
        one = client.describe_cluster(name=name)["cluster"]
        yield Seen(
            Kubernetes(**place.common(one["arn"], name, tags_of(one.get("tags"))), version=one.get("version", ""))
        )
