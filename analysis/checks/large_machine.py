"""Large machines: sizes beyond what a company allows, to be looked at.

AWS: EC2 instances. Azure: virtual machines. FinOps capability: Policy and Governance.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.checks import check
from analysis.estate import Estate, Machine
from analysis.findings import Action, Finding, Remedy


@check("large-machine", serves=("aws.ec2.large",))
def large_machine(estate: Estate, *, max_vcpus: int = 32) -> Iterator[Finding]:
    """Yield each running machine with more than ``max_vcpus``, to be looked at: no saving is claimed.

    Steampipe Thrifty allows up to xlarge, which is most of a company; beyond 32 vCPUs somebody should know why.
    """
    for machine in estate.of(Machine):
        if machine.running and machine.size.vcpus > max_vcpus:
            yield Finding.seen(
                machine,
                estate,
                check="large-machine",
                title=f"Machine {machine.name} is large: {machine.size.name}",
                remedy=Remedy(Action.REVIEW),
                evidence=(("Size", f"{machine.size.vcpus} vCPU, {machine.size.memory_gb:g} GB"),),
            )
