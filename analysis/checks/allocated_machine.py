"""Allocated machines: stopped from within, so that their hardware stays theirs and is billed on.

Azure: virtual machines that are ``stopped`` and not ``deallocated``. FinOps capability: Workload Optimization.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.checks import check
from analysis.estate import Estate, Machine
from analysis.findings import Action, Finding, Remedy


@check("allocated-machine", serves=("az.vm.stopped_not_dealloc",))
def allocated_machine(estate: Estate, *, min_monthly: float = 1.0) -> Iterator[Finding | None]:
    """Yield each machine that is off and still allocated, billed at least ``min_monthly``.

    There is no grace in it: Azure bills such a machine as if it ran (states and billing of Azure Virtual Machines), and
    the FinOps toolkit tells each. Its disks are billed either way and are no part of it.
    """
    for machine in estate.of(Machine):
        bill = estate.bill(machine)
        if machine.running or not machine.allocated or bill is None or float(bill.effective) < min_monthly:
            continue
        yield Finding.priced(
            machine,
            estate,
            check="allocated-machine",
            title=f"Machine {machine.name} is switched off and billed as if it ran",
            remedy=Remedy(Action.STOP_MACHINE),
            evidence=(("State", "stopped from within, not deallocated"), ("Size", machine.size.name)),
        )
