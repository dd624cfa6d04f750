"""Idle backups: kept and billed, though nothing is backed up any more.

Azure: Recovery Services vaults. FinOps capability: Workload Optimization.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.checks import check
from analysis.estate import Estate
from analysis.findings import Action, Finding, Remedy
from analysis.kinds import BackupVault

SHOWN = 5


@check("idle-backup", serves=("az.backup.idle",))
def idle_backup(estate: Estate, *, min_monthly: float = 1.0, most: int = 20) -> Iterator[Finding | None]:
    """Yield each vault, billed ``min_monthly``, with backups that are not made any more.

    A vault is billed as one: only where all of its backups are idle is its whole bill theirs; else none of it is
    claimed. The FinOps toolkit tells each item whose protection is stopped or that has had no backup for 90 days. The
    commands name the first ``most``.
    """
    for vault in estate.of(BackupVault):
        bill = estate.bill(vault)
        if not vault.idle or bill is None or float(bill.effective) < min_monthly:
            continue
        names = ", ".join(one.rsplit(";", 1)[-1].rsplit("/", 1)[-1] for one in vault.idle[:SHOWN])
        evidence = (("Idle", f"{len(vault.idle)} of {vault.items}: {names}"),)
        remedy = Remedy(Action.DELETE_BACKUPS, "\n".join(vault.idle[:most]))
        if len(vault.idle) == vault.items:
            title = f"Vault {vault.name} keeps backups that are not made any more"
            yield Finding.priced(vault, estate, check="idle-backup", title=title, remedy=remedy, evidence=evidence)
        else:
            title = f"Vault {vault.name} keeps {len(vault.idle)} of {vault.items} backups that are not made any more"
            yield Finding.seen(vault, estate, check="idle-backup", title=title, remedy=remedy, evidence=evidence)
