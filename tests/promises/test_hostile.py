"""Bad input, as reliability asks for it by number; docs/security.md says which test keeps which of the sixty-one.

What signatures, tokens, bodies and renderers make of bad input is tested beside them; here is the rest, from end to end
where that tells more.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.errors import BadAsk, BadConfig
from analysis.findings import State
from bot import config as deployment
from bot.ports import OUTSIDER
from bot.teams.line import line_of
from commands.core.registry import words_of
from tests.conftest import Talk
from tests.fake_slack import FakeSlack
from tests.walks.slack_crew import Walk, walk, words


@pytest.fixture
async def walking(talk: Talk) -> AsyncIterator[Walk]:
    """A crew that has assessed the sample company."""
    talk.ask("assess")
    async with FakeSlack.running() as slack, walk(talk.crew, slack, "http") as found:
        yield found


def outcomes(walking: Walk) -> Mapping[str, str]:
    """How each ask ended, by the audit."""
    return {line.ask: line.outcome for line in walking.crew.state.audit.lines()}


async def clicked(walking: Walk, ask: str, user: str = "U1") -> str:
    """Press a button that somebody has tampered with; how that ended."""
    card = await walking.card(walking.crew.state.findings.standing(State.OPEN)[0].short)
    pressed = walking.slack.pressed(card, "Claim", user=user)
    pressed["actions"][0]["value"] = ask
    assert (await walking.slack.send(pressed)).ok
    return str(await walking.until(lambda: outcomes(walking).get(ask[:2000])))


async def test_no_29_a_finding_of_somewhere_else_is_not_found_and_that_is_audited(walking: Walk) -> None:
    assert (await clicked(walking, "claim deadbeefdeadbeef")).startswith("NotFound")
    await walking.until(lambda: walking.slack.private("U1"))
    assert "no finding" in words(walking.slack.private("U1")[-1]).lower()


@pytest.mark.parametrize(
    "value",
    ["v1.x.-1", "🦄", "' OR 1=1--", "claim ' OR 1=1--", "claim %", "claim _", "claim \u202e", "x" * 2500],
)
async def test_no_30_a_value_that_no_button_of_ours_has_is_refused_in_words(walking: Walk, value: str) -> None:
    before = {one.id: one.state for one in walking.crew.state.findings.standing()}
    ended = await clicked(walking, value)

    assert ended.partition(":")[0] in {"BadAsk", "UnknownName", "NotFound"}
    assert {one.id: one.state for one in walking.crew.state.findings.standing()} == before


@pytest.mark.parametrize("kind", ["is_restricted", "is_ultra_restricted", "is_stranger", "is_bot", "deleted"])
async def test_no_32_guests_strangers_bots_and_closed_accounts_are_refused_and_audited(
    walking: Walk, kind: str
) -> None:
    slack = walking.slack
    slack.users["U1"] |= {kind: True}
    await slack.type("/finops waste")
    await walking.until(lambda: slack.private("U1"))
    [line] = [one for one in walking.crew.state.audit.lines() if one.ask == "waste"]

    assert line.caller == f"{OUTSIDER}slack:U1" and line.outcome.startswith("NotAllowed")
    assert "USD" not in words(slack.private("U1")[0]) and "$" not in words(slack.private("U1")[0])


async def test_no_32_their_clicks_change_nothing(walking: Walk) -> None:
    finding = walking.crew.state.findings.standing(State.OPEN)[0]
    card = await walking.card(finding.short)
    walking.slack.users["U2"] |= {"is_restricted": True}
    await walking.slack.click(card, "Claim", user="U2")
    await walking.until(lambda: any(one.caller.endswith("slack:U2") for one in walking.crew.state.audit.lines()))

    assert walking.crew.state.findings.get(finding.id).state is State.OPEN


async def test_no_33_a_click_on_what_is_over_shows_what_it_is_now(walking: Walk) -> None:
    state = walking.crew.state
    finding = state.findings.standing(State.OPEN)[0]
    card = await walking.card(finding.short)
    state.findings.seen([], "run", frozenset({finding.provider}), walking.crew.clock())
    await walking.slack.click(card, "Claim")
    await walking.until(lambda: any(ask.startswith("claim") for ask in outcomes(walking)))

    [ended] = [outcome for ask, outcome in outcomes(walking).items() if ask.startswith("claim")]
    assert ended.startswith("TooLate") and "resolved" in ended


@pytest.mark.parametrize("days", ["0", "-1", "1000000000", "tomorrow", "NaN", "1e9", "٣", "1.5", ""])
def test_no_34_a_snooze_of_no_sensible_length_is_refused(talk: Talk, days: str) -> None:
    talk.ask("assess")
    finding = talk.crew.state.findings.standing(State.OPEN)[0].short
    said = talk.ask(f"snooze {finding} days={days}")

    assert "error" in said.data or days == "٣"
    assert days == "٣" or talk.crew.state.findings.get(finding).state is State.OPEN


def test_no_35_nobody_claims_for_somebody_else(talk: Talk) -> None:
    talk.ask("assess")
    finding = talk.crew.state.findings.standing(State.OPEN)[0].short
    said = talk.ask(f"claim {finding} for=slack:UNOBODY")

    assert said.data["error"] in {"BadAsk", "NotFound", "UnknownName"}
    assert talk.crew.state.findings.get(finding).state is State.OPEN


@pytest.mark.parametrize(
    "scope",
    ["account=' OR 1=1--", "team='; DROP TABLE finding;--", "service=x union select 1", "region=| project x", "x'y=1"],
)
def test_no_51_a_scope_is_a_name_to_look_up_and_never_a_piece_of_a_query(talk: Talk, scope: str) -> None:
    before = talk.ask("forecast").data["month_end"]
    said = talk.ask(f'forecast "{scope}"')

    assert said.data["error"] in {"UnknownName", "BadAsk"}
    assert talk.ask("forecast").data["month_end"] == before


def test_no_53_a_pattern_that_would_keep_a_matcher_busy_is_only_a_name(talk: Talk) -> None:
    said = talk.ask(f'waste "account={"(a+)+" * 20}$"')
    assert said.data["error"] == "UnknownName"


@pytest.mark.parametrize(
    "text", ["x" * 40_000, "forcast", "/finops  WASTE", "waste “account=nobody”", "waste\u00a0", "\x00", "'"]
)
def test_no_54_whatever_is_typed_is_answered_in_words(talk: Talk, text: str) -> None:
    said = talk.ask(text)
    assert said.data.get("error") != "internal" and "Traceback" not in json.dumps(said.data, default=str)


@pytest.mark.parametrize("account", ["12345678901", "12345678901x", "1234567890123", ""])
def test_no_55_an_account_that_cannot_be_is_a_line_of_the_file(account: str) -> None:
    with pytest.raises(BadConfig, match=r"providers\.0\.accounts"):
        parsed(providers=[{"kind": "aws", "accounts": [account]}])


@pytest.mark.parametrize("cron", ["60 0 * * *", "0 24 * * *", "0 9 31 2 *", "0 9 * *", "x 13 * * *", "0 9 * * 1"])
def test_no_56_a_schedule_that_never_comes_is_refused(cron: str) -> None:
    with pytest.raises(BadConfig, match=r"schedules\.0\.cron"):
        parsed(schedules=[{"name": "x", "cron": cron, "ask": "waste"}])


@pytest.mark.parametrize("zone", ["Europe/Nowhere", "", "../../etc/passwd", "UTC+25"])
def test_no_56_a_zone_that_is_none_is_refused(zone: str) -> None:
    with pytest.raises(BadConfig, match=r"report\.timezone"):
        parsed(report={"timezone": zone})


@pytest.mark.parametrize(("app_id", "password"), [("", "secret"), ("1" * 8 + "-1111" * 3 + "-" + "1" * 12, "")])
def test_no_28_without_an_app_and_its_secret_teams_is_not_begun(app_id: str, password: str) -> None:
    section = parsed(teams={"app_id": app_id, "tenant": app_id} if app_id else {}).teams
    with pytest.raises(BadConfig):
        line_of(section, password)


def parsed(**said: Any) -> deployment.Config:
    raw = {"providers": [{"kind": "sample"}], **said}
    return deployment.parse(raw, lambda where: ".".join(map(str, where)))


# --- looked for at length by `make fuzz` ------------------------------------------------------------------------------


@given(st.text())
def test_any_text_splits_into_words_or_says_why_not(text: str) -> None:
    try:
        assert all(isinstance(word, str) for word in words_of(text))
    except BadAsk:
        return


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(["help", "help waste", "prefer", "status"]), st.lists(st.text(max_size=12), max_size=4))
def test_any_words_after_a_command_are_answered(talk: Talk, name: str, more: list[str]) -> None:
    said = talk.ask(" ".join((name, *more)))
    assert said.data.get("error") != "internal"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)


@given(JSON)
def test_any_deployment_is_read_or_refused_in_words(raw: Any) -> None:
    said: Sequence[object]
    try:
        said = deployment.parse({"providers": raw}, str).providers
    except BadConfig as refused:
        said = str(refused).splitlines()

    assert all(said) or raw == []
