"""Asking the lake: exact sums, in one currency, by every dimension, from many threads, wherever it runs."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from analysis.errors import NoData
from analysis.focus import CostQuery
from analysis.money import Money
from analysis.periods import Period
from providers.lake import Lake
from tests.providers.bills import NOW, SAMPLE, export, row, write

ALWAYS = Period(date(2020, 1, 1), date(2030, 1, 1))
EVERY = ("Usage", "Purchase", "Tax", "Credit", "Adjustment")
DAYS = [date(2026, 1, 1) + timedelta(days=number) for number in range(89)]


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")


def loaded(lake: Lake, rows: list[dict[str, str]], hour: int = 1) -> Lake:
    lake.ingest([export(write(lake.folder.parent / f"{hour}.csv", rows), hour=hour)], NOW)
    return lake


def sums(lake: Lake, by: str, **others: Any) -> dict[str | None, Decimal]:
    frame = lake.ask(CostQuery(ALWAYS, "USD", by=(by,), **others))
    return {name: money.amount for name, money in frame.by(by)}


@pytest.mark.parametrize("dimension", ["ServiceName", "SubAccountId", "ResourceId", "SkuId", "ChargeDescription"])
def test_sums_equal_those_that_were_written_by_hand(lake: Lake, dimension: str) -> None:
    lake.ingest([export(SAMPLE)], NOW)
    with duckdb.connect() as duck:
        expected = duck.execute(
            f"SELECT {dimension}, sum(BilledCost::DECIMAL(38, 20)) FROM read_csv(?, all_varchar = true,"
            " nullstr = ['NULL', '']) WHERE ChargeCategory IN ('Usage', 'Purchase') GROUP BY 1",
            [str(SAMPLE)],
        ).fetchall()

    assert sums(lake, dimension, cost="BilledCost") == dict(expected)
    assert len(expected) > 10


@pytest.mark.parametrize("also", [(), ("ResourceId",)])
def test_the_daily_sums_and_the_rows_tell_the_same(lake: Lake, also: tuple[str, ...]) -> None:
    lake.ingest([export(SAMPLE)], NOW)
    by = ("Month", "Day", "ProviderName", "Tags/environment", *also)

    frame = lake.ask(CostQuery(ALWAYS, "USD", by=by, where={"ProviderName": ["AWS"]}, cost="BilledCost"))

    assert list(frame.data.columns) == [*by, "Cost"]
    assert {type(day) for day in frame.data["Day"]} == {type(month) for month in frame.data["Month"]} == {date}
    assert set(frame.data["Tags/environment"]) > {None, "dev"}
    assert frame.total().amount == sums(lake, "ProviderName", cost="BilledCost")["AWS"]


def test_charge_categories_and_costs_are_never_mixed(lake: Lake) -> None:
    costs = {"Usage": "10", "Purchase": "20", "Tax": "3", "Credit": "-4", "Adjustment": "-5"}
    rows = [row(cost=cost, ChargeCategory=name) for name, cost in costs.items()]
    loaded(lake, [*rows, row(EffectiveCost="0", cost="100", ChargeCategory="Purchase")])

    assert sums(lake, "ChargeCategory", categories=EVERY, cost="BilledCost")["Purchase"] == Decimal(120)
    assert sums(lake, "ChargeCategory", categories=("Credit",)) == {"Credit": Decimal(-4)}
    assert lake.ask(CostQuery(ALWAYS, "USD")).total().amount == Decimal(30)


def test_billed_and_effective_cost_are_each_their_own(lake: Lake) -> None:
    loaded(lake, [row(BilledCost="100", EffectiveCost="0"), row(BilledCost="0", EffectiveCost="3")])

    assert sums(lake, "ServiceName", cost="BilledCost") == {"Compute": Decimal(100)}
    assert sums(lake, "ServiceName", cost="EffectiveCost") == {"Compute": Decimal(3)}


def test_quantities_are_summed_from_the_rows(lake: Lake) -> None:
    hours = [row(PricingQuantity="1.5", PricingUnit="Hours"), row(PricingQuantity="2", PricingUnit="Hours")]
    loaded(lake, [*hours, row(PricingQuantity="", PricingUnit="")])

    assert sums(lake, "PricingUnit", cost="PricingQuantity") == {"Hours": Decimal("3.5")}


def test_currencies_are_never_added(lake: Lake) -> None:
    loaded(lake, [row(cost="10"), row(cost="25", BillingCurrency="eur"), row(cost="-1", ChargeCategory="Credit")])

    assert lake.currencies(ALWAYS) == [Money.of(25, "EUR"), Money.of(9, "USD")]
    assert lake.ask(CostQuery(ALWAYS, "USD")).total() == Money.of(10, "USD")
    assert lake.ask(CostQuery(ALWAYS, "EUR")).total() == Money.of(25, "EUR")


def test_filters_take_any_of_their_values_and_none(lake: Lake) -> None:
    tagged = [row(cost=str(2**number), Tags=tags) for number, tags in enumerate(['{"team": "a"}', '{"team": "b"}', ""])]
    loaded(lake, tagged)

    def cost(*values: str | None) -> Decimal:
        return lake.ask(CostQuery(ALWAYS, "USD", where={"Tags/team": values})).total().amount

    assert [cost("a"), cost("a", "b"), cost(None), cost("a", None), cost()] == [1, 3, 4, 5, 0]
    assert lake.ask(CostQuery(ALWAYS, "USD", where={"ResourceId": ["I-1"]})).total().amount == 7
    assert lake.ask(CostQuery(ALWAYS, "USD", where={"Day": ["2026-03-01"]})).total().amount == 7


@pytest.mark.parametrize(
    "hostile", ["' OR 1=1 --", "'; DROP TABLE mart; --", '"', "\\", "%", "\x00", "{raw}", "é\n", "' UNION SELECT 1"]
)
def test_a_filter_that_looks_like_sql_is_only_a_value(lake: Lake, hostile: str) -> None:
    loaded(lake, [row(cost="5"), row(cost="2", ServiceName="O'Brien's \"best\"")])

    for name in ("ServiceName", "ResourceId", "Tags/team", f"Tags/{hostile}"):
        assert not len(lake.ask(CostQuery(ALWAYS, "USD", by=(name,), where={name: [hostile]})))
    assert lake.ask(CostQuery(ALWAYS, "USD", where={"ServiceName": ["O'Brien's \"best\""]})).total().amount == 2
    assert lake.ask(CostQuery(ALWAYS, "USD")).total().amount == 7


@pytest.mark.parametrize("odd", ["it's", "a\x1fb"])
def test_a_long_list_of_values_chooses_as_a_short_one_does(lake: Lake, odd: str) -> None:
    names = ("1", "2", odd)
    loaded(lake, [row(ResourceId=f"I-{name}", BilledCost="1") for name in names] + [row(ResourceId="", BilledCost="2")])
    none = [f"none {number}" for number in range(100)]

    def chosen(*values: str | None, without: Any = ()) -> set[str | None]:
        where = {"ResourceId": values} if values else {}
        return set(sums(lake, "ResourceId", cost="BilledCost", where=where, without=without))

    assert chosen(*none, f"i-{odd}", "i-1") == {f"I-{odd}", "I-1"}
    assert chosen(*none, f"i-{odd}", None) == {f"I-{odd}", None}
    assert chosen(*none) == set()
    assert chosen(without=((("ResourceId", (*none, f"i-{odd}")),),)) == {"I-1", "I-2", None}


def test_a_tag_that_only_some_months_sum_is_still_counted_in_all(lake: Lake) -> None:
    loaded(lake, [row("2026-01-05", "1", Tags='{"id": "a"}')], hour=1)
    many = [row("2026-02-05", "1", Tags=f'{{"id": "{"a" if number % 2 else number}"}}') for number in range(600)]
    loaded(lake, many, hour=2)

    assert lake.names("Tags") == ["id"]
    assert sums(lake, "Tags/id")["a"] == Decimal(301)


def test_names_are_for_suggestions(lake: Lake) -> None:
    loaded(lake, [row(), row(ServiceName="Storage", Tags='{"env": "dev"}'), row(ServiceName="")])

    assert lake.names("ServiceName") == ["Compute", "Storage"]
    assert lake.names("ResourceId") == ["i-1"]
    assert lake.names("Tags/team") == ["web"]
    assert lake.names("Tags") == ["env", "team"]


def test_an_empty_lake_says_what_to_do(lake: Lake) -> None:
    with pytest.raises(NoData, match="pitcrew assess"):
        lake.ask(CostQuery(ALWAYS, "USD"))
    assert (lake.version, lake.currencies(ALWAYS), lake.bills(NOW), lake.names("Tags")) == ("", (), {}, ())


def test_a_question_of_days_without_rows_has_an_empty_answer(lake: Lake) -> None:
    frame = loaded(lake, [row()]).ask(CostQuery(Period(date(2021, 1, 1), date(2021, 2, 1)), "USD", by=("Day",)))

    assert len(frame) == 0
    assert frame.total() == Money.zero("USD")


def test_many_may_ask_while_one_loads(lake: Lake) -> None:
    rows = [row(day.isoformat(), "1", ResourceId=f"i-{number}") for day in DAYS for number in range(20)]
    loaded(lake, rows)
    questions = [
        CostQuery(Period(DAYS[0], DAYS[-1] - timedelta(days=number % 20)), "USD", by=by)
        for number in range(40)
        for by in (("Day",), ("ResourceId", "Month"))
    ]

    with ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(lake.ask, question) for question in questions]
        for hour in range(2, 5):
            loaded(lake, [*rows, row("2026-03-29", "0", ResourceId=f"run-{hour}")], hour=hour)
        found = [answer.result() for answer in answers]

    for question, frame in zip(questions, found, strict=True):
        assert frame.total().amount == question.period.days * 20


def test_days_are_utc_days_wherever_it_runs(tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", [row(ChargePeriodStart="2026-03-01 00:30:00"), row("2026-03-08", "2")])
    script = (
        "import sys; from datetime import *; from pathlib import Path\n"
        "from analysis.focus import CostQuery; from analysis.periods import Period\n"
        "from providers.lake import Lake; from tests.providers.bills import NOW, export\n"
        "lake = Lake(Path(sys.argv[2])); lake.ingest([export(Path(sys.argv[1]))], NOW)\n"
        "for by in (('Day', 'Month'), ('Day', 'ResourceId')):\n"
        "    asked = CostQuery(Period(date(2026, 3, 1), date(2026, 4, 1)), 'USD', by=by)\n"
        "    sys.stdout.write(lake.ask(asked).data.to_csv(index=False))\n"
        "sys.stdout.write(str(lake.freshness(NOW).covers))\n"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", script, str(file), str(tmp_path / zone.replace("/", "-"))],
            env={**os.environ, "TZ": zone, "PYTHONPATH": str(Path(__file__).parents[3])},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for zone in ("UTC", "America/New_York", "Pacific/Kiritimati")
    ]

    assert said[0] == said[1] == said[2]
    assert "2026-03-01,i-1,1.5" in said[0]


def test_thirteen_months_by_day_are_summed_from_any_day_on(lake: Lake) -> None:
    start = date(2025, 3, 1)
    days = [(start + timedelta(days=number)).isoformat() for number in range(396)]
    loaded(
        lake,
        [row(day, "1", ServiceName=f"s{number}", SubAccountId=str(number % 3)) for day in days for number in range(12)],
    )
    for number in range(9):
        question = CostQuery(Period(start + timedelta(days=number), date(2026, 4, 1)), "USD", by=("Day",))
        assert lake.ask(question).daily().values.sum() == (396 - number) * 12


# --- how far it can be believed -------------------------------------------------------------------------------------


def fresh(lake: Lake, **last_days: str) -> Any:
    rows = [row("2026-01-01", ProviderName=name) for name in last_days]
    rows += [row(day, ProviderName=name) for name, day in last_days.items()]
    return loaded(lake, rows).freshness(NOW)


def test_each_provider_is_believed_as_far_as_it_usually_delivers(lake: Lake) -> None:
    assert fresh(lake, AWS="2026-03-31").complete_until == date(2026, 3, 29)


def test_the_slowest_provider_decides(lake: Lake) -> None:
    found = fresh(lake, AWS="2026-03-31", Microsoft="2026-03-31")

    assert found.complete_until == date(2026, 3, 28)
    assert found.covers == Period(date(2026, 1, 1), date(2026, 4, 1))
    assert (found.sources, found.missing, found.loaded_at) == (("focus",), (), NOW)


def test_days_that_have_not_arrived_are_not_complete(lake: Lake) -> None:
    assert fresh(lake, AWS="2026-03-25", Microsoft="2026-03-31").complete_until == date(2026, 3, 26)


def test_a_silent_provider_is_missing_and_decides_nothing(lake: Lake) -> None:
    found = fresh(lake, AWS="2026-03-30", Microsoft="2026-03-20")

    assert found.missing == ("Microsoft since 2026-03-21",)
    assert found.complete_until == date(2026, 3, 29)


def test_an_old_bill_is_complete_to_its_end_and_said_to_be_silent(lake: Lake) -> None:
    found = fresh(lake, AWS="2026-02-10")

    assert (found.complete_until, found.missing) == (date(2026, 2, 11), ("AWS since 2026-02-11",))


# --- what a resource is billed a month ------------------------------------------------------------------------------


def billed(lake: Lake, days: list[date], **others: str) -> Any:
    rows = [row(day.isoformat(), "2", **others) for day in days]
    return loaded(lake, [*rows, row("2026-03-31", "0", ResourceId="")]).bills(NOW)


def test_a_resource_is_billed_its_last_thirty_complete_days_as_a_month(lake: Lake) -> None:
    [(name, bill)] = billed(lake, DAYS, ResourceId="ARN:Big").items()

    assert name == "arn:big"
    assert bill.days == 30
    assert bill.effective == Money(Decimal(60) * (Decimal("30.4375") / 30), "USD")
    assert bill.covered == Money.of(0, "USD")


def test_a_resource_made_ten_days_ago_is_scaled_from_ten_days(lake: Lake) -> None:
    bill = billed(lake, [day for day in DAYS if day >= date(2026, 3, 19)])["i-1"]

    assert bill.days == 10
    assert bill.effective == Money(Decimal(20) * (Decimal("30.4375") / 10), "USD")


def test_a_resource_that_only_ran_lately_but_is_older_is_not_scaled_up(lake: Lake) -> None:
    ran = [day for day in DAYS if day >= date(2026, 3, 19) or day == date(2026, 2, 10)]

    assert billed(lake, ran)["i-1"].effective == Money(Decimal(20) * (Decimal("30.4375") / 30), "USD")


def test_what_a_commitment_covers_is_told(lake: Lake) -> None:
    month = Decimal("30.4375") / 30
    used = [row(day.isoformat(), "1", CommitmentDiscountStatus="Used") for day in DAYS]
    unused = [row(day.isoformat(), "3", CommitmentDiscountStatus="Unused") for day in DAYS]
    tax = [row(day.isoformat(), "9", ChargeCategory="Tax") for day in DAYS]

    bill = loaded(lake, [*used, *unused, *tax, row("2026-03-31", "0")]).bills(NOW)["i-1"]

    assert (bill.effective, bill.covered) == (Money(120 * month, "USD"), Money(30 * month, "USD"))


def test_of_two_currencies_the_larger_is_told_and_nothing_is_added(lake: Lake) -> None:
    euros = [row(day.isoformat(), "5", BillingCurrency="EUR") for day in DAYS]

    bill = loaded(lake, [*euros, *(row(day.isoformat(), "2") for day in DAYS), row("2026-03-31", "0")]).bills(NOW)[
        "i-1"
    ]

    assert bill.effective == Money(Decimal(150) * (Decimal("30.4375") / 30), "EUR")


def test_now_may_be_told_in_any_zone(lake: Lake) -> None:
    loaded(lake, [row("2026-03-31")])
    abroad = datetime.fromisoformat("2026-04-01T08:00:00+14:00")  # still 31 March in UTC

    assert lake.freshness(abroad).complete_until == date(2026, 3, 29)
