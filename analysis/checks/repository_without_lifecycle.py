"""Repositories without a lifecycle: every image that was ever built.

AWS: ECR. FinOps capability: Workload Optimization.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.checks import check
from analysis.estate import Estate
from analysis.findings import Action, Finding, Remedy
from analysis.kinds import Repository


@check("repository-without-lifecycle", serves=("aws.ecr.no_lifecycle",))
def repository_without_lifecycle(
    estate: Estate, *, min_monthly: float = 1.0, part_percent: float = 50.0
) -> Iterator[Finding | None]:
    """Yield each repository billed ``min_monthly`` without a lifecycle policy.

    Steampipe Thrifty and Trusted Advisor tell each; half of the storage is assumed to be images that nothing pulls,
    and said to be an estimate.
    """
    for one in estate.of(Repository):
        bill = estate.bill(one)
        if one.lifecycle or bill is None or float(bill.effective) < min_monthly:
            continue
        yield Finding.priced(
            one,
            estate,
            check="repository-without-lifecycle",
            title=f"Repository {one.name} keeps every image for ever",
            remedy=Remedy(Action.ADD_IMAGE_LIFECYCLE, "14"),
            evidence=(("Estimated", f"{part_percent:.0f}% of its storage are images that nothing pulls"),),
            part=part_percent / 100,
        )
