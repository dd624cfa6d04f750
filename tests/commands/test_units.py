"""Unit economics, asked as people ask, of the sample company."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from analysis.focus import CostQuery
from analysis.periods import month_of
from commands.core.absent import NoDrivers
from commands.core.answer import Buttons, Choices, Form, Table
from commands.core.context import Context
from commands.core.registry import answer
from tests.conftest import Company, Talk

OCTOBER = month_of(date(2026, 10, 1))


def test_an_order_costs_the_bill_over_the_orders(talk: Talk, company: Company) -> None:
    [path] = company.folder.rglob("drivers.csv")
    rows = list(csv.DictReader(path.read_text().splitlines()))
    orders = sum(Decimal(row["orders"]) for row in rows if row["day"].startswith("2026-10"))
    bill = talk.crew.lake.ask(CostQuery(OCTOBER, "USD")).total()

    said = talk.ask("units metric=orders")
    point = said.data["points"][-1]
    assert (point["units"], point["cost"], point["each"]) == (orders, bill.amount, bill.amount / orders)
    assert said.title.startswith(f"An order cost ${bill.amount / orders:.3f} in October 2026, ")


def test_the_change_is_taken_apart_to_the_cent(talk: Talk) -> None:
    said = talk.ask("units months=12").data

    why, (before, now) = said["why"], said["points"][-2:]
    assert (
        why["volume"] + why["price"] + why["efficiency"]
        == why["change"]
        == round(now["cost"], 2) - round(before["cost"], 2)
    )
    assert said["marginal"]["sure"] and 0 < said["marginal"]["each"] < now["each"]
    assert len(said["points"]) == 12


def test_by_team_the_parts_make_the_whole(talk: Talk) -> None:
    said = talk.ask("units by=team")

    [table] = [part for part in said.parts if isinstance(part, Table)]
    whole = sum(Decimal(row[1].replace("$", "").replace(",", "")) for row in table.rows)
    assert abs(whole - said.data["points"][-1]["cost"]) < 10


def test_the_panel_is_redrawn_in_place_by_each_of_its_choices(talk: Talk) -> None:
    said = talk.ask("units panel")
    assert said.replaces

    menus = [part for part in said.parts if isinstance(part, Choices)]
    assert [menu.label for menu in menus] == ["Metric", "By", "Months"]
    for menu in menus:
        assert menu.chosen in [option.label for option in menu.options]
        assert all(len(option.ask) <= 150 for option in menu.options)
        for option in menu.options:
            redrawn = talk.ask(option.ask)
            assert redrawn.replaces
            again = next(part for part in redrawn.parts if isinstance(part, Choices) and part.label == menu.label)
            assert again.chosen == option.label
    [form] = [part for part in said.parts if isinstance(part, Form)]
    filled = f"{form.ask} metric=customers by=service months=3"
    assert talk.ask(filled).data["driver"] == "customers"


def test_a_panel_can_be_shown_to_the_channel(talk: Talk) -> None:
    said = talk.ask("units panel metric=customers by=team")
    [share] = [part.buttons[0] for part in said.parts if isinstance(part, Buttons)]

    shared = talk.ask(share.ask)
    assert shared.shared and shared.data["driver"] == "customers"


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        ("units metric=visits", "there are customers, orders"),
        ("units months=0", "between 1 and 24"),
        ("units by=colour", "there are everything, service"),
        ("units pannel", "is no view of units"),
        ("units team=nobody", "no team is named 'nobody'"),
    ],
)
def test_what_cannot_be_told_says_so(talk: Talk, ask: str, said: str) -> None:
    assert said in talk.ask(ask).data["message"]


def test_a_deployment_without_business_figures_says_where_they_go(talk: Talk) -> None:
    from bot.ports import Ask, Place

    ask = Ask("test:1", Place("slack", "T1"), "slack:UANA", "Ana", "units", talk.crew.clock())
    context: Context = replace(talk.crew.context(ask), drivers=NoDrivers())

    assert "under [[drivers]]" in answer("units", context).data["message"]
