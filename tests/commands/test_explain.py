"""What a message says about cost is found in what is billed."""

from __future__ import annotations

import pytest

from commands.core.answer import Note
from commands.explain import named_in
from tests.conftest import NOW, Talk


def noted(said: object) -> str:
    parts = said.parts  # type: ignore[attr-defined]
    return next(part.text for part in reversed(parts) if isinstance(part, Note))


@pytest.fixture
def names(talk: Talk) -> dict[str, str]:
    """An account, a service and a team that the sample company has."""
    costs = talk.crew.lake
    return {
        "account": next(iter(costs.names("SubAccountName"))),
        "service": next(name for name in costs.names("ServiceName") if "Elastic Compute" in name),
        "team": "search",
    }


def test_names_are_found_in_prose_whatever_their_case(talk: Talk, names: dict[str, str]) -> None:
    context = talk.crew.context(talk_ask(talk))
    found = named_in(
        f"why is {names['service'].upper()} of {names['account']} up in October? Team Search asks", context
    )

    assert found.scope == {**names, "team": found.scope["team"]}
    assert found.scope["team"].lower() == "search"
    assert found.month == "october"


def talk_ask(talk: Talk):  # type: ignore[no-untyped-def]  # noqa: ANN201
    from bot.ports import Ask, Place

    return Ask("k", Place("slack", "T1"), "slack:UANA", "Ana", "explain", talk.crew.clock())


def test_a_word_inside_another_is_no_name(talk: Talk) -> None:
    assert "team" not in named_in("research and researching", talk.crew.context(talk_ask(talk))).scope


def test_a_finding_that_is_named_is_shown(talk: Talk) -> None:
    talk.ask("assess")
    finding = talk.crew.state.findings.standing()[0]
    said = talk.ask(f'explain "did anybody look at {finding.short}?"')

    assert said.title == finding.title
    assert f"it names {finding.short}" in noted(said)


def test_what_is_out_of_line_where_it_points_is_shown(talk: Talk) -> None:
    event = talk.crew.assessor.latest(NOW).events[0]
    said = talk.ask(f'explain "{" of ".join(reversed(event.name[:2]))} looks odd"')

    assert "out of line there" in noted(said)


def test_without_a_name_the_whole_is_explained_and_says_so(talk: Talk) -> None:
    said = talk.ask('explain "the bill is higher again"')

    assert "so this is everything" in noted(said)


def test_a_team_and_a_month_are_asked_of_why(talk: Talk) -> None:
    said = talk.ask('explain "what happened to team search in October"')

    assert "October" in said.title and "search" in said.title.lower()
