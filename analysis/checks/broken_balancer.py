"""Broken load balancers: some of whose rules lead nowhere.

Azure: load balancers with rules to an empty pool, or with two rules for one thing. FinOps capability: Workload
Optimization.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.checks import check
from analysis.estate import Estate
from analysis.findings import Action, Finding, Remedy
from analysis.kinds import Balancer


@check("broken-balancer", serves=("az.lb.bad_backend",))
def broken_balancer(estate: Estate, *, min_monthly: float = 1.0) -> Iterator[Finding]:
    """Yield each load balancer with targets, billed ``min_monthly``, of which a rule leads nowhere: for a look.

    Steampipe Thrifty tells both kinds. A rule is a cent an hour and no more, so that no saving is claimed.
    """
    for balancer in estate.of(Balancer):
        bill = estate.bill(balancer)
        if not balancer.broken or not balancer.healthy or bill is None or float(bill.effective) < min_monthly:
            continue
        yield Finding.seen(
            balancer,
            estate,
            check="broken-balancer",
            title=f"Load balancer {balancer.name} has rules that lead nowhere",
            remedy=Remedy(Action.REVIEW),
            evidence=(("What is wrong", balancer.broken),),
        )
