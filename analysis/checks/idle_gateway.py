"""Idle gateways: doors to other networks through which nothing leads.

Azure: virtual network gateways (VPN and ExpressRoute). FinOps capability: Workload Optimization.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.checks import check
from analysis.estate import Estate
from analysis.findings import Action, Finding, Remedy
from analysis.kinds import NetworkGateway


@check("idle-gateway", serves=("az.vngw.idle",))
def idle_gateway(estate: Estate, *, min_age_days: int = 7) -> Iterator[Finding | None]:
    """Yield each gateway without a connection into which nobody may dial either.

    Azure's orphan workbook, Azure Quick Review, Steampipe Thrifty and the FinOps toolkit tell it at once; where its age
    is known, ``min_age_days`` keep out what is just being set up. It lists at 140 to 1,500 USD a month.
    """
    for gateway in estate.of(NetworkGateway):
        young = gateway.created is not None and (estate.as_of - gateway.created).days < min_age_days
        if gateway.connections or gateway.clients or young:
            continue
        yield Finding.priced(
            gateway,
            estate,
            check="idle-gateway",
            title=f"Network gateway {gateway.name} connects nothing",
            remedy=Remedy(Action.DELETE_GATEWAY, source=gateway.size),
            evidence=(("Connections", "none, and no clients may dial in"), ("Size", f"{gateway.kind} {gateway.size}")),
        )
