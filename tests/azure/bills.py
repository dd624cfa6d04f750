"""FOCUS exports as Cost Management delivers them: runs of a month, each with a manifest, in a container."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from azure.storage.blob import ContainerClient

from analysis.periods import month_of
from tests.azure.azurite import ACCOUNT
from tests.azure.double import Double
from tests.providers.bills import row, text

RUNS = count(1)
BILLING = "/providers/Microsoft.Billing/billingAccounts/1234567"
ONE = "/subscriptions/00000000-0000-4000-8000-000000000001"
TWO = "/subscriptions/00000000-0000-4000-8000-000000000002"


def charge(day: str, cost: str, service: str = "Virtual Machines", **others: str) -> dict[str, str]:
    """A row as Azure writes it."""
    at = date.fromisoformat(day)
    month = month_of(at)
    return row(
        day,
        cost,
        **{
            "ProviderName": "Microsoft",
            "ServiceName": service,
            "BillingAccountId": BILLING,
            "BillingPeriodStart": f"{month.start}T00:00:00Z",
            "BillingPeriodEnd": f"{month.end}T00:00:00Z",
            "ChargePeriodStart": f"{at}T00:00:00Z",
            "ChargePeriodEnd": f"{at + timedelta(days=1)}T00:00:00Z",
            "SubAccountId": ONE,
            "SubAccountName": "shop",
            "ResourceId": f"{ONE}/resourceGroups/Web/providers/Microsoft.Compute/virtualMachines/web-1",
            **others,
        },
    )


def deliver(  # noqa: PLR0913
    container: ContainerClient,
    rows: Iterable[Mapping[str, str]],
    *,
    export: str = "finops",
    month: str = "2026-10",
    parts: int = 1,
    lost: int = 0,
    manifest: bytes | None = None,
    span: str = "",
    ending: str = ".csv.gz",
) -> str:
    """One run: its files, then its manifest; ``lost`` files are named but not there. Its folder is returned."""
    period = month_of(date.fromisoformat(f"{month}-01"))
    span = span or f"{period.start:%Y%m%d}-{period.end - timedelta(days=1):%Y%m%d}"
    run = str(UUID(int=next(RUNS)))
    folder = f"cost/{export}/{span}/{run}"
    listed, named = list(rows), []
    for part in range(parts):
        written = text(listed[part::parts]).encode()
        body = gzip.compress(written, mtime=0) if ending == ".csv.gz" else written
        name = f"{folder}/part_{part}_0001{ending}"
        container.upload_blob(name, body)
        named.append({"blobName": name, "byteCount": len(body), "dataRowCount": len(listed[part::parts])})
    named += [{"blobName": f"{folder}/part_9{one}_0001{ending}", "byteCount": 9} for one in range(lost)]
    finished(container, folder, export, named, manifest)
    return folder


def finished(
    container: ContainerClient, folder: str, export: str, named: Sequence[Mapping[str, Any]], manifest: bytes | None
) -> None:
    """Write the manifest, as the last of a run."""
    said = {
        "manifestVersion": "2024-04-01",
        "exportConfig": {"exportName": export, "type": "FocusCost", "dataVersion": "1.2-preview"},
        "runInfo": {"runId": folder.rpartition("/")[2]},
        "blobCount": len(named),
        "blobs": list(named),
    }
    body = json.dumps(said).encode() if manifest is None else manifest
    container.upload_blob(f"{folder}/manifest.json", body, overwrite=True)


def configured(
    name: str = "finops",
    *,
    container: str,
    kind: str = "FocusCost",
    version: str = "1.2-preview",
    status: str = "Active",
    last: str = "Completed",
) -> dict[str, Any]:
    """An export as ``exports.list`` tells of it."""
    run = {"properties": {"status": last, "submittedTime": "2026-11-18T02:00:00Z"}}
    return {
        "name": name,
        "properties": {
            "format": "Csv",
            "definition": {
                "type": kind,
                "timeframe": "MonthToDate",
                "dataSet": {"granularity": "Daily", "configuration": {"dataVersion": version}},
            },
            "deliveryInfo": {
                "destination": {
                    "resourceId": f"{ONE}/resourceGroups/bill/providers/Microsoft.Storage/storageAccounts/{ACCOUNT}",
                    "container": container,
                    "rootFolderPath": "cost",
                }
            },
            "schedule": {"status": status},
            "partitionData": True,
            "runHistory": {"value": [run]},
        },
    }


def exports(azure: Double, scope: str, *listed: Mapping[str, Any]) -> None:
    """Tell of the exports of a scope."""
    azure.on("GET", f"^{scope}/providers/Microsoft.CostManagement/exports$", {"value": list(listed)})


def moment(text_: str) -> datetime:
    """A moment in UTC."""
    return datetime.fromisoformat(text_).replace(tzinfo=UTC)
