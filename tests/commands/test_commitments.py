"""Commitments, asked as people ask: of the sample company, and of bills that are bad."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from analysis.commitments import Commitments, Term
from analysis.errors import NoData
from analysis.periods import Period
from bot.figures import plain
from commands.commitments import commitments_of
from commands.core.answer import Answer, Buttons, Chart, Facts, Note, Table, Text
from commands.core.report import Report
from providers.lake import Lake
from tests.conftest import NOW, Company, Talk
from tests.providers.bills import export, row, write

Rows: TypeAlias = list[dict[str, str]]
Told: TypeAlias = dict[str, Any]

OCTOBER = "commitments 2026-10"


@pytest.fixture
def truths(company: Company) -> list[Told]:
    return json.loads(next(company.folder.rglob("truths.json")).read_text())["commitments"]  # type: ignore[no-any-return]


def of(truths: list[Told], provider: str) -> Told:
    return next(told for told in truths if told["id"].startswith("arn:") == (provider == "AWS"))


def words(answer: Answer) -> str:
    return "\n".join(part.text for part in answer.parts if isinstance(part, Text | Note))


def test_every_whole_month_of_each_commitment_is_the_planted_truth_to_the_cent(talk: Talk, truths: list[Told]) -> None:
    for told in truths:
        for month in told["months"][:-1]:
            said = talk.ask(f"commitments {month['month']}").data
            [one] = [found for found in said["commitments"] if found["id"] == told["id"].lower()]

            assert one["name"] == told["name"]
            assert [one[part] for part in ("purchased", "used", "unused")] == [
                Decimal(month[part]) for part in ("purchased", "used", "unused")
            ]


@pytest.mark.parametrize("provider", ["AWS", "Microsoft"])
def test_what_is_eligible_and_covered_is_the_planted_truth_to_the_cent(
    talk: Talk, truths: list[Told], provider: str
) -> None:
    said = talk.ask(f"{OCTOBER} provider={provider}").data
    told = of(truths, provider)["coverage"]

    assert said["eligible_list"] == Decimal(told["eligible_list"])
    assert said["covered_list"] == Decimal(told["covered_list"])
    assert said["coverage"] == Decimal(told["covered_list"]) / Decimal(told["eligible_list"])


def test_the_title_has_the_news_and_the_first_line_what_to_decide_by_when(talk: Talk) -> None:
    said = talk.ask("commitments")

    assert said.title == ("$1,047 of commitments unused in October 2026, 23% of machines covered, one ends in 24 days")
    first, *_ = words(said).splitlines()
    assert first.startswith("**Decide by 12 Dec** (24 days): Reserved VM instances, 3 years, monthly ends")
    assert "Renew $2.42 of its $3.02 an hour" in first


def test_an_end_is_the_planted_one_and_costs_what_its_usage_costs_on_demand(talk: Talk, truths: list[Told]) -> None:
    said = talk.ask("commitments").data
    month = Decimal("30.4375") / 31

    assert {one["id"]: one["ends"].isoformat() for one in said["expiries"]} == {
        told["id"].lower(): told["ends"] for told in truths
    }
    assert [(one["days_left"], one["window"]) for one in said["expiries"]] == [(24, 30), (76, 90)]
    azure = of(truths, "Microsoft")
    [paid] = [kept for kept in azure["months"] if kept["month"] == "2026-10"]
    on_demand = Decimal(azure["coverage"]["covered_list"]) * month  # Azure has no negotiated discount here
    assert said["expiries"][0]["on_demand"] == on_demand.quantize(Decimal("0.01"))
    cost = (Decimal(paid["used"]) + Decimal(paid["unused"])) * month
    assert said["expiries"][0]["effect"] == on_demand.quantize(Decimal("0.01")) - cost.quantize(Decimal("0.01"))


def test_months_and_days_add_up_to_the_period(talk: Talk) -> None:
    said = talk.ask(OCTOBER).data

    [october] = [one for one in said["months"] if one["start"] == date(2026, 10, 1)]
    for part in ("used", "unused", "on_demand", "eligible_list", "covered_list"):
        assert sum(one[part] for one in said["days"]) == october[part] == said[part]
        assert sum(one[part] for one in said["providers"].values()) == said[part]
    assert len(said["days"]) == 31 and len(said["months"]) == 13
    assert sum(one["used"] for one in said["commitments"]) == said["used"]


def test_a_purchase_is_carried_by_the_lowest_days_and_its_first_step_by_a_fall(talk: Talk) -> None:
    said = talk.ask("commitments").data

    for proposal in said["ladders"]:
        standing = said["providers"][proposal["provider"]]
        first, *later = proposal["steps"]
        assert first["own_rate"] and first["years"] == 3  # the company's own three-year rate is known
        assert all(step["years"] == 1 and not step["own_rate"] for step in later)
        assert first["regret"]["40"] == 0 and later[0]["regret"]["20"] == 0 < later[0]["regret"]["40"]
        hours = 24 * 31
        reach = sum(step["hourly"] / (1 - step["discount"]) for step in proposal["steps"]) * hours
        assert reach < Decimal("0.75") * standing["on_demand"]
        assert standing["coverage"] < first["coverage"] < proposal["steps"][-1]["coverage"] < 1


def test_no_button_buys_anything_and_each_leads_further(talk: Talk) -> None:
    said = talk.ask("commitments")
    buttons = [button for part in said.parts if isinstance(part, Buttons) for button in part.buttons]

    assert [button.label for button in buttons] == ["Only AWS", "Only Microsoft", "In EUR"]
    assert all("error" not in talk.ask(button.ask).data for button in buttons)


def test_the_text_says_nothing_that_the_data_does_not_hold(talk: Talk) -> None:
    said = talk.ask("commitments")
    held = json.dumps(plain(said.data))

    [facts] = [part for part in said.parts if isinstance(part, Facts)]
    assert dict(facts.pairs)["Machines covered"] == f"{100 * said.data['coverage']:.0f}%"
    for table in (part for part in said.parts if isinstance(part, Table)):
        assert len(table.headings) == 5 and all(len(row) == 5 for row in table.rows)
    assert all(str(step["hourly"]) in held for one in said.data["ladders"] for step in one["steps"])
    assert [part.picture.name for part in said.parts if isinstance(part, Chart)] == ["commitments", "ladder"]
    assert "EffectiveCost in USD, amortised" in words(said)


def test_another_currency_has_no_commitments_and_says_so(talk: Talk) -> None:
    said = talk.ask("commitments currency=eur")

    assert said.title == "No commitments: €2,519 of machines ran on demand in October 2026"
    assert said.data["utilization"] is None and not said.data["commitments"]
    assert not said.data["remarks"]


def test_a_team_sees_its_own_part_and_no_purchase(talk: Talk) -> None:
    said = talk.ask(f"{OCTOBER} team=search")

    assert said.title.startswith("Commitments of team search: 100% used")
    assert not said.data["ladders"]
    assert "belongs to whoever pays" in words(said)


def test_a_service_that_no_commitment_covers_is_no_accident(talk: Talk) -> None:
    said = talk.ask(f'{OCTOBER} service="Amazon Simple Storage Service"')

    assert said.title.startswith("No commitments of service")
    assert "nothing ran that one could cover" in said.title


def test_a_period_that_goes_on_is_cut_to_complete_days(talk: Talk) -> None:
    said = talk.ask("commitments this month").data

    assert said["period"] == {"start": date(2026, 11, 1), "end": date(2026, 11, 15)}


@pytest.mark.parametrize(
    ("ask", "told"),
    [
        ("commitments 2019", "nothing complete is billed in"),
        ("commitments whenever", "is no period"),
        ("commitments provider=AWSS", "there are AWS, Microsoft"),
    ],
)
def test_what_cannot_be_answered_says_why(talk: Talk, ask: str, told: str) -> None:
    assert told in talk.ask(ask).data["message"]


# --- bills that are bad ---------------------------------------------------------------------------------------

MARCH = Period(date(2026, 3, 1), date(2026, 4, 1))
LATER = datetime(2026, 4, 10, 9, tzinfo=UTC)
PLAN = {
    "CommitmentDiscountId": "arn:SP-1",
    "CommitmentDiscountName": "Plan",
    "CommitmentDiscountType": "Compute Savings Plan",
    "CommitmentDiscountCategory": "Spend",
    "PricingCategory": "Committed",
}
EC2 = {"ServiceName": "Amazon Elastic Compute Cloud", "ResourceType": "Instance", "PricingUnit": "Hours"}


def days(first: date = date(2026, 1, 1), last: date = date(2026, 4, 8)) -> list[str]:
    return [(first + timedelta(days=n)).isoformat() for n in range((last - first).days)]


def machine(day: str, cost: str = "240", **others: str) -> dict[str, str]:
    return row(day, cost, PricingCategory="Standard", **EC2, **others)


def covered(day: str, effective: str = "70", worth: str = "100", **others: str) -> dict[str, str]:
    costs = {"BilledCost": "0", "EffectiveCost": effective, "ContractedCost": worth, "ListCost": worth}
    return row(day, **EC2, **(PLAN | {"CommitmentDiscountStatus": "Used"} | costs | others))


def unused(day: str, effective: str, **others: str) -> dict[str, str]:
    costs = {"BilledCost": "0", "EffectiveCost": effective, "ContractedCost": "0", "ListCost": "0"}
    return row(day, **(PLAN | {"CommitmentDiscountStatus": "Unused", "ServiceName": "Plans"} | costs | others))


@pytest.fixture
def asked(tmp_path: Path) -> Callable[..., Commitments]:
    def ask(rows: Rows, **said: Any) -> Commitments:
        lake = Lake(tmp_path / "lake")
        keys = {key: "" for one in rows for key in one}
        lake.ingest([export(write(tmp_path / "bill.csv", [keys | one for one in rows]))], LATER)
        return commitments_of(lake, Report(), LATER, **({"period": MARCH} | said))

    return ask


def test_no_commitments_at_all(asked: Callable[..., Commitments]) -> None:
    found = asked([machine(day) for day in days()])

    assert not found.kept and found.standing.coverage == 0 and found.standing.utilization is None
    assert len(found.ladders[0].steps) == 3
    assert found.unused.amount == 0 and found.next_end is None


def test_nothing_that_could_be_covered(asked: Callable[..., Commitments]) -> None:
    found = asked([row(day) for day in days()])

    assert found.standing.coverage is None and not found.ladders
    assert len(found.months) == 4


def test_a_commitment_without_usage_is_loud_and_is_filled_before_more_is_bought(
    asked: Callable[..., Commitments],
) -> None:
    found = asked([*(machine(day) for day in days()), *(unused(day, "160") for day in days())])

    assert found.kept[0].utilization == 0
    assert found.remarks == ["Plan: paid for and not used at all in March 2026"]
    assert not found.ladders[0].steps and "present commitments" in found.ladders[0].reason


def test_a_vanished_commitment_is_missed(asked: Callable[..., Commitments]) -> None:
    found = asked([*(machine(day) for day in days()), *(covered(day) for day in days(last=date(2026, 2, 15)))])

    assert not found.kept
    assert found.remarks == ["Plan: last billed in February 2026; what it covered is on demand since"]


def test_rows_without_a_status_count_as_used_and_it_is_said(asked: Callable[..., Commitments]) -> None:
    found = asked([covered(day, CommitmentDiscountStatus="") for day in days()])

    assert found.kept[0].utilization is None and not found.kept[0].told
    assert found.standing.coverage == 1
    assert found.remarks == ["Plan: its rows say neither Used nor Unused, so all of it counts as used"]


def test_a_negative_unused_part_is_a_correction(asked: Callable[..., Commitments]) -> None:
    found = asked([*(covered(day) for day in days()), unused("2026-03-05", "-40")])

    assert found.standing.utilization == 1
    assert found.unused.amount == -40
    assert found.remarks == ["Plan: its unused part is negative (-$40.00), a correction of an earlier period"]


def test_two_currencies_are_two_answers(asked: Callable[..., Commitments], tmp_path: Path) -> None:
    rows = [covered(day) for day in days()] + [covered(day, "7", "10", BillingCurrency="EUR") for day in days()]
    dollars = asked(rows)
    euros = commitments_of(Lake(tmp_path / "lake"), Report(), LATER, period=MARCH, currency="EUR")

    assert (dollars.currency, dollars.standing.used) == ("USD", Decimal(70 * 31))
    assert (euros.currency, euros.standing.used) == ("EUR", Decimal(7 * 31))


def test_two_spellings_of_an_id_are_one_commitment_and_its_end_is_found(asked: Callable[..., Commitments]) -> None:
    rows = [covered(day, CommitmentDiscountId="arn:sp-1" if int(day[-1]) % 2 else "ARN:SP-1") for day in days()]
    found = asked(rows, expiries=[Term("Arn:Sp-1", "Plan", date(2023, 4, 20), date(2026, 4, 20))])

    assert len(found.kept) == 1
    assert found.next_end is not None and found.next_end.days_left == 10


def test_reservations_without_an_on_demand_price_invent_no_saving(asked: Callable[..., Commitments]) -> None:
    found = asked([*(covered(day, "70", "0") for day in days()), *(machine(day) for day in days())])

    assert found.standing.saved.amount == 0
    assert found.remarks == ["AWS gives no on-demand price of what is covered: coverage and savings are at least these"]


def test_traffic_disks_gateways_and_spot_are_not_eligible(asked: Callable[..., Commitments]) -> None:
    others = [
        machine("2026-03-05", "1000") | {"PricingUnit": "GB"},
        machine("2026-03-05", "1000") | {"ResourceType": ""},
        machine("2026-03-05", "1000") | {"ResourceType": "natgateway"},
        machine("2026-03-05", "1000") | {"PricingCategory": "Dynamic"},
    ]

    assert asked([machine("2026-03-04", "10"), *others]).standing.on_demand == 10


def test_a_bill_without_resource_types_is_taken_at_its_services_word(asked: Callable[..., Commitments]) -> None:
    assert asked([machine("2026-03-04", "10") | {"ResourceType": ""}]).standing.on_demand == 10


def test_a_listed_commitment_that_no_row_names_is_told(asked: Callable[..., Commitments]) -> None:
    found = asked([machine(day) for day in days()], expiries=[Term("x", "Lost", date(2025, 1, 1), date(2028, 1, 1))])

    assert found.remarks == ["Lost: in force until 01 Jan 2028, and no billed row names it"]


def test_a_period_before_all_rows_is_refused(asked: Callable[..., Commitments]) -> None:
    with pytest.raises(NoData, match="nothing complete is billed"):
        asked([machine("2026-03-04")], period=Period(date(2025, 1, 1), date(2025, 2, 1)))


def test_the_months_of_the_sample_begin_where_its_history_does(company: Company) -> None:
    found = commitments_of(company.crew.lake, replace(company.crew.report, commitments=lambda _: ()), NOW)

    assert str(found.period) == "October 2026"
    assert not found.expiries and all(one.ends is None for one in found.kept)
    assert found.ladders[0].steps[0].rate.years == 1  # without a term, its rate is no promise for three years
