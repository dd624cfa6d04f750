"""Azure as it is configured: which bill is chosen, what is said of it, and what is left when something fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.storage.blob import ContainerClient

from analysis.errors import NotReadable
from analysis.money import Money
from analysis.periods import Period
from bot import config as deployment
from bot.clock import stopped_at
from bot.wiring import Crew, state_of
from commands.core.answer import Answer
from providers.azure.provider import AzureProvider, Choice
from tests.azure import bills
from tests.azure.costs import Charge, Costs
from tests.azure.double import QPU, Double
from tests.azure.graph import Graph
from tests.builders import quietly
from tests.commands.test_commands import text_of

pytestmark = pytest.mark.slow
NOW = datetime(2026, 11, 18, 9, tzinfo=UTC)
OCTOBER = Period(date(2026, 10, 1), date(2026, 11, 1))
ONE, TWO = "6f1d2c3b-8a94-4e57-b1c0-3d5e7f901a2b", "0b9c8d7e-6f5a-4b3c-9d2e-1f0a9b8c7d6e"
DISK = f"/subscriptions/{ONE}/resourceGroups/rg/providers/Microsoft.Compute/disks/old"
Opened = Callable[..., AbstractContextManager[Crew]]


@pytest.fixture
def graph(azure: Double) -> Graph:
    """Two subscriptions, an old disk that nothing uses, and nothing else anywhere."""
    made = Graph(azure).stand_up()
    made.subscription(ONE, "shop")
    made.subscription(TWO, "data")
    made.add("disks", {"id": DISK, "sku": "Premium_LRS", "gb": 512, "managedBy": "", "owned": "2026-06-01T00:00:00Z"})
    for path in ("exports", "budgets", "benefitRecommendations"):
        azure.on("GET", f"/Microsoft.CostManagement/{path}$", {"value": []})
    azure.on("GET", "/reservationRecommendations$", {"value": []})
    azure.on("GET", "/settings/taginheritance$", {"kind": "taginheritance", "properties": {}})
    return made


@pytest.fixture
def opened(azure: Double, graph: Graph, tmp_path: Path) -> Opened:  # noqa: ARG001
    """A crew on that tenant, that waits by the double's watch."""

    @contextmanager
    def crew(now: datetime = NOW, folder: str = "data", **said: Any) -> Iterator[Crew]:
        raw = {"data": {"folder": str(tmp_path / folder)}, "providers": [{"kind": "azure"}]}
        config = deployment.parse(raw, lambda _: "test")
        choice = Choice(**({"months": 2} | said))
        provider = AzureProvider("azure", config.data.folder / "azure", azure.connection(), choice)
        with state_of(config, stopped_at(now)) as state:
            yield Crew(config, stopped_at(now), state, [provider], quietly)

    return crew


def charges(subscription: str = ONE, cost: str = "12", **said: Any) -> Iterator[Charge]:
    for back in range(1, 60):
        day = NOW.date() - timedelta(days=back)
        yield Charge(day, subscription, "Virtual Machines", cost, currency="USD", **said)
        yield Charge(day, subscription, "Azure Disk Storage", "2", currency="USD", resource=DISK, **said)


def exported(azure: Double, container: ContainerClient, cost: str = "5", **said: Any) -> None:
    """A FOCUS export of the first subscription, with October in it."""
    days = [f"2026-10-{day:02}" for day in range(1, 32)]
    rows = [bills.charge(day, cost, SubAccountId=f"/subscriptions/{ONE}", SubAccountName="shop") for day in days]
    bills.deliver(container, rows)
    bills.exports(azure, f"/subscriptions/{ONE}", bills.configured(container=container.container_name, **said))


def assessed(crew: Crew) -> Answer:
    crew.assessor.load(crew.clock())
    return crew.typed("assess", "ana")


def billed(crew: Crew) -> set[str]:
    return {str(one) for one in crew.lake.currencies(OCTOBER)}


def test_without_an_export_the_bill_is_the_query_apis_and_a_disk_has_its_price(azure: Double, opened: Opened) -> None:
    Costs([*charges(), *charges(TWO)]).serve(azure)
    with opened() as crew:
        text = text_of(assessed(crew))
        found = crew.typed("waste", "ana").data["findings"]

    assert "azure: bill from the Query API, for want of an export, by service and day, without tags" in text
    assert "no tax, no credits and no support" in text
    assert [(one["check"], one["monthly_waste"]) for one in found] == [("unattached-disk", Decimal("60.88"))]


def test_a_bill_that_comes_by_export_at_last_takes_the_place_of_what_was_asked_for(
    azure: Double, blobs: ContainerClient, opened: Opened
) -> None:
    Costs(list(charges())).serve(azure)
    with opened() as crew:
        crew.assessor.load(NOW)
        assert billed(crew) == {"$434.00"}
    exported(azure, blobs)
    with opened() as crew:
        text = text_of(assessed(crew))
        assert billed(crew) == {"$155.00"}

    assert "azure: bill from export finops (FocusCost 1.2-preview) in apexbill/bill-" in text


def test_an_export_that_has_delivered_nothing_yet_is_told_and_the_query_api_asked(
    azure: Double, blobs: ContainerClient, opened: Opened
) -> None:
    Costs(list(charges())).serve(azure)
    bills.exports(azure, f"/subscriptions/{ONE}", bills.configured(container=blobs.container_name))
    with opened() as crew:
        text = text_of(assessed(crew))

    assert "the Query API, for want of an export" in text and "the first run can take 24 hours" in text
    with (
        opened(source="export", folder="other") as crew,
        pytest.raises(NotReadable, match="azure: nothing has been delivered"),
    ):
        crew.assessor.load(NOW)


