"""Why cost changed, asked as people ask, of the sample company."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from analysis.focus import CostQuery
from analysis.periods import Period, month_of
from commands.core.answer import Answer, Buttons, Chart, Table, Text
from tests.conftest import Talk

OCTOBER = month_of(date(2026, 10, 1))


def words(answer: Answer) -> str:
    return "\n".join(part.text for part in answer.parts if isinstance(part, Text))


def test_the_parts_are_the_change_and_the_change_is_the_bills(talk: Talk) -> None:
    said = talk.ask("why").data
    whole = talk.crew.lake.ask(CostQuery(OCTOBER, "USD")).total().cents()

    assert said["later"]["cost"] == whole.amount
    assert sum(said["causes"].values()) == said["change"] == said["later"]["cost"] - said["earlier"]["cost"]
    assert abs(sum(one["change"] for one in said["changes"]["service"]) - said["change"]) < Decimal("0.01")


def test_a_planted_surprise_is_named_with_its_resource(talk: Talk) -> None:
    november = talk.ask("why this month")

    assert november.title.startswith("2026-11-01 to 2026-11-14 cost ")
    assert "warehouse-nat (grown)" in words(november)
    assert "platform-debug-logs" in words(talk.ask("why october vs september"))


def test_a_longer_month_is_told_apart(talk: Talk) -> None:
    said = talk.ask("why october vs september")

    assert said.data["causes"]["days"] > 0
    assert "31 days against 30" in words(said)
    assert said.data["at_equal_days"] == said.data["change"] - said.data["causes"]["days"]


@pytest.mark.parametrize("by", ["service", "account", "region", "team", "resource"])
def test_every_dimension_adds_up(talk: Talk, by: str) -> None:
    said = talk.ask(f"why by={by}")

    assert [part for part in said.parts if isinstance(part, Table)]
    assert abs(sum(one["change"] for one in said.data["changes"][by]) - said.data["change"]) < Decimal("0.01")


def test_its_buttons_lead_deeper(talk: Talk) -> None:
    said = talk.ask("why last month")
    [buttons] = [part.buttons for part in said.parts if isinstance(part, Buttons)]

    deeper = talk.ask(buttons[0].ask)
    top = said.data["changes"]["service"][0]
    assert deeper.data["change"] == pytest.approx(top["change"], abs=Decimal("0.01"))
    assert all("error" not in talk.ask(button.ask).data for button in buttons)


def test_a_scope_has_its_own_change_and_picture(talk: Talk) -> None:
    said = talk.ask("why last month team=search")

    assert said.title.endswith("of team search")
    [chart] = [part for part in said.parts if isinstance(part, Chart)]
    assert "of team search" in chart.picture.alt


def test_a_period_that_goes_on_is_compared_with_as_many_days(talk: Talk) -> None:
    said = talk.ask("why month to date").data

    assert (said["earlier"]["start"], said["earlier"]["end"]) == (date(2026, 10, 1), date(2026, 10, 15))
    assert said["later"]["end"] == date(2026, 11, 15)


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        ("why 2020", "nothing complete is billed in"),
        ("why by=colour", "there are account, region, resource, service, team"),
        ("why tomorrow", "is no period"),
        ("why october vs", "is no period"),
        ("why service=Nothing", "no service is named 'Nothing'"),
    ],
)
def test_what_cannot_be_compared_says_so(talk: Talk, ask: str, said: str) -> None:
    answer = talk.ask(ask)
    assert "error" in answer.data
    assert said in answer.data["message"]


def test_a_currency_of_its_own(talk: Talk) -> None:
    euros = talk.ask("why currency=eur")
    assert euros.data["currency"] == "EUR"
    assert "€" in euros.title


def test_a_period_of_a_year_is_compared_as_a_whole(talk: Talk) -> None:
    said = talk.ask("why 2026-03-01..2026-08-31 vs 2025-11-01..2026-02-28").data
    assert said["later"]["start"] == Period(date(2026, 3, 1), date(2026, 9, 1)).start
    assert sum(said["causes"].values()) == said["change"]
