"""Another architecture: machines and databases that list for less with Arm processors.

AWS: Graviton for EC2 and RDS. Azure: Ampere and Cobalt for virtual machines. FinOps capability: Rate Optimization.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.checks import check
from analysis.estate import Computer, Estate, Machine
from analysis.findings import Action, Finding, Remedy

RUNNING = r"BoxUsage|InstanceUsage|Multi-AZUsage|DedicatedUsage"


@check("other-architecture", serves=("aws.ec2.graviton", "az.vm.cpu_arch"))
def other_architecture(
    estate: Estate, *, machines: bool = False, databases: bool = True, min_monthly: float = 50.0
) -> Iterator[Finding | None]:
    """Yield what is billed ``min_monthly`` and would list for less with Arm processors.

    A managed database changes by a restart, so that ``databases`` are told by default; ``machines`` need their images
    built anew and are told only where a deployment asks for it. AWS lists Graviton at about four fifths of x86.
    """
    for one in estate.of(Computer):
        machine = isinstance(one, Machine)
        bill, arm, part = estate.bill(one), one.arm, one.saves(one.arm)
        if not (machines if machine else databases) or not one.running or arm is None or not part:
            continue
        if bill is None or float(bill.effective) < min_monthly:
            continue
        action = Action.RESIZE_MACHINE if machine else Action.RESIZE_DATABASE
        yield Finding.priced(
            one,
            estate,
            check="other-architecture",
            title=f"{'Machine' if machine else 'Database'} {one.name} would cost {part:.0%} less as {arm.name}",
            remedy=Remedy(action, arm.name, source=one.size.name),
            evidence=(
                ("Size now", one.size.name),
                ("The same with Arm", arm.name),
                ("Mind", "its image must be built for Arm" if machine else "its extensions must exist for Arm"),
            ),
            part=part,
            meters=estate.metered(one, RUNNING),
        )
