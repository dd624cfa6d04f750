"""Cost Explorer as billed rows: exact, within its budget, and plain about what it lacks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import boto3
import pytest

from analysis.errors import NotReadable
from analysis.focus import CostQuery
from analysis.money import Money
from analysis.periods import Period
from providers.aws.cost_explorer import Read, read, resource_bills
from providers.lake import Lake
from tests.aws.cost_explorer import Explorer, Line
from tests.aws.double import Double
from tests.builders import quietly

NOW = datetime(2026, 11, 18, 9, tzinfo=UTC)
ONE, OTHER = "222233334444", "333344445555"


def company() -> list[Line]:
    """Two accounts in two regions over 40 days, with tags, tax and a credit."""
    lines: list[Line] = []
    for back in range(1, 41):
        day = NOW.date() - timedelta(days=back)
        lines += [
            Line(day, ONE, "us-east-1", "Amazon EC2", "10.000000000001", "9.5", team="search"),
            Line(day, ONE, "us-east-1", "Amazon EC2", "3", team="mobile"),
            Line(day, ONE, "eu-west-1", "Amazon S3", "1.25"),
            Line(day, OTHER, "eu-west-1", "Amazon EC2", "2", "1.5", kind="SavingsPlanCoveredUsage"),
            Line(day, OTHER, "", "Amazon Route 53", "0.5"),
        ]
    lines += [
        Line(date(2026, 11, 1), ONE, "", "Tax", "7", kind="Tax"),
        Line(date(2026, 11, 2), ONE, "", "Any", "-5", kind="Credit"),
    ]
    return lines


def explored(tmp_path: Path, now: datetime = NOW, **said: Any) -> Read:
    usual: dict[str, Any] = {"payer": "111122223333", "tag": "team", "months": 2, "progress": quietly}
    return read(boto3.client("ce"), tmp_path / "ce", now, **(usual | said))


def asked(tmp_path: Path, found: Read, by: Sequence[str], cost: Any = "BilledCost", **said: Any) -> dict[Any, Decimal]:
    lake = Lake.open("duckdb://", tmp_path / "lake")
    lake.ingest(found.exports, NOW)
    period = Period(date(2026, 10, 1), date(2026, 12, 1))
    frame = lake.ask(CostQuery(period, "USD", tuple(by), cost=cost, **said))
    return {tuple(row[:-1]): row[-1] for row in frame.data.itertuples(index=False)}


@pytest.fixture
def ce(aws: Double) -> Double:
    explorer = Explorer(company())
    aws.answer("ce", "GetCostAndUsage", explorer)
    aws.answer("ce", "GetCostAndUsageWithResources", explorer)
    return aws


def test_every_cent_is_there_by_account_region_service_and_tag(ce: Double, tmp_path: Path) -> None:  # noqa: ARG001
    found = explored(tmp_path)
    by = asked(tmp_path, found, ("SubAccountId", "RegionId", "ServiceName", "Tags/team"))

    assert by[ONE, "us-east-1", "Amazon EC2", "search"] == 40 * Decimal("10.000000000001")
    assert by[ONE, "us-east-1", "Amazon EC2", "mobile"] == 120
    assert by[OTHER, None, "Amazon Route 53", None] == 20
    assert sum(by.values()) == sum(Decimal(one.unblended) for one in company() if one.kind not in ("Tax", "Credit"))
    assert found.told == ()


def test_effective_cost_is_amortised(ce: Double, tmp_path: Path) -> None:  # noqa: ARG001
    by = asked(tmp_path, explored(tmp_path), ("SubAccountId",), "EffectiveCost")

    assert by[(OTHER,)] == 40 * Decimal("2.0")


def test_tax_and_credits_are_kept_apart(ce: Double, tmp_path: Path) -> None:  # noqa: ARG001
    found = explored(tmp_path)

    assert sum(asked(tmp_path, found, (), categories=("Tax",)).values()) == 7
    assert sum(asked(tmp_path, found, (), categories=("Credit",)).values()) == -5


def test_the_same_day_costs_nothing_and_the_next_only_open_months(ce: Double, tmp_path: Path) -> None:
    first = explored(tmp_path)
    made = len(ce.counted("ce"))
    assert first.calls == made and first.spent == Money(Decimal("0.01") * made, "USD")

    assert explored(tmp_path).calls == made and len(ce.counted("ce")) == made
    ce.calls.clear()
    explored(tmp_path, NOW + timedelta(days=1))
    assert {call.parameters["TimePeriod"]["Start"] for call in ce.calls} == {"2026-11-01"}  # October has settled


@pytest.mark.parametrize(
    ("budget", "says", "lacks"),
    [(11, "has no tags", "Tags/team"), (9, "has no regions", "RegionId")],
)
def test_a_small_budget_makes_it_coarser_and_says_so(
    ce: Double, tmp_path: Path, budget: int, says: str, lacks: str
) -> None:
    found = explored(tmp_path, calls_a_day=budget)

    assert len(ce.counted("ce")) <= budget
    assert any(says in one and f"at most {budget} requests" in one for one in found.told), found.told
    assert sum(asked(tmp_path, found, ("SubAccountId",)).values()) > 0
    assert {key[0] for key in asked(tmp_path, found, (lacks,)) if key[0]} <= {
        "search",
        "mobile",
        "us-east-1",
        "eu-west-1",
    }


def test_no_budget_leaves_what_was_read_before(ce: Double, tmp_path: Path) -> None:
    whole = asked(tmp_path, explored(tmp_path), ("SubAccountId",))
    later = explored(tmp_path, NOW + timedelta(days=1), calls_a_day=1)

    assert asked(tmp_path, later, ("SubAccountId",)) == whole
    assert any("stands as it was read before" in one for one in later.told)
    assert ce.counted("ce")


def test_pages_are_all_read(aws: Double, tmp_path: Path) -> None:
    aws.answer("ce", "GetCostAndUsage", Explorer(company(), page=7))
    found = explored(tmp_path, calls_a_day=1_000)

    assert sum(asked(tmp_path, found, ("SubAccountId",)).values()) == sum(
        Decimal(one.unblended) for one in company() if one.kind not in ("Tax", "Credit")
    )
    assert found.calls > 20


def test_a_token_that_comes_again_is_no_endless_loop(aws: Double, tmp_path: Path) -> None:
    aws.answer("ce", "GetCostAndUsage", Explorer(company(), page=7, repeats=True))

    with pytest.raises(NotReadable, match="the same page again and again"):
        explored(tmp_path)


def test_throttling_is_waited_for(ce: Double, tmp_path: Path) -> None:
    ce.fault("ce", kind="throttle", times=2)

    assert explored(tmp_path).exports


@pytest.mark.parametrize(("kind", "says"), [("denied", "AccessDenied"), ("expired", "renew them")])
def test_a_refusal_says_what_to_do(ce: Double, tmp_path: Path, kind: str, says: str) -> None:
    ce.fault("ce", kind=kind, times=None)

    with pytest.raises(NotReadable, match=says):
        explored(tmp_path)


def test_another_currency_is_kept(aws: Double, tmp_path: Path) -> None:
    aws.answer("ce", "GetCostAndUsage", Explorer(company(), currency="EUR"))
    lake = Lake.open("duckdb://", tmp_path / "lake")
    lake.ingest(explored(tmp_path).exports, NOW)

    assert [one.currency for one in lake.currencies(Period(date(2026, 10, 1), date(2026, 12, 1)))] == ["EUR"]


def test_resources_are_priced_by_their_last_settled_days(aws: Double, tmp_path: Path) -> None:
    lines = [
        Line(NOW.date() - timedelta(days=back), ONE, "", "Amazon EC2", "2", resource="i-0A") for back in range(1, 15)
    ]
    aws.answer("ce", "GetCostAndUsageWithResources", Explorer(lines))
    found = resource_bills(boto3.client("ce"), tmp_path, NOW, services=["Amazon EC2"])

    assert found["i-0a"].days == 12
    assert found["i-0a"].effective.cents() == Money.of("60.88", "USD")  # 2 USD a day, 30.4375 days


def test_without_resource_level_data_nothing_is_priced(aws: Double, tmp_path: Path) -> None:
    def refused(_request: object) -> Any:
        raise AssertionError

    aws.answer("ce", "GetCostAndUsageWithResources", refused)
    aws.fault("ce", "GetCostAndUsageWithResources", kind="no_data", times=None)

    assert resource_bills(boto3.client("ce"), tmp_path, NOW, services=["Amazon EC2"]) == {}
