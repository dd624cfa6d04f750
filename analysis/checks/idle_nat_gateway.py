"""Idle NAT gateways: ways out of a network that nobody takes.

AWS: NAT gateways. Azure: NAT gateways without a subnet. FinOps capability: Workload Optimization.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.checks import check
from analysis.estate import Estate
from analysis.findings import Action, Finding, Remedy
from analysis.kinds import NatGateway
from analysis.quiet import quiet


@check("idle-nat-gateway", serves=("aws.nat.idle", "az.natgw.orphan"))
def idle_nat_gateway(estate: Estate, *, days: int = 30, max_mb_a_day: float = 0.0) -> Iterator[Finding | None]:
    """Yield each NAT gateway that sent nothing for ``days``, or that no route or subnet leads to.

    Compute Optimizer calls one idle after 32 days without a connection; CloudWatch keeps enough to see 30.
    """
    for gateway in estate.of(NatGateway):
        measured = quiet(gateway, "out_mb_per_day", days=days, at_most=max_mb_a_day)
        if gateway.routed and measured is None:
            continue
        sent = (("Sent", f"{measured.average:.1f} MB a day in {measured.days} days"),) if measured else ()
        yield Finding.priced(
            gateway,
            estate,
            check="idle-nat-gateway",
            title=f"NAT gateway {gateway.name} {'sends nothing' if measured else 'is led to by no route'}",
            remedy=Remedy(Action.DELETE_NAT, source=gateway.network),
            evidence=(*sent, ("Routes to it", "yes" if gateway.routed else "none"), ("Network", gateway.network)),
        )
