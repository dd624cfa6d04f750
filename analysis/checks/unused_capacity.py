"""Unused capacity: machines held free for an emergency that are billed as if they ran.

AWS: On-Demand Capacity Reservations. FinOps capability: Workload Optimization.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.checks import check
from analysis.estate import Estate
from analysis.findings import Action, Finding, Remedy
from analysis.kinds import CapacityReservation


@check("unused-capacity", serves=("aws.ec2.odcr_unused",))
def unused_capacity(estate: Estate, *, min_age_days: int = 7) -> Iterator[Finding | None]:
    """Yield each capacity reservation of at least ``min_age_days`` of which nothing is used.

    A week is the catalogue's: shorter ones are somebody's deployment. Priced from its own rows, which AWS writes for
    the unused part alone (FOCUS CapacityReservationStatus ``Unused``).
    """
    for held in estate.of(CapacityReservation):
        old = held.created is None or (estate.as_of - held.created).days >= min_age_days
        if old and held.held and held.unused == held.held:
            yield Finding.priced(
                held,
                estate,
                check="unused-capacity",
                title=f"{held.held} machines of {held.size} are held free, and none is used",
                remedy=Remedy(Action.CANCEL_CAPACITY, source=f"{held.size} {held.held}"),
                evidence=(("Held", f"{held.held} × {held.size}"), ("Used", "none")),
            )
