"""What belongs to nothing any more: Resource Graph tells it by what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from analysis.kinds import Leftover
from providers.azure.readers import Place, Seen, reader, word

KINDS: Mapping[str, tuple[str, str]] = {
    "microsoft.network/networkinterfaces": ("network interface", "is on no machine"),
    "microsoft.network/networksecuritygroups": ("network security group", "guards no interface and no subnet"),
    "microsoft.network/routetables": ("route table", "is on no subnet"),
    "microsoft.network/virtualnetworks": ("virtual network", "has no subnet"),
    "microsoft.network/ipgroups": ("IP group", "is used by no firewall"),
    "microsoft.compute/availabilitysets": ("availability set", "has no machine"),
    "microsoft.web/connections": ("API connection", "is used by no Logic App"),
    "microsoft.web/certificates": ("certificate", "has expired"),
    "microsoft.network/privatednszones": ("private DNS zone", "is linked to no network"),
    "microsoft.network/trafficmanagerprofiles": ("Traffic Manager profile", "has no endpoint"),
    "microsoft.network/frontdoorwebapplicationfirewallpolicies": ("Front Door policy", "guards no endpoint"),
}


@reader("leftovers", queries=("leftovers", "interfaces", "unusedconnections"), billed=())
def leftovers(place: Place) -> Iterator[Seen]:
    """Everything that is left over, wherever anything is billed."""
    alone = [
        row
        for row in place.of("interfaces")
        if not row.get("machine") and not row.get("endpoint") and not row.get("hosted")
    ]
    for row in (*alone, *place.of("leftovers"), *place.of("unusedconnections")):
        kind, why = KINDS.get(word(row.get("type")).lower(), ("", ""))
        if kind:
            yield Seen(Leftover(**place.common(row), kind=kind, why=why))
