"""Maturity: open weights, honest gaps, and points that explain themselves."""

from __future__ import annotations

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as some

from analysis.maturity import MEASURES, Domain, Indicators, part_of, score
from analysis.money import Money

BEST = Indicators(1, 1, 1, 0, 1, 3, 0, 1, 1, 1, 1, 0, 1)
WORST = Indicators(0, 0, 0, 9, 0, 0, 1, 0, 0, 0, 0, 999, 0)
VALUES = some.none() | some.floats(0, 1000)


def test_every_indicator_has_a_measure_and_the_weights_make_a_hundred() -> None:
    assert set(MEASURES) == {one.name for one in fields(Indicators)}
    assert sum(one.weight for one in MEASURES.values()) == 100
    assert {one.domain for one in MEASURES.values()} == set(Domain)
    assert all(one.source for one in MEASURES.values())


def test_the_best_is_a_hundred_and_the_worst_is_nothing() -> None:
    assert score(BEST).total == 100 and score(BEST).next_steps() == []
    assert score(WORST).total == 0
    assert all(score(BEST).of(domain) == 100 for domain in Domain)


def test_what_cannot_be_measured_is_left_out_and_named() -> None:
    made = score(Indicators(allocated=0.9, waste=0.05))

    assert made.total == round(100 * (14 + 12 * 2 / 3) / 26)
    assert "Unit costs" in made.unmeasured and "Cost with an owner" not in made.unmeasured
    assert made.of(Domain.MANAGE) is None
    assert score(Indicators()).total == 0


@pytest.mark.parametrize(("value", "part"), [(0, 0), (0.25, 1 / 6), (0.5, 1 / 3), (0.65, 0.5), (0.8, 2 / 3), (0.95, 1)])
def test_a_scale_is_linear_between_its_steps(value: float, part: float) -> None:
    assert part_of(MEASURES["allocated"].scale, value) == pytest.approx(part)


def test_the_next_steps_are_those_that_add_the_most_with_what_they_are_worth() -> None:
    worth = {"waste": Money.of(12_000, "USD")}
    made = score(Indicators(allocated=0.0, waste=0.2, used=0.94), worth=worth)

    assert [one.key for one in made.next_steps()] == ["allocated", "waste", "used"]
    assert made.next_steps()[1].worth == worth["waste"]
    assert made.next_steps()[0].missing == pytest.approx(100 * 14 / 34)


@given(some.builds(Indicators, *[VALUES] * len(fields(Indicators))))
def test_a_score_is_between_nothing_and_a_hundred_and_is_the_sum_of_its_points(measured: Indicators) -> None:
    made = score(measured)

    assert 0 <= made.total <= 100
    assert made.total == round(sum(point.won for point in made.points))
    assert sum(point.possible for point in made.points) == pytest.approx(100 if made.points else 0)
    assert all(-1e-9 <= point.missing <= point.possible + 1e-9 for point in made.points)
