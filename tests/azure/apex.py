"""The Azure half of the sample company, as it would stand in Azure: subscriptions, machines, disks, measurements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, time
from typing import Any

from analysis.estate import Disk, Machine, Metric, Resource
from providers.provider import Billed
from providers.sample import SampleFolder, SampleProvider
from providers.sample.company import ACCOUNTS, AZURE, COMMITMENTS, FAMILIES, US_AZURE
from tests.azure.double import Double
from tests.azure.graph import Graph, Values
from tests.builders import quietly

NAMES = {account.id: account.name for account in ACCOUNTS[AZURE]}
PAYER = US_AZURE.id
NETWORK = 1e-6  # MB in a byte


def stand_up(azure: Double, folder: SampleFolder) -> Graph:
    """All of it, but for its bill."""
    graph = Graph(azure).stand_up()
    graph.sizes = {
        size.name: (size.vcpus, size.memory_gb, size.hourly, str(float(size.hourly) * 2))
        for sizes in FAMILIES[AZURE]
        for size in sizes
    }
    for account, name in NAMES.items():
        graph.subscription(account.rsplit("/", 1)[-1], name)
    everything = SampleProvider(folder).inventory(datetime.combine(folder.as_of, time(), UTC), Billed(), quietly)
    mine = [one for one in everything.resources if one.cloud == AZURE]
    _machines(graph, [one for one in mine if isinstance(one, Machine)])
    _disks(graph, [one for one in mine if isinstance(one, Disk)])
    _promises(azure, folder)
    return graph


def _machines(graph: Graph, machines: Iterable[Machine]) -> None:
    for one in machines:
        state = "running" if one.running else "deallocated"
        said = {"size": one.size.name, "power": f"PowerState/{state}", "system": "Linux", "managed": True}
        graph.add("machines", _common(one) | said | {"created": _moment(one)})
        graph.metrics[one.id.lower()] = dict(_measured(one.metrics))


def _disks(graph: Graph, disks: Iterable[Disk]) -> None:
    for one in disks:
        said = {
            "sku": one.tier,
            "gb": one.size_gb,
            "managedBy": one.attached_to,
            "zones": [one.zone] if one.zone else None,
            "owned": f"{one.idle_since}T03:04:05Z" if one.idle_since else None,
            "state": "Attached" if one.attached_to else "Unattached",
        }
        graph.add("disks", _common(one) | said | {"created": _moment(one)})


def _common(one: Resource) -> dict[str, Any]:
    return {"id": one.id, "name": one.name, "location": one.region, "tags": dict(one.tags)}


def _moment(one: Resource) -> str | None:
    return f"{one.created}T03:04:05Z" if one.created else None


def _measured(metrics: Mapping[str, Metric]) -> Iterable[tuple[str, Values]]:
    """Values a day, so that average, maximum and sum come out as the sample company says."""
    if cpu := metrics.get("cpu_percent"):
        yield "Percentage CPU", _told(cpu, average=cpu.average, maximum=cpu.maximum)
    if network := metrics.get("network_mb_per_day"):
        yield "Network In Total", _told(network, total=network.average / NETWORK)
    if memory := metrics.get("memory_percent"):
        yield "Available Memory Percentage", _told(memory, average=100 - memory.average, minimum=100 - memory.maximum)


def _told(metric: Metric, **ways: float) -> Values:
    return lambda way, back: ways.get(way) if back <= metric.days else None


def _promises(azure: Double, folder: SampleFolder) -> None:
    """The reservation, a budget, and nothing that Azure would buy."""
    promised = COMMITMENTS[AZURE]
    starts, ends = promised.term(folder.as_of)
    said = {"displayName": promised.name, "term": "P3Y", "benefitStartTime": f"{starts}T00:00:00Z"}
    term = {"expiryDateTime": f"{ends}T00:00:00Z", "provisioningState": "Succeeded"}
    azure.on("GET", "Microsoft.Capacity/reservations$", {"value": [{"id": promised.id, "properties": said | term}]})
    spent = {
        "category": "Cost",
        "amount": 60_000,
        "timeGrain": "Monthly",
        "currentSpend": {"amount": 1.0, "unit": "USD"},
    }
    period = {"timePeriod": {"startDate": "2026-01-01T00:00:00Z"}}
    azure.on("GET", "CostManagement/budgets", {"value": []})
    backoffice = next(account for account, name in NAMES.items() if name == "apex-backoffice-prod")
    azure.on(
        "GET",
        f"{backoffice}/providers/Microsoft.CostManagement/budgets",
        {"value": [{"id": "b", "name": "all of the back office", "properties": spent | period}]},
    )
    azure.on("GET", "benefitRecommendations|reservationRecommendations", {"value": []})
