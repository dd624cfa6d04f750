"""Stopped machines: switched off for long, while their disks and addresses are billed.

AWS: EC2 instances with their EBS volumes and Elastic IPs. Azure: deallocated machines with their managed disks.
FinOps capability: Workload Optimization.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.checks import check
from analysis.counting import so_many
from analysis.estate import Disk, Estate, Machine
from analysis.findings import Action, Finding, Remedy


@check(
    "stopped-machine", serves=("aws.ec2.stopped_old", "aws.ebs.on_stopped", "az.vm.dealloc_long", "az.disk.on_stopped")
)
def stopped_machine(estate: Estate, *, min_days: int = 30) -> Iterator[Finding | None]:
    """Yield each machine that has been stopped for ``min_days``, priced at what its disks and addresses still cost.

    30 days are Trusted Advisor's and the Azure Optimization Engine's. One finding stands for the machine and all of
    its disks, so that none of them is counted twice.
    """
    for machine in estate.of(Machine):
        if machine.running or machine.stopped_since is None:
            continue
        days = (estate.as_of - machine.stopped_since).days
        if days < min_days:
            continue
        held = list(estate.named(machine.holds))
        disks = [one for one in held if isinstance(one, Disk)]
        size = sum(one.size_gb for one in disks)
        yield Finding.priced(
            machine,
            estate,
            check="stopped-machine",
            title=f"Machine {machine.name} is stopped since {machine.stopped_since:%d %b %Y}, its disks are billed",
            remedy=Remedy(Action.END_MACHINE, source=machine.size.name),
            evidence=(
                ("Stopped for", f"{days} days"),
                ("Still billed", f"{so_many(len(disks), 'disk')} of {size} GB, {len(held)} in all"),
            ),
            of=held,
        )
