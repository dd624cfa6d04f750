"""Oversized machines: computers that would do the same work at a smaller size.

AWS: EC2 instances. Azure: virtual machines. FinOps capability: Workload Optimization.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.checks import check
from analysis.checks.idle_machine import is_idle
from analysis.estate import Bill, Estate, Machine, Size
from analysis.findings import Action, Finding, Remedy

IDLE_CPU, IDLE_NETWORK_MB = 5.0, 5.0  # below this it is idle, and resizing is the wrong advice


@check("oversized-machine", serves=("aws.ec2.rightsize", "az.vm.low_cpu"))
def oversized_machine(
    estate: Estate,
    *,
    max_cpu_percent: float = 20.0,
    days: int = 14,
    headroom_percent: float = 60.0,
    max_memory_percent: float = 80.0,
) -> Iterator[Finding | None]:
    """Yield each machine whose peak CPU over ``days`` stayed under ``max_cpu_percent``, with the size that fits.

    The new size keeps the measured peak under ``headroom_percent`` of its CPU and ``max_memory_percent`` of its
    memory; without a memory metric it must keep all of the memory. 20% is Steampipe Thrifty's alarm for EC2 and
    Azure; Azure Advisor keeps a resized machine's CPU under 60%.
    """
    for machine in estate.of(Machine):
        cpu = machine.metrics.get("cpu_percent")
        if not machine.running or cpu is None or cpu.days < days or cpu.maximum >= max_cpu_percent:
            continue
        if is_idle(machine, max_cpu=IDLE_CPU, max_network_mb=IDLE_NETWORK_MB, days=days):
            continue
        smaller = _fitting(machine, headroom_percent, max_memory_percent)
        if smaller is None:
            continue
        part = machine.saves(smaller)
        yield Finding.priced(
            machine,
            estate,
            check="oversized-machine",
            title=f"Machine {machine.name} would fit {smaller.name}",
            remedy=Remedy(Action.RESIZE_MACHINE, smaller.name, source=machine.size.name),
            evidence=(
                ("Busiest CPU", f"{cpu.maximum:.1f}% in {cpu.days} days"),
                (
                    "Size now",
                    f"{machine.size.name} ({machine.size.vcpus} vCPU, {machine.size.memory_gb:g} GB)",
                ),
                ("Size that fits", f"{smaller.name} ({smaller.vcpus} vCPU, {smaller.memory_gb:g} GB)"),
                *_after(estate.bill(machine), part),
            ),
            part=part,
        )


def _after(bill: Bill | None, part: float) -> tuple[tuple[str, str], ...]:
    """What it would be billed in the size that fits."""
    return (("A month after", str((bill.effective * (1 - part)).cents())),) if bill else ()


def _fitting(machine: Machine, headroom_percent: float, max_memory_percent: float) -> Size | None:
    """The cheapest smaller size that carries the measured peaks, if there is one."""
    busy_vcpus = machine.metrics["cpu_percent"].maximum / 100 * machine.size.vcpus
    memory = machine.metrics.get("memory_percent")
    used_gb = memory.maximum / max_memory_percent * machine.size.memory_gb if memory else machine.size.memory_gb
    fits = [
        size
        for size in machine.smaller
        if size.hourly < machine.size.hourly
        and busy_vcpus <= size.vcpus * headroom_percent / 100
        and used_gb <= size.memory_gb
    ]
    return min(fits, key=lambda size: (size.hourly.amount, size.name), default=None)
