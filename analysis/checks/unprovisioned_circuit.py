"""Unprovisioned circuits: private lines that are billed and not switched on at the other end.

Azure: ExpressRoute. FinOps capability: Workload Optimization.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.checks import check
from analysis.estate import Estate
from analysis.findings import Action, Finding, Remedy
from analysis.kinds import Circuit


@check("unprovisioned-circuit", serves=("az.er.unprovisioned",))
def unprovisioned_circuit(estate: Estate, *, min_billed_days: int = 14) -> Iterator[Finding | None]:
    """Yield each circuit that its provider has not provisioned, once it was billed for ``min_billed_days``.

    The FinOps toolkit tells it at once. Azure bills from the moment that a circuit has its key, and a provider takes
    days to weeks: two weeks of rows are when to ask what became of the order.
    """
    for circuit in estate.of(Circuit):
        bill = estate.bill(circuit)
        if circuit.provisioned or bill is None or bill.days < min_billed_days:
            continue
        yield Finding.priced(
            circuit,
            estate,
            check="unprovisioned-circuit",
            title=f"Circuit {circuit.name} is billed and not provisioned",
            remedy=Remedy(Action.DELETE_CIRCUIT, source=circuit.line),
            evidence=(("Line", circuit.line), ("Its provider", "has not switched it on")),
        )
