"""Files without a lifecycle: never moved to where they cost less.

AWS: EFS. FinOps capability: Workload Optimization.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.checks import check
from analysis.estate import Estate
from analysis.findings import Action, Finding, Remedy
from analysis.kinds import FileSystem

STANDARD = r"TimedStorage-ByteHrs"


@check("files-without-lifecycle", serves=("aws.efs.no_ia",))
def files_without_lifecycle(
    estate: Estate, *, min_monthly: float = 10.0, part_percent: float = 40.0
) -> Iterator[Finding | None]:
    """Yield each file system billed ``min_monthly`` without a rule for infrequent access.

    Infrequent access lists at 0.016 against 0.30 USD a GB; AWS says that 80% of files are hardly read. Half of that
    is assumed, and said to be an estimate.
    """
    for one in estate.of(FileSystem):
        bill = estate.bill(one)
        if one.lifecycle or bill is None or float(bill.effective) < min_monthly:
            continue
        yield Finding.priced(
            one,
            estate,
            check="files-without-lifecycle",
            title=f"File system {one.name} never moves old files to where they cost less",
            remedy=Remedy(Action.ADD_FILE_LIFECYCLE, "30"),
            evidence=(("Size", f"{one.size_gb:,.0f} GB"), ("Estimated", f"{part_percent:.0f}% of its storage")),
            part=part_percent / 100,
            meters=estate.metered(one, STANDARD),
        )
