"""Unused health checks: asking every 30 seconds for nobody.

AWS: Route 53. FinOps capability: Workload Optimization.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.checks import check
from analysis.estate import Estate
from analysis.findings import Action, Finding, Remedy
from analysis.kinds import HealthCheck


@check("unused-health-check", serves=("aws.r53.healthcheck",))
def unused_health_check(estate: Estate, *, min_monthly: float = 0.0) -> Iterator[Finding | None]:
    """Yield each health check that no record and no other check uses, and that is billed ``min_monthly``.

    Steampipe Thrifty and Trusted Advisor tell each; 0.50 to 2 USD a month a check is no reason to leave one out.
    """
    for one in estate.of(HealthCheck):
        bill = estate.bill(one)
        if not one.used and (not min_monthly or (bill and float(bill.effective) >= min_monthly)):
            yield Finding.priced(
                one,
                estate,
                check="unused-health-check",
                title=f"Health check {one.name} is used by no record",
                remedy=Remedy(Action.DELETE_HEALTH_CHECK),
                evidence=(("Used by", "no record, no other check"),),
                even_unbilled=True,
            )
