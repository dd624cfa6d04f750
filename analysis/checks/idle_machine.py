"""Idle machines: computers that are on, billed, and do nothing.

AWS: EC2 instances. Azure: virtual machines. FinOps capability: Workload Optimization.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.checks import check
from analysis.estate import Estate, Machine
from analysis.findings import Action, Finding, Remedy


def is_idle(machine: Machine, *, max_cpu: float, max_network_mb: float, days: int) -> bool:
    """Whether it was measured long enough, and did next to nothing all the while."""
    cpu, network = machine.metrics.get("cpu_percent"), machine.metrics.get("network_mb_per_day")
    if not machine.running or cpu is None or network is None or min(cpu.days, network.days) < days:
        return False
    return cpu.maximum < max_cpu and network.average < max_network_mb


@check("idle-machine", serves=("aws.ec2.idle", "az.vm.rightsize"))
def idle_machine(
    estate: Estate, *, max_cpu_percent: float = 5.0, max_network_mb_per_day: float = 5.0, days: int = 14
) -> Iterator[Finding | None]:
    """Yield each running machine whose busiest moment in ``days`` stayed under ``max_cpu_percent``.

    5% of CPU and 5 MB of network a day over 14 days are AWS Compute Optimizer's definition of idle. A scaling group
    would replace a machine that is stopped; its own check tells of it.
    """
    for machine in estate.of(Machine):
        if machine.group or not is_idle(
            machine, max_cpu=max_cpu_percent, max_network_mb=max_network_mb_per_day, days=days
        ):
            continue
        cpu, network = machine.metrics["cpu_percent"], machine.metrics["network_mb_per_day"]
        yield Finding.priced(
            machine,
            estate,
            check="idle-machine",
            title=f"Machine {machine.name} has been idle for {cpu.days} days",
            remedy=Remedy(Action.STOP_MACHINE),
            evidence=(
                ("Busiest CPU", f"{cpu.maximum:.1f}% in {cpu.days} days"),
                ("Network", f"{network.average:.1f} MB a day"),
                ("Size", machine.size.name),
            ),
        )
