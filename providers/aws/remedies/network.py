"""Networks: the commands to act, and those that take it back."""

from __future__ import annotations

import re

from analysis.findings import Finding, Fix
from providers.aws.remedies.grammar import NAMES, account_of, arn_of, made_again, name_of, region_of
from providers.shell import Unsafe, line, matching, steps

BALANCER = re.compile(r"loadbalancer/(?:app|net|gwy)/[A-Za-z0-9-]{1,32}/[0-9a-f]{16,17}", re.ASCII)
CLASSIC = re.compile(r"loadbalancer/(?P<name>[A-Za-z0-9-]{1,32})", re.ASCII)
SERVICES = ("s3", "dynamodb")


def release_address(finding: Finding) -> Fix:
    """It goes back to AWS."""
    region, address = region_of(finding), name_of(finding, "eipalloc", "elastic-ip/")
    return Fix(
        act=line("aws", "ec2", "release-address", "--region", region, "--allocation-id", address),
        undo=line("aws", "ec2", "allocate-address", "--region", region, "--domain", "vpc"),
        safety=f"Use credentials of account {account_of(finding)}. The undo gives an address, hardly ever the same: "
        "look first whether DNS records, firewalls or partners' lists name it.",
    )


def delete_nat(finding: Finding) -> Fix:
    """Kept as JSON, then deleted; its address stays."""
    region, gateway = region_of(finding), name_of(finding, "nat", "natgateway/")
    here = ("--region", region)
    kept = line("aws", "ec2", "describe-nat-gateways", *here, "--nat-gateway-ids", gateway) + f" > {gateway}.json"
    read = f"$(jq -r '.NatGateways[0].{{}}' {gateway}.json)"
    subnet, address = read.format("SubnetId"), read.format("NatGatewayAddresses[0].AllocationId")
    return Fix(
        act=steps(kept, line("aws", "ec2", "delete-nat-gateway", *here, "--nat-gateway-id", gateway)),
        undo=line("aws", "ec2", "create-nat-gateway", *here) + f' --subnet-id "{subnet}" --allocation-id "{address}"',
        safety=f"Use credentials of account {account_of(finding)}. Take it out of the route tables first: routes that "
        "lead to it go nowhere afterwards. Its Elastic IP stays, and is billed until you release it: keep it until "
        "nobody misses anything. The undo reads the file that was kept, and routes are set by hand.",
    )


def add_direct_way(finding: Finding) -> Fix:
    """A free endpoint for each service, in all route tables of the network."""
    name_of(finding, "nat", "natgateway/")  # of nothing else
    region, network = region_of(finding), matching(NAMES["vpc"], finding.remedy.source)
    wanted = finding.remedy.target.split(",")
    if not set(wanted) <= set(SERVICES):
        raise Unsafe(finding.remedy.target)
    tables = line(
        *("aws", "ec2", "describe-route-tables", "--region", region, "--filters", f"Name=vpc-id,Values={network}"),
        *("--query", "RouteTables[].RouteTableId", "--output", "text"),
    )
    made = [
        line(
            *("aws", "ec2", "create-vpc-endpoint", "--region", region, "--vpc-id", network),
            *("--vpc-endpoint-type", "Gateway", "--service-name", f"com.amazonaws.{region}.{service}"),
            "--route-table-ids",
        )
        + f" $({tables})"
        for service in wanted
    ]
    there = line(
        *("aws", "ec2", "describe-vpc-endpoints", "--region", region),
        *("--filters", f"Name=vpc-id,Values={network}", "Name=vpc-endpoint-type,Values=Gateway"),
        *("--query", "VpcEndpoints[].VpcEndpointId", "--output", "text"),
    )
    return Fix(
        act=steps(*made),
        undo=line("aws", "ec2", "delete-vpc-endpoints", "--region", region, "--vpc-endpoint-ids") + f" $({there})",
        safety=f"Use credentials of account {account_of(finding)}. Connections that are open to these services are cut "
        "once. The undo takes away all gateway endpoints of the network: if it had others, name only the new ones. "
        "Bucket policies that ask for a source IP must learn the endpoint.",
    )


def delete_endpoint(finding: Finding) -> Fix:
    """Kept as JSON, then deleted."""
    region, endpoint = region_of(finding), name_of(finding, "vpce", "vpc-endpoint/")
    here = ("--region", region)
    kept = line("aws", "ec2", "describe-vpc-endpoints", *here, "--vpc-endpoint-ids", endpoint) + f" > {endpoint}.json"
    network, service, subnets = (
        f"$(jq -r '{path}' {endpoint}.json)"
        for path in (".VpcEndpoints[0].VpcId", ".VpcEndpoints[0].ServiceName", ".VpcEndpoints[0].SubnetIds[]")
    )
    return Fix(
        act=steps(kept, line("aws", "ec2", "delete-vpc-endpoints", *here, "--vpc-endpoint-ids", endpoint)),
        undo=line("aws", "ec2", "create-vpc-endpoint", *here, "--vpc-endpoint-type", "Interface")
        + f' --vpc-id "{network}" --service-name "{service}" --subnet-ids {subnets}',
        safety=f"Use credentials of account {account_of(finding)}. The undo makes a new id, and new DNS names unless "
        "private DNS was on; security groups are set by hand.",
    )


def delete_balancer(finding: Finding) -> Fix:
    """Kept as JSON, then deleted; target groups stay."""
    region, arn = region_of(finding), arn_of(finding)
    name = arn.split(":", 5)[5]
    here = ("--region", region)
    classic = CLASSIC.fullmatch(name)
    if BALANCER.fullmatch(name):
        tool, option, asked = "elbv2", ("--load-balancer-arn", arn), ("--load-balancer-arns", arn)
        fields = (
            ".LoadBalancers[0] | {Name: .LoadBalancerName, Subnets: [.AvailabilityZones[].SubnetId], SecurityGroups, "
            "Scheme, Type, IpAddressType}"
        )
    elif classic:
        tool, option, asked = (
            "elb",
            ("--load-balancer-name", classic["name"]),
            ("--load-balancer-names", classic["name"]),
        )
        fields = (
            ".LoadBalancerDescriptions[0] | {LoadBalancerName, Listeners: [.ListenerDescriptions[].Listener], Subnets, "
            "SecurityGroups, Scheme}"
        )
    else:
        raise Unsafe(finding.resource_id)
    file = f"{name.split('/')[-2] if not classic else classic['name']}.json"
    return Fix(
        act=steps(
            line("aws", tool, "describe-load-balancers", *here, *asked) + f" > {file}",
            line("aws", tool, "delete-load-balancer", *here, *option),
        ),
        undo=made_again(file, fields, "aws", tool, "create-load-balancer", *here),
        safety=f"Use credentials of account {account_of(finding)}. Its DNS name changes with the undo: look first "
        "whether records point at it. Target groups stay; listeners and rules go with it, and the undo brings back "
        "those of a classic one only: keep the others with `aws elbv2 describe-listeners` and `describe-rules`.",
    )
