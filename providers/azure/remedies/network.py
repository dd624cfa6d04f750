"""Networks: the commands to act, and those that take it back."""

from __future__ import annotations

from analysis.findings import Finding, Fix
from providers.azure.remedies.grammar import kept_and_deleted, target
from providers.shell import Unsafe, line, steps

APPLICATION = "microsoft.network/applicationgateways"
LEFT_OVER = (  # what may be tidied up, and nothing else
    *(
        f"microsoft.network/{kind}"
        for kind in ("networkinterfaces", "networksecuritygroups", "routetables", "ipgroups")
    ),
    *(f"microsoft.network/{kind}" for kind in ("virtualnetworks", "privatednszones", "trafficmanagerprofiles")),
    *("microsoft.network/frontdoorwebapplicationfirewallpolicies", "microsoft.compute/availabilitysets"),
    *("microsoft.web/connections", "microsoft.web/certificates"),
)
EACH_AGAIN = (
    "jq -c 'if type == \"array\" then .[] else . end' leftovers.json | while read -r one; do "
    'az resource create --id "$(jq -r .id <<< "$one")" --is-full-object --properties "$one"; done'
)
FILE = "The undo puts back what was kept in the file"


def release_address(finding: Finding) -> Fix:
    """The address goes back to Azure."""
    return kept_and_deleted(
        finding,
        {"microsoft.network/publicipaddresses": ("network", "public-ip")},
        "The address itself is lost: look first whether DNS records, firewalls or partners' lists name it. "
        f"{FILE}, hardly ever with the same number.",
    )


def delete_nat(finding: Finding) -> Fix:
    """Kept as JSON, then deleted; its addresses stay."""
    return kept_and_deleted(
        finding,
        {"microsoft.network/natgateways": ("network", "nat", "gateway")},
        f"Its public addresses stay, and are billed until you release them. {FILE}; subnets are put on it by hand.",
    )


def delete_endpoint(finding: Finding) -> Fix:
    """Kept as JSON, then deleted."""
    return kept_and_deleted(
        finding,
        {"microsoft.network/privateendpoints": ("network", "private-endpoint")},
        f"{FILE}; the service must accept it once more, and its private address may be another: records in private "
        "DNS zones are set by hand.",
    )


def delete_balancer(finding: Finding) -> Fix:
    """A load balancer goes; an application gateway is stopped, which ends its bill too."""
    if target(finding.resource_id, APPLICATION, "microsoft.network/loadbalancers").kind == APPLICATION:
        there = ("--ids", finding.resource_id)
        return Fix(
            act=line("az", "network", "application-gateway", "stop", *there),
            undo=line("az", "network", "application-gateway", "start", *there),
            safety="A stopped gateway is not billed. Delete it, and then its address, once nobody has missed it for "
            "some weeks.",
        )
    return kept_and_deleted(
        finding,
        {"microsoft.network/loadbalancers": ("network", "lb")},
        f"{FILE}, with its rules and probes; machines are put in its pools again by hand. Its public address stays, "
        "and is billed.",
    )


def delete_gateway(finding: Finding) -> Fix:
    """Kept as JSON, then deleted."""
    return kept_and_deleted(
        finding,
        {"microsoft.network/virtualnetworkgateways": ("network", "vnet-gateway")},
        f"{FILE}: that takes 30 to 45 minutes, and the keys and certificates of clients are set anew. Keep its public "
        "address if a partner has it on a list. Look that no network peering uses the gateway of this network.",
    )


def delete_protection(finding: Finding) -> Fix:
    """Kept as JSON, then deleted."""
    return kept_and_deleted(
        finding,
        {"microsoft.network/ddosprotectionplans": ("network", "ddos-protection")},
        f"{FILE}. One plan serves all subscriptions of a tenant: look that no policy puts new networks on this one.",
    )


def delete_circuit(finding: Finding) -> Fix:
    """Kept as JSON, then deleted."""
    return kept_and_deleted(
        finding,
        {"microsoft.network/expressroutecircuits": ("network", "express-route")},
        f"Ask first whoever ordered the line, and cancel the order with its provider. {FILE}, with a new service key.",
    )


def downgrade_firewall(finding: Finding) -> Fix:
    """Another tier of the same firewall."""
    firewall = target(finding.resource_id, "microsoft.network/azurefirewalls")
    if {finding.remedy.target, finding.remedy.source} != {"Standard", "Premium"}:
        raise Unsafe(finding.remedy.target or finding.remedy.source)
    there = ("az", "resource", "update", "--ids", firewall.id, "--set")
    return Fix(
        act=line(*there, f"properties.sku.tier={finding.remedy.target}"),
        undo=line(*there, f"properties.sku.tier={finding.remedy.source}"),
        safety="It needs a policy of the new tier: make one of the same rules and put it on the firewall first. Change "
        "it in a maintenance window: open connections may be cut for some minutes.",
    )


def tidy_up(finding: Finding) -> Fix:
    """Everything that is left over, kept as JSON and then deleted."""
    things = [target(one, *LEFT_OVER).id for one in finding.remedy.target.split("\n")]
    return Fix(
        act=steps(
            line("az", "resource", "show", "--ids", *things) + " > leftovers.json",
            line("az", "resource", "delete", "--ids", *things),
        ),
        undo=EACH_AGAIN,
        safety="Look through the list first: a template may count on one of them. The undo puts back what was kept in "
        "leftovers.json.",
    )
