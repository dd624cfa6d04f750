"""Unfinished uploads: parts of objects that never came to be, stored and billed.

AWS: S3 multipart uploads. FinOps capability: Workload Optimization.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.checks import check
from analysis.estate import Estate
from analysis.findings import Action, Finding, Remedy
from analysis.kinds import Bucket


@check("unfinished-uploads", serves=("aws.s3.mpu",))
def unfinished_uploads(estate: Estate, *, min_uploads: int = 1) -> Iterator[Finding]:
    """Yield each bucket with uploads begun more than a week ago and no rule that ends them.

    7 days are Trusted Advisor's. How large they are only a request for each of them would tell, so nothing is claimed.
    """
    for bucket in estate.of(Bucket):
        if not bucket.aborts_uploads and bucket.stale_uploads >= min_uploads:
            yield Finding.seen(
                bucket,
                estate,
                check="unfinished-uploads",
                title=f"Bucket {bucket.name} keeps {bucket.stale_uploads} unfinished uploads",
                remedy=Remedy(Action.ABORT_UPLOADS, "7"),
                evidence=(("Unfinished", f"{bucket.stale_uploads} uploads older than a week"),),
            )
