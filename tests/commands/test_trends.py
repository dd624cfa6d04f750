"""Trends, asked as people ask, of the sample company."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from commands.core.answer import Chart, Text
from tests.conftest import Talk


def test_the_trend_is_told_in_dollars_and_percent(talk: Talk) -> None:
    said = talk.ask("trends")

    total = said.data["total"]
    assert total["sure"] and 0 < total["rate"] < 0.05
    assert said.title.startswith(f"Cost is growing by ${total['a_month']:,.0f} a month (+1.")
    assert [part for part in said.parts if isinstance(part, Chart)]


def test_what_grows_most_is_ranked(talk: Talk) -> None:
    said = talk.ask("trends by=account").data

    assert len(said["account"]) == 8  # one of the nine bills in euros
    assert abs(sum(one["level"] for one in said["account"]) - said["total"]["level"]) < said["total"]["level"] / 20


def test_a_surprise_is_a_day_that_nothing_explains(talk: Talk) -> None:
    said = talk.ask('trends service="Amazon Virtual Private Cloud"')

    days = {one["day"] for one in said.data["total"]["largest"]}
    assert {date(2026, 11, 10), date(2026, 11, 10) + timedelta(days=1)} <= days
    assert any("10 Nov" in part.text for part in said.parts if isinstance(part, Text))


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        ("trends last 10 days", "a trend needs 28"),
        ("trends by=colour", "there are account, region"),
        ("trends 2020", "nothing complete is billed"),
        ("trends currency=JPY", "nothing is billed in JPY"),
    ],
)
def test_what_has_no_trend_says_so(talk: Talk, ask: str, said: str) -> None:
    assert said in talk.ask(ask).data["message"]