def test_an_export_is_asked_for_where_there_is_none(opened: Opened) -> None:
    with opened(source="export") as crew, pytest.raises(NotReadable, match="there is no FOCUS export; create one"):
        crew.assessor.load(NOW)


def test_an_export_that_is_not_there_is_named_with_those_that_are(
    azure: Double, blobs: ContainerClient, opened: Opened
) -> None:
    exported(azure, blobs)
    with opened(export="fimops") as crew, pytest.raises(NotReadable) as refused:
        crew.assessor.load(NOW)

    assert "there is no FOCUS export named 'fimops'; there are: finops" in str(refused.value)


def test_an_export_may_be_named_by_its_address_where_exports_may_not_be_listed(
    azure: Double, blobs: ContainerClient, opened: Opened
) -> None:
    exported(azure, blobs)
    azure.fault("/exports$", "denied", times=None)
    address = azure.blobs.replace("{account}", f"apexbill/{blobs.container_name}/cost/finops")
    with opened(export=address, source="export") as crew:
        crew.assessor.load(NOW)
        assert billed(crew) == {"$155.00"}


def test_an_export_that_stopped_coming_is_told(azure: Double, blobs: ContainerClient, opened: Opened) -> None:
    exported(azure, blobs, status="Inactive")
    late = datetime.now(UTC) + timedelta(days=3)  # noqa: TID251 (azurite tells the wall's time)
    with opened(late, months=1200) as crew:
        crew.assessor.load(late)
        text = text_of(crew.typed("assess", "ana"))

    assert "nothing has come since, look at the export in the portal" in text
    assert "its schedule is switched off" in text


def test_49_of_50_subscriptions_are_told_and_the_last_keeps_its_rows(azure: Double, opened: Opened) -> None:
    Costs([*charges(), *charges(TWO, "3")]).serve(azure)
    with opened() as crew:
        crew.assessor.load(NOW)
        whole = billed(crew)
    azure.fault(f"{TWO}/providers/Microsoft.CostManagement/query", "denied", times=None)
    with opened(NOW + timedelta(days=1)) as crew:
        text = text_of(assessed(crew))
        assert billed(crew) == whole

    assert "1 of 2 subscriptions were read" in text
    assert f"data (/subscriptions/{TWO}): AuthorizationFailed" in text and "rows of 2026-11 and before stand" in text


def test_throttling_beyond_ten_minutes_costs_one_subscription_and_no_more(azure: Double, opened: Opened) -> None:
    Costs([*charges(), *charges(TWO)]).serve(azure)
    azure.fault(f"{TWO}/providers/Microsoft.CostManagement/query", times=None, headers={QPU: "55"})
    with opened() as crew:
        text = text_of(assessed(crew))

    assert "throttled: asked for ten minutes" in text
    assert azure.counted(f"{TWO}/providers/Microsoft.CostManagement/query") <= 22  # ten minutes, twice
    assert azure.watch.seconds < 3_600


def test_tags_that_are_not_inherited_are_told(azure: Double, opened: Opened) -> None:
    Costs(list(charges())).serve(azure)
    azure.fault(f"{TWO}/providers/Microsoft.CostManagement/settings", "gone", times=None)
    with opened() as crew:
        assert "tag inheritance is off in data" in text_of(assessed(crew))


def test_what_was_read_before_stands_while_nobody_can_ask(azure: Double, opened: Opened) -> None:
    Costs(list(charges())).serve(azure)
    budget = {"category": "Cost", "timeGrain": "Monthly", "amount": 900, "currentSpend": {"amount": 1, "unit": "USD"}}
    listed = {"value": [{"name": "all of it", "properties": budget}]}
    azure.on("GET", f"^/subscriptions/{ONE}/providers/Microsoft.CostManagement/budgets$", listed)
    with opened() as crew:
        assessed(crew)
    azure.fault("/providers/", "expired", times=None)
    later = NOW + timedelta(days=1)
    with opened(later) as crew:
        again = crew.typed("assess", "ana")
        assert "all of it" in text_of(crew.typed("budget", "ana"))
        assert billed(crew) == {"$434.00"}

    assert any("expired" in line for line in again.data["unread"]) and again.data["resolved"] == []


def test_no_credentials_at_all_are_said_with_the_next_step(azure: Double, tmp_path: Path) -> None:
    class Nobody:
        def get_token(self, *_: str, **__: Any) -> Any:
            raise ClientAuthenticationError("AADSTS700016: Application was not found in the directory")

    provider = AzureProvider("azure", tmp_path, azure.connection(credential=Nobody()))
    with pytest.raises(NotReadable, match="AADSTS700016: the tenant knows no such application"):
        provider.exports(NOW, quietly)


def test_two_currencies_are_two_totals(azure: Double, opened: Opened) -> None:
    euros = [Charge(date(2026, 10, day), TWO, "Storage", "7", currency="EUR") for day in range(1, 32)]
    Costs([*charges(), *euros]).serve(azure)
    with opened() as crew:
        crew.assessor.load(NOW)
        found = crew.lake.currencies(OCTOBER)

    assert set(found) == {Money.of("434", "USD"), Money.of("217", "EUR")}


def test_a_memory_that_broke_is_as_none(azure: Double, opened: Opened, tmp_path: Path) -> None:
    Costs(list(charges())).serve(azure)
    file = tmp_path / "data" / "azure" / "memory.json"
    file.parent.mkdir(parents=True)
    file.write_text('{"terms": [')
    with opened() as crew:
        assert "Query API" in text_of(assessed(crew))

    assert file.read_text().startswith('{"terms":[]')
