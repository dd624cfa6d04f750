"""Duplicate trails: the same management events, recorded and billed a second time.

AWS: CloudTrail. FinOps capability: Workload Optimization.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.checks import check
from analysis.estate import Estate
from analysis.findings import Action, Finding, Remedy
from analysis.kinds import Trail


@check("duplicate-trail", serves=("aws.cloudtrail.duplicate",))
def duplicate_trail(estate: Estate, *, meters: str = "PaidEventsRecorded") -> Iterator[Finding | None]:
    """Yield each trail that records management events beyond the first copy, which is free.

    AWS bills further copies at 2 USD a 100,000 events, by rows of ``meters``: exact where they name the trail.
    """
    for trail in estate.of(Trail):
        if trail.logging and trail.management_events and not trail.first:
            yield Finding.priced(
                trail,
                estate,
                check="duplicate-trail",
                title=f"Trail {trail.name} records what another one records already",
                remedy=Remedy(Action.STOP_TRAIL),
                evidence=(("Copies", "the first of management events is free, this is a further one"),),
                meters=meters,
                even_unbilled=True,
            )
