"""Idle data clusters: machines that wait for the next job.

AWS: EMR. FinOps capability: Workload Optimization.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.checks import check
from analysis.estate import Estate
from analysis.findings import Action, Finding, Remedy
from analysis.kinds import DataCluster


@check("idle-data-cluster", serves=("aws.emr.idle",))
def idle_data_cluster(estate: Estate, *, min_idle_percent: float = 95.0, days: int = 3) -> Iterator[Finding | None]:
    """Yield each running cluster that was idle for ``min_idle_percent`` of ``days``.

    Steampipe Thrifty alarms after 30 idle minutes, which every nightly cluster has; three days are no pause.
    """
    for cluster in estate.of(DataCluster):
        measured = cluster.metrics.get("idle_percent")
        if cluster.running and measured and measured.days >= days and measured.average >= min_idle_percent:
            yield Finding.priced(
                cluster,
                estate,
                check="idle-data-cluster",
                title=f"Data cluster {cluster.name} is idle {measured.average:.0f}% of the time",
                remedy=Remedy(Action.END_DATA_CLUSTER),
                evidence=(("Idle", f"{measured.average:.0f}% of {measured.days} days"),),
            )
