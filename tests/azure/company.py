"""The Azure half of the sample company, as it would stand in Azure: exports, subscriptions, machines, measurements."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time
from typing import Any

from analysis.estate import Disk, Machine, Metric
from providers.provider import Billed
from providers.sample import SampleFolder, SampleProvider
from providers.sample.company import ACCOUNTS, AZURE, COMMITMENTS, EU_AZURE, FAMILIES, US_AZURE
from tests.azure.azurite import Azurite
from tests.azure.bills import configured, exports, finished
from tests.azure.double import Double
from tests.azure.graph import Graph, Values
from tests.builders import quietly

CONTAINER = "apex-bill"
EXPORTS = {US_AZURE.id: "apex-focus", EU_AZURE.id: "apex-europe-focus"}
NAMES = {account.id.rpartition("/")[2]: account.name for account in ACCOUNTS[AZURE]}
SETTING = "/providers/Microsoft.CostManagement/settings/taginheritance$"


def stand_up(azure: Double, blobs: Azurite, folder: SampleFolder) -> Graph:
    """All of it."""
    _bill(azure, blobs, folder)
    moment = datetime.combine(folder.as_of, time(), UTC)
    estate = SampleProvider(folder).inventory(moment, Billed(), quietly).resources
    graph = Graph(azure, sizes={one.name: _size(one) for sizes in FAMILIES[AZURE] for one in sizes}).stand_up()
    for number, name in NAMES.items():
        graph.subscription(number, name)
    for one in estate:
        if isinstance(one, Machine) and one.cloud == AZURE:
            graph.add("machines", _machine(one))
            graph.metrics[one.id.lower()] = _measurements(one)
        elif isinstance(one, Disk) and one.cloud == AZURE:
            graph.add("disks", _disk(one))
    _rest(azure, folder.as_of)
    return graph


def _bill(azure: Double, blobs: Azurite, folder: SampleFolder) -> None:
    """An export a billing account, a run a month."""
    container = blobs.container(CONTAINER)
    for payer, name in EXPORTS.items():
        for cloud, month, files in folder.billing():
            if cloud == AZURE:
                first = date.fromisoformat(f"{month[:7]}-01")
                last = date(first.year + first.month // 12, first.month % 12 + 1, 1).toordinal() - 1
                where = f"cost/{name}/{first:%Y%m%d}-{date.fromordinal(last):%Y%m%d}/{month[:7]}-run"
                finished(container, where, name, list(_parts(container, where, payer, files)), None)
        exports(azure, payer, configured(name, container=CONTAINER))


def _parts(container: Any, where: str, payer: str, files: Iterable[Any]) -> Iterable[dict[str, Any]]:
    for number, file in enumerate(files):
        heading, *lines = gzip.decompress(file.read_bytes()).decode().splitlines(keepends=True)
        mine = [line for line in lines if line.startswith(payer + ",")]
        assert heading.startswith("BillingAccountId,")
        if mine:
            body = gzip.compress("".join([heading, *mine]).encode(), compresslevel=1, mtime=0)
            name = f"{where}/part_{number}_0001.csv.gz"
            container.upload_blob(name, body)
            yield {"blobName": name, "byteCount": len(body), "dataRowCount": len(mine)}


def _machine(one: Machine) -> dict[str, Any]:
    return {
        "id": one.id,
        "location": one.region,
        "tags": dict(one.tags),
        "size": one.size.name,
        "power": "PowerState/running" if one.running else "PowerState/deallocated",
        "system": "Linux",
        "managed": True,
    }


def _disk(one: Disk) -> dict[str, Any]:
    return {
        "id": one.id,
        "location": one.region,
        "tags": dict(one.tags),
        "zones": [one.zone] if one.zone else [],
        "managedBy": one.attached_to or "",
        "sku": one.tier,
        "gb": one.size_gb,
        "owned": f"{one.idle_since}T00:00:00Z" if one.idle_since else "",
        "state": "Attached" if one.attached_to else "Unattached",
    }


def _measurements(one: Machine) -> dict[str, Values]:
    """What it did, a value a day, so that average and maximum come out as the sample company says."""
    found: dict[str, Values] = {}
    if cpu := one.metrics.get("cpu_percent"):
        found["Percentage CPU"] = _daily(cpu)
    if network := one.metrics.get("network_mb_per_day"):
        found["Network In Total"] = lambda way, back: (
            network.average * 1e6 if way == "total" and back <= network.days else None
        )
        found["Network Out Total"] = lambda way, back: 0.0 if way == "total" and back <= network.days else None
    if memory := one.metrics.get("memory_percent"):
        free = {"average": 100 - memory.average, "maximum": 100 - memory.average, "minimum": 100 - memory.maximum}
        found["Available Memory Percentage"] = lambda way, back: free.get(way) if back <= memory.days else None
    return found


def _daily(metric: Metric) -> Values:
    said = {"average": metric.average, "maximum": metric.maximum}
    return lambda way, back: said.get(way) if back <= metric.days else None


def _size(one: Any) -> tuple[int, float, str, str]:
    return one.vcpus, float(one.memory_gb), str(one.hourly), "0"


def _rest(azure: Double, as_of: date) -> None:
    """Budgets, the reservation, and what Azure itself says: nothing."""
    azure.on("GET", "/providers/Microsoft.CostManagement/budgets$", {"value": []})
    limit = {"category": "Cost", "timeGrain": "Monthly", "amount": 60000, "currentSpend": {"amount": 1, "unit": "USD"}}
    odd = {"category": "Cost", "timeGrain": "BillingMonth", "amount": 1, "currentSpend": {"amount": 1, "unit": "USD"}}
    listed = [{"name": "all of Azure", "properties": limit}, {"name": "odd", "properties": odd}]
    azure.on("GET", f"^{US_AZURE.id}/providers/Microsoft.CostManagement/budgets$", {"value": listed})
    plan = COMMITMENTS[AZURE]
    starts, ends = plan.term(as_of)
    said = {"displayName": plan.name, "purchaseDate": f"{starts}", "expiryDate": f"{ends}", "term": "P3Y"}
    azure.on("GET", "/providers/Microsoft.Capacity/reservations$", {"value": [{"id": plan.id, "properties": said}]})
    for path in ("benefitRecommendations", "reservationRecommendations"):
        azure.on("GET", f"/{path}$", {"value": []})
    azure.on("GET", SETTING, {"kind": "taginheritance", "properties": {"preferContainerTags": True}})


def ids(truths: Sequence[dict[str, str]]) -> set[tuple[str, str]]:
    """Check and resource of each planted truth."""
    return {(one["check"], one["resource_id"]) for one in truths}
