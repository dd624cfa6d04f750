"""Fixed capacity: what stays as large at night as it is at noon, though it could follow its load.

Azure: node pools of AKS, App Service plans, application gateways. FinOps capability: Workload Optimization.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.checks import check
from analysis.estate import Estate
from analysis.findings import Action, Finding, Remedy
from analysis.kinds import AppPlan, Balancer, NodePool
from analysis.quiet import dull


@check("fixed-capacity", serves=("az.aks.no_autoscale", "az.asp.no_autoscale", "az.appgw.no_autoscale"))
def fixed_capacity(
    estate: Estate, *, max_cpu_percent: float = 20.0, days: int = 14, min_monthly: float = 20.0
) -> Iterator[Finding]:
    """Yield each pool, plan of several workers and gateway, billed ``min_monthly``, that nothing scales: for a look.

    Pools and plans are told where their CPU stayed below ``max_cpu_percent`` on average (20% is Steampipe Thrifty's
    alarm); Thrifty and the FinOps toolkit tell gateways each. No saving is claimed: it depends on the night.
    """
    things: tuple[NodePool | AppPlan | Balancer, ...] = (
        *(one for one in estate.of(NodePool) if not one.scaled and one.nodes > 1),
        *(one for one in estate.of(AppPlan) if not one.scaled and one.workers > 1),
        *(one for one in estate.of(Balancer) if not one.scaled),
    )
    for one in things:
        bill = estate.bill(one)
        measured = dull(one, "cpu_percent", days=days, below=max_cpu_percent)
        if (measured is None and not isinstance(one, Balancer)) or bill is None or float(bill.effective) < min_monthly:
            continue
        used = (("CPU", f"{measured.average:.1f}% in {measured.days} days"),) if measured else ()
        yield Finding.seen(
            one,
            estate,
            check="fixed-capacity",
            title=f"{one.name} is as large at night as at noon",
            remedy=Remedy(Action.REVIEW),
            evidence=(("What it is", _said(one)), *used, ("Scales by itself", "no")),
        )


def _said(one: NodePool | AppPlan | Balancer) -> str:
    if isinstance(one, NodePool):
        return f"{one.nodes} × {one.size} in cluster {one.cluster.rsplit('/', 1)[-1]}"
    return f"{one.workers} × {one.size}" if isinstance(one, AppPlan) else f"{one.kind} gateway"
