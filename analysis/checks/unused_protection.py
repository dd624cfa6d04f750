"""Unused protection: plans that are billed by the month and protect no network.

Azure: DDoS protection plans. FinOps capability: Workload Optimization.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.checks import check
from analysis.estate import Estate
from analysis.findings import Action, Finding, Remedy
from analysis.kinds import ProtectionPlan


@check("unused-protection", serves=("az.ddos.unused",))
def unused_protection(estate: Estate, *, min_monthly: float = 0.0) -> Iterator[Finding | None]:
    """Yield each plan, billed ``min_monthly``, that no network is on.

    Azure's orphan workbook, Azure Quick Review and the FinOps toolkit tell it at once; it lists at 2,944 USD a month,
    for up to a hundred addresses of all subscriptions together, so that one plan is enough.
    """
    for plan in estate.of(ProtectionPlan):
        bill = estate.bill(plan)
        if plan.networks or (bill and float(bill.effective) < min_monthly):
            continue
        yield Finding.priced(
            plan,
            estate,
            check="unused-protection",
            title=f"Protection plan {plan.name} protects no network",
            remedy=Remedy(Action.DELETE_PROTECTION),
            evidence=(("Networks", "none"),),
        )
