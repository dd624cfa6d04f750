"""What stands beside the bill of Azure: advice, budgets, the ends of commitments, what Azure would buy."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from analysis import checks
from analysis.estate import Bill, Estate
from analysis.findings import Action
from analysis.money import Money
from providers.azure.advice import RIGHTSIZE, advice
from providers.azure.budgets import budgets
from providers.azure.commitments import held, recommended
from providers.azure.remedies import fix
from providers.azure.survey import survey
from providers.provider import Billed, Spot
from tests.azure.double import Double
from tests.azure.graph import Graph

NOW = datetime(2026, 11, 18, 9, tzinfo=UTC)
ONE = "6f1d2c3b-8a94-4e57-b1c0-3d5e7f901a2b"
ACCOUNT = f"/subscriptions/{ONE}"
PAYER = "/providers/Microsoft.Billing/billingAccounts/7412903"
THERE = f"{ACCOUNT}/resourceGroups/rg-shop/providers/"
VM, STORE = f"{THERE}Microsoft.Compute/virtualMachines/vm-1", f"{THERE}Microsoft.DocumentDB/databaseAccounts/profiles"
ORDER = "/providers/Microsoft.Capacity/reservationOrders/3e2d1c0b-9a8f-4e7d-b6c5-4a3b2c1d0e9f/reservations/"
RESERVED = f"{ORDER}7b6a5c4d-3e2f-4a1b-8c9d-0e1f2a3b4c5d"
PLAN = "/providers/Microsoft.BillingBenefits/savingsPlanOrders/0a1b/savingsPlans/2c3d"


@pytest.fixture
def graph(azure: Double) -> Graph:
    made = Graph(azure).stand_up()
    made.subscription(ONE, "apex-backoffice")
    return made


def advised(resource: str, number: int = 1, /, **said: Any) -> dict[str, Any]:
    usual = {
        "id": f"{resource}/providers/Microsoft.Advisor/recommendations/{number}",
        "subscriptionId": ONE,
        "resource": resource,
        "kind": RIGHTSIZE,
        "field": "Microsoft.Compute/virtualMachines",
        "value": resource.rsplit("/", 1)[-1],
        "problem": "Right-size or shutdown underutilized virtual machines",
        "said": {
            "annualSavingsAmount": "1,200",
            "savingsCurrency": "EUR",
            "targetSku": "Standard_D2s_v5",
            "currentSku": "Standard_D8s_v5",
        },
    }
    return usual | said


def test_advice_is_what_a_machine_could_be_and_what_that_saves_a_month(graph: Graph) -> None:
    graph.add("advice", advised(VM))
    [found], told = advice(graph.double.connection(), [ONE], {ONE: ACCOUNT})

    assert told == []
    assert (found.resource_id, found.topic, found.target, found.present) == (
        VM,
        "az.vm.rightsize",
        "Standard_D2s_v5",
        "Standard_D8s_v5",
    )
    assert found.saving == Money.of(100, "EUR") and found.says == "would fit Standard_D2s_v5"
    assert found.account == ACCOUNT and found.source == "Azure Advisor, 7 days"


def test_advice_to_buy_on_nothing_and_without_dollars_is_left_to_others(graph: Graph) -> None:
    graph.add(
        "advice",
        advised(VM, 1, said={"annualSavingsAmount": "900", "term": "P1Y", "reservationType": "VirtualMachines"}),
        advised(ACCOUNT, 2),
        advised(VM, 3, said={"targetSku": "Standard_D2s_v5"}),
        advised(VM, 4, said={"annualSavingsAmount": "soon"}),
    )

    assert advice(graph.double.connection(), [ONE], {}) == ([], [])


def test_of_two_on_one_resource_the_one_that_promises_less_stays(graph: Graph) -> None:
    graph.add("advice", advised(VM), advised(VM, 2, said={"savingsAmount": "30", "targetSku": "Standard_D4s_v5"}))
    [found], _ = advice(graph.double.connection(), [ONE], {ONE: ACCOUNT})

    assert found.saving == Money.of(30, "USD") and found.target == "Standard_D4s_v5"


def test_advice_becomes_findings_at_the_lower_of_its_estimate_and_the_bill(graph: Graph) -> None:
    shut = f"{THERE}Microsoft.Compute/virtualMachines/vm-2"
    graph.add(
        "advice",
        advised(
            VM, said={"annualSavingsAmount": "12000", "targetSku": "Standard_D2s_v5", "currentSku": "Standard_D8s_v5"}
        ),
    )
    graph.add("advice", advised(shut, said={"annualSavingsAmount": "600", "targetSku": "Shutdown"}))
    graph.add(
        "advice",
        advised(
            STORE,
            kind="x",
            field="Microsoft.DocumentDB/databaseAccounts",
            solution="Enable autoscale",
            said={"savingsAmount": "20"},
        ),
    )
    bills = {name.lower(): Bill(Money.of(280, "USD"), Money.zero("USD"), 30) for name in (VM, shut, STORE)}
    found, _ = advice(graph.double.connection(), [ONE], {ONE: ACCOUNT})
    told = {one.resource_id: one for one in checks.run(Estate.of_all(NOW.date(), (), bills, found), {})}

    assert {name: one.monthly_waste for name, one in told.items()} == {
        VM: Money.of("280.00", "USD"),
        shut: Money.of("50.00", "USD"),
        STORE: Money.of("20.00", "USD"),
    }
    assert [told[name].remedy.action for name in (VM, shut, STORE)] == [
        Action.RESIZE_MACHINE,
        Action.STOP_MACHINE,
        Action.REVIEW,
    ]
    assert fix(told[VM]).act == f"az vm resize --ids {VM} --size Standard_D2s_v5"
    assert fix(told[shut]).act == f"az vm deallocate --ids {shut}"
    assert told[STORE].title == "profiles: enable autoscale"


def test_advice_that_may_not_be_read_is_said(graph: Graph) -> None:
    graph.forbidden = {ONE}
    found, told = advice(graph.double.connection(), [ONE], {})

    assert found == [] and told[0].startswith("Azure Advisor is not read in 1 subscription: AuthorizationFailed")


def budget(name: str, **said: Any) -> dict[str, Any]:
    usual = {
        "category": "Cost",
        "amount": 1200.5,
        "timeGrain": "Monthly",
        "timePeriod": {"startDate": "2026-01-01T00:00:00Z"},
        "currentSpend": {"amount": 10.0, "unit": "EUR"},
    }
    return {
        "id": f"{ACCOUNT}/providers/Microsoft.CostManagement/budgets/{name}",
        "name": name,
        "properties": usual | said,
    }


def expression(name: str, *values: str) -> dict[str, Any]:
    return {"name": name, "operator": "In", "values": list(values)}


def test_budgets_keep_their_scope_and_what_cannot_be_said_is_told(azure: Double) -> None:
    every = [
        budget("all"),
        budget("year", timeGrain="Annually", filter={"tags": expression("team", "search")}),
        budget(
            "both",
            filter={
                "and": [
                    {"tags": expression("team", "search")},
                    {"dimensions": expression("ResourceLocation", "eastus")},
                ]
            },
        ),
        budget("two", filter={"tags": expression("team", "search", "data")}),
        budget("meters", filter={"dimensions": expression("Meter", "D8s v5")}),
        budget("usage", category="ReservationUtilization"),
        budget("cycle", timeGrain="BillingMonth"),
        budget("new", currentSpend=None),
    ]
    azure.pages("GET", f"{ACCOUNT}/providers/Microsoft.CostManagement/budgets", [every[:5], every[5:]])
    azure.on(
        "GET", "/billingAccounts/7412903/providers/Microsoft.CostManagement/budgets", {"value": [budget("company")]}
    )
    found, told = budgets(azure.connection(), {ACCOUNT: ACCOUNT, PAYER: ""})

    assert {(one.name, one.amount, one.account, one.period, tuple(sorted(one.where.items()))) for one in found} == {
        ("all", Money.of("1200.5", "EUR"), ACCOUNT, "month", ()),
        ("year", Money.of("1200.5", "EUR"), ACCOUNT, "year", (("team", "search"),)),
        ("both", Money.of("1200.5", "EUR"), ACCOUNT, "month", (("region", "eastus"), ("team", "search"))),
        ("company", Money.of("1200.5", "EUR"), "", "month", ()),
    }
    assert [line.split(" is left out: ") for line in told] == [
        ["Azure budget two", "its filter by team is not one that a scope can say"],
        ["Azure budget meters", "its filter by Meter is not one that a scope can say"],
        ["Azure budget usage", "it is about reservationutilization, not cost"],
        ["Azure budget cycle", "its period is billingmonth"],
        ["Azure budget new", "Azure does not tell its currency yet"],
    ]


def test_budgets_that_may_not_be_read_cost_only_their_own(azure: Double) -> None:
    azure.on("GET", f"{ACCOUNT}/providers/Microsoft.CostManagement/budgets", {"value": [budget("all")]})
    azure.fault("billingAccounts", "denied", times=None)
    found, told = budgets(azure.connection(), {ACCOUNT: ACCOUNT, PAYER: ""})

    assert [one.name for one in found] == ["all"]
    assert told[0].startswith("budgets of 1 scope: AuthorizationFailed")


def reservation(name: str = RESERVED, **said: Any) -> dict[str, Any]:
    usual = {
        "displayName": "machines",
        "quantity": 4,
        "term": "P3Y",
        "effectiveDateTime": "2023-12-12T10:00:00.123Z",
        "expiryDateTime": "2026-12-12T10:00:00Z",
        "provisioningState": "Succeeded",
        "renew": False,
        "utilization": {
            "trend": "DOWN",
            "aggregates": [
                {"grain": 7, "grainUnit": "days", "value": 99.0},
                {"grain": 30, "grainUnit": "days", "value": 71.4},
            ],
        },
    }
    return {"id": name, "sku": {"name": "Standard_D4s_v5"}, "properties": usual | said}


def test_commitments_that_the_bill_names_have_their_ends_and_their_use(azure: Double) -> None:
    plan = {
        "id": PLAN,
        "sku": {"name": "Compute_Savings_Plan"},
        "properties": {
            "displayName": "compute",
            "term": "P1Y",
            "expiryDateTime": "2027-01-01T00:00:00Z",
            "provisioningState": "Succeeded",
            "renew": True,
        },
    }
    others = [reservation(f"{ORDER}other"), reservation(f"{ORDER}gone", provisioningState="Cancelled")]
    azure.pages("GET", "^/providers/Microsoft.Capacity/reservations$", [others, [reservation()]])
    azure.on("GET", "^/providers/Microsoft.BillingBenefits/savingsPlans$", {"value": [plan]})
    found = held(azure.connection(), [RESERVED.upper(), PLAN, f"{ORDER}gone", "arn:aws:something"])

    assert {(one.id, one.name, one.starts, one.ends) for one in found.terms} == {
        (RESERVED, "machines, 4 × Standard_D4s_v5", date(2023, 12, 12), date(2026, 12, 12)),
        (PLAN, "compute, Compute_Savings_Plan, renews itself", date(2026, 1, 1), date(2027, 1, 1)),
    }
    assert found.told == ("machines, 4 × Standard_D4s_v5 is used to 71% in 30 days, says Azure; ours: `commitments`",)
    assert found.failed == ()


def test_commitments_are_asked_for_only_where_the_bill_names_some(azure: Double) -> None:
    azure.fault("savingsPlans", "denied", times=None)

    assert held(azure.connection(), []).terms == []
    assert azure.calls == []
    assert held(azure.connection(), [PLAN]).failed[0].startswith("savings plans are not read: AuthorizationFailed")


def test_what_azure_would_buy_is_a_line_and_no_finding(azure: Double) -> None:
    details = {"savingsAmount": 720.0, "commitmentAmount": 1.25, "totalCost": 100.0}
    shared = {
        "scope": "Shared",
        "term": "P1Y",
        "lookBackPeriod": "Last30Days",
        "currencyCode": "USD",
        "recommendationDetails": details,
    }
    plans = {"value": [{"id": "r", "name": "r", "kind": "SavingsPlan", "properties": shared}]}
    azure.on("GET", "/benefitRecommendations", plans)
    several = [
        {"properties": {"term": term, "netSavings": saving}}
        for term, saving in (("P1Y", 100.0), ("P1Y", {"value": 44.0, "currency": "USD"}), ("P3Y", 900.0), ("P1Y", -5.0))
    ]
    azure.on("GET", "/reservationRecommendations", {"value": several})

    assert recommended(azure.connection(), [PAYER]) == [
        "Azure would buy a savings plan of $1.25 an hour for a year and save $730.50 a month; ours: `commitments`",
        "Azure would buy reservations for a year (2 recommendations) and save $146.10 a month; ours: `commitments`",
    ]
    azure.routes.clear()
    azure.on("GET", "/benefitRecommendations", {"value": []})
    azure.fault("/reservationRecommendations", "nothing")
    assert recommended(azure.connection(), [PAYER]) == []
    azure.fault("/benefitRecommendations", "denied", times=None)
    [line] = recommended(azure.connection(), [PAYER, f"{PAYER}1"])
    assert line.startswith("Azure's own recommendations to buy are not read: AuthorizationFailed")


def test_a_survey_is_all_of_it(graph: Graph, tmp_path: Path) -> None:
    graph.add("advice", advised(VM))
    graph.double.on("GET", "CostManagement/budgets", {"value": [budget("all")]})
    graph.double.on("GET", "Microsoft.Capacity/reservations$", {"value": [reservation()]})
    billed = Billed(spots=(Spot(ACCOUNT, "eastus", "Virtual Machines"),), commitments=(RESERVED,))
    found = survey(graph.double.connection(), billed, folder=tmp_path, now=NOW)

    assert [one.resource_id for one in found.inventory.advice] == [VM]
    assert [one.id for one in found.terms] == [RESERVED] and [one.name for one in found.budgets] == ["all"]
    assert found.inventory.told == (
        "machines, 4 × Standard_D4s_v5 is used to 71% in 30 days, says Azure; ours: `commitments`",
    )
    assert found.inventory.unread == ()
