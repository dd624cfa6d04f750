"""Many backups: more copies of a store than the ones in its price, each billed by its size.

Azure: Cosmos DB with periodic backups. FinOps capability: Workload Optimization.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.checks import check
from analysis.estate import Estate
from analysis.findings import Action, Finding, Remedy
from analysis.kinds import DocumentStore

IN_THE_PRICE = 2  # copies (Azure Cosmos DB, periodic backup)
METERS = r"Backup"
USUAL = "240 8"  # minutes between two, hours that each is kept: Azure's own default, two copies


@check("many-backups", serves=("az.cosmos.backup",))
def many_backups(estate: Estate, *, max_copies: int = 9) -> Iterator[Finding | None]:
    """Yield each store that keeps more than ``max_copies`` backups, priced from its rows of backup alone.

    The FinOps toolkit tells ten and more. Two copies are in the price; with Azure's default, one every four hours for
    eight hours, nothing more is billed.
    """
    for store in estate.of(DocumentStore):
        if store.copies <= max_copies:
            continue
        yield Finding.priced(
            store,
            estate,
            check="many-backups",
            title=f"Store {store.name} keeps {store.copies} backups, {IN_THE_PRICE} are in the price",
            remedy=Remedy(Action.KEEP_FEWER_BACKUPS, USUAL, source=f"{store.every_minutes} {store.hours}"),
            evidence=(("Backups", f"one every {store.every_minutes} minutes, kept for {store.hours} hours"),),
            meters=METERS,
        )
