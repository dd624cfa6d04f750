"""No spot machines: groups for development and tests that pay the full price, though they may be interrupted.

Azure: virtual machine scale sets, node pools of AKS. FinOps capability: Rate Optimization.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.checks import check
from analysis.estate import Estate
from analysis.findings import Action, Finding, Remedy
from analysis.kinds import NodePool, ScalingGroup


@check("no-spot", serves=("az.vmss.spot", "az.aks.no_spot"))
def no_spot(
    estate: Estate,
    *,
    environments: str = "dev development test testing qa staging sandbox",
    min_monthly: float = 50.0,
) -> Iterator[Finding]:
    """Yield each group and pool of one of ``environments``, billed ``min_monthly``, without spot machines: for a look.

    The FinOps toolkit tells each. No saving is claimed: the price of spot moves by the hour, and only its owner knows
    whether an eviction at half a minute's notice does harm. Pools that a cluster needs for itself cannot be spot.
    """
    kept = set(environments.split())
    things: tuple[ScalingGroup | NodePool, ...] = (*estate.of(ScalingGroup), *estate.of(NodePool))
    for one in things:
        bill = estate.bill(one)
        if one.spot is not False or one.env not in kept or bill is None or float(bill.effective) < min_monthly:
            continue
        if (isinstance(one, NodePool) and one.system) or (isinstance(one, ScalingGroup) and one.owner):
            continue
        count = one.nodes if isinstance(one, NodePool) else one.wanted
        yield Finding.seen(
            one,
            estate,
            check="no-spot",
            title=f"{one.name} of {one.env} runs {count} machines, none of them spot",
            remedy=Remedy(Action.REVIEW),
            evidence=(("Size", f"{count} × {one.size}"), ("Environment", one.env)),
        )
