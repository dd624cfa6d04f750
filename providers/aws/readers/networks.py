"""Addresses, gateways, endpoints and load balancers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from analysis.kinds import Address, Balancer, NatGateway, PrivateEndpoint
from providers.aws.readers import Place, Seen, Wanted, reader, tags_of

FREE = {"s3", "dynamodb"}
DAYS = 30
SERVING = ("healthy", "initial", "unavailable")  # unavailable: health checks are switched off, as for functions
NAMESPACES = {  # where load balancers report, by what, and how often somebody came
    "application": ("AWS/ApplicationELB", "RequestCount"),
    "network": ("AWS/NetworkELB", "NewFlowCount"),
    "gateway": ("AWS/GatewayELB", "NewFlowCount"),
    "classic": ("AWS/ELB", "RequestCount"),
}


@reader("addresses", billed=("Elastic Compute Cloud", "EC2", "Virtual Private Cloud"))
def addresses(place: Place) -> Iterator[Seen]:
    """Every Elastic IP, and whether what it is attached to runs."""
    stopped = {one["InstanceId"] for one in place.machines("stopped")}
    for one in place.client("ec2").describe_addresses().get("Addresses", ()):
        name, tags = one.get("AllocationId", one["PublicIp"]), tags_of(one.get("Tags"))
        machine, interface = one.get("InstanceId"), one.get("NetworkInterfaceId")
        held = place.arn("ec2", f"instance/{machine}") if machine else None
        held = held or (place.arn("ec2", f"network-interface/{interface}") if one.get("AssociationId") else None)
        yield Seen(
            Address(
                **place.common(place.arn("ec2", f"elastic-ip/{name}"), tags.get("Name") or one["PublicIp"], tags),
                handle=name,
                attached_to=held,
                holder_running=machine not in stopped,
            )
        )


@reader("gateways", billed=("Virtual Private Cloud", "Elastic Compute Cloud", "EC2"))
def gateways(place: Place) -> Iterator[Seen]:
    """NAT gateways with the free ways beside them, and interface endpoints."""
    direct: dict[str, set[str]] = defaultdict(set)
    endpoints = list(place.pages("ec2", "describe_vpc_endpoints", "VpcEndpoints"))
    for one in endpoints:
        service = one["ServiceName"].rsplit(".", 1)[-1]
        if one["VpcEndpointType"] == "Gateway" and service in FREE:
            direct[one["VpcId"]].add(service)
    routed = {
        route["NatGatewayId"]
        for table in place.pages("ec2", "describe_route_tables", "RouteTables")
        for route in table.get("Routes", ())
        if route.get("NatGatewayId")
    }
    alive = [{"Name": "state", "Values": ["available", "pending"]}]
    for one in place.pages("ec2", "describe_nat_gateways", "NatGateways", Filters=alive):
        name, tags = one["NatGatewayId"], tags_of(one.get("Tags"))
        bytes_out = Wanted(
            "out_mb_per_day", "AWS/NATGateway", "BytesOutToDestination", {"NatGatewayId": name}, "Sum", DAYS, 1e-6
        )
        gateway = NatGateway(
            **place.common(place.arn("ec2", f"natgateway/{name}"), tags.get("Name") or name, tags),
            network=one["VpcId"],
            direct=tuple(sorted(direct[one["VpcId"]])),
            routed=name in routed,
            created=one["CreateTime"].date() if "CreateTime" in one else None,
        )
        yield Seen(gateway, [bytes_out])
    for one in endpoints:
        if one["VpcEndpointType"] == "Interface":
            yield _endpoint(place, one)


def _endpoint(place: Place, one: Mapping[str, Any]) -> Seen:
    name, tags = one["VpcEndpointId"], tags_of(one.get("Tags"))
    of = {
        "VPC Id": one["VpcId"],
        "VPC Endpoint Id": name,
        "Endpoint Type": "Interface",
        "Service Name": one["ServiceName"],
    }
    carried = Wanted("mb_per_day", "AWS/PrivateLinkEndpoints", "BytesProcessed", of, "Sum", DAYS, 1e-6)
    endpoint = PrivateEndpoint(
        **place.common(place.arn("ec2", f"vpc-endpoint/{name}"), tags.get("Name") or name, tags),
        network=one["VpcId"],
        service=one["ServiceName"],
        created=one["CreationTimestamp"].date() if "CreationTimestamp" in one else None,
    )
    return Seen(endpoint, [carried])


@reader("balancers", billed=("Elastic Load Balancing",))
def balancers(place: Place) -> Iterator[Seen]:
    """Every load balancer with how many of its targets are healthy."""
    found = list(place.pages("elbv2", "describe_load_balancers", "LoadBalancers"))
    tags = _tags(place, "elbv2", "ResourceArns", [one["LoadBalancerArn"] for one in found], "ResourceArn")
    health = _health(place) if found else {}
    for one in found:
        arn = one["LoadBalancerArn"]
        healthy, targets = health.get(arn, (0, 0))
        namespace, metric = NAMESPACES[one["Type"]]
        of = {"LoadBalancer": arn.partition("loadbalancer/")[2]}
        balancer = Balancer(
            **place.common(arn, one["LoadBalancerName"], tags.get(arn, {})),
            kind=one["Type"],
            targets=targets,
            healthy=healthy,
            created=one["CreatedTime"].date(),
        )
        yield Seen(balancer, [Wanted("requests_per_day", namespace, metric, of, "Sum", absent_is_zero=True)])
    yield from _classic(place)


def _classic(place: Place) -> Iterator[Seen]:
    found = list(place.pages("elb", "describe_load_balancers", "LoadBalancerDescriptions"))
    names = [one["LoadBalancerName"] for one in found]
    tags = _tags(place, "elb", "LoadBalancerNames", names, "LoadBalancerName")
    for one in found:
        name = one["LoadBalancerName"]
        states = place.client("elb").describe_instance_health(LoadBalancerName=name).get("InstanceStates", ())
        namespace, metric = NAMESPACES["classic"]
        balancer = Balancer(
            **place.common(place.arn("elasticloadbalancing", f"loadbalancer/{name}"), name, tags.get(name, {})),
            kind="classic",
            targets=len(one.get("Instances", ())),
            healthy=sum(state["State"] == "InService" for state in states),
            created=one["CreatedTime"].date(),
        )
        of = {"LoadBalancerName": name}
        yield Seen(balancer, [Wanted("requests_per_day", namespace, metric, of, "Sum", absent_is_zero=True)])


def _health(place: Place) -> dict[str, tuple[int, int]]:
    """How many targets of each load balancer are healthy, of how many."""
    found: dict[str, tuple[int, int]] = {}
    for group in place.pages("elbv2", "describe_target_groups", "TargetGroups"):
        if not group.get("LoadBalancerArns"):
            continue
        answer = place.client("elbv2").describe_target_health(TargetGroupArn=group["TargetGroupArn"])
        states = [one["TargetHealth"]["State"] for one in answer["TargetHealthDescriptions"]]
        for arn in group["LoadBalancerArns"]:
            healthy, targets = found.get(arn, (0, 0))
            found[arn] = healthy + sum(state in SERVING for state in states), targets + len(states)
    return found


def _tags(place: Place, service: str, option: str, names: list[str], key: str) -> dict[str, dict[str, str]]:
    """The tags of load balancers, twenty at a time."""
    found: dict[str, dict[str, str]] = {}
    for begin in range(0, len(names), 20):
        answer = place.client(service).describe_tags(**{option: names[begin : begin + 20]})
        found |= {one[key]: tags_of(one.get("Tags")) for one in answer["TagDescriptions"]}
    return found
