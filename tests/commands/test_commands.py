"""The commands, asked as people ask, on the sample company."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from analysis.findings import Finding, State
from bot.figures import as_json, plain
from commands.core.answer import Answer, Buttons, Chart, Code, Facts, Table, Text
from commands.core.registry import discover
from tests.conftest import Company, Talk

THE_COMMANDS = [
    "acknowledge",
    "alert",
    "alerts",
    "allocation",
    "anomalies",
    "assess",
    "budget",
    "cancel",
    "card",
    "chargeback",
    "claim",
    "commitments",
    "digest",
    "done",
    "exceptions",
    "exempt",
    "explain",
    "finding",
    "fix",
    "forecast",
    "help",
    "history",
    "home",
    "hush",
    "mine",
    "news",
    "prefer",
    "preview",
    "release",
    "reminder",
    "reminders",
    "review",
    "routes",
    "savings",
    "score",
    "send",
    "share",
    "showback",
    "snooze",
    "status",
    "subscribe",
    "summary",
    "tags",
    "trends",
    "undo",
    "units",
    "unsubscribe",
    "verdict",
    "waste",
    "watch",
    "why",
]


def text_of(said: Answer) -> str:
    return json.loads(as_json(said, {picture.digest: Path(picture.name) for picture in said.pictures}))["text"]  # type: ignore[no-any-return]


def first_finding(talk: Talk) -> Finding:
    if not talk.crew.state.findings.standing():
        talk.ask("assess")
    return talk.crew.state.findings.standing(State.OPEN)[0]


def test_the_commands_we_ship() -> None:
    assert list(discover()) == THE_COMMANDS


@pytest.mark.parametrize("name", THE_COMMANDS)
def test_every_command_explains_itself_with_examples_that_parse(talk: Talk, name: str) -> None:
    said = talk.ask(f"help {name}")

    assert "error" not in said.data
    assert said.data["examples"], f"{name} has no example"
    assert said.data["usage"].startswith(name)


def test_help_lists_every_command(talk: Talk) -> None:
    said = talk.ask("")

    for name in THE_COMMANDS:
        assert f"`{name}`" in text_of(said)


def test_an_unknown_word_gets_what_was_probably_meant(talk: Talk) -> None:
    said = talk.ask("forcast")

    assert said.private
    assert "no command is named 'forcast'; did you mean forecast?" in text_of(said)
    [buttons] = [part for part in said.parts if isinstance(part, Buttons)]
    assert buttons.buttons[0].ask == "help forecast"


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        ("forecast monts=3", "no scope is named 'monts'"),
        ("forecast months=soon", "months='soon' is not a whole number"),
        ("forecast months=0", "between 1 and 12 months"),
        ("forecast cost=Blended", "is no cost column of FOCUS"),
        ("forecast team=serch", "did you mean search"),
        ("forecast currency=JPY", "nothing is billed in JPY"),
        ("waste check=idle-machin", "did you mean idle-machine"),
        ("waste min=nan", "is not a number"),
        ("finding", "finding needs finding"),
        ("finding 123456789abc", "no finding"),
        ("summary boss", "no persona is named 'boss'"),
        ("status now", "one word too many"),
        ('waste team="search', "a quote in that ask is not closed"),
        ("share", "say what to share"),
        ("share assess", "needs the act permission"),
        ("x" * 3000, "the longest that can be understood"),
    ],
)
def test_a_bad_ask_names_the_thing_and_the_next_step(talk: Talk, ask: str, said: str) -> None:
    answer = talk.ask(ask)

    assert answer.private and "error" in answer.data
    assert said in text_of(answer)


def test_asks_are_understood_as_phones_type_them(talk: Talk) -> None:
    assert talk.ask("/FinOps  Forecast team=“search”").data["scope"] == {"team": "search"}


def test_the_forecast_is_confirmed_by_the_planted_truth(talk: Talk, company: Company) -> None:
    said = talk.ask("forecast")
    [end, *months] = json.loads(next(company.folder.rglob("truths.json")).read_text())["future"]["USD"]
    figures = plain(said.data)

    true = Decimal(end["EffectiveCost"])
    assert Decimal(figures["month_end"]["low95"]) <= true <= Decimal(figures["month_end"]["high95"])
    assert abs(Decimal(figures["month_end"]["expected"]) / true - 1) < Decimal("0.03")
    for month, planted in zip(figures["months"], months, strict=True):
        assert month["start"].startswith(planted["month"])
        assert Decimal(month["low95"]) <= Decimal(planted["EffectiveCost"]) <= Decimal(month["high95"]), month
    assert figures["month"]["start"] == "2026-11-01" and figures["months"][0]["start"] == "2026-12-01"


def test_a_forecast_has_a_picture_whose_words_hold_the_figures(talk: Talk) -> None:
    said = talk.ask("forecast")

    [chart] = [part for part in said.parts if isinstance(part, Chart)]
    assert chart.picture.png.startswith(b"\x89PNG")
    expected = next(
        value for part in said.parts if isinstance(part, Facts) for name, value in part.pairs if "Expected" in name
    )
    assert expected in chart.picture.alt


@pytest.mark.parametrize("scope", ["team=search", "provider=AWS", "provider=Microsoft", "team=none"])
def test_a_scope_is_less_than_the_whole_and_says_so(talk: Talk, scope: str) -> None:
    whole, part = talk.ask("forecast"), talk.ask(f"forecast {scope}")

    assert "error" not in part.data, text_of(part)
    assert part.data["month_end"]["expected"] < whole.data["month_end"]["expected"]
    assert scope.split("=")[1] in part.title


def test_another_currency_is_forecast_by_itself_and_never_added(talk: Talk) -> None:
    dollars, euros = talk.ask("forecast"), talk.ask("forecast currency=EUR")

    assert (dollars.data["currency"], euros.data["currency"]) == ("USD", "EUR")
    assert "never added" in text_of(dollars)


def test_waste_lists_what_was_planted_worth_first(talk: Talk) -> None:
    talk.ask("assess")
    found = talk.ask("waste").data["findings"]

    worths = [one["monthly_waste"] for one in found]
    assert worths == sorted(worths, reverse=True) and len(found) >= 10
    few = talk.ask("waste check=idle-machine min=100").data["findings"]
    assert few and all(one["check"] == "idle-machine" and one["monthly_waste"] >= 100 for one in few)


def test_a_finding_says_whose_it_is_and_why(talk: Talk) -> None:
    said = talk.ask(f"finding {first_finding(talk).short}")

    assert said.data["whose"].startswith(f"{said.data['finding']['tags']['team']}: ")
    assert "tag" in said.data["whose"]


def test_periods_are_explained_once(talk: Talk) -> None:
    said = talk.ask("help periods")

    assert "`last month`" in text_of(said) and "q3" in said.data["periods"]


def test_waste_adds_up_by_team_and_each_team_can_be_opened(talk: Talk) -> None:
    talk.ask("assess")
    grouped = talk.ask("waste by=team")

    groups = grouped.data["groups"]
    assert sum(one["count"] for one in groups) == talk.ask("waste").data["count"]
    [buttons] = [part for part in grouped.parts if isinstance(part, Buttons)]
    for button, group in zip(buttons.buttons, groups, strict=False):
        assert talk.ask(button.ask).data["count"] == group["count"]
    assert talk.ask("waste by=colour").data["error"] == "UnknownName"


@pytest.mark.parametrize(
    ("scope", "holds"),
    [
        ("account=apex-dev", lambda one: one["account"] == "444455556666"),
        ("account=444455556666", lambda one: one["account"] == "444455556666"),
        ("provider=microsoft", lambda one: one["cloud"] == "azure"),
        ("region=eu-west-1", lambda one: one["region"] == "eu-west-1"),
        ("'service=Azure Disk Storage'", lambda one: "/disks/" in one["resource_id"]),
        ("team=SEARCH", lambda one: "search" in {value.lower() for value in one["tags"].values()}),
    ],
)
def test_waste_is_scoped_by_what_a_finding_is_billed_as(talk: Talk, scope: str, holds: Callable[[Any], bool]) -> None:
    talk.ask("assess")
    every = talk.ask("waste").data["findings"]
    found = talk.ask(f"waste {scope}").data["findings"]

    assert found and {one["id"] for one in found} == {one["id"] for one in every if holds(one)}


def test_waste_can_be_asked_for_by_who_has_it(talk: Talk) -> None:
    talk.ask("assess")
    name = talk.ask("waste").data["findings"][0]["id"][:8]
    talk.ask(f"claim {name}")

    assert [one["id"][:8] for one in talk.ask("waste owner=ana").data["findings"]] == [name]
    assert name not in [one["id"][:8] for one in talk.ask("waste owner=none").data["findings"]]


def test_waste_pages_to_the_end(talk: Talk) -> None:
    talk.ask("assess")
    seen: list[str] = []
    ask = "waste"
    while ask:
        said = talk.ask(ask)
        seen += said.shows
        buttons = [button for part in said.parts if isinstance(part, Buttons) for button in part.buttons]
        ask = next((button.ask for button in buttons if "more" in button.label), "")
    assert len(seen) == len(set(seen)) == talk.ask("waste").data["count"]


def test_a_finding_shows_its_price_its_commands_and_its_safety(talk: Talk) -> None:
    finding = first_finding(talk)
    said = talk.ask(f"finding {finding.short}")

    assert [part.label for part in said.parts if isinstance(part, Code)] == ["To act", "To undo"]
    assert said.shows == (finding.id,)
    assert said.data["finding"]["safety"]


def test_claim_then_release_then_snooze_then_accept(talk: Talk) -> None:
    name = first_finding(talk).short

    assert "claimed by Ana" in text_of(talk.ask(f"claim {name}"))
    assert "already claimed by Ana" in text_of(talk.ask(f"claim {name}", "slack:UBEN"))
    assert "open" in text_of(talk.ask(f"release {name}"))
    snoozed = talk.ask(f"snooze {name} days=7")
    assert snoozed.data["finding"]["until"] == date(2026, 11, 25)
    assert "a reason is needed" in text_of(talk.ask(f"acknowledge {name}"))
    accepted = talk.ask(f"acknowledge {name} standby for the audit, a=b")
    assert accepted.data["finding"]["reason"] == "standby for the audit, a=b"
    assert name not in [one["id"][:8] for one in talk.ask("waste").data["findings"]]


@pytest.mark.parametrize(
    "bad", ["days=0", "days=-1", "days=1000000000", "until=2026-11-18", "until=2027-11-18", "until=tomorrow"]
)
def test_a_snooze_has_an_end_within_ninety_days(talk: Talk, bad: str) -> None:
    assert "error" in talk.ask(f"snooze {first_finding(talk).short} {bad}").data


def test_nobody_releases_what_somebody_else_holds_but_an_admin(talk: Talk) -> None:
    name = first_finding(talk).short
    talk.ask(f"claim {name}")

    assert talk.ask(f"release {name}", "slack:UBEN").data["error"] == "NotAllowed"
    assert "error" not in talk.ask(f"release {name}", "slack:UADMIN").data


def test_nobody_may_do_anything_by_default(talk: Talk) -> None:
    name = first_finding(talk).short

    assert talk.ask("forecast", "slack:UGUEST").data["error"] == "NotAllowed"
    assert talk.ask(f"claim {name}", "slack:UREAD").data["error"] == "NotAllowed"
    assert "error" not in talk.ask("forecast", "slack:UREAD").data


def test_every_ask_leaves_one_line_in_the_audit_even_a_bad_one(talk: Talk) -> None:
    talk.ask("forecast", key="k1")
    talk.ask("forcast", key="k2")
    talk.ask("forecast", key="k1")

    lines = {line.key: line.outcome for line in talk.crew.state.audit.lines()}
    assert lines["k1"] == "answered"
    assert lines["k2"].startswith("UnknownName")
    assert len(lines) == 2


@pytest.mark.parametrize("persona", ["leadership", "finance", "product", "practitioner", "engineering"])
def test_each_persona_has_a_view_of_the_same_truth(talk: Talk, persona: str) -> None:
    talk.ask("assess")
    said = talk.ask(f"summary {persona}")

    assert "error" not in said.data and said.data["persona"] == persona
    assert any(isinstance(part, Facts | Table | Text) for part in said.parts)


def test_the_views_never_disagree(talk: Talk) -> None:
    talk.ask("assess")
    finance, leadership, forecast = (
        talk.ask(ask).data for ask in ("summary finance", "summary leadership", "forecast")
    )

    assert finance["month_end"] == forecast["month_end"]
    assert leadership["month_to_date"] == forecast["month"]["month_to_date"]
    assert leadership["waste"] == sum(
        one["monthly_waste"] for one in talk.ask("waste").data["findings"] if one["currency"] == "USD"
    )


def test_a_second_assessment_finds_nothing_new_and_is_no_news(talk: Talk) -> None:
    first, second = talk.ask("assess"), talk.ask("assess")

    assert first.news and not second.news
    assert second.data["known"] == len(first.data["opened"])


def test_share_is_the_same_answer_for_all_to_see(talk: Talk) -> None:
    assert talk.ask("share forecast").shared
    assert talk.ask("share forecast").data == talk.ask("forecast").data


def test_every_answer_is_data_that_json_can_hold(talk: Talk) -> None:
    talk.ask("assess")
    for ask in ("help", "forecast", "waste", "status", "summary finance", "forcast"):
        said = talk.ask(ask)
        whole = json.loads(as_json(said, {one.digest: Path(one.name) for one in said.pictures}))
        assert whole["title"] and "data" in whole and "NaN" not in json.dumps(whole)
