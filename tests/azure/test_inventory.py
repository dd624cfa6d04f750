"""What Resource Graph, Azure Monitor and the price list tell, by the real SDK clients."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import pytest

from analysis import checks
from analysis.estate import Bill, Charge, Disk, Estate, Machine, Resource
from analysis.findings import Action, Finding
from analysis.kinds import (
    Address,
    AppPlan,
    BackupVault,
    Balancer,
    Bucket,
    Database,
    DatabasePool,
    DocumentStore,
    Firewall,
    Leftover,
    NodePool,
    PrivateEndpoint,
    ScalingGroup,
    Snapshot,
    SqlMachine,
    Warehouse,
)
from analysis.money import Money
from providers.azure.graph import ask
from providers.azure.inventory import Limits, inventory
from providers.azure.prices import PriceList, family, with_arm
from providers.azure.readers import KUSTO, discover, kusto
from providers.azure.remedies import fix
from providers.azure.role import actions
from providers.provider import Inventory, Spot
from tests.azure.double import Double
from tests.azure.graph import QUERIES, Graph, projected

NOW = datetime(2026, 11, 18, 9, tzinfo=UTC)
ONE, TWO = "6f1d2c3b-8a94-4e57-b1c0-3d5e7f901a2b", "0b9c8d7e-6f5a-4b3c-9d2e-1f0a9b8c7d6e"
ACCOUNT, OTHER = f"/subscriptions/{ONE}", f"/subscriptions/{TWO}"
RG = f"{ACCOUNT}/resourceGroups/rg-shop"
NET, COMPUTE, SQL = (f"{RG}/providers/Microsoft.{space}/" for space in ("Network", "Compute", "Sql"))
SERVICES = (
    *(
        "Virtual Machines",
        "Azure Disk Storage",
        "Virtual Network",
        "Azure App Service",
        "SQL Database",
        "Azure Cosmos DB",
    ),
    *("Storage Accounts", "Backup", "Azure Kubernetes Service", "Redis Cache", "Azure Synapse Analytics"),
)
SIZES = {
    "Standard_D2s_v5": (2, 8.0, "0.096", "0.188"),
    "Standard_D4s_v5": (4, 16.0, "0.192", "0.376"),
    "Standard_D8s_v5": (8, 32.0, "0.384", "0.752"),
    "Standard_D8ps_v5": (8, 32.0, "0.308", "0"),
}
OLD = "2025-01-10T08:00:00Z"
R = TypeVar("R", bound=Resource)


@pytest.fixture
def graph(azure: Double) -> Graph:
    made = Graph(azure, sizes=dict(SIZES)).stand_up()
    made.subscription(ONE, "apex-backoffice")
    made.subscription(TWO, "apex-analytics")
    return made


def bill(monthly: float | str = 100, **meters: float) -> Bill:
    money = Money.of(monthly, "USD")
    parts = {name: Charge(Money.of(amount, "USD"), Money.zero("USD")) for name, amount in meters.items()}
    return Bill(money, Money.zero("USD"), 30, parts)


def read(graph: Graph, folder: Path, bills: Mapping[str, Bill] | None = None, **said: Any) -> Inventory:
    """One inventory of both subscriptions, in which everything there is is billed."""
    connection = graph.double.connection()
    spots = said.pop("spots", [Spot(account, "eastus", one) for account in (ACCOUNT, OTHER) for one in SERVICES])
    priced = {name.lower(): one for name, one in (bills or {}).items()}
    return inventory(
        connection,
        spots,
        priced,
        prices=lambda numbers: PriceList(connection, numbers, folder, NOW),
        now=NOW,
        limits=Limits(),
        **said,
    )


def one(found: Inventory, kind: type[R], /, **said: Any) -> R:
    [it] = [each for each in found.resources if isinstance(each, kind)]
    for name, value in said.items():
        assert getattr(it, name) == value, (name, getattr(it, name))
    assert it.provider == it.cloud == "azure" and it.account == ACCOUNT and it.account_name == "apex-backoffice"
    return it


def found(read_: Inventory, bills: Mapping[str, Bill]) -> dict[str, Finding]:
    """What the checks make of it, by check; each with its commands."""
    priced = {name.lower(): each for name, each in bills.items()}
    told = checks.run(Estate.of_all(NOW.date(), read_.resources, priced), {})
    return {each.check: each.fixed_by(fix(each)) for each in told}


def machine(name: str = "vm-1", **said: Any) -> dict[str, Any]:
    usual = {
        "id": f"{COMPUTE}virtualMachines/{name}",
        "size": "Standard_D8s_v5",
        "power": "PowerState/running",
        "system": "Linux",
        "created": OLD,
        "managed": True,
        "osDisk": f"{COMPUTE}disks/{name}-os",
        "tags": {"env": "dev"},
    }
    return usual | said


def steady(
    average: float, highest: float | None = None, lowest: float | None = None, total: float | None = None
) -> Any:
    values = {"average": average, "maximum": highest, "minimum": lowest, "total": total}
    return lambda way, _back: values.get(way)


def test_questions_are_ours_alone_and_nothing_is_put_into_them() -> None:
    tables = ("resources", "resourcecontainers", "advisorresources", "recoveryservicesresources", "securityresources")
    for name in QUERIES:
        text = kusto(name)
        assert text.splitlines()[0] in tables, name
        assert text.rstrip().endswith("| order by id asc"), "pages are told apart by their order"
        assert {"id", "subscriptionId"} <= set(projected(name)), name
        assert "{" not in text and "%" not in text, "nothing is filled in"
        assert not re.search(r"\b(leftanti|leftsemi|rightouter|materialize|externaldata)\b", text), (
            "not in Resource Graph"
        )
        assert len(re.findall(r"\bjoin\b", text)) <= 3
    readers = discover()
    assert {query for name in readers for query in readers[name].queries} | {"subscriptions", "advice"} == set(QUERIES)
    assert {file.name for file in KUSTO.iterdir()} == {f"{name}.kql" for name in QUERIES}


def test_a_machine_has_its_size_its_disks_and_what_was_measured(graph: Graph, tmp_path: Path) -> None:
    nic = f"{NET}networkInterfaces/nic-1"
    graph.add("machines", machine())
    graph.add(
        "interfaces",
        {
            "id": nic,
            "machine": f"{COMPUTE}virtualMachines/vm-1",
            "configurations": [{"id": "a", "properties": {"publicIPAddress": {"id": f"{NET}publicIPAddresses/ip-1"}}}],
        },
    )
    graph.metrics[machine()["id"].lower()] = {
        "Percentage CPU": lambda way, _: {"average": 3.0, "maximum": 11.0, "count": 1440.0}.get(way),
        "Network In Total": steady(0, total=4e8),
        "Network Out Total": steady(0, total=1e8),
        "Available Memory Percentage": steady(80.0, lowest=71.0),
    }
    bills = {machine()["id"]: bill(280)}
    it = one(read(graph, tmp_path, bills), Machine, running=True, allocated=False, since=date(2025, 1, 10))

    assert it.size.name == "Standard_D8s_v5" and it.size.vcpus == 8 and it.size.memory_gb == 32.0
    assert [size.name for size in it.smaller] == ["Standard_D2s_v5", "Standard_D4s_v5"]
    assert it.arm is not None and it.arm.name == "Standard_D8ps_v5"
    assert it.holds == (f"{COMPUTE}disks/vm-1-os", f"{NET}publicIPAddresses/ip-1")
    assert (it.metrics["cpu_percent"].days, it.metrics["cpu_percent"].average, it.metrics["cpu_percent"].maximum) == (
        30,
        3.0,
        11.0,
    )
    assert round(it.metrics["network_mb_per_day"].average) == 500
    assert round(it.metrics["memory_percent"].maximum) == 29
    assert it.metrics["hours_per_day"].average == 24
    [call] = graph.batches
    assert call.query["metricnamespace"] == "microsoft.compute/virtualmachines"


def test_what_is_off_is_told_apart_by_who_switched_it_off(graph: Graph, tmp_path: Path) -> None:
    graph.add(
        "machines",
        machine("off", power="PowerState/stopped"),
        machine("gone", power="PowerState/deallocated"),
        machine("lately", power="PowerState/deallocated"),
    )
    graph.add(
        "disks",
        *(
            {
                "id": f"{COMPUTE}disks/{name}-os",
                "managedBy": f"{COMPUTE}virtualMachines/{name}",
                "sku": "Premium_LRS",
                "gb": 128,
                "created": OLD,
            }
            for name in ("off", "gone", "lately")
        ),
    )
    bills = {f"{COMPUTE}virtualMachines/off": bill(140), f"{COMPUTE}virtualMachines/lately": bill(3)}
    bills |= {f"{COMPUTE}disks/{name}-os": bill(20) for name in ("off", "gone", "lately")}
    told = read(graph, tmp_path, bills)
    by_name = {each.name: each for each in told.resources if isinstance(each, Machine)}

    assert by_name["off"].allocated and not by_name["off"].running
    assert by_name["gone"].stopped_since == date(2026, 10, 19) and not by_name["gone"].allocated
    assert by_name["lately"].stopped_since is None, "it was billed within the month"
    findings = found(told, bills)
    assert findings["allocated-machine"].monthly_waste == Money.of("140.00", "USD")
    assert "az vm deallocate" in findings["allocated-machine"].fix.act  # type: ignore[union-attr]
    assert findings["stopped-machine"].resource_name == "gone"
    assert findings["stopped-machine"].monthly_waste == Money.of("20.00", "USD")
    assert "az snapshot create" in findings["stopped-machine"].fix.act  # type: ignore[union-attr]


def test_disks_that_something_needs_are_no_waste(graph: Graph, tmp_path: Path) -> None:
    usual = {"sku": "Premium_LRS", "gb": 256, "created": OLD, "owned": "2026-08-01T10:00:00Z", "zones": ["2"]}
    names: dict[str, dict[str, Any]] = {
        "old": {},
        "vm-ASRReplica": {},
        "pvc-1": {"tags": {"kubernetes.io-created-for-pvc-name": "data"}},
        "sas": {"state": "ActiveSAS"},
    }
    for name, said in names.items():
        graph.add("disks", {"id": f"{COMPUTE}disks/{name}", **usual, **said})
    bills = {f"{COMPUTE}disks/{name}": bill(38) for name in names}
    told = read(graph, tmp_path, bills)
    disks = {each.name: each for each in told.resources if isinstance(each, Disk)}

    assert disks["old"].idle_since == date(2026, 8, 1) and disks["old"].zone == "2"
    assert [bool(disks[name].kept_by) for name in names] == [False, True, True, True]
    findings = found(told, bills)
    assert list(findings) == ["unattached-disk"] and findings["unattached-disk"].resource_name == "old"
    assert "--sku Premium_LRS --zone 2" in findings["unattached-disk"].fix.undo  # type: ignore[union-attr]


def test_licences_by_the_hour_are_seen(graph: Graph, tmp_path: Path) -> None:
    graph.add(
        "machines", machine(system="Windows", licence=None), machine("mine", system="Windows", licence="Windows_Server")
    )
    graph.add(
        "sqlmachines",
        {
            "id": f"{RG}/providers/Microsoft.SqlVirtualMachine/sqlVirtualMachines/vm-1",
            "machine": f"{COMPUTE}virtualMachines/vm-1",
            "licence": "PAYG",
            "edition": "Standard",
        },
    )
    told = read(graph, tmp_path)
    machines = {each.name: each for each in told.resources if isinstance(each, Machine)}

    assert machines["vm-1"].licence == "included" and machines["mine"].licence == "owned"
    assert round(machines["vm-1"].saves(machines["vm-1"].unlicensed), 3) == round(1 - 0.384 / 0.752, 3)
    assert machines["vm-1"].arm is None, "Windows is not asked to change its processors"
    one(told, SqlMachine, licence="included", billed_as=(f"{COMPUTE}virtualMachines/vm-1",))


def test_networks_tell_what_leads_nowhere(graph: Graph, tmp_path: Path) -> None:
    things = stand_up_networks(graph)
    bills = {name: bill(100) for name in things.values()}
    told = read(graph, tmp_path, bills)
    findings = found(told, bills)

    assert findings.keys() >= {
        *("unattached-address", "balancer-without-targets", "idle-nat-gateway", "idle-endpoint", "idle-gateway"),
        *("unused-protection", "unprovisioned-circuit", "dearer-firewall", "leftovers"),
    }
    assert findings["dearer-firewall"].resource_name == "fw-plain"
    assert findings["idle-gateway"].resource_name == "vpn-idle"
    assert all(each.fix and each.fix.act for each in findings.values() if each.remedy.action is not Action.REVIEW), [
        (each.check, each.fix) for each in findings.values()
    ]
    kinds = {each.name: each for each in told.resources}
    assert isinstance(kinds["ip-basic"], Address) and "retired" in kinds["ip-basic"].retired
    assert isinstance(kinds["agw-1"], Balancer) and not kinds["agw-1"].healthy and not kinds["agw-1"].scaled
    assert isinstance(kinds["lb-broken"], Balancer) and "rule web leads to an empty pool" in kinds["lb-broken"].broken
    assert isinstance(kinds["fw-busy"], Firewall) and kinds["fw-busy"].uses == ("intrusion detection",)
    assert isinstance(kinds["pe-1"], PrivateEndpoint) and not kinds["pe-1"].connected
    assert {each.kind for each in told.resources if isinstance(each, Leftover)} == {
        *("network interface", "network security group", "private DNS zone", "API connection"),
    }


def stand_up_networks(graph: Graph) -> dict[str, str]:
    """One of each, by a short name."""
    graph.add("addresses", {"id": f"{NET}publicIPAddresses/ip-free", "sku": "Standard"})
    graph.add(
        "addresses",
        {"id": f"{NET}publicIPAddresses/ip-basic", "sku": "Basic", "configuration": f"{NET}loadBalancers/lb/fe/1"},
    )
    full = {
        "id": f"{NET}loadBalancers/lb-broken/backendAddressPools/full",
        "properties": {"backendIPConfigurations": [{"id": "x"}]},
    }
    empty = {"id": f"{NET}loadBalancers/lb-broken/backendAddressPools/empty", "properties": {}}
    rule = {
        "name": "web",
        "properties": {"backendAddressPool": {"id": empty["id"]}, "frontendPort": 80, "protocol": "Tcp"},
    }
    graph.add("balancers", {"id": f"{NET}loadBalancers/lb-empty", "sku": "Standard", "pools": [empty], "rules": [rule]})
    graph.add(
        "balancers", {"id": f"{NET}loadBalancers/lb-broken", "sku": "Standard", "pools": [full, empty], "rules": [rule]}
    )
    graph.add(
        "appgateways",
        {
            "id": f"{NET}applicationGateways/agw-1",
            "tier": "WAF_v2",
            "pools": [{"properties": {"backendAddresses": []}}],
        },
    )
    graph.add("natgateways", {"id": f"{NET}natGateways/nat-1", "subnets": None})
    link = {
        "properties": {
            "privateLinkServiceId": f"{NET}x/kv",
            "privateLinkServiceConnectionState": {"status": "Disconnected"},
        }
    }
    graph.add(
        "endpoints",
        {"id": f"{NET}privateEndpoints/pe-1", "subnet": f"{NET}virtualNetworks/vnet/subnets/a", "links": [link]},
    )
    graph.add("gateways", {"id": f"{NET}virtualNetworkGateways/vpn-idle", "kind": "Vpn", "size": "VpnGw2"})
    graph.add("gateways", {"id": f"{NET}virtualNetworkGateways/vpn-used", "kind": "Vpn", "size": "VpnGw2"})
    graph.add("connections", {"id": f"{NET}connections/c", "one": f"{NET}VirtualNetworkGateways/VPN-used"})
    graph.add("protection", {"id": f"{NET}ddosProtectionPlans/ddos", "networks": []})
    graph.add(
        "circuits",
        {"id": f"{NET}expressRouteCircuits/er-1", "state": "NotProvisioned", "provider": "Equinix", "mbps": 1000},
    )
    policy = f"{NET}firewallPolicies/"
    graph.add("firewalls", {"id": f"{NET}azureFirewalls/fw-plain", "tier": "Premium", "policy": f"{policy}plain"})
    graph.add("firewalls", {"id": f"{NET}azureFirewalls/fw-busy", "tier": "Premium", "policy": f"{policy}busy"})
    graph.add(
        "policies", {"id": f"{policy}plain", "detection": "Off"}, {"id": f"{policy}busy", "base": f"{policy}root"}
    )
    graph.add("policies", {"id": f"{policy}root", "detection": "Deny"})
    graph.add("interfaces", {"id": f"{NET}networkInterfaces/nic-old"})
    graph.add("leftovers", {"id": f"{NET}networkSecurityGroups/nsg-old"}, {"id": f"{NET}privateDnsZones/old.example"})
    graph.add("unusedconnections", {"id": f"{RG}/providers/Microsoft.Web/connections/office365"})
    return {
        **{name: f"{NET}publicIPAddresses/{name}" for name in ("ip-free", "ip-basic")},
        **{name: f"{NET}loadBalancers/{name}" for name in ("lb-empty", "lb-broken")},
        "agw-1": f"{NET}applicationGateways/agw-1",
        "nat-1": f"{NET}natGateways/nat-1",
        "pe-1": f"{NET}privateEndpoints/pe-1",
        **{name: f"{NET}virtualNetworkGateways/{name}" for name in ("vpn-idle", "vpn-used")},
        "ddos": f"{NET}ddosProtectionPlans/ddos",
        "er-1": f"{NET}expressRouteCircuits/er-1",
        **{name: f"{NET}azureFirewalls/{name}" for name in ("fw-plain", "fw-busy")},
    }


def test_app_plans_have_their_apps_and_their_next_size_down(graph: Graph, tmp_path: Path) -> None:
    web = f"{RG}/providers/Microsoft.Web/"
    plan, bare = f"{web}serverFarms/plan-1", f"{web}serverFarms/plan-empty"
    graph.add("plans", {"id": plan, "size": "P2v3", "tier": "PremiumV3", "workers": 2, "apps": 1})
    graph.add("plans", {"id": bare, "size": "S1", "tier": "Standard", "workers": 1, "apps": 0})
    graph.add("plans", {"id": f"{web}serverFarms/free", "size": "Y1", "tier": "Dynamic", "apps": 0})
    graph.add("apps", {"id": f"{web}sites/shop", "plan": plan, "state": "Running"})
    graph.add("scaling", {"id": f"{RG}/providers/Microsoft.Insights/autoscaleSettings/a", "target": plan})
    graph.metrics[plan.lower()] = {"CpuPercentage": steady(6, 22), "MemoryPercentage": steady(30, 38)}
    bills = {plan: bill(300), bare: bill(70)}
    told = read(graph, tmp_path, bills)
    findings = found(told, bills)

    plans = {each.name: each for each in told.resources if isinstance(each, AppPlan)}
    assert plans.keys() == {"plan-1", "plan-empty"} and plans["plan-1"].scaled and plans["plan-1"].smaller == "P1v3"
    assert {name: each.monthly_waste.amount for name, each in findings.items()} == {
        "oversized-plan": Decimal("150.00"),
        "empty-plan": Decimal("70.00"),
    }
    assert all(each.fix and each.fix.act and each.fix.undo for each in findings.values())


def test_databases_pools_and_stores(graph: Graph, tmp_path: Path) -> None:
    server = f"{SQL}servers/sql-shop/"
    database, pools = f"{server}databases/orders", f"{server}elasticPools/"
    said = {"objective": "GP_Gen5_8", "tier": "GeneralPurpose", "status": "Online", "licence": "LicenseIncluded"}
    graph.add("databases", {"id": database, "capacity": 8, "bytes": 34359738368, "created": OLD, **said})
    graph.add("databases", {"id": f"{server}databases/inside", "pool": f"{pools}full"})
    graph.add("databases", {"id": f"{server}databases/dw", "tier": "DataWarehouse", "status": "Online"})
    graph.add("pools", {"id": f"{pools}full", "size": "GP_Gen5", "capacity": 4, "created": OLD})
    graph.add("pools", {"id": f"{pools}bare", "size": "GP_Gen5", "capacity": 4, "created": OLD})
    graph.metrics[database.lower()] = {"connection_successful": steady(0, total=400), "cpu_percent": steady(4, 12)}
    store = f"{RG}/providers/Microsoft.DocumentDB/databaseAccounts/profiles"
    every = {"backupIntervalInMinutes": 60, "backupRetentionIntervalInHours": 24}
    graph.add("stores", {"id": store, "backup": {"periodicModeProperties": every}})
    bills = {database: bill(1_400), store: bill(100, Backup=40), f"{pools}bare": bill(300), f"{pools}full": bill(300)}
    told = read(graph, tmp_path, bills)
    findings = found(told, bills)

    assert one(told, Database, licence="included", storage_gb=32).size.vcpus == 8
    one(told, Warehouse, running=True)
    one(told, DocumentStore, copies=24)
    assert sum(isinstance(each, DatabasePool) for each in told.resources) == 2
    assert {name: each.monthly_waste.amount for name, each in findings.items()} == {
        "oversized-database": Decimal("350.00"),  # one step down: 6 of 8 cores
        "many-backups": Decimal("40.00"),
        "empty-pool": Decimal("300.00"),
    }
    assert findings["empty-pool"].resource_name == "bare"
    assert all(each.fix and each.fix.act and each.fix.undo for each in findings.values())
    assert "--service-objective GP_Gen5_6" in findings["oversized-database"].fix.act  # type: ignore[union-attr]


def test_clusters_are_measured_by_the_sets_behind_them(graph: Graph, tmp_path: Path) -> None:
    nodes = "MC_rg_shop_eastus"
    behind = f"{ACCOUNT}/resourceGroups/{nodes}/providers/Microsoft.Compute/virtualMachineScaleSets/aks-web-1"
    graph.add(
        "groups", {"id": behind, "size": "Standard_D4s_v5", "capacity": 3, "tags": {"aks-managed-poolName": "web"}}
    )
    cluster = f"{RG}/providers/Microsoft.ContainerService/managedClusters/shop"
    pool = {"name": "web", "vmSize": "Standard_D4s_v5", "count": 3, "mode": "User", "enableAutoScaling": False}
    graph.add("clusters", {"id": cluster, "nodes": nodes, "pools": [pool], "tags": {"env": "dev"}})
    graph.metrics[behind.lower()] = {"Percentage CPU": steady(7, 40)}
    bills = {behind: bill(420)}
    told = read(graph, tmp_path, bills)

    it = one(told, NodePool, billed_as=(behind,), spot=False, scaled=False, nodes=3)
    assert it.metrics["cpu_percent"].average == 7
    one(told, ScalingGroup, owner="AKS")
    assert {"fixed-capacity", "no-spot"} >= set(found(told, bills)) != set()


def test_snapshots_storage_and_vaults(graph: Graph, tmp_path: Path) -> None:
    graph.add(
        "disks",
        {"id": f"{COMPUTE}disks/there", "managedBy": f"{COMPUTE}virtualMachines/x", "sku": "Standard_LRS", "gb": 8},
    )
    graph.add(
        "snapshots",
        {
            "id": f"{COMPUTE}snapshots/s",
            "sku": "Premium_LRS",
            "gb": 64,
            "created": OLD,
            "source": f"{COMPUTE}disks/gone",
        },
    )
    account = f"{RG}/providers/Microsoft.Storage/storageAccounts/apexfiles"
    graph.add("accounts", {"id": account, "kind": "Storage"})
    vault = f"{RG}/providers/Microsoft.RecoveryServices/vaults/keep"
    item = f"{vault}/backupFabrics/Azure/protectionContainers/c/protectedItems/VM;iaas;rg;"
    graph.add("vaults", {"id": vault})
    graph.add(
        "backups",
        {"id": f"{item}one", "state": "ProtectionStopped"},
        {"id": f"{item}two", "state": "Protected", "last": "2026-03-01T00:00:00Z"},
    )
    bills = {account: bill(90, **{"Hot LRS Data Stored": 80.0}), vault: bill(45), f"{COMPUTE}snapshots/s": bill(8)}
    told = read(graph, tmp_path, bills)
    findings = found(told, bills)

    one(told, Snapshot, of="gone", of_exists=False)
    assert "given up" in one(told, Bucket, lifecycle=False).retired
    assert len(one(told, BackupVault, items=2).idle) == 2
    assert {name: each.monthly_waste.amount for name, each in findings.items()} == {
        "bucket-without-lifecycle": Decimal("32.00"),
        "idle-backup": Decimal("45.00"),
        "old-snapshot": Decimal("8.00"),
    }
    assert "az backup protection disable" in findings["idle-backup"].fix.act  # type: ignore[union-attr]


def test_only_what_the_bill_knows_is_asked_for(graph: Graph, tmp_path: Path) -> None:
    graph.add("machines", machine())
    spots = [Spot(ACCOUNT, "eastus", "Azure Cosmos DB"), Spot(OTHER, "eastus", "Virtual Machines")]
    read(graph, tmp_path, spots=spots)
    asked = dict(graph.asked)

    assert asked["stores"] == (ONE,) and asked["machines"] == (TWO,)
    assert "firewalls" not in asked and "plans" not in asked
    assert asked["leftovers"] == (TWO, ONE)
    assert graph.batches == [], "nothing is billed enough to be measured"


def test_pages_are_read_to_the_end_and_the_quota_is_kept(graph: Graph, tmp_path: Path) -> None:
    graph.page = 40
    graph.headers = {"x-ms-user-quota-remaining": "0", "x-ms-user-quota-resets-after": "00:00:03"}
    for number in range(130):
        graph.add("disks", {"id": f"{COMPUTE}disks/d{number:03}", "sku": "Premium_LRS", "gb": 8, "created": OLD})
    told = read(graph, tmp_path)

    assert sum(isinstance(each, Disk) for each in told.resources) == 130
    assert len([query for query, _ in graph.asked if query == "disks"]) == 4
    assert graph.double.watch.slept.count(3.0) >= 3


def test_metrics_are_asked_for_fifty_at_a_time_and_only_where_the_bill_is_worth_it(
    graph: Graph, tmp_path: Path
) -> None:
    graph.add("machines", *(machine(f"vm-{number}") for number in range(120)), machine("far", location="westeurope"))
    bills = {f"{COMPUTE}virtualMachines/vm-{number}": bill(90 if number < 110 else 3) for number in range(120)}
    bills[f"{COMPUTE}virtualMachines/far"] = bill(90)
    read(graph, tmp_path, bills)

    assert sorted(len(call.body["resourceids"]) for call in graph.batches) == [1, 10, 50, 50]
    assert all(call.path == f"{ACCOUNT}/metrics:getBatch" for call in graph.batches)


def test_a_subscription_that_refuses_is_named_and_costs_only_its_own(graph: Graph, tmp_path: Path) -> None:
    graph.add("machines", machine())
    graph.forbidden = {TWO}
    told = read(graph, tmp_path)

    assert any(isinstance(each, Machine) for each in told.resources)
    assert told.unread[0] == "1 of 2 subscriptions were read whole"
    assert told.unread[1].startswith(f"subscription apex-analytics ({OTHER}): AuthorizationFailed")
    assert told.kept == {OTHER}


def test_a_billed_subscription_that_nobody_may_see_is_named(graph: Graph, tmp_path: Path) -> None:
    graph.hidden = {TWO}
    told = read(graph, tmp_path)

    assert told.unread == (
        "1 of 2 subscriptions were read whole",
        f"subscription {OTHER}: it is billed, and the identity may not read it (Reader)",
    )
    assert told.kept == {OTHER}


def test_metrics_that_fail_keep_what_was_found_before(graph: Graph, tmp_path: Path) -> None:
    graph.add("machines", machine())
    graph.double.fault("metrics:getBatch", "denied", times=None)
    told = read(graph, tmp_path, {machine()["id"]: bill()})

    assert machine()["id"].lower() in told.kept
    assert any(
        "metrics of 1 × microsoft.compute/virtualmachines in eastus: AuthorizationFailed" in line
        for line in told.unread
    )


def test_rows_that_nobody_foresaw_cost_only_their_reader(graph: Graph, tmp_path: Path) -> None:
    graph.add("machines", machine(size={"not": "a text"}))
    graph.add("plans", {"id": f"{RG}/providers/Microsoft.Web/serverFarms/p", "size": "S1", "workers": "many"})
    told = read(graph, tmp_path)

    assert any("app-plans: an answer that is not understood" in line for line in told.unread)
    assert any(isinstance(each, Machine) for each in told.resources)


def test_prices_are_asked_for_once_a_family_and_month(graph: Graph, tmp_path: Path) -> None:
    graph.add("machines", machine(), machine("two"), machine("three", size="Standard_D4s_v5"))
    read(graph, tmp_path)
    first = graph.double.counted("/api/retail/prices"), graph.double.counted("Compute/skus")
    read(graph, tmp_path)

    assert first == (2, 1), "the family itself, and the one with Arm processors"
    assert (graph.double.counted("/api/retail/prices"), graph.double.counted("Compute/skus")) == first, "from the disk"
    assert all("Authorization" not in call.headers for call in graph.double.calls if "retail" in call.path)


def test_a_price_list_that_refuses_costs_a_ratio_and_nothing_else(graph: Graph, tmp_path: Path) -> None:
    graph.add("machines", machine())
    graph.double.fault("Compute/skus", "denied", times=None)
    told = read(graph, tmp_path)

    assert one(told, Machine, smaller=(), arm=None).size.name == "Standard_D8s_v5"
    assert told.unread == ()


@pytest.mark.parametrize(
    ("name", "kin", "arm"),
    [
        ("Standard_D8s_v5", "Standard_D#s_v5", "Standard_D8ps_v5"),
        ("Standard_D8as_v5", "Standard_D#as_v5", "Standard_D8ps_v5"),
        ("Standard_E16ds_v5", "Standard_E#ds_v5", "Standard_E16pds_v5"),
        ("Standard_D8ps_v5", "Standard_D#ps_v5", ""),
        ("Standard_DS2_v2", "Standard_DS#_v2", "Standard_DS2p_v2"),
        ("Standard_F8s_v2", "Standard_F#s_v2", "Standard_F8ps_v2"),
        ("Basic_A1", "Basic_A1", ""),
    ],
)
def test_a_family_is_its_name_without_how_large_it_is(name: str, kin: str, arm: str) -> None:
    assert (family(name), with_arm(name)) == (kin, arm)


@pytest.fixture(autouse=True)
def nothing_unforeseen(azure: Double) -> Iterator[None]:
    yield
    assert azure.unforeseen == []


def test_without_all_answers_nothing_is_called_empty(graph: Graph, tmp_path: Path) -> None:
    """Databases that may not be read leave their pool alone, and every other family of the subscription as it is."""
    pool = f"{SQL}servers/sql-shop/elasticPools/full"
    graph.add("pools", {"id": pool, "size": "GP_Gen5", "capacity": 4, "created": OLD})
    graph.add("databases", {"id": f"{SQL}servers/sql-shop/databases/inside", "pool": pool})
    graph.add("machines", machine())
    graph.closed = {("databases", ONE)}
    told = read(graph, tmp_path)

    assert not any(isinstance(each, DatabasePool | Database) for each in told.resources)
    assert any(isinstance(each, Machine) for each in told.resources)
    assert told.kept == {ACCOUNT}, "what was found there before stays"


def test_a_size_that_may_not_be_started_there_is_not_advised(graph: Graph, tmp_path: Path) -> None:
    graph.add("machines", machine())
    graph.shut = {"Standard_D2s_v5", "Standard_D8ps_v5"}
    it = one(read(graph, tmp_path), Machine, arm=None)

    assert [size.name for size in it.smaller] == ["Standard_D4s_v5"]


def test_sizes_are_asked_of_the_next_subscription_if_one_refuses(graph: Graph, tmp_path: Path) -> None:
    graph.add("machines", machine())
    graph.double.fault(f"{TWO}/providers/Microsoft.Compute/skus", "denied", times=None)

    assert len(one(read(graph, tmp_path), Machine).smaller) == 2


def test_a_serverless_database_pauses_by_itself(graph: Graph, tmp_path: Path) -> None:
    database = f"{SQL}servers/sql-shop/databases/sometimes"
    said = {"objective": "GP_S_Gen5_2", "tier": "GeneralPurpose", "status": "Paused", "created": OLD}
    graph.add("databases", {"id": database, **said})
    bills = {database: bill(40)}

    assert found(read(graph, tmp_path, bills), bills) == {}


def test_what_the_role_may_not_read_is_named_and_not_taken_for_empty(graph: Graph, tmp_path: Path) -> None:
    """Resource Graph leaves it out without a word: the pool would look empty."""
    pool = f"{SQL}servers/sql-shop/elasticPools/full"
    graph.add("pools", {"id": pool, "size": "GP_Gen5", "capacity": 4, "created": OLD})
    graph.add("machines", machine())
    graph.rights = {"actions": ["*/read"], "notActions": ["Microsoft.Sql/servers/databases/*"]}
    told = read(graph, tmp_path, {pool: bill(300)})

    assert not any(isinstance(each, DatabasePool) for each in told.resources)
    assert any(isinstance(each, Machine) for each in told.resources)
    assert "its role may not read microsoft.sql/servers/databases (`pitcrew doctor azure`)" in told.unread[1]
    assert "databases" not in dict(graph.asked) and told.kept == {ACCOUNT, OTHER}


def test_the_role_that_is_shipped_may_read_all_that_is_asked(graph: Graph, tmp_path: Path) -> None:
    graph.rights = {"actions": actions(), "notActions": []}

    assert read(graph, tmp_path).unread == ()


@pytest.mark.parametrize("how", ["stuck", "truncated"])
def test_pages_that_do_not_end_or_leave_rows_out_are_no_answer(graph: Graph, tmp_path: Path, how: str) -> None:
    for number in range(30):
        graph.add("disks", {"id": f"{COMPUTE}disks/d{number:03}", "sku": "Premium_LRS", "gb": 8, "created": OLD})
    read(graph, tmp_path)
    graph.stuck, graph.page = ("10", 10) if how == "stuck" else ("", 1000)
    graph.truncated = "true" if how == "truncated" else "false"
    connection = graph.double.connection()
    told = ask(connection, "disks", [ONE, TWO])

    assert told.rows == [] and set(told.failed) == {ONE, TWO}
    assert len(graph.asked) < 60, "it is given up at once"


def test_workspaces_and_subscriptions_as_such(graph: Graph, tmp_path: Path) -> None:
    logs = f"{RG}/providers/Microsoft.OperationalInsights/workspaces/logs"
    graph.add("workspaces", {"id": logs, "days": 730})
    graph.add("offers", {"id": ACCOUNT, "name": "apex-dev", "quota": "PayAsYouGo_2014-09-01"})
    graph.add("offers", {"id": OTHER, "name": "apex-test", "quota": "MSDNDevTest_2014-09-01"})
    graph.add("protected", {"id": f"{ACCOUNT}/providers/Microsoft.Security/pricings/Containers"})
    bills = {logs: bill(400, **{"Analytics Logs Data Retention": 100.0})}
    spots = [Spot(ACCOUNT, "eastus", "Azure Monitor"), Spot(OTHER, "eastus", "Azure Monitor")]
    told = read(graph, tmp_path, bills, spots=spots)
    findings = found(told, bills)

    assert findings.keys() == {"endless-logs", "development-at-full-price"}
    assert findings["endless-logs"].monthly_waste == Money.of("50.00", "USD")
    assert "--retention-time 365" in findings["endless-logs"].fix.act  # type: ignore[union-attr]
    assert findings["development-at-full-price"].resource_id == ACCOUNT
    assert ("Defender plans", "Containers") in findings["development-at-full-price"].evidence
