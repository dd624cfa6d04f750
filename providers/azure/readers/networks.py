"""Addresses, load balancers, gateways, endpoints, circuits, firewalls and protection plans."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from analysis.kinds import (
    Address,
    Balancer,
    Circuit,
    Firewall,
    NatGateway,
    NetworkGateway,
    PrivateEndpoint,
    ProtectionPlan,
)
from providers.azure.readers import Place, Row, Seen, reader, word

NETWORK = (
    *("Virtual Network", "Load Balancer", "Application Gateway", "NAT Gateway", "VPN", "ExpressRoute", "Firewall"),
    *("DDoS", "Private Link", "IP Address", "Network"),
)
V1 = ("standard", "waf")
BASIC_ADDRESS = "Basic addresses were retired on 30 Sep 2025"
V1_GATEWAY = "version 1 gateways were retired on 28 Apr 2026"


@reader("addresses", queries=("addresses", "interfaces", "machines"), billed=(*NETWORK, "Virtual Machine"))
def addresses(place: Place) -> Iterator[Seen]:
    """Every public address, and whether what it is attached to runs."""
    holders = {word(row["id"]).lower(): word(row.get("machine")) for row in place.of("interfaces")}
    off = {
        word(row["id"]).lower()
        for row in place.of("machines")
        if word(row.get("power")).lower().rpartition("/")[2] in ("deallocated", "deallocating", "stopped")
    }
    for row in place.of("addresses"):
        at = word(row.get("configuration")) or word(row.get("nat")) or word(row.get("prefix"))
        machine = holders.get(at.lower().partition("/ipconfigurations/")[0], "")
        yield Seen(
            Address(
                **place.common(row),
                handle=word(row["id"]),
                attached_to=(machine or at) or None,
                holder_running=machine.lower() not in off,
                retired=BASIC_ADDRESS if word(row.get("sku")).lower() == "basic" else "",
            )
        )


@reader("load-balancers", queries=("balancers",), billed=NETWORK)
def balancers(place: Place) -> Iterator[Seen]:
    """Load balancers with what is in their pools; Basic ones are not billed."""
    for row in place.of("balancers"):
        pools = row.get("pools") or ()
        filled = [one for one in pools if _members(one)]
        rules = row.get("rules") or ()
        members = sum(_members(one) for one in pools)
        used = members or len(row.get("nat") or ())
        yield Seen(
            Balancer(
                **place.common(row),
                kind="network",
                targets=used,
                healthy=used,
                broken=_broken(rules, {word(one.get("id")).lower() for one in filled}),
            )
        )


@reader("application-gateways", queries=("appgateways",), billed=NETWORK)
def gateways_of_applications(place: Place) -> Iterator[Seen]:
    """Application gateways; stopped ones are not billed."""
    for row in place.of("appgateways"):
        members = sum(_members(one) for one in row.get("pools") or ())
        yield Seen(
            Balancer(
                **place.common(row),
                kind="application",
                targets=members,
                healthy=members,
                scaled=bool(row.get("scaling")) or word(row.get("state")).lower() == "stopped",
                retired=V1_GATEWAY if word(row.get("tier")).lower() in V1 else "",
            )
        )


@reader("nat-gateways", queries=("natgateways",), billed=NETWORK)
def nat_gateways(place: Place) -> Iterator[Seen]:
    """NAT gateways, and whether a subnet leads to them."""
    for row in place.of("natgateways"):
        subnets = row.get("subnets") or ()
        network = word(next((one.get("id") for one in subnets if one.get("id")), "")).partition("/subnets/")[0]
        yield Seen(NatGateway(**place.common(row), network=network.rsplit("/", 1)[-1] or "none", routed=bool(subnets)))


@reader("private-endpoints", queries=("endpoints",), billed=NETWORK)
def endpoints(place: Place) -> Iterator[Seen]:
    """Private endpoints, and whether their service takes what comes by them."""
    for row in place.of("endpoints"):
        links = [one.get("properties") or {} for one in (*(row.get("links") or ()), *(row.get("manual") or ()))]
        states = {word((one.get("privateLinkServiceConnectionState") or {}).get("status")).lower() for one in links}
        network = word(row.get("subnet")).partition("/subnets/")[0].rsplit("/", 1)[-1]
        service = word(links[0].get("privateLinkServiceId")).rsplit("/", 1)[-1] if links else ""
        yield Seen(
            PrivateEndpoint(**place.common(row), network=network, service=service, connected=states != {"disconnected"})
        )


@reader("network-gateways", queries=("gateways", "connections"), billed=NETWORK)
def network_gateways(place: Place) -> Iterator[Seen]:
    """VPN and ExpressRoute gateways with what leads through them."""
    used = Counter(word(row.get(end)).lower() for row in place.of("connections") for end in ("one", "two"))
    for row in place.of("gateways"):
        clients = row.get("clients") or {}
        yield Seen(
            NetworkGateway(
                **place.common(row),
                size=word(row.get("size")),
                kind=word(row.get("kind")),
                connections=used[word(row["id"]).lower()],
                clients=bool(clients.get("vpnClientAddressPool") or clients.get("vpnClientProtocols")),
            )
        )


@reader("protection-plans", queries=("protection",), billed=NETWORK)
def protection(place: Place) -> Iterator[Seen]:
    """DDoS protection plans."""
    for row in place.of("protection"):
        yield Seen(ProtectionPlan(**place.common(row), networks=len(row.get("networks") or ())))


@reader("circuits", queries=("circuits",), billed=NETWORK)
def circuits(place: Place) -> Iterator[Seen]:
    """ExpressRoute circuits."""
    for row in place.of("circuits"):
        line = f"{row.get('provider') or 'ExpressRoute Direct'}, {row.get('mbps') or '?'} Mbps"
        off = word(row.get("state")).lower() == "notprovisioned"
        yield Seen(Circuit(**place.common(row), line=line, provisioned=not off))


@reader("firewalls", queries=("firewalls", "policies"), billed=NETWORK)
def firewalls(place: Place) -> Iterator[Seen]:
    """Azure Firewalls, and what of Premium their policy uses; one without a policy that is seen is left alone."""
    known = {word(row["id"]).lower(): row for row in place.of("policies")}
    for row in place.of("firewalls"):
        uses = tuple(_premium(word(row.get("policy")), known))
        yield Seen(Firewall(**place.common(row), tier=word(row.get("tier")), uses=uses))


def _premium(policy: str, known: dict[str, Row]) -> Iterator[str]:
    row = known.get(policy.lower())
    if policy and row is None:
        yield "a policy that is not seen"
        return
    if row is None:
        return
    if word(row.get("detection")).lower() not in ("", "off"):
        yield "intrusion detection"
    if row.get("inspection"):
        yield "TLS inspection"
    if row.get("base"):
        yield from _premium(word(row["base"]), known)


def _members(pool: Any) -> int:  # noqa: ANN401
    said = pool.get("properties") or {}
    return max(
        len(said.get(name) or ())
        for name in ("backendIPConfigurations", "loadBalancerBackendAddresses", "backendAddresses")
    )


def _broken(rules: Sequence[Any], filled: set[str]) -> str:
    """Which rules lead to an empty pool, and which two say the same."""
    wrong: list[str] = []
    doors = Counter[str]()
    for rule in rules:
        said = rule.get("properties") or {}
        pool = word((said.get("backendAddressPool") or {}).get("id")).lower()
        door = (
            f"{(said.get('frontendIPConfiguration') or {}).get('id')} {said.get('protocol')} {said.get('frontendPort')}"
        )
        doors[door] += 1
        if pool and pool not in filled:
            wrong.append(f"rule {rule.get('name')} leads to an empty pool")
        if doors[door] > 1:
            wrong.append(f"rule {rule.get('name')} is there twice")
    return "; ".join(wrong)
