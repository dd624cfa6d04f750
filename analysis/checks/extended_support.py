"""Extended support: versions so old that their support is billed by the hour.

AWS: RDS and Aurora engines, EKS control planes. FinOps capability: Workload Optimization.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.checks import check
from analysis.estate import Estate
from analysis.findings import Action, Finding, Remedy
from analysis.kinds import Database, DatabaseCluster, Kubernetes

METERS = r"extended.?support"


@check("extended-support", serves=("aws.rds.extended_support", "aws.eks.extended_support"))
def extended_support(estate: Estate, *, min_monthly: float = 1.0) -> Iterator[Finding | None]:
    """Yield each database and cluster with billed rows of extended support, priced from exactly these.

    No date is guessed: AWS bills it from the day on which standard support ends, and the meter says so.
    """
    old: tuple[Database | DatabaseCluster | Kubernetes, ...] = (
        *estate.of(Database),
        *estate.of(DatabaseCluster),
        *estate.of(Kubernetes),
    )
    for one in old:
        bill = estate.bill(one)
        if bill is None or float(bill.part(METERS).effective) < min_monthly:
            continue
        kubernetes = isinstance(one, Kubernetes)
        engine = "Kubernetes" if isinstance(one, Kubernetes) else one.engine
        yield Finding.priced(
            one,
            estate,
            check="extended-support",
            title=f"{one.name}: {engine} {one.version} is billed for extended support",
            remedy=Remedy(
                Action.UPGRADE_KUBERNETES if kubernetes else Action.UPGRADE_DATABASE,
                _next(one.version) if kubernetes else "",
                source=one.version,
            ),
            evidence=(("Version", f"{engine} {one.version}, past its standard support"),),
            meters=METERS,
        )


def _next(version: str) -> str:
    """The next minor version: control planes go up by one at a time."""
    major, _, minor = version.partition(".")
    return f"{major}.{int(minor) + 1}" if minor.isdigit() else ""
