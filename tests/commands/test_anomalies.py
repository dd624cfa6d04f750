"""Anomalies, asked as people ask: the planted surprises are found, told once, and judged."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from analysis.anomalies import QUIET
from commands.core.answer import Answer, Buttons, Chart, Text
from commands.core.ports import Judgement, Said
from commands.core.report import Exclusion
from commands.core.unusual import anomalies_of
from tests.conftest import NOW, Company, Talk

TOLERANCE = Decimal("0.1")


def words(answer: Answer) -> str:
    return "\n".join(part.text for part in answer.parts if isinstance(part, Text))


@pytest.fixture(scope="module")
def planted(company: Company) -> list[dict[str, Any]]:
    [path] = company.folder.rglob("truths.json")
    found: list[dict[str, Any]] = json.loads(path.read_text())["anomalies"]
    return found


def test_every_planted_surprise_is_found_on_its_first_day(talk: Talk, planted: list[dict[str, Any]]) -> None:
    events = talk.ask("anomalies since 2026-05-01").data["events"]

    for one in planted:
        match = [
            event
            for event in events
            if event["service"] == one["service"] and event["start"] == date.fromisoformat(one["start"])
        ]
        assert len(match) == 1, (one["name"], one["start"])
        assert (match[0]["impact"] > 0) == (Decimal(one["dollars"]) > 0)
        if one["shape"] in {"spike", "drop"}:
            assert abs(match[0]["impact"] - Decimal(one["dollars"])) < TOLERANCE * abs(Decimal(one["dollars"]))


def test_the_last_month_tells_the_surprise_and_nothing_else(talk: Talk) -> None:
    said = talk.ask("anomalies")

    assert said.title == "1 anomaly: $2,561 more than expected"
    assert "Amazon Virtual Private Cloud in apex-data: up for 2 days from 10 Nov" in words(said)
    assert "warehouse-nat (grown) · data" in words(said)
    assert [part for part in said.parts if isinstance(part, Chart)]


def test_an_event_shows_what_moved_and_what_may_be_said_of_it(talk: Talk) -> None:
    [show] = [part.buttons[0] for part in talk.ask("anomalies").parts if isinstance(part, Buttons)]
    one = talk.ask(show.ask)

    assert one.data["cause"] == {
        "resource": "warehouse-nat",
        "usage": one.data["cause"]["usage"],
        "region": "us-east-1",
        "kind": "grown",
        "team": "data",
    }
    assert "**warehouse-nat** has grown" in words(one)
    [chart] = [part.picture for part in one.parts if isinstance(part, Chart)]
    assert "spike Nov 10 to Nov 11" in chart.alt
    labels = [button.label for part in one.parts if isinstance(part, Buttons) for button in part.buttons]
    assert labels == ["Expected", "Investigating", "False alarm"]


def test_what_was_expected_is_not_told_again(talk: Talk) -> None:
    name = talk.ask("anomalies").data["events"][0]["id"]
    judged = talk.ask(f"verdict {name} expected")
    assert judged.replaces and "expected says Ana" in judged.data["stands"]

    after = talk.ask("anomalies")
    assert after.data["events"] == [] and after.data["quiet"][0]["id"] == name
    assert "Kept quiet: +$2,561" in words(after)
    assert talk.ask(f"anomalies {name}").data["id"] == name


def test_who_looks_into_it_is_shown(talk: Talk) -> None:
    name = talk.ask("anomalies").data["events"][0]["id"]
    talk.ask(f"verdict {name} investigating", user="slack:UBEN")

    assert "Ben looks into it" in words(talk.ask("anomalies"))


def test_a_series_that_gave_a_false_alarm_has_to_be_further_off(company: Company) -> None:
    crew = company.crew
    series = ("apex-shop-prod", "Amazon Simple Storage Service")
    said = Judgement("x", series, Said.FALSE_ALARM, "Ana", NOW)
    from analysis.periods import Period

    september = Period(date(2026, 9, 1), date(2026, 10, 1))
    loud = anomalies_of(crew.lake, crew.report, NOW, period=september)
    hushed = anomalies_of(crew.lake, crew.report, NOW, period=september, judgements=[said])

    scores = {event.name[:2]: event.score for event in loud.events}
    assert series in scores
    kept = [event for event in hushed.events if event.name[:2] == series]
    assert all(event.score > QUIET for event in kept)
    others = {event.id for event in loud.events if event.name[:2] != series}
    assert others <= {event.id for event in hushed.events}


def test_an_exclusion_keeps_quiet_until_its_day() -> None:
    exclusion = Exclusion(date(2026, 11, 30), "load test", account="apex-data")

    assert exclusion.holds(("apex-data", "Amazon Athena"), date(2026, 11, 30))
    assert not exclusion.holds(("apex-data", "Amazon Athena"), date(2026, 12, 1))
    assert not exclusion.holds(("apex-dev", "Amazon Athena"), date(2026, 11, 30))


def test_what_is_excluded_by_its_tag_is_not_looked_at(company: Company) -> None:
    crew = company.crew
    exclusions = [Exclusion(date(2026, 12, 1), "the move of the warehouse", tag="team=data")]
    found = anomalies_of(crew.lake, replace(crew.report, exclusions=exclusions), NOW)
    ended = [replace(exclusions[0], until=date(2026, 11, 1))]

    assert found.events == ()
    assert len(anomalies_of(crew.lake, replace(crew.report, exclusions=ended), NOW).events) == 1


def test_an_event_keeps_its_name_while_it_goes_on(company: Company) -> None:
    crew = company.crew
    early = NOW - timedelta(days=5)  # the day it began is just complete
    names = set()
    for now in (early, NOW - timedelta(days=3), NOW):
        found = anomalies_of(crew.lake, crew.report, now)
        names |= {event.id for event in found.events if event.name[1] == "Amazon Virtual Private Cloud"}

    assert len(names) == 1


def test_an_event_is_the_same_in_a_period_that_begins_amid_it(talk: Talk) -> None:
    [whole] = talk.ask("anomalies").data["events"]
    [cut] = talk.ask("anomalies since 2026-11-11").data["events"]

    assert whole["start"] == date(2026, 11, 10)
    assert cut == whole
    assert talk.ask(f"anomalies {cut['id']}").data["id"] == whole["id"]


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        ("anomalies 123456789abc", "no anomaly of the last 90 days is named 123456789abc"),
        ("verdict 123456789abc expected", "no anomaly"),
        ("verdict 123456789abc maybe", "there are expected, investigating, false-alarm"),
        ("anomalies tomorrow", "is no period"),
    ],
)
def test_what_is_not_there_says_so(talk: Talk, ask: str, said: str) -> None:
    assert said in talk.ask(ask).data["message"]


def test_a_reader_may_look_and_not_judge(talk: Talk) -> None:
    name = talk.ask("anomalies", user="slack:UREAD").data["events"][0]["id"]

    assert talk.ask(f"verdict {name} expected", user="slack:UREAD").data["error"] == "NotAllowed"
    assert talk.ask("anomalies").data["events"]


def test_a_scope_without_surprises_is_calm(talk: Talk) -> None:
    said = talk.ask("anomalies account=apex-sandbox")

    assert said.title == "No anomalies of account apex-sandbox"
    assert not said.news
