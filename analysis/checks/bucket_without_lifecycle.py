"""Buckets without a lifecycle: objects that stay for ever where they are dearest.

AWS: S3. Azure: storage accounts. FinOps capability: Workload Optimization.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.checks import check
from analysis.estate import Estate
from analysis.findings import Action, Finding, Remedy
from analysis.kinds import Bucket

STANDARD = r"TimedStorage-ByteHrs|Hot .*Data Stored|TimedStorage$"


@check("bucket-without-lifecycle", serves=("aws.s3.no_lifecycle", "az.st.no_lifecycle"))
def bucket_without_lifecycle(
    estate: Estate, *, min_monthly: float = 2.5, part_percent: float = 40.0
) -> Iterator[Finding | None]:
    """Yield each bucket without a lifecycle rule whose standard storage is billed ``min_monthly``.

    2.50 is about 100 GB at list price. Infrequent access lists at a bit over half of standard: 40% of the storage
    rows is the most that a rule saves where nothing is read, and is said to be an estimate.
    """
    for bucket in estate.of(Bucket):
        bill = estate.bill(bucket)
        if bucket.lifecycle or bill is None or float(bill.part(STANDARD).effective) < min_monthly:
            continue
        yield Finding.priced(
            bucket,
            estate,
            check="bucket-without-lifecycle",
            title=f"Bucket {bucket.name} has no lifecycle rule",
            remedy=Remedy(Action.ADD_LIFECYCLE, "30"),
            evidence=(
                ("Standard storage", f"{bill.part(STANDARD).effective.cents()} a month"),
                ("Estimated", f"at most {part_percent:.0f}% of it, if nothing in it is read any more"),
            ),
            part=part_percent / 100,
            meters=STANDARD,
        )
