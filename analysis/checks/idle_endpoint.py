"""Idle endpoints: private ways to a service that nobody takes.

AWS: interface endpoints. Azure: private endpoints. FinOps capability: Workload Optimization.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.checks import check
from analysis.estate import Estate
from analysis.findings import Action, Finding, Remedy
from analysis.kinds import PrivateEndpoint
from analysis.quiet import quiet


@check("idle-endpoint", serves=("aws.vpce.idle", "az.pe.disconnected"))
def idle_endpoint(estate: Estate, *, days: int = 30) -> Iterator[Finding | None]:
    """Yield each private endpoint that carried nothing for ``days``, or whose service has cut it off.

    30 days without traffic are Trusted Advisor's check of inactive VPC interface endpoints; those that are
    ``Disconnected`` are Azure's orphan workbook's and Azure Quick Review's, at once.
    """
    for endpoint in estate.of(PrivateEndpoint):
        measured = quiet(endpoint, "mb_per_day", days=days)
        if endpoint.connected and measured is None:
            continue
        carried = (("Carried", f"nothing in {measured.days} days"),) if measured else ()
        cut = () if endpoint.connected else (("Connection", "cut off by the service, or it is gone"),)
        yield Finding.priced(
            endpoint,
            estate,
            check="idle-endpoint",
            title=f"Endpoint {endpoint.name} {'carries nothing' if endpoint.connected else 'leads to nothing'}",
            remedy=Remedy(Action.DELETE_ENDPOINT, source=endpoint.network),
            evidence=(*carried, *cut, ("Service", endpoint.service), ("Network", endpoint.network)),
        )
