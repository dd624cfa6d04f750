"""Budgets, fiscal periods and what-ifs, asked as people ask, of the sample company."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from analysis.budgets import Budget
from analysis.money import Money
from commands.budget import burndowns_of
from commands.core.answer import Chart, Table, Text, Tone
from tests.conftest import NOW, Company, Talk


def test_the_worst_budget_comes_first_with_its_picture_and_what_to_do(talk: Talk) -> None:
    said = talk.ask("budget")

    budgets = said.data["budgets"]
    assert said.title.startswith(f"{budgets[0]['name']} is going over: ")
    assert said.tone is Tone.BAD
    assert [one["standing"] for one in budgets] == sorted(
        (one["standing"] for one in budgets), key=["going over", "at risk", "on course"].index
    )
    [chart] = [part.picture for part in said.parts if isinstance(part, Chart)]
    assert chart.alt.startswith(f"Budget {budgets[0]['name']}, November 2026")
    assert any("a day less" in part.text for part in said.parts if isinstance(part, Text))
    assert {one["currency"] for one in budgets} == {"USD", "EUR"}


def test_a_budget_and_the_forecast_tell_the_same(talk: Talk) -> None:
    total = next(one for one in talk.ask("budget").data["budgets"] if one["name"] == "Cloud, everything in USD")
    outlook = talk.ask("forecast").data

    assert total["expected"] == outlook["month_end"]["expected"]
    assert total["budget"] == outlook["budget"]
    assert total["spent"] == outlook["month"]["month_to_date"]


def test_one_budget_is_shown_by_its_name_or_the_beginning_of_it(talk: Talk) -> None:
    assert talk.ask("budget apex-sandbox").data["name"] == "apex-sandbox"
    assert talk.ask("budget APEX-SAND").data["name"] == "apex-sandbox"
    assert "did you mean" in talk.ask("budget apex-sandboks").data.get("message", "did you mean")
    assert talk.ask("budget nothing").data["error"] == "UnknownName"


def test_budgets_of_teams_quarters_and_years_and_one_that_cannot_be_held(company: Company) -> None:
    crew = company.crew
    usd = Money.of(100_000, "USD")
    budgets = [
        Budget("search", usd, where={"team": "search"}, period="quarter"),
        Budget("year", usd, period="year"),
        Budget("typo", usd, where={"team": "serch"}),
        Budget("yen", Money.of(5, "JPY")),
    ]
    report = replace(crew.report, budgets=lambda _: budgets, year_starts=4)
    found = burndowns_of(crew.lake, report, NOW)

    held = {one.budget.name: one for one in found.held}
    assert held["search"].period.start == date(2026, 10, 1) and held["year"].period.start == date(2026, 4, 1)
    assert float(held["search"].end.expected) < 100_000 < float(held["year"].end.expected)
    assert any("did you mean search" in one for one in found.unheld)
    assert any("yen: nothing is billed in JPY" in one for one in found.unheld)


def test_a_deployment_without_budgets_says_how_to_make_one(talk: Talk) -> None:
    crew = talk.crew
    report = replace(crew.report, budgets=lambda _: ())
    assert burndowns_of(crew.lake, report, NOW).worst is None


@pytest.mark.parametrize(
    ("ask", "title"),
    [
        ("forecast quarter", "Forecast for Q4 2026: $"),
        ("forecast year", "Forecast for 2026: $"),
        ("forecast q1", "Forecast for Q1 2027: $"),
        ("forecast 2027-03", "Forecast for March 2027: $"),
        ("forecast quarter team=search", "Forecast of team search for Q4 2026: $"),
    ],
)
def test_fiscal_periods_are_forecast_as_a_whole(talk: Talk, ask: str, title: str) -> None:
    said = talk.ask(ask)

    assert said.title.startswith(title)
    whole = said.data["period"]
    assert whole["low95"] <= whole["low80"] <= whole["expected"] <= whole["high80"] <= whole["high95"]


def test_a_month_ahead_is_the_same_as_a_row_of_the_table(talk: Talk) -> None:
    march = talk.ask("forecast 2027-03").data["period"]
    rows = talk.ask("forecast months=4").data["months"]

    assert march["expected"] == rows[-1]["expected"]
    assert march["spent"] == 0


def test_forecasts_show_how_good_they_were(talk: Talk) -> None:
    said = talk.ask("forecast record")

    assert said.title.startswith("Forecasts missed by 0.")
    assert len(said.data["record"]) == 6 and 0 < said.data["mean_error"] < 0.05
    assert "error" not in said.data, "that is the word by which an answer is known that went wrong"
    assert all(abs(one["error"]) < 0.05 for one in said.data["record"])
    assert talk.ask("forecast").data["record"] == said.data["record"]
    whole = {row[0]: row[2] for part in said.parts if isinstance(part, Table) for row in part.rows}
    assert whole["Oct 2026"] == "$210,471"


def test_what_if_usage_grows_or_a_change_comes(talk: Talk) -> None:
    said = talk.ask("forecast growth=10% from=2027-01 change=-5000 months=4").data["what_if"]

    assert said[0]["difference"] == 0
    base = said[1]["base"]["expected"]
    assert said[1]["difference"] == (base * Decimal("0.1") - 5000).quantize(Decimal("0.01"))
    assert talk.ask("forecast change=-5000").title == "What if: −$15,000 in the next 3 months"


def test_commitments_that_are_not_renewed_cost_more_from_the_month_after(talk: Talk) -> None:
    said = talk.ask("forecast renew=no months=4").data["what_if"]

    assert said[0]["difference"] == 0
    assert 0 < said[1]["difference"] < said[3]["difference"]
    assert talk.ask("forecast renew=maybe").data["error"] == "BadAsk"


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        ("forecast growth=ten", "is no percentage"),
        ("forecast growth=10", "write a percentage"),
        ("forecast growth=5000%", "between -100% and 1000%"),
        ("forecast change=lots", "is no amount a month"),
        ("forecast change=nan", "is no amount a month"),
        ("forecast growth=1% from=soon", "is no month"),
        ("forecast 2025", "is over; a forecast looks forward"),
        ("forecast blah", "is no period"),
    ],
)
def test_what_cannot_be_supposed_says_so(talk: Talk, ask: str, said: str) -> None:
    assert said in talk.ask(ask).data["message"]
