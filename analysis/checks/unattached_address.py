"""Unattached addresses: public addresses that are paid for while nothing answers there.

AWS: Elastic IPs. Azure: public IP addresses. FinOps capability: Workload Optimization.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.checks import check
from analysis.estate import Estate
from analysis.findings import Action, Finding, Remedy
from analysis.kinds import Address


@check("unattached-address", serves=("aws.eip.idle", "az.pip.unattached"))
def unattached_address(estate: Estate, *, of_stopped_machines: bool = True) -> Iterator[Finding | None]:
    """Yield each public address that is attached to nothing, or (``of_stopped_machines``) to what is stopped.

    Trusted Advisor tells both at once: an address has no grace, since it can be had again the same minute, if not
    the same number. AWS bills 0.005 USD an hour for one that is idle.
    """
    for address in estate.of(Address):
        idle = address.attached_to is None or (of_stopped_machines and not address.holder_running)
        if not idle:
            continue
        why = f"on {address.attached_to.rsplit('/', 1)[-1]}, which is stopped" if address.attached_to else "to nothing"
        yield Finding.priced(
            address,
            estate,
            check="unattached-address",
            title=f"Address {address.name} is attached {why}",
            remedy=Remedy(Action.RELEASE_ADDRESS, source=address.name),
            evidence=(("Attached to", address.attached_to or "nothing"),),
        )
