"""Storage accounts, and the vaults that backups are kept in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta

from analysis.kinds import BackupVault, Bucket
from providers.azure.readers import Place, Seen, day, reader, word

STALE_DAYS = 90
STOPPED = ("protectionstopped", "protectionpaused", "backupssuspended")
OLD = ("storage", "blobstorage")
OLD_ACCOUNT = "version 1 and Blob accounts are given up: Azure upgrades them from October 2026 on"


@reader("storage-accounts", queries=("accounts",), billed=("Storage",))
def accounts(place: Place) -> Iterator[Seen]:
    """Storage accounts; whether one has a lifecycle rule is asked for where its bill is worth it."""
    for row in place.of("accounts"):
        rule = place.lifecycle(word(row["id"]))
        yield Seen(
            Bucket(
                **place.common(row),
                lifecycle=rule is not False,  # what nobody asked is left alone
                retired=OLD_ACCOUNT if word(row.get("kind")).lower() in OLD else "",
            )
        )


@reader("backup-vaults", queries=("vaults", "backups"), billed=("Backup",))
def vaults(place: Place) -> Iterator[Seen]:
    """Recovery Services vaults with what is kept in them, and which of it is not backed up any more."""
    items: dict[str, list[str]] = defaultdict(list)
    idle: dict[str, list[str]] = defaultdict(list)
    for row in place.of("backups"):
        vault = (word(row.get("vault")) or word(row["id"]).split("/backupFabrics/", 1)[0]).lower()
        items[vault].append(word(row["id"]))
        last = day(row.get("last"))
        old = last is not None and last < place.today - timedelta(days=STALE_DAYS)
        if word(row.get("state")).lower() in STOPPED or old:
            idle[vault].append(word(row["id"]))
    for row in place.of("vaults"):
        key = word(row["id"]).lower()
        yield Seen(BackupVault(**place.common(row), items=len(items[key]), idle=tuple(idle[key])))
