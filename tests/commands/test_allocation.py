"""Who costs what, and what a team is told of it, asked as people ask, of the sample company."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from analysis.allocation_rules import ByName, ByTag, Rulebook, Selection, Shared, Split
from analysis.focus import CostQuery
from analysis.periods import month_of
from bot.wiring import Crew
from commands.allocation import Wanted, allocation_of
from commands.core.answer import Answer, Buttons, Chart, Choices, Table, Text
from commands.core.owners import owners_of
from tests.conftest import Company, Talk

OCTOBER = month_of(date(2026, 10, 1))
CENT = Decimal("0.01")
RULEBOOK = Rulebook(
    rules={
        "team": (
            ByTag(("team",)),
            ByName({"search-*": "search"}),
            Shared("support", Selection(services=("*support*",)), Split.PROPORTIONAL),
            Shared("sandbox", Selection(accounts=("apex-sandbox",)), Split.EVEN, among=("search", "data")),
            Shared("edge", Selection(services=("azure front door",)), Split.DRIVER, driver="orders"),
        )
    },
    drivers={"orders": {OCTOBER: {"search": Decimal(3), "mobile": Decimal(1)}}},
)


def untagged(company: Company, currency: str) -> dict[str, Decimal]:
    truths = json.loads(next(company.folder.rglob("truths.json")).read_text())["untagged"][currency]
    return {name: Decimal(amount) for name, amount in truths.items()}


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, rounding="ROUND_HALF_UP")


def words(answer: Answer) -> str:
    return "\n".join(part.text for part in answer.parts if isinstance(part, Text))


@pytest.fixture
def ruled(talk: Talk) -> Talk:
    """The same crew under rules of its own."""
    crew = talk.crew.remembering(talk.crew.state)
    crew.report = replace(crew.report, allocation=RULEBOOK)
    return Talk(crew)


@pytest.mark.parametrize("currency", ["USD", "EUR"])
def test_what_nobody_owns_is_the_planted_truth_to_the_last_digit(company: Company, currency: str) -> None:
    crew, true = company.crew, untagged(company, currency)
    found = allocation_of(crew.lake, crew.report, crew.clock(), None, Wanted(currency=currency))

    assert found.period == OCTOBER
    assert found.total().amount == true["total"]
    assert found.unallocated().amount == true["no_team_in_any_spelling"]


def test_the_owners_add_up_to_the_bill_to_the_cent(talk: Talk) -> None:
    said = talk.ask("allocation").data
    whole = talk.crew.lake.ask(CostQuery(OCTOBER, "USD")).total().cents()

    assert said["total"] == sum(one["cost"] for one in said["owners"]) == whole.amount
    assert [one["name"] for one in said["owners"]][-1] is None
    assert all(one["direct"] + one["shared"] == one["cost"] for one in said["owners"])
    assert sum(one["before"] for one in said["owners"]) == talk.ask("allocation september").data["total"]


def test_the_title_has_the_news_and_the_first_line_the_next_step(talk: Talk) -> None:
    said = talk.ask("allocation")

    assert said.title == "October 2026: $210,471 by team, 81% of it has an owner"
    assert words(said).startswith("**$41,005 has no team**: start in **apex-shop-prod**")
    [table] = [part for part in said.parts if isinstance(part, Table)]
    assert table.headings == ("Team", "Cost", "Share", "Change")
    assert len(table.rows) <= 10 and table.rows[-1][0] == "(no team)"


def test_every_button_answers(talk: Talk) -> None:
    [buttons] = [
        part.buttons for part in talk.ask("allocation q3 account=apex-shop-prod").parts if isinstance(part, Buttons)
    ]

    assert [button.label for button in buttons][:3] == ["What to tag", "Showback mobile", "As treemap"]
    assert all("error" not in talk.ask(button.ask).data for button in buttons)


@pytest.mark.parametrize("by", ["team", "cost-center", "Cost Centre", "env"])
def test_every_dimension_adds_up(talk: Talk, by: str) -> None:
    said = talk.ask(f'allocation "by={by}" chart=treemap').data

    assert sum(one["cost"] for one in said["owners"]) == said["total"]


def test_shared_costs_are_divided_and_told(ruled: Talk) -> None:
    said = ruled.ask("allocation")
    whole = ruled.crew.lake.ask(CostQuery(OCTOBER, "USD")).total().cents()

    assert sum(one["cost"] for one in said.data["owners"]) == whole.amount
    assert sum(one["shared"] for one in said.data["owners"]) > 5000
    assert said.data["shared"]["edge"] == "split by orders"
    [table] = [part for part in said.parts if isinstance(part, Table)]
    assert table.headings[-1] == "Of it shared"
    [chart] = [part for part in said.parts if isinstance(part, Chart)]
    assert "of it" in chart.picture.alt


def test_a_driver_without_figures_leaves_its_cost_unallocated_and_says_so(ruled: Talk) -> None:
    assert "edge stays unallocated: orders counts nothing in September 2026" in words(ruled.ask("allocation september"))


def test_a_showback_tells_cost_cause_resources_waste_and_shared_parts(ruled: Talk) -> None:
    ruled.ask("assess")
    said = ruled.ask("showback search october")
    data = said.data

    assert said.title.startswith("search: $") and "October 2026" in said.title
    assert words(said).startswith("**Save $255.11 a month**")
    assert {one["name"] for one in data["shared"]} == {"support", "sandbox", "edge"}
    assert abs(sum(one["cost"] for one in data["services"]) - data["cost"]) < 20 * CENT
    assert abs(sum(one["change"] for one in data["services"]) - data["change"]) < 40 * CENT
    assert data["resources"] and all("search" in one["name"] for one in data["resources"])
    assert data["waste"] == sum(
        one["monthly_waste"]
        for one in ruled.ask("waste").data["findings"]
        if one["currency"] == "USD" and one["resource_name"].startswith("search-")
    )


def test_a_showback_and_the_allocation_never_disagree(talk: Talk) -> None:
    for owner in talk.ask("allocation q3").data["owners"]:
        told = talk.ask(f"showback {owner['name'] or 'none'} q3").data
        assert (told["cost"], told["change"]) == (owner["cost"], owner["change"])


def test_a_showback_without_a_team_lets_choose(talk: Talk) -> None:
    said = talk.ask("showback last month")
    [choices] = [part for part in said.parts if isinstance(part, Choices)]

    assert choices.options[0].label == "data"
    assert talk.ask(choices.options[0].ask).data["owner"] == "data"
    assert talk.ask("showback").data == said.data


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        ("showback serch", "did you mean search?"),
        ("showback nobody-at-all", "those with cost are data, checkout"),
        ("showback search tomorrow", "is no period"),
        ("allocation by=colour", "there are business-unit"),
        ("allocation chart=pie", "there are bars, treemap"),
        ("allocation 2020", "nothing complete is billed in"),
        ("allocation currency=JPY", "nothing is billed in JPY"),
    ],
)
def test_what_cannot_be_told_names_the_next_step(talk: Talk, ask: str, said: str) -> None:
    answer = talk.ask(ask)

    assert "error" in answer.data
    assert said in answer.data["message"]


def test_why_is_this_mine_is_answered_for_resources(ruled: Talk) -> None:
    crew: Crew = ruled.crew
    resources = ruled.ask("showback search").data["resources"]
    ids = [one["id"] for one in resources]
    found = owners_of(crew.lake, crew.report, crew.clock(), [*ids, "arn:aws:s3:::nothing"])

    assert {one.owner for one in found.values()} == {"search"}
    assert set(found) == {one.lower() for one in ids}
    whys = {one.why for one in found.values()}
    assert "its tag team says 'search'" in whys
    assert any(why.startswith("its name search-") for why in whys)
    assert owners_of(crew.lake, crew.report, crew.clock(), []) == {}
