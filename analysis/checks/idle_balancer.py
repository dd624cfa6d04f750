"""Idle load balancers: with targets, and without visitors.

AWS: application, network and classic load balancers. FinOps capability: Workload Optimization.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.checks import check
from analysis.estate import Estate
from analysis.findings import Action, Finding, Remedy
from analysis.kinds import Balancer
from analysis.quiet import quiet


@check("idle-balancer", serves=("aws.elb.idle",))
def idle_balancer(estate: Estate, *, max_requests_a_day: float = 100.0, days: int = 7) -> Iterator[Finding | None]:
    """Yield each load balancer with healthy targets and on no day more than ``max_requests_a_day``.

    100 requests a day over 7 days are Trusted Advisor's check of idle load balancers.
    """
    for balancer in estate.of(Balancer):
        measured = quiet(balancer, "requests_per_day", days=days, at_most=max_requests_a_day)
        if not balancer.healthy or measured is None:
            continue
        yield Finding.priced(
            balancer,
            estate,
            check="idle-balancer",
            title=f"Load balancer {balancer.name} has hardly a visitor",
            remedy=Remedy(Action.DELETE_BALANCER, source=balancer.kind),
            evidence=(
                ("Requests", f"{measured.average:.0f} a day in {measured.days} days, {measured.maximum:.0f} at most"),
                ("Targets", f"{balancer.healthy} healthy of {balancer.targets}"),
            ),
        )
