"""Allocation readiness, asked of the sample company: the planted gaps, and the commands that close them."""

from __future__ import annotations

import json
import shlex
import subprocess
from decimal import Decimal

import pytest

from commands.core.answer import Buttons, Code, Facts, Table, Text
from commands.tags import Looked, tagging_of
from tests.conftest import Company, Talk


@pytest.mark.parametrize("currency", ["USD", "EUR"])
def test_the_gaps_are_the_planted_truth_to_the_last_digit(company: Company, currency: str) -> None:
    crew = company.crew
    true = json.loads(next(company.folder.rglob("truths.json")).read_text())["untagged"][currency]
    found = tagging_of(crew.lake, crew.report, crew.clock(), None, Looked(currency=currency))

    assert found.cost.amount == Decimal(true["total"])
    assert found.exact.amount == Decimal(true["no_team"])
    assert found.without.amount == Decimal(true["no_team_in_any_spelling"])


def test_every_cut_of_the_gap_adds_up_to_it(talk: Talk) -> None:
    said = talk.ask("tags").data

    for cut in ("accounts", "services"):
        assert sum(one["without"] for one in said[cut]) == said["without"]
        assert sum(one["cost"] for one in said[cut]) == said["total"]
    assert sum(one["cost"] for one in said["resources"]) + said["unreachable"] < said["without"]
    [team] = [one for one in said["keys"] if one["name"] == "team"]
    assert team["without"] == said["without"]
    assert said["months"][-1]["without"] == said["without"] and len(said["months"]) == 6


def test_the_first_line_says_what_to_do_and_what_it_brings(talk: Talk) -> None:
    said = talk.ask("tags")
    texts = [part.text for part in said.parts if isinstance(part, Text)]

    assert said.title == "October 2026: $41,005 has no team tag, 81% is tagged"
    assert texts[0].startswith("**Tag the 50 resources in the file below and $25,215 gets an owner.**")
    assert any("as the cloud's own reports see it" in value for _, value in _facts(said.parts))
    assert all(len(part.headings) <= 4 for part in said.parts if isinstance(part, Table))


def _facts(parts: object) -> list[tuple[str, str]]:
    return [pair for part in parts if isinstance(part, Facts) for pair in part.pairs]  # type: ignore[attr-defined]


def test_misspelled_keys_and_values_are_found(talk: Talk) -> None:
    found = {(one["what"], one["written"]): one["meant"] for one in talk.ask("tags").data["spellings"]}

    assert found["key", "Team"] == found["key", "TEAM"] == "team"
    assert found["value", "SEARCH"] == found["value", "Search "] == "search"


def test_what_is_guessed_is_what_the_company_meant(talk: Talk) -> None:
    for one in talk.ask("tags").data["resources"]:
        if one["value"]:
            assert one["name"].startswith(one["value"]), one


def test_the_documents_hold_every_command_and_a_shell_can_read_them(talk: Talk) -> None:
    said = talk.ask("tags")
    commands = said.data["commands"]
    acts, undos = (one.content.decode() for one in said.files)

    assert sum(len(one["resources"]) for one in commands) == 50
    assert all(one["act"] in acts and one["undo"] in undos for one in commands)
    assert [part.label for part in said.parts if isinstance(part, Code)][1] == "To undo"
    for script in (acts, undos):
        subprocess.run(["/bin/sh", "-n", "-c", script], check=True)
        verbs = {
            tuple(shlex.split(line.removesuffix(" \\"))[:3])
            for line in script.splitlines()
            if line.startswith(("aws", "az"))
        }
        assert verbs <= {
            ("aws", "resourcegroupstaggingapi", "tag-resources"),
            ("aws", "resourcegroupstaggingapi", "untag-resources"),
            ("az", "tag", "update"),
        }


def test_another_key_and_a_scope_have_figures_of_their_own(talk: Talk) -> None:
    whole, part = talk.ask("tags key=cost-center"), talk.ask("tags key=CostCenter account=apex-data")

    assert part.data["key"] == "cost-center"
    assert part.data["without"] == next(one["without"] for one in whole.data["accounts"] if one["name"] == "apex-data")
    assert whole.data["owners"], "teams own what has no cost center"


def test_every_button_answers(talk: Talk) -> None:
    [buttons] = [part.buttons for part in talk.ask("tags october account=apex-data").parts if isinstance(part, Buttons)]

    assert all("error" not in talk.ask(button.ask).data for button in buttons)


@pytest.mark.parametrize(
    ("ask", "said"), [("tags key=teem", "did you mean team?"), ("tags currency=JPY", "nothing is billed in JPY")]
)
def test_what_is_not_there_names_what_is(talk: Talk, ask: str, said: str) -> None:
    assert said in talk.ask(ask).data["message"]
