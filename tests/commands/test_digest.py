"""Digests, asked as people ask: ten seconds at the root, the details behind it, and nothing of another team."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from analysis.money import Money
from analysis.periods import Period
from commands.core.answer import Answer, Buttons, Chart, Note, Text
from commands.core.rhythms import Rhythm, compared
from tests.conftest import NOW, Company, Talk


def words(said: Answer) -> str:
    return "\n".join(part.text for part in said.parts if isinstance(part, Text | Note))


def test_a_weekly_digest_reads_in_ten_seconds_and_its_details_follow(talk: Talk) -> None:
    said = talk.ask("digest weekly")

    assert said.title.startswith("$") and "of usage in the 7 days to 14 November" in said.title
    assert "expected for November**, likely $" in words(said) and "budget" in words(said)
    assert "**Decisions wanted**\n1. " in words(said) and len(said.data["decisions"]) == 3
    assert len([part for part in said.parts if isinstance(part, Chart)]) == 1
    assert len(said.parts) <= 6, "a root is short"
    assert [one.ask for one in said.details] == [
        "why '2026-11-08 to 2026-11-14 vs 2026-11-01 to 2026-11-07'",
        "budget",
        "anomalies",
        "waste",
    ]
    assert "To hear it regularly: subscribe weekly 09:00." in words(said)
    assert talk.ask(said.details[0].ask).title == said.details[0].answer.title, "each is drawn by its own ask"


@pytest.mark.slow
def test_a_team_hears_of_itself_alone(talk: Talk) -> None:
    talk.ask("assess")
    said = talk.ask("digest daily team=search")

    assert said.title.startswith("Team search: $") and "of usage on Saturday 14 November" in said.title
    assert {one["who"] for one in said.data["decisions"]} <= {"engineering", "practitioner", "leadership"}
    assert "commitment" not in words(said).lower()
    assert all("team=search" in one.ask for one in said.details)
    assert said.data["cost"] < talk.ask("digest daily").data["cost"]


@pytest.mark.slow
def test_a_persona_is_asked_first_what_is_its_to_decide(talk: Talk) -> None:
    said = talk.ask("digest monthly leadership")

    assert "in October" in said.title
    assert [one.ask.split()[0] for one in said.details] == ["summary", "why", "savings", "score"]
    finance = talk.ask("digest weekly finance").data["decisions"]
    assert finance[0]["who"] == "finance"


def test_a_preview_is_for_ones_eyes_only(talk: Talk) -> None:
    said = talk.ask("preview weekly engineering")

    assert said.title.startswith("Preview: $") and said.private
    assert said.details and all(one.answer.private for one in said.details)
    assert not [
        button for part in said.parts if isinstance(part, Buttons) for button in part.buttons if "hare" in button.label
    ]


def test_what_is_no_digest_says_what_is(talk: Talk) -> None:
    assert "it is daily, weekdays, weekly or monthly" in str(talk.ask("digest hourly").data)
    assert "did you mean search" in str(talk.ask("digest team=serch").data)


@pytest.mark.parametrize(
    ("rhythm", "period", "before", "points"),
    [
        (Rhythm.DAILY, ("2026-11-14", "2026-11-15"), ("2026-11-07", "2026-11-08"), 28),
        (Rhythm.WEEKLY, ("2026-11-08", "2026-11-15"), ("2026-11-01", "2026-11-08"), 8),
        (Rhythm.MONTHLY, ("2026-10-01", "2026-11-01"), ("2026-09-01", "2026-10-01"), 12),
    ],
)
def test_a_rhythm_has_its_days_and_what_they_are_held_against(
    company: Company, rhythm: Rhythm, period: tuple[str, str], before: tuple[str, str], points: int
) -> None:
    found = compared(company.crew.lake, NOW, "USD", rhythm, {})

    assert found.period == Period(*map(date.fromisoformat, period))
    assert found.before == Period(*map(date.fromisoformat, before))
    assert len(found.points) == points and found.points[-1][1] == found.cost
    assert found.usual is not None and found.growth is not None and abs(found.growth) < Decimal("0.5")
    assert found.change == (found.cost - found.usual)
    assert isinstance(found.cost, Money)
