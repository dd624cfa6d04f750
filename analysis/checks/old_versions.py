"""Old versions: every object that was ever overwritten, kept for ever.

AWS: S3 versioning. FinOps capability: Workload Optimization.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.checks import check
from analysis.estate import Estate
from analysis.findings import Action, Finding, Remedy
from analysis.kinds import Bucket


@check("old-versions", serves=("aws.s3.noncurrent",))
def old_versions(estate: Estate, *, min_monthly: float = 10.0) -> Iterator[Finding]:
    """Yield each versioned bucket billed ``min_monthly`` without a rule that ends old versions.

    No anchor prices this without Storage Lens, and neither do we: it is told for a look.
    """
    for bucket in estate.of(Bucket):
        bill = estate.bill(bucket)
        if bucket.versioned and not bucket.expires_versions and bill and float(bill.effective) >= min_monthly:
            yield Finding.seen(
                bucket,
                estate,
                check="old-versions",
                title=f"Bucket {bucket.name} keeps every old version for ever",
                remedy=Remedy(Action.EXPIRE_VERSIONS, "90"),
                evidence=(("Versions", "kept, and no rule ends them"),),
            )
