"""Load balancers without targets: doors with no house behind them.

AWS: application, network, gateway and classic load balancers. Azure: load balancers and application gateways without
a backend. FinOps capability: Workload Optimization.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.checks import check
from analysis.estate import Estate
from analysis.findings import Action, Finding, Remedy
from analysis.kinds import Balancer


@check("balancer-without-targets", serves=("aws.elb.no_targets", "az.lb.no_backend", "az.appgw.no_backend"))
def balancer_without_targets(estate: Estate, *, min_age_days: int = 7) -> Iterator[Finding | None]:
    """Yield each load balancer, at least ``min_age_days`` old, that has no target or no healthy one.

    Trusted Advisor and Steampipe Thrifty tell it at once; a week keeps what is just being built out of it.
    """
    for balancer in estate.of(Balancer):
        young = balancer.created is not None and (estate.as_of - balancer.created).days < min_age_days
        if young or balancer.healthy:
            continue
        says = f"has {balancer.targets} targets, none of them healthy" if balancer.targets else "has no targets"
        yield Finding.priced(
            balancer,
            estate,
            check="balancer-without-targets",
            title=f"Load balancer {balancer.name} {says}",
            remedy=Remedy(Action.DELETE_BALANCER, source=balancer.kind),
            evidence=(("Kind", balancer.kind), ("Targets", f"{balancer.healthy} healthy of {balancer.targets}")),
        )
