"""What a look at the bill changes: an alert opens once, grows, ends, and is overtaken by its next step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from analysis.alerts import GONE, Alert, AlertRules, Change, Kept, Turn, changes, judged
from analysis.money import Money

NOW = datetime(2026, 11, 14, 9, 0, tzinfo=UTC)
RULES = AlertRules()


def event(amount: str = "1000", **said: Any) -> Alert:
    """An anomaly of some dollars."""
    usual: dict[str, Any] = {"said": f"+${amount} storage", "amount": Money.of(amount, "USD"), "grows": True}
    return Alert("anomaly", said.pop("key", "e1"), **(usual | said))


def step(percent: int, **said: Any) -> Alert:
    """A budget that has reached so much."""
    return Alert(
        "budget", f"cloud/{percent}", f"{percent}%", Money.of(percent, "USD"), family="cloud", step=percent, **said
    )


def look(kept: Sequence[Kept], *found: Alert, after: int = 1) -> Sequence[Change]:
    return changes(kept, found, NOW + timedelta(hours=after), RULES)


def opened(*found: Alert) -> list[Kept]:
    """Alerts that a first look found."""
    return [one.kept for one in look([], *found, after=0)]


def turns(made: Sequence[Change]) -> list[tuple[str, Turn]]:
    return [(one.kept.alert.key, one.turn) for one in made]


def test_what_is_new_opens_and_is_told_its_amount() -> None:
    [one] = look([], event())

    assert (one.turn, one.line) == (Turn.OPENED, "")
    assert one.kept.is_open and one.kept.told == Money.of(1000, "USD")


def test_what_is_over_before_anybody_saw_it_never_opens() -> None:
    assert look([], event(over="Ended.")) == []


def test_what_has_not_changed_changes_nothing() -> None:
    assert look(opened(event()), event()) == []


def test_a_little_more_is_drawn_and_half_as_much_again_is_told() -> None:
    kept = opened(event())
    [little] = look(kept, event("1499"))
    [much] = look([little.kept], event("1500"))

    assert (little.turn, little.line, little.kept.told) == (Turn.CHANGED, "", Money.of(1000, "USD"))
    assert (much.turn, much.line) == (Turn.GREW, "Still growing: $1,500 now, $1,000 when last told.")
    assert much.kept.told == Money.of(1500, "USD")
    assert [line.said for line in much.kept.lines] == [much.line]


def test_a_bill_restated_downwards_is_an_edit() -> None:
    [less] = look(opened(event()), event("400"))

    assert (less.turn, less.line) == (Turn.CHANGED, "")


def test_what_ends_is_closed_aloud_once() -> None:
    over = event("1800", over="Ended on 16 Nov: $1,800 more than expected in 4 days.")
    [closed] = look(opened(event()), over)

    assert (closed.turn, closed.line) == (Turn.CLOSED, over.over)
    assert not closed.kept.is_open and closed.kept.ended == over.over
    assert look([closed.kept], over) == []


def test_a_bill_restated_after_the_end_is_an_edit() -> None:
    [closed] = look(opened(event()), event("1800", over="Ended: $1,800."))
    [edited] = look([closed.kept], event("1750", over="Ended: $1,750."))

    assert (edited.turn, edited.line, edited.kept.ended) == (Turn.CHANGED, "", "Ended: $1,750.")


def test_what_the_bill_no_longer_shows_is_closed_quietly() -> None:
    [closed] = look(opened(event()))

    assert (closed.turn, closed.line, closed.kept.ended) == (Turn.CLOSED, "", GONE)


def test_what_somebody_called_expected_stays_closed_until_somebody_looks_into_it() -> None:
    [kept] = opened(event())
    calm = judged(kept, "expected says Ana", NOW)
    said = event("1600", over="expected says Ana", quietly=True)
    [edited] = look([calm], said)
    [again] = look([edited.kept], event("1700"))

    assert (edited.turn, edited.kept.is_open) == (Turn.CHANGED, False)
    assert (again.turn, again.line, again.kept.is_open) == (Turn.REOPENED, "", True)


def test_what_somebody_stopped_says_no_more_but_is_drawn() -> None:
    [kept] = opened(event())
    quiet = replace(kept, stopped="Ana")
    [grown] = look([quiet], event("9000"))
    [ended] = look([grown.kept], event("9000", over="Ended."))

    assert [(one.turn, one.line) for one in (grown, ended)] == [(Turn.GREW, ""), (Turn.CLOSED, "")]


def test_of_steps_that_are_reached_at_once_the_highest_is_told() -> None:
    assert turns(look([], step(50), step(80))) == [("cloud/80", Turn.OPENED)]


def test_a_step_makes_the_lower_one_pointless_and_gives_it_back_when_it_recedes() -> None:
    kept = opened(step(50))
    up = look(kept, step(50), step(80))
    assert turns(up) == [("cloud/50", Turn.CLOSED), ("cloud/80", Turn.OPENED)]
    assert [one.line for one in up] == ["", ""]

    down = look([one.kept for one in up], step(50), step(80, over="79% are spent after all", quietly=True))
    assert turns(down) == [("cloud/50", Turn.REOPENED), ("cloud/80", Turn.CLOSED)]
    assert [one.line for one in down] == ["", ""]

    again = look([one.kept for one in down], step(50), step(80))
    assert turns(again) == [("cloud/50", Turn.CLOSED), ("cloud/80", Turn.REOPENED)], "once a period a threshold"


@pytest.mark.parametrize("other", [{"key": "e2"}, {"said": "another line"}])
def test_an_alert_has_the_id_of_what_it_is_of(other: dict[str, str]) -> None:
    same = event(**other).id == event().id
    assert same == ("key" not in other)
