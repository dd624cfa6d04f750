"""Cluster storage: requests that are paid one by one where a flat price is lower, or the other way round.

AWS: Aurora Standard and I/O-Optimized. FinOps capability: Rate Optimization.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.checks import check
from analysis.estate import Bill, Estate, Resource
from analysis.findings import Action, Finding, Remedy
from analysis.kinds import DatabaseCluster
from analysis.money import Money

REQUESTS, STORAGE, RUNNING = r"StorageIOUsage", r"StorageUsage", r"InstanceUsage"
DEARER_MACHINES, DEARER_STORAGE = 0.30, 1.25  # I/O-Optimized: +30% for instances, 2.25 × for storage (price list)


@check("cluster-storage", serves=("aws.aurora.io_optimized",))
def cluster_storage(estate: Estate, *, min_requests_percent: float = 25.0) -> Iterator[Finding | None]:
    """Yield each Aurora cluster in Standard whose requests make more than ``min_requests_percent`` of its bill.

    25% is AWS's own rule of thumb; the saving is its own rows priced anew: no requests, instances 30% dearer,
    storage 2.25 times as dear.
    """
    for cluster in estate.of(DatabaseCluster):
        members = list(estate.named(cluster.members))
        bills = [bill for one in (cluster, *members) if (bill := estate.bill(one))]
        if cluster.io_optimized or not bills:
            continue
        requests, dearer, whole = _sums(bills)
        if float(requests) < float(whole) * min_requests_percent / 100 or not dearer < requests:
            continue
        found: tuple[Resource, ...] = (cluster, *members)
        yield Finding.priced(
            cluster,
            estate,
            check="cluster-storage",
            title=f"Cluster {cluster.name} pays more for its requests than a flat price would be",
            remedy=Remedy(Action.SWITCH_DATABASE_STORAGE, "aurora-iopt1", source="aurora"),
            evidence=(
                ("Requests", f"{requests.cents()} a month, {float(requests) / float(whole):.0%} of the cluster"),
                ("Dearer after it", f"{dearer.cents()} a month for instances and storage"),
            ),
            of=found,
            part=1 - float(dearer) / float(requests),
            meters=REQUESTS,
        )


def _sums(bills: list[Bill]) -> tuple[Money, Money, Money]:
    """What requests cost, what the rest would cost more, and what all of it costs."""
    currency = bills[0].effective.currency
    requests = Money.total((bill.part(REQUESTS).effective for bill in bills), currency)
    machines = Money.total((bill.part(RUNNING).effective for bill in bills), currency)
    storage = Money.total((bill.part(STORAGE).effective for bill in bills), currency)
    whole = Money.total((bill.effective for bill in bills), currency)
    return requests, machines * DEARER_MACHINES + storage * DEARER_STORAGE, whole
