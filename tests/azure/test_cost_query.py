"""The Query API as a bill: both costs in one row, few questions, and one subscription's refusal is only its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from analysis.errors import BadConfig, NotReadable
from analysis.focus import CostColumn, CostQuery
from analysis.money import Money
from analysis.periods import Period
from providers.azure.cost_query import Read, read, resource_bills
from providers.azure.scopes import Scope, inheritance, scope, scopes
from providers.lake import Lake
from tests.azure.costs import Charge, Costs
from tests.azure.double import QPU, Call, Double, Reply
from tests.builders import quietly

NOW = datetime(2026, 11, 18, 9, tzinfo=UTC)
A = "00000000-0000-4000-8000-00000000000a"
B = "00000000-0000-4000-8000-00000000000b"
WIDE = Scope("/providers/Microsoft.Billing/billingAccounts/1234567", "1234567")
SHOP, DATA = (Scope(f"/subscriptions/{one}", name, one) for one, name in ((A, "shop"), (B, "data")))
EVERY = ("Usage", "Purchase", "Tax", "Credit", "Adjustment")


def bill(days: int = 60) -> Iterator[Charge]:
    """Usage of two subscriptions, a reservation that was bought, and what of it was not used."""
    for back in range(1, days + 1):
        day = NOW.date() - timedelta(days=back)
        yield Charge(day, A, "Virtual Machines", "0", "3.25")
        yield Charge(day, A, "Storage", "1.1", region="unassigned")
        yield Charge(day, B, "Azure SQL Database", "2.5", resource=f"/subscriptions/{B}/x")
        yield Charge(day, A, "Virtual Machines", "0", "0.75", kind="UnusedReservation")
    yield Charge(date(2026, 11, 1), A, "Virtual Machines", "120", "0", kind="Purchase")


def fetched(azure: Double, where: Sequence[Scope], tmp_path: Path, now: datetime = NOW, **said: Any) -> Read:
    asked: dict[str, Any] = {"months": 2, "progress": quietly, "workers": 1, "names": {A: "shop", B: "data"}} | said
    return read(azure.connection(), where, tmp_path / "query", now, **asked)


def total(found: Read, tmp_path: Path, cost: CostColumn, period: Period | None = None, **where: str) -> Decimal:
    lake = Lake.open("duckdb://", tmp_path / "lake")
    lake.ingest(found.exports, NOW)
    asked = CostQuery(
        period or Period(date(2026, 11, 1), date(2026, 12, 1)),
        "EUR",
        cost=cost,
        categories=EVERY,
        where={name: [value] for name, value in where.items()},
    )
    return lake.ask(asked).total().amount


def test_actual_and_amortised_cost_stand_in_the_same_rows_and_are_never_added(azure: Double, tmp_path: Path) -> None:
    Costs(list(bill())).serve(azure)
    found = fetched(azure, [WIDE], tmp_path)

    assert total(found, tmp_path, "BilledCost") == Decimal("3.6") * 17 + 120
    assert total(found, tmp_path, "EffectiveCost") == Decimal("7.6") * 17
    assert total(found, tmp_path, "EffectiveCost", CommitmentDiscountStatus="Unused") == Decimal("0.75") * 17
    assert total(found, tmp_path, "BilledCost", ChargeCategory="Purchase") == 120
    assert total(found, tmp_path, "EffectiveCost", SubAccountName="data") == Decimal("2.5") * 17
    rows = pq.read_table(found.exports[-1].files[0]).to_pylist()
    assert len({(row["ChargePeriodStart"], row["SubAccountId"], row["ServiceName"]) for row in rows}) == len(rows)
    assert found.told == ()


def test_a_subscription_alone_is_told_by_region(azure: Double, tmp_path: Path) -> None:
    Costs(list(bill())).serve(azure)
    found = fetched(azure, [SHOP], tmp_path)

    rows = pq.read_table(found.exports[-1].files[0]).to_pylist()
    assert {row["RegionId"] for row in rows if row["ServiceName"]} >= {"westeurope", None}
    assert {row["SubAccountId"] for row in rows} == {f"/subscriptions/{A}"}
    assert {row["BillingCurrency"] for row in rows} == {"EUR"}


def test_no_question_asks_for_more_than_azure_allows(azure: Double, tmp_path: Path) -> None:
    Costs(list(bill(400))).serve(azure)
    fetched(azure, [WIDE], tmp_path, months=13, questions=100)

    for call in azure.calls:
        begin, end = (date.fromisoformat(call.body["timePeriod"][name][:10]) for name in ("from", "to"))
        assert (end - begin).days <= 30 and begin.day == 1 and end <= NOW.date()
        assert len(call.body["dataset"]["grouping"]) <= 2
    assert len(azure.calls) == 13 * 4


def test_pages_are_followed_with_the_same_body_to_the_last(azure: Double, tmp_path: Path) -> None:
    Costs(list(bill()), a_page=7).serve(azure)
    found = fetched(azure, [WIDE], tmp_path, months=1)

    assert total(found, tmp_path, "BilledCost") == Decimal("3.6") * 17 + 120
    assert len({str(call.body) for call in azure.calls}) == 4 and len(azure.calls) > 20


def test_a_page_that_leads_back_is_followed_once_and_nothing_of_it_is_taken(azure: Double, tmp_path: Path) -> None:
    def again(call: Call) -> Any:
        link = f"{azure.url}{call.path}?api-version=2025-03-01&$skiptoken=1"
        return {"properties": {"columns": [], "rows": [], "nextLink": link}}

    azure.on("POST", "/query", again)
    with pytest.raises(NotReadable, match="gives the same page again and again; nothing of it was taken"):
        fetched(azure, [WIDE], tmp_path)
    assert len(azure.calls) == 2 and not list(tmp_path.rglob("*.parquet"))


@pytest.mark.parametrize("lost", ["Cost", "UsageDate", "Currency"])
def test_an_answer_without_a_column_that_is_needed_is_named(azure: Double, tmp_path: Path, lost: str) -> None:
    columns = [{"name": name} for name in ("Cost", "UsageDate", "Currency") if name != lost]
    cells = {"Cost": 1.5, "UsageDate": 20261101, "Currency": "EUR"}
    rows = [[cells[column["name"]] for column in columns]]
    azure.on("POST", "/query", {"properties": {"columns": columns, "rows": rows, "nextLink": None}})

    with pytest.raises(NotReadable, match=r"an answer without (a )?" + lost.lower()):
        fetched(azure, [WIDE], tmp_path)


def test_what_answers_in_azures_place_is_told_as_such(azure: Double, tmp_path: Path) -> None:
    azure.on("POST", "/query", Reply(200, b"<html>please sign in</html>", {"Content-Type": "application/json"}))

    with pytest.raises(NotReadable, match="something between here and Azure answered in its place"):
        fetched(azure, [WIDE], tmp_path)


def test_a_month_in_which_nothing_is_billed_is_no_failure(azure: Double, tmp_path: Path) -> None:
    azure.on("POST", "/query", Reply(204))
    found = fetched(azure, [WIDE], tmp_path)

    assert found.exports == [] and found.told == ()


def test_an_answer_is_kept_for_four_hours_and_that_of_a_closed_month_for_ever(azure: Double, tmp_path: Path) -> None:
    Costs(list(bill(100))).serve(azure)
    early = datetime(2026, 11, 10, 9, tzinfo=UTC)
    fetched(azure, [WIDE], tmp_path, early, months=3)
    azure.calls.clear()
    fetched(azure, [WIDE], tmp_path, early + timedelta(hours=3), months=3)
    assert azure.calls == []

    fetched(azure, [WIDE], tmp_path, early + timedelta(hours=5), months=3)
    asked = Counter(call.body["timePeriod"]["from"][:7] for call in azure.calls)
    assert asked == {"2026-11": 4, "2026-10": 4}  # September was closed on 16 October


def test_older_months_follow_with_the_next_assessments(azure: Double, tmp_path: Path) -> None:
    Costs(list(bill(400))).serve(azure)
    first = fetched(azure, [WIDE], tmp_path, months=13, questions=24)
    assert [one.name[-7:] for one in first.exports] == [
        "2026-06",
        "2026-07",
        "2026-08",
        "2026-09",
        "2026-10",
        "2026-11",
    ]
    assert first.told == ("2025-11 to 2026-05 follow with the next assessments, at the pace Azure allows",)

    second = fetched(azure, [WIDE], tmp_path, months=13, questions=24)
    third = fetched(azure, [WIDE], tmp_path, months=13, questions=24)
    assert (len(second.exports), len(third.exports), third.told) == (12, 13, ())


def test_one_subscription_that_refuses_leaves_the_others_and_its_own_rows(azure: Double, tmp_path: Path) -> None:
    Costs(list(bill())).serve(azure)
    fetched(azure, [SHOP, DATA], tmp_path)
    azure.fault(f"{B}/providers/Microsoft.CostManagement/query", "denied", times=None)
    found = fetched(azure, [SHOP, DATA], tmp_path, NOW + timedelta(hours=5))

    assert found.told[0] == "1 of 2 subscriptions were read"
    assert found.told[1].startswith(f"data (/subscriptions/{B}): AuthorizationFailed: a role is missing there")
    assert found.told[1].endswith("; its rows of 2026-11 and before stand")
    assert total(found, tmp_path, "BilledCost", SubAccountName="data") == Decimal("2.5") * 17


def test_a_subscription_that_is_throttled_for_ten_minutes_is_given_up_alone(azure: Double, tmp_path: Path) -> None:
    Costs(list(bill())).serve(azure)
    azure.fault(f"{B}/providers/Microsoft.CostManagement/query", times=None, headers={QPU: "60"})
    found = fetched(azure, [SHOP, DATA], tmp_path)

    assert found.told[0] == "1 of 2 subscriptions were read" and "throttled: asked for ten minutes" in found.told[1]
    assert {one.name[:4] for one in found.exports} == {"shop"}


def test_a_fault_midway_takes_nothing_of_that_month(azure: Double, tmp_path: Path) -> None:
    Costs(list(bill())).serve(azure)
    fetched(azure, [WIDE], tmp_path)
    before = [one.files[0].read_bytes() for one in fetched(azure, [WIDE], tmp_path).exports]
    done = len(azure.calls)
    azure.on("POST", "/query", lambda _call: Reply(401, {"error": {"code": "ExpiredAuthenticationToken"}}))
    costs = Costs(list(bill(90)))
    left = iter(range(2))
    azure.on(
        "POST", "/query", lambda call: costs.answer(azure, call) if next(left, None) is not None else Reply(401, {})
    )
    found = fetched(azure, [WIDE], tmp_path, NOW + timedelta(hours=5))

    assert [one.files[0].read_bytes() for one in found.exports] == before
    assert len(azure.calls) == done + 3
    assert found.told[0] == "0 of 1 billing accounts were read"


def test_nobody_may_read_anything_is_said_with_the_next_step(azure: Double, tmp_path: Path) -> None:
    azure.fault("/query", "unauthorized", times=None)

    with pytest.raises(NotReadable, match="'view charges' must be on"):
        fetched(azure, [WIDE], tmp_path)


def test_resources_have_their_price_by_one_question_a_day(azure: Double, tmp_path: Path) -> None:
    Costs(list(bill())).serve(azure)
    bills, told = resource_bills(azure.connection(), [SHOP, DATA], tmp_path, NOW)
    again, _ = resource_bills(azure.connection(), [SHOP, DATA], tmp_path, NOW)

    assert bills[f"/subscriptions/{B}/x"].effective == Money(Decimal("2.5") * Decimal("30.4375"), "EUR")
    assert again == bills and told == () and len(azure.calls) == 2


def subscriptions(azure: Double, *rows: tuple[str, str, str]) -> None:
    data = [
        {"id": f"/subscriptions/{one}", "subscriptionId": one, "name": name, "state": state}
        for one, name, state in rows
    ]
    told = {"data": data, "count": len(data), "totalRecords": len(data), "resultTruncated": "false"}
    azure.on("POST", "/Microsoft.ResourceGraph/resources$", told)


def test_without_a_scope_every_living_subscription_is_one(azure: Double) -> None:
    subscriptions(azure, (B, "data", "Enabled"), (A, "shop", "Warned"), (A.replace("a", "c"), "gone", "Disabled"))

    found = scopes(azure.connection())

    assert [(one.id, one.name, one.noun) for one in found.list] == [
        (f"/subscriptions/{A}", "shop", "subscription"),
        (f"/subscriptions/{B}", "data", "subscription"),
    ]


def test_scopes_are_written_as_azure_writes_them(azure: Double) -> None:
    subscriptions(azure, (A, "shop", "Enabled"))
    group = "/providers/Microsoft.Management/managementGroups/apex"

    found = scopes(azure.connection(), [A.upper(), group, f"{WIDE.id}/"])

    assert [(one.id, one.noun) for one in found.list] == [
        (f"/subscriptions/{A}", "subscription"),
        (group, "management group"),
        (WIDE.id, "billing account"),
    ]
    assert scopes(azure.connection(), [B]).told == (f"the identity may not see, or there is not: {B}",)
    for wrong in ("/subscriptions/../..", "shop", "/providers/Microsoft.Billing/billingAccounts/1|x", ""):
        with pytest.raises(BadConfig, match="is no scope"):
            scope(wrong)


def test_an_identity_that_sees_nothing_is_told_what_it_lacks(azure: Double) -> None:
    subscriptions(azure)
    with pytest.raises(NotReadable, match="may read none: give it a role"):
        scopes(azure.connection())

    azure.fault("/resources", "expired", times=None)
    with pytest.raises(NotReadable, match="the token has expired"):
        scopes(azure.connection())


def test_whether_tags_are_inherited_is_told_where_they_are_not(azure: Double) -> None:
    where = "/providers/Microsoft.CostManagement/settings/taginheritance"
    azure.on("GET", f"{A}{where}", {"kind": "taginheritance", "properties": {"preferContainerTags": True}})
    azure.fault(f"{B}{where}", "gone", times=None)

    [line] = inheritance(azure.connection(), [SHOP, DATA])
    assert line.startswith("tag inheritance is off in data: tags of subscriptions and resource groups do not reach")
    assert inheritance(azure.connection(), [SHOP]) == ()
