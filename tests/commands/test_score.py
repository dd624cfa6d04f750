"""The score, the review and the five views: cut from one assessment, so that they never disagree."""

from __future__ import annotations

from datetime import date
from html.parser import HTMLParser

import pytest

from commands.core.answer import Buttons, File, Text
from tests.conftest import Talk


def test_the_score_is_made_of_what_the_other_commands_say(talk: Talk) -> None:
    talk.ask("assess")
    said = talk.ask("score")
    points = {one["key"]: one["value"] for one in said.data["indicators"]}

    assert said.title.startswith(f"FinOps maturity {said.data['score']} of 100")
    assert points["allocated"] == pytest.approx(float(talk.ask("summary product").data["allocated"]), abs=1e-4)
    assert points["unit_costs"] == 2
    forecasts = talk.ask("forecast").data["record"]
    errors = [abs(one["error"]) for one in forecasts]
    assert points["forecast_error"] == pytest.approx(sum(errors) / len(errors), abs=1e-3)
    waste = sum(one["monthly_waste"] for one in talk.ask("waste").data["findings"] if one["currency"] == "USD")
    assert points["waste"] == pytest.approx(float(waste / talk.ask("summary leadership").data["last_month"]), abs=1e-4)


def test_a_judged_anomaly_and_a_claim_raise_the_score(talk: Talk) -> None:
    talk.ask("assess")
    before = talk.ask("score").data["score"]
    name = talk.ask("anomalies").data["events"][0]["id"]
    talk.ask(f"verdict {name} investigating")
    for finding in talk.ask("waste").data["findings"]:
        talk.ask(f"claim {finding['id'][:8]}")

    assert talk.ask("score").data["score"] > before + 5


def test_the_weights_and_their_sources_are_in_the_open(talk: Talk) -> None:
    said = talk.ask("score how")

    assert sum(one["weight"] for one in said.data["measures"]) == 100
    assert "FinOps Framework, Allocation" in "".join(part.text for part in said.parts if isinstance(part, Text))
    assert talk.ask("score why").data["error"] == "BadAsk"


class Page(HTMLParser):
    """Headings and pictures of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.headings: list[str] = []
        self.pictures = 0
        self._in = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in = tag == "h2"
        self.pictures += tag == "img" and any(name == "alt" and value for name, value in attrs)

    def handle_data(self, data: str) -> None:
        if self._in:
            self.headings.append(data)
            self._in = False


def test_the_monthly_review_is_made_from_end_to_end(talk: Talk) -> None:
    talk.ask("assess")
    said = talk.ask("review")
    [file] = [part for part in said.parts if isinstance(part, File)]
    page = Page()
    page.feed(file.content.decode())

    assert file.name == "finops-review-2026-10.html"
    assert said.data["missing"] == []
    assert page.headings == ["Decisions to take", *said.data["agenda"]]
    assert page.pictures >= 10
    assert said.title == f"Review of October 2026: {len(said.data['decisions'])} decisions wanted"


def test_every_decision_leads_somewhere(talk: Talk) -> None:
    talk.ask("assess")
    said = talk.ask("review")
    worth = [one["yearly"] for one in said.data["decisions"]]

    assert worth == sorted(worth, reverse=True) and worth[0] > 0
    asks = {button.ask for part in said.parts if isinstance(part, Buttons) for button in part.buttons}
    assert all("error" not in talk.ask(ask).data for ask in asks)
    assert talk.ask("summary leadership").data["decisions"] == said.data["decisions"]


def test_a_review_is_of_a_month(talk: Talk) -> None:
    talk.ask("assess")
    assert talk.ask("review 2026-09").data["month"] == date(2026, 9, 1)
    assert "of one calendar month" in talk.ask("review q3").data["message"]


def test_the_views_cut_the_same_figures(talk: Talk) -> None:
    talk.ask("assess")
    views = {name: talk.ask(f"summary {name}") for name in ("leadership", "finance", "product", "practitioner")}

    assert views["leadership"].data["annualised_savings"] == talk.ask("savings").data["annualised"]
    assert views["finance"].data["budgets"][0]["name"] == talk.ask("budget").data["budgets"][0]["name"]
    assert views["practitioner"].data["events"] == [one["id"] for one in talk.ask("anomalies").data["events"]]
    assert views["product"].data["unit_cost"] == talk.ask("units metric=orders").data["points"][-1]["each"]
    assert len({view.data["assessment"] for view in views.values()}) >= 1
