"""Idle endpoints: private ways to a service that nobody takes.

AWS: interface endpoints. FinOps capability: Workload Optimization.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.checks import check
from analysis.estate import Estate
from analysis.findings import Action, Finding, Remedy
from analysis.kinds import PrivateEndpoint
from analysis.quiet import quiet


@check("idle-endpoint", serves=("aws.vpce.idle",))
def idle_endpoint(estate: Estate, *, days: int = 30) -> Iterator[Finding | None]:
    """Yield each interface endpoint that carried nothing for ``days``.

    30 days without traffic are Trusted Advisor's check of inactive VPC interface endpoints.
    """
    for endpoint in estate.of(PrivateEndpoint):
        if measured := quiet(endpoint, "mb_per_day", days=days):
            yield Finding.priced(
                endpoint,
                estate,
                check="idle-endpoint",
                title=f"Endpoint {endpoint.name} carries nothing",
                remedy=Remedy(Action.DELETE_ENDPOINT, source=endpoint.network),
                evidence=(
                    ("Carried", f"nothing in {measured.days} days"),
                    ("Service", endpoint.service),
                    ("Network", endpoint.network),
                ),
            )
