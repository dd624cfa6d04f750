"""Fixed containers: services of a fixed number of tasks that are hardly used.

AWS: ECS. FinOps capability: Workload Optimization.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.checks import check
from analysis.estate import Estate
from analysis.findings import Action, Finding, Remedy
from analysis.kinds import ContainerService
from analysis.quiet import dull


@check("fixed-containers", serves=("aws.ecs.no_autoscale", "aws.ecs.rightsize"))
def fixed_containers(estate: Estate, *, max_cpu_percent: float = 20.0, days: int = 14) -> Iterator[Finding]:
    """Yield each service with a CPU below ``max_cpu_percent`` that nothing scales, for a look.

    20% is Steampipe Thrifty's alarm for ECS. No saving is claimed: what a smaller task would cost, Compute Optimizer
    tells where it is switched on (`cloud-advice`).
    """
    for service in estate.of(ContainerService):
        measured = dull(service, "cpu_percent", days=days, below=max_cpu_percent)
        if not service.scaled and service.tasks and measured is not None:
            yield Finding.seen(
                service,
                estate,
                check="fixed-containers",
                title=f"Service {service.name} runs {service.tasks} tasks at {measured.average:.0f}% of their CPU",
                remedy=Remedy(Action.REVIEW),
                evidence=(
                    ("CPU", f"{measured.average:.1f}% in {measured.days} days"),
                    ("Cluster", service.cluster),
                    ("Scales by itself", "no"),
                ),
            )
