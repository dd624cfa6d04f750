"""Plots: which answers give a platform figures to draw, and which keep to their picture."""

from __future__ import annotations

from datetime import date

import pytest

from analysis.money import Money
from commands.core.answer import Answer, Chart, Plot
from commands.core.plots import bars_of, months_of, periods_of
from tests.conftest import Talk


def plots(answer: Answer) -> list[Plot | None]:
    return [part.plot for part in answer.parts if isinstance(part, Chart)]


FIGURES = {
    "allocation": ("bars", "USD"),
    "showback search": ("bars", "USD"),
    "tags": ("bars", "USD"),
    "digest weekly": ("bars", "USD"),
    "trends": ("line", "USD"),
    "units": ("line", "USD"),
    "commitments": ("line", "%"),
    "waste by=team": ("bars", "USD"),
    "savings": ("bars", "USD"),
    "summary leadership": ("bars", "USD"),
    "score": ("bars", "of 100"),
}
PICTURES = ("forecast", "budget", "why", "anomalies", "allocation chart=treemap")


@pytest.mark.slow
def test_what_a_chart_of_the_platforms_own_says_as_well_is_given_as_figures_and_nothing_else(assessed: Talk) -> None:
    for ask, told in FIGURES.items():
        plot = plots(assessed.ask(ask))[0]
        assert plot is not None and (plot.kind, plot.unit) == told, ask
        assert all(len(values) == len(plot.labels) for _, values in plot.lines), ask
        assert len(set(plot.labels)) == len(plot.labels), ask
    for ask in PICTURES:
        assert plots(assessed.ask(ask)) == [None], f"{ask}: ranges, steps up and down, and areas are pictures"

    said = assessed.ask("waste by=team")
    [plot] = plots(said)
    assert plot is not None
    [(_, values)] = plot.lines
    groups = [float(one["monthly"].get("USD", 0)) for one in said.data["groups"]]
    assert sum(values) == pytest.approx(sum(groups), abs=0.05)
    assert values[0] == pytest.approx(groups[0], abs=0.01)


def test_a_credit_is_left_to_the_picture() -> None:
    rows = [("search", Money.of("12.00", "USD")), ("refund", Money.of("-3.00", "USD"))]
    assert bars_of(rows, "x") is None and periods_of(rows, "x") is None
    assert bars_of(rows[:1], "x") is not None


def test_months_have_their_years_where_one_comes_twice() -> None:
    assert months_of([date(2026, 9, 1), date(2026, 10, 1)]) == ["Sep", "Oct"]
    assert months_of([date(2025, 10, 1), date(2026, 10, 1)]) == ["Oct 2025", "Oct 2026"]
