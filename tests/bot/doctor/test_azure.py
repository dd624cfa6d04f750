"""What the doctor tells of Azure: which role is missing where, and what of the bill can be read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from azure.storage.blob import ContainerClient

from bot import config as deployment
from bot.clock import wall
from bot.doctor import Level, Patient, Seen, examined
from providers.azure import role
from providers.azure.permissions import READS
from tests.azure import bills
from tests.azure.azurite import Azurite, running
from tests.azure.double import CLIENT, OBJECT, TENANT, Double, Reply
from tests.azure.graph import Graph

ROOT = Path(__file__).parents[3]
ONE, TWO = "6f1d2c3b-8a94-4e57-b1c0-3d5e7f901a2b", "0b9c8d7e-6f5a-4b3c-9d2e-1f0a9b8c7d6e"
WHOLE = ["Microsoft.CostManagement/*/read", "Microsoft.Consumption/*/read", *role.actions()]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Double, Azurite]]:
    folder = tmp_path_factory.mktemp("azure")
    with Double.running(folder) as double, running(double, folder) as blobs:
        yield double, blobs


@pytest.fixture
def azure(server: tuple[Double, Azurite], monkeypatch: pytest.MonkeyPatch) -> Double:
    """A tenant of two subscriptions in which everything is as it should be."""
    double, _ = server
    double.reset()
    for name, value in {**double.environment, "AZURE_CLIENT_SECRET": "a-long-secret"}.items():
        monkeypatch.setenv(name, value)
    graph = Graph(double).stand_up()
    graph.subscription(ONE, "shop")
    graph.subscription(TWO, "data")
    may(double, ONE, *WHOLE)
    may(double, TWO, "*/read")
    double.on("GET", "/Microsoft.CostManagement/exports$", {"value": []})
    for path in ("Microsoft.Capacity/reservations", "Microsoft.BillingBenefits/savingsPlans"):
        double.on("GET", f"/providers/{path}$", {"value": []})
    return double


@pytest.fixture
def blobs(azure: Double, server: tuple[Double, Azurite]) -> ContainerClient:  # noqa: ARG001
    return server[1].container("doctor")


def may(azure: Double, subscription: str, *actions: str, but: tuple[str, ...] = ()) -> None:
    """What the identity may do in a subscription."""
    given = {"value": [{"actions": list(actions), "notActions": list(but)}]}
    azure.on("GET", f"^/subscriptions/{subscription}/providers/Microsoft.Authorization/permissions$", given)


def seen(azure: Double, tmp_path: Path, **said: Any) -> list[Seen]:
    raw = {
        "kind": "azure",
        "identity": "secret",
        "tenant": TENANT,
        "client": CLIENT,
        "arm_url": azure.url,
        "authority": azure.url,
        "blob_url": azure.blobs,
        **said,
    }
    config = deployment.parse({"data": {"folder": str(tmp_path)}, "providers": [raw]}, lambda _: "test")
    return [one for _, one in examined(Patient(config, {}, wall), "azure")]


def test_all_is_well_and_the_bill_is_named(azure: Double, blobs: ContainerClient, tmp_path: Path) -> None:
    bills.deliver(blobs, [bills.charge("2026-10-01", "5")])
    bills.exports(azure, f"/subscriptions/{ONE}", bills.configured(container=blobs.container_name))
    found = seen(azure, tmp_path)

    assert [one.level for one in found] == [Level.OK] * len(found), found
    assert f"signs in as {OBJECT} in tenant {TENANT}" in found[0].what
    assert any("bill from export finops in apexbill/doctor/cost/finops" in one.what for one in found)


def test_the_role_that_is_missing_is_named_with_the_scope(azure: Double, tmp_path: Path) -> None:
    may(azure, ONE, *role.actions())
    may(
        azure,
        TWO,
        "Microsoft.CostManagement/*/read",
        "Microsoft.Consumption/*/read",
        "*/read",
        but=("Microsoft.Sql/*",),
    )
    warned = [one for one in seen(azure, tmp_path) if one.level is Level.WARN]

    assert [one.what for one in warned[:2]] == [
        "azure: Cost Management Reader is missing on 1 of 2 scopes: shop (no Microsoft.CostManagement/exports/read)",
        "azure: Pitcrew read (or Reader) is missing on 1 of 2 scopes: data (no Microsoft.Sql/managedinstances/read)",
    ]
    assert all("deploy/azure gives it" in one.remedy for one in warned[:2])


def test_a_subscription_that_cannot_even_be_asked_lacks_both(azure: Double, tmp_path: Path) -> None:
    azure.fault(f"{TWO}/providers/Microsoft.Authorization", "denied", times=None)

    assert [one.what.partition(":")[2] for one in seen(azure, tmp_path) if "missing on" in one.what] == [
        f" {name} is missing on 1 of 2 scopes: data (no {action})"
        for name, action in (
            ("Cost Management Reader", "Microsoft.CostManagement/exports/read"),
            ("Pitcrew read (or Reader)", role.actions()[0]),
        )
    ]


def test_without_an_export_the_way_that_is_taken_instead_is_told(azure: Double, tmp_path: Path) -> None:
    [one] = [one for one in seen(azure, tmp_path) if "no FOCUS export" in one.what]

    assert one.level is Level.WARN and "docs/azure.md" in one.remedy


def test_a_container_that_may_not_be_read_fails_with_the_role(azure: Double, tmp_path: Path) -> None:
    bills.exports(azure, f"/subscriptions/{ONE}", bills.configured(container="no-such-container"))
    [one] = [one for one in seen(azure, tmp_path) if one.level is Level.FAIL]

    assert "ContainerNotFound" in one.what
    assert one.remedy == "give it Storage Blob Data Reader on container no-such-container of apexbill"


def test_a_secret_that_is_wrong_ends_it_with_the_next_step(azure: Double, tmp_path: Path) -> None:
    said = {"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret provided."}
    azure.on("POST", "/oauth2/v2.0/token", Reply(401, said))
    [one] = seen(azure, tmp_path)

    assert one.level is Level.FAIL and "it is its value that counts, not its id" in one.what


def test_commitments_of_the_tenant_need_roles_of_their_own(azure: Double, tmp_path: Path) -> None:
    azure.fault("/Microsoft.Capacity/", "denied", times=None)
    [one] = [one for one in seen(azure, tmp_path) if "reservations" in one.what]

    assert (
        one.level is Level.WARN and "--role 'Reservations Reader' --scope /providers/Microsoft.Capacity" in one.remedy
    )


def test_the_role_allows_reads_of_what_is_asked_for_and_nothing_else() -> None:
    actions = role.actions()

    assert all(one.endswith("/read") and "*" not in one for one in actions)
    assert {f"{one}/read" for one in role.types()} <= {one.lower() for one in actions}
    asked = {
        read.action for read in READS if read.action and not read.action.lower().startswith((*role.COST, *role.TENANT))
    }
    assert {one.lower() for one in asked} <= {one.lower() for one in actions}


def test_bicep_and_terraform_take_the_role_that_the_code_writes() -> None:
    folder = ROOT / "deploy" / "azure"
    bicep, terraform = (folder / "main.bicep").read_text(), (folder / "main.tf").read_text()

    assert json.loads((folder / "role.json").read_text()) == role.definition()
    assert "loadJsonContent('role.json')" in bicep and "actions: definition.Actions" in bicep
    assert 'file("${path.module}/role.json")' in terraform and "actions = local.role.Actions" in terraform
    for text in (bicep, terraform, (folder / "container.bicep").read_text()):
        assert "Contributor" not in text and "Owner" not in text
        assert text.count("{") == text.count("}") and text.count("(") == text.count(")")
