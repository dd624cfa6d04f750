"""Private scopes: to whoever is not in one it does not exist, whatever they ask, wherever it is answered (R13)."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from functools import partial
from itertools import cycle
from typing import Any

import pytest

from analysis.alerts import Alert
from analysis.errors import BadConfig, NotAllowed
from analysis.findings import Finding, State
from analysis.focus import OF_WHAT_YOU_SEE, CostQuery
from analysis.money import Money
from bot import config as deployment
from bot.config import Config
from bot.door import Door
from bot.identity import caller_of
from bot.ports import HOME, Ask, Parcel, Place
from bot.scopes import Scope, clause_of
from bot.slack import render as slack_render
from bot.slack.links import Charts
from bot.state import State as StateDatabase
from bot.teams import render as teams_render
from bot.teams.search import Search
from bot.web.complete import suggestions
from bot.wiring import Crew
from charts.picture import Picture
from commands.core.answer import Answer
from commands.core.registry import answer, discover
from tests.conftest import NOW, Company, Talk
from tests.fake_slack import FakeSlack
from tests.fake_teams import CHANNEL, FakeTeams
from tests.fake_teams import words as card_words
from tests.walks.slack_crew import walk, words
from tests.walks.teams_crew import teams_walk

GUESS = re.compile(r"; (?:did you mean|there are) [^\"]*|\"[^\"]*help [^\"]*\"")  # of names that may be seen
ENTRA = "0aa5c6a0-6f1c-4a0e-9f5b-3b6b2c1d7e01"
PRIVATE, TEAM = "apex-analytics", "data"
MERLIN = {
    "name": "merlin",
    "of": [f"account={PRIVATE}", f"team={TEAM}"],
    "people": ["slack:UIN", "slack:T2:UIN", "slack-group:S9", f"entra-group:{ENTRA}", "teams:UIN"],
    "routes": ["slack:#merlin", "slack:T2/#merlin", "teams:Cloud/Merlin"],
}
OPEN, MEMBERS = Place("slack", "T1", "C1", user="UOUT"), Place("slack", "T1", "#merlin")
DIRECT = Place("slack", "T1", user="UIN")


def with_scope(crew: Crew, **more: Any) -> Crew:
    """The same crew with a private scope."""
    raw = crew.config.model_dump() | {"scopes": [MERLIN], **more}
    here = replace(crew, config=Config.model_validate(raw))
    here.lake, here.report, here.drivers = crew.lake, crew.report, crew.drivers
    here.desk.tenants = {"slack": "T1", "teams": "tenant"}
    return here


@pytest.fixture
def crew(talk: Talk) -> Crew:
    return with_scope(talk.crew)


def asked(text: str, user: str, place: Place = OPEN, **more: Any) -> Ask:
    return Ask(f"{user} {text}", place, user, user.rpartition(":")[2], text, NOW, **more)


def said(crew: Crew, text: str, user: str = "slack:UOUT", **more: Any) -> Answer:
    return answer(text, crew.context(asked(text, user, **more)))


# --- who sees it ------------------------------------------------------------------------------------------------------


def hidden(crew: Crew, user: str, *readers: Place) -> bool:
    one = asked("waste", user, readers=readers)
    return bool(crew.readers.hidden_from(caller_of(one, crew.config.roles, crew.in_group), one))


def test_nobody_sees_a_private_scope_but_those_who_are_named(crew: Crew) -> None:
    everybody = (
        "slack:UOUT",
        "slack:UADMIN",
        "slack:T2:UOUT",
        "slack:T3:UIN",
        "teams:UOUT",
        "page:UIN",
        "clock:nightly",
    )
    assert all(hidden(crew, user) for user in everybody)
    assert not any(hidden(crew, user) for user in ("slack:UIN", "slack:T2:UIN", "teams:UIN", "terminal:ana"))


def test_a_group_lets_its_members_in_on_its_own_platform(crew: Crew) -> None:
    crew.in_group = lambda group, user: (group, user) in {("S9", "UANA"), (ENTRA, "aad-1")}
    assert not hidden(crew, "slack:UANA") and not hidden(crew, "teams:aad-1")
    assert hidden(crew, "teams:UANA") and hidden(crew, "slack:aad-1")


def test_a_permission_can_be_named_and_gives_nobody_else_anything(talk: Talk) -> None:
    crew = with_scope(talk.crew, scopes=[MERLIN | {"people": ["role:admin"]}])
    assert not hidden(crew, "slack:UADMIN")
    assert hidden(crew, "slack:UREAD") and hidden(crew, "slack:UIN")


def test_what_many_read_holds_what_all_of_them_may_see(crew: Crew) -> None:
    assert hidden(crew, "slack:UIN", OPEN), "a member who asks in an open channel"
    assert hidden(crew, "slack:UOUT", MEMBERS), "somebody else who asks in the members' channel"
    assert not hidden(crew, "slack:UIN", MEMBERS)
    assert not hidden(crew, "clock:nightly", MEMBERS) and hidden(crew, "clock:nightly", MEMBERS, OPEN)
    assert not hidden(crew, "redraw:pitcrew", DIRECT) and hidden(crew, "redraw:pitcrew", replace(DIRECT, user="UOUT"))
    assert hidden(crew, "redraw:pitcrew"), "nobody knows who reads it"


def test_a_channel_of_the_same_name_elsewhere_is_another_channel(crew: Crew) -> None:
    assert not hidden(crew, "clock:x", Place("slack", "T2", "#merlin"))
    assert hidden(crew, "clock:x", Place("slack", "T3", "#merlin"))
    assert hidden(crew, "clock:x", Place("teams", "tenant", "#merlin"))
    assert not hidden(crew, "clock:x", Place("teams", "tenant", "Cloud/Merlin"))
    assert hidden(crew, "clock:x", Place("teams", "other", "Cloud/Merlin"))


def test_direct_messages_are_their_persons_own_and_a_channel_known_by_its_number_only_is_not_believed(
    crew: Crew,
) -> None:
    assert not hidden(crew, "slack:UIN", Place("slack", "T1", "D1", user="UIN"))
    assert hidden(crew, "redraw:pitcrew", Place("slack", "T1", "D1"))
    assert hidden(crew, "slack:UIN", Place("slack", "T1", "C77"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"of": []},
        {"of": ["merlin"]},
        {"of": ["account="]},
        {"people": ["*"]},
        {"people": ["role:owner"]},
        {"people": ["UANA"]},
        {"routes": ["#merlin"]},
        {"routes": ["webhook:jira"]},
        {"hidden": True},
    ],
)
def test_a_scope_that_is_not_understood_stops_the_start(wrong: dict[str, Any]) -> None:
    with pytest.raises(BadConfig, match="toml:7"):
        deployment.parse({"scopes": [MERLIN | wrong]}, lambda _: "pitcrew.toml:7")


def test_a_clause_of_several_words_means_all_of_them() -> None:
    assert clause_of(["account=a,b", "Team=x"]) == {"account": ("a", "b"), "team": ("x",)}
    assert not Scope("s", ()).is_seen_in(MEMBERS, (), "T1")


async def test_a_chart_that_is_linked_unfolds_only_where_everything_may_be_seen(crew: Crew) -> None:
    put: list[Parcel] = []
    picture = Picture(b"png", "Forecast", "forecast")
    charts = Charts(lambda _: picture, put.extend, lambda place: not crew.readers.hidden_in(place))
    await charts.show(Place("slack", "T1", "#general", message="1.1"), ["https://p.example/pictures/x"], "Ev1")
    assert not put
    await charts.show(Place("slack", "T1", "#merlin", message="1.1"), ["https://p.example/pictures/x"], "Ev2")
    assert len(put) == 1


def test_what_was_told_to_those_who_see_all_is_told_to_nobody_else(crew: Crew) -> None:
    told: dict[str, Any] = {
        "facts": [],
        "news": [],
        "count": 0,
        "worth": "$0",
        "bill": [],
        "fixes": "",
        "unread": [],
        "note": f"{PRIVATE} was read",
    }
    crew.state.runs.started("r1", NOW)
    crew.state.runs.finished("r1", NOW, {})
    crew.state.runs.tell("r1", told)
    assert PRIVATE in everything(said(crew, "news", "slack:UIN"))
    for ask in ("news", "news r1"):
        refused = said(crew, ask)
        assert refused.data["error"] == "NotFound" and PRIVATE not in everything(refused)
        assert "r1" not in everything(refused) or ask == "news r1"
    crew.context(asked("x", "slack:UOUT")).assessments.tell("r1", told | {"note": "what all may see"})
    assert "what all may see" in everything(said(crew, "news", "slack:UADMIN"))


async def test_what_was_done_in_front_of_others_is_told_its_asker_alone(talk: Talk) -> None:
    crew = with_scope(talk.crew)
    door = Door(crew.state.inbox, crew.context, {}, crew.clock)
    place = replace(OPEN, user="UIN", message="1.1")
    clicked = asked("prefer timezone=UTC", "slack:UIN", place, clicked=True)
    done = Answer("Done", replaces=True)
    assert door._for_all(clicked, done, crew.context(clicked)) == replace(done, replaces=False, private=True)
    outsider = asked("prefer timezone=UTC", "slack:UOUT", place, clicked=True)
    assert door._for_all(outsider, done, crew.context(outsider)) == done
    door.close()


# --- what they see: every command -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def assessed(company: Company, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crew]:
    """A crew that has assessed the sample company, of which a part is private."""
    folder = tmp_path_factory.mktemp("private")
    with StateDatabase.open(f"sqlite:///{folder / 'state.db'}", company.crew.clock, folder=folder) as state:
        crew = company.crew.remembering(state)
        crew.typed("assess", "ana")
        yield with_scope(crew)


@pytest.fixture
def walked(talk: Talk) -> Crew:
    """The same with a state of its own, for a walk."""
    talk.crew.typed("assess", "ana")
    return with_scope(talk.crew)


def private_findings(crew: Crew) -> list[Finding]:
    """Those of the private part, what nobody has in front."""
    held = crew.views.hidden(frozenset({"merlin"}))
    found = [one for one in crew.state.findings.standing() if held.holds(one)]
    return sorted(found, key=lambda one: one.state is not State.OPEN)


def canaries(crew: Crew) -> set[str]:
    """Names that are of the private part alone: its account, its findings, its resources."""
    costs, lake = crew.views.costs(frozenset({"merlin"})), crew.lake
    found = {PRIVATE, *(one.id[:8] for one in private_findings(crew)), *(one.id for one in private_findings(crew))}
    for dimension in ("SubAccountId", "SubAccountName", "ResourceName", "ResourceId"):
        others = " ".join(costs.names(dimension)).lower()
        found |= {name for name in lake.names(dimension) if name.lower() not in others and len(name) > 5}
    return {name.lower() for name in found}


def everything(said: Answer) -> str:
    """All that can reach anybody of an answer: both renderings, its data, its documents, and what follows it."""
    slack, _ = slack_render.render(said), said.pictures
    teams = teams_render.render(said)
    alts = [picture.alt for picture in said.pictures]
    found = [
        json.dumps([slack, teams, alts, said.also], default=str),
        repr(said.data),
        said.redraw,
        " ".join(said.shows),
    ]
    found += [text for file in said.files for text in (file.name, file.said, *unpacked(file.content))]
    found += [everything(detail.answer) + detail.ask for detail in said.details]
    return "\n".join(found).lower()


def unpacked(content: bytes) -> Iterator[str]:
    if not content.startswith(b"PK"):
        yield content.decode("utf-8", "replace")
        return
    with zipfile.ZipFile(io.BytesIO(content)) as inside:
        yield from (inside.read(name).decode("utf-8", "replace") for name in inside.namelist())


def all_asks(crew: Crew) -> list[str]:
    """Every command bare, every example, and those that take documents or a finding, with one that may be seen."""
    known = discover()
    hidden_ids = {one.id for one in private_findings(crew)}
    seen = next(one for one in crew.state.findings.standing() if one.id not in hidden_ids)
    asks = [ask for name in known for ask in (name, *known[name].examples)]
    asks += [
        f"{name} {seen.short}" for name in ("finding", "card", "history", "fix", "why", "savings", "claim", "undo")
    ]
    asks += [
        "chargeback export=xlsx",
        "showback by=team",
        "explain what does apex-analytics cost",
        "waste sort=account",
    ]
    return [ask for ask in dict.fromkeys(asks) if ask not in {"assess", "review 2026-09"}]  # long, and seen before


@pytest.mark.slow
def test_no_command_tells_whoever_is_not_in_it_of_a_private_scope(assessed: Crew) -> None:
    names = canaries(assessed)
    assert len(names) > 50
    readers = {
        "to themselves": ("slack:UADMIN", OPEN, ()),
        "drawn anew in a channel": ("redraw:pitcrew", OPEN, (Place("slack", "T1", "C1"),)),
        "on their page": ("page:UIN", Place("page", "page", user="UIN", view=HOME), ()),
    }
    leaks, told = [], 0
    for ask, (where, (user, place, seen_by)) in zip(all_asks(assessed), cycle(readers.items()), strict=False):
        one = replace(asked(ask, user, place, readers=seen_by), key=f"{where} {ask}")
        text = everything(answer(ask, assessed.context(one)))
        told += "error" not in text
        echo = {word.lower() for word in ask.split()}
        leaks += [(where, ask, name) for name in names if name in text and not any(name in word for word in echo)]
    assert not leaks
    assert told > 60


@pytest.mark.slow
def test_its_members_are_told_of_it(assessed: Crew) -> None:
    names = canaries(assessed)
    showing = 0
    for ask in ("waste", "digest practitioner", "showback by=account", "chargeback by=account", "review"):
        text = everything(said(assessed, ask, "slack:UIN"))
        showing += any(name in text for name in names)
        assert OF_WHAT_YOU_SEE not in text
    assert showing >= 3


@pytest.mark.slow
def test_what_is_private_reads_like_what_is_not_there(assessed: Crew) -> None:
    private, nobody = private_findings(assessed)[0].short, "0123abcd"
    names = discover()
    takes_finding = [name for name in names if "<finding>" in names[name].usage or "<name>" in names[name].usage]
    assert len(takes_finding) > 8
    asks = [f"{name} {{}}" for name in takes_finding] + ["send {} to=x", "reminder team:{}"]
    for ask in asks:
        there, not_there = (said(assessed, ask.format(one), "slack:UADMIN") for one in (private, nobody))
        assert everything(there).replace(private, nobody) == everything(not_there), ask
    for key, there_is, there_is_none in (("account", PRIVATE, "apex-analytixx"), ("team", TEAM, "dota")):
        for name in ("forecast", "why", "trends", "waste", "units", "anomalies", "tags", "commitments"):
            there, not_there = (said(assessed, f"{name} {key}={one}") for one in (there_is, there_is_none))
            assert there.title == not_there.title, name
            told, usual = (GUESS.sub("", everything(one)) for one in (there, not_there))
            assert told.replace(there_is, there_is_none) == usual, name


@pytest.mark.slow
def test_who_asks_for_it_is_told_nothing_and_the_audit_says_refused(assessed: Crew) -> None:
    private = private_findings(assessed)[0].short
    for ask in (f"claim {private}", f"forecast account={PRIVATE}"):
        assert "error" in said(assessed, ask).data
    with assessed.state.database.reading() as connection:
        outcomes = {row.ask: row.outcome for row in connection.exec_driver_sql("SELECT ask, outcome FROM audit")}
    assert outcomes[f"claim {private}"].startswith("refused: ")
    assert outcomes[f"forecast account={PRIVATE}"].startswith("refused: ")
    assert assessed.state.findings.get(private).owner == ""


@pytest.mark.slow
def test_whoever_is_outside_moves_nothing_inside_by_a_tag_that_both_have(assessed: Crew) -> None:
    kept, seen = assessed.state.findings, assessed.context(asked("waste", "slack:UADMIN")).findings
    tagged = {(one.check, item): one for one in private_findings(assessed) for item in one.tags.items()}
    open_ones = [one for one in seen.standing(State.OPEN) if one.tags]
    one, (key, value) = next(
        ((one, item) for one in open_ones for item in one.tags.items() if (one.check, item) in tagged),
        (open_ones[0], next(iter(open_ones[0].tags.items()))),
    )
    before = {each.id: each.state for each in kept.standing()}

    told = said(assessed, f'exempt {one.short} by={key}={value} why="standby" until=2027-03-01', "slack:UADMIN")

    assert told.data["error"] == "NotAllowed" and "of which you see a part" in everything(told)
    assert {each.id: each.state for each in kept.standing()} == before


@pytest.mark.slow
def test_whoever_is_outside_ends_no_exception_inside_and_none_that_may_stand_there(assessed: Crew) -> None:
    private = next(one for one in private_findings(assessed) if one.state is State.OPEN)
    outside = assessed.context(asked("waste", "slack:UADMIN")).findings.standing(State.OPEN)
    tagged = next(one for one in outside if one.tags)
    alone = next(one for one in outside if one.check != tagged.check)
    key, value = next(iter(tagged.tags.items()))
    held = assessed.state.exemptions
    for ask in (f"exempt {private.short}", f"exempt {tagged.short} by={key}={value}", f"exempt {alone.short}"):
        assert "error" not in said(assessed, f"{ask} why=standby until=2027-03-01", "terminal:ana").data
    inside, by_tag, own = (
        next(one.number for one in held.standing(NOW) if one.resource_id == name)
        for name in (private.resource_id.lower(), "", alone.resource_id.lower())
    )

    refused, nobody, of_all, ended = (
        said(assessed, f"exceptions end={number}", "slack:UADMIN") for number in (inside, 4711, by_tag, own)
    )

    assert refused.data["error"] == "NotFound"
    assert everything(refused).replace(f"exception {inside} ", "exception 4711 ") == everything(nobody)
    assert of_all.data["error"] == "NotAllowed" and "of which you see a part" in everything(of_all)
    assert "error" not in ended.data
    assert {one.number for one in held.standing(NOW)} == {inside, by_tag}
    assert assessed.state.findings.get(private.id).state is State.EXEMPT
    for number in (inside, by_tag):
        assert "error" not in said(assessed, f"exceptions end={number}", "terminal:ana").data


def sent(crew: Crew, ask: str, user: str) -> tuple[str, list[Parcel]]:
    """What came of a ``send``: the error, if there was one, and what is on its way."""
    error = said(crew, ask, user).data.get("error", "")
    return error, [one for one in crew.state.outbox.lease(9, 60) if one.place.platform == "webhook"]


@pytest.mark.slow
def test_what_is_private_goes_on_to_no_webhook_that_its_scope_does_not_name(walked: Crew) -> None:
    targets = [{"name": name, "url": f"https://{name}.example/x"} for name in ("jira", "vault")]
    crew = with_scope(
        walked, webhooks=targets, scopes=[MERLIN | {"routes": ["webhook:vault"], "people": ["slack:UIN"]}]
    )
    crew.report = replace(walked.report, webhooks=("jira", "vault"))
    private = private_findings(crew)[0]
    hidden_ids = {one.id for one in private_findings(crew)}
    seen = next(one for one in crew.state.findings.standing() if one.id not in hidden_ids)

    assert sent(crew, f"send {private.short} to=jira", "slack:UIN") == ("NotAllowed", [])
    assert '"webhook:jira"' in said(crew, f"send {private.short} to=jira", "slack:UIN").data["message"]
    assert sent(crew, f"send {private.short} to=vault", "slack:UOUT") == ("NotFound", [])
    error, [parcel] = sent(crew, f"send {private.short} to=vault", "slack:UIN")
    assert not error and (parcel.place.conversation, parcel.payload["event"]["id"]) == ("vault", private.id)
    for user in ("slack:UIN", "slack:UOUT"):
        error, _ = sent(crew, f"send {seen.short} to=jira", user)
        assert error == ("" if user == "slack:UIN" else "TooLate")


@pytest.mark.slow
def test_an_anomaly_whose_figures_hold_private_cost_goes_on_to_no_webhook_either(walked: Crew) -> None:
    crew = with_scope(walked, webhooks=[{"name": "jira", "url": "https://jira.example/x"}])
    crew.report = replace(walked.report, webhooks=("jira",))
    whole = crew.context(asked("x", "slack:UIN"))
    about = {"kind": "anomaly", "title": "it", "text": "it", "impact": "100", "currency": "USD"}
    with pytest.raises(NotAllowed, match="nobody knows who reads in jira"):
        whole.onward.send("jira", about | {"id": "1", "account": PRIVATE}, whole.caller, "send 1", NOW)
    assert not whole.onward.of("1")


@pytest.mark.slow
def test_totals_leave_it_out_to_the_cent_and_say_so(assessed: Crew) -> None:
    costs, lake = assessed.views.costs(frozenset({"merlin"})), assessed.lake
    covers = lake.covers
    rows = lake.ask(CostQuery(covers, "USD", ("SubAccountName", "Tags/team", "Tags/Team", "Tags/TEAM"))).data
    seen: list[Any] = [
        row.Cost
        for row in rows.itertuples()
        if row.SubAccountName != PRIVATE and not any(str(tag).strip().lower() == TEAM for tag in row[2:5])
    ]
    told = costs.ask(CostQuery(covers, "USD")).total()
    assert told == Money(sum(seen, Decimal(0)), "USD") < lake.ask(CostQuery(covers, "USD")).total()
    for ask in ("forecast", "waste", "digest leadership", "summary finance"):
        assert OF_WHAT_YOU_SEE in everything(said(assessed, ask)), ask


@pytest.mark.slow
def test_searches_and_completions_find_nothing_of_it(assessed: Crew) -> None:
    private = private_findings(assessed)[0]
    search = Search(assessed.context)
    for user, found in (("slack:UOUT", False), ("slack:UIN", True)):
        place = Place("slack", "T1", "#merlin")
        hits = search._found(asked(private.short, user, place))
        link = search._unfurled(asked(f"https://console.example/x/{private.resource_id}", user, place))
        assert bool(hits["composeExtension"]["attachments"]) is found
        assert bool(link["composeExtension"]["attachments"]) is found
        for typed in ("forecast account=apex-ana", f"finding {private.short[:5]}"):
            assert bool(suggestions(typed, assessed.context(asked("", user)))) is found
    assert not search._found(asked(private.short, "slack:UIN"))["composeExtension"]["attachments"], "in an open channel"


@pytest.mark.slow
def test_an_alert_is_told_where_everything_in_it_may_be_seen(assessed: Crew) -> None:
    usd = Money.of("100", "USD")
    of = {
        "its account": Alert("anomaly", "1", "it", usd, account=PRIVATE),
        "its team": Alert("anomaly", "2", "it", usd, account="apex-dev", team=TEAM),
        "all there is": Alert("budget", "3", "Everything is at 80%", usd),
    }
    assert [name for name, one in of.items() if assessed.may_hear(one, Place("slack", "T1", "#finops"))] == []
    assert all(assessed.may_hear(one, MEMBERS) for one in of.values())
    by = ("SubAccountName", "ServiceName", "Tags/team", "Tags/Team", "Tags/TEAM")
    teams: dict[tuple[str, str], set[str]] = {}
    for row in assessed.lake.ask(CostQuery(assessed.lake.covers, "USD", by)).data.itertuples(index=False):
        teams.setdefault((row[0], row[1]), set()).update(str(tag).strip().lower() for tag in row[2:5])
    account, service = next(name for name, of_it in teams.items() if TEAM not in of_it and name[0] != PRIVATE)
    other = Alert("anomaly", "4", "it", usd, account=account, service=service)
    assert assessed.may_hear(other, Place("slack", "T1", "#finops"))


# --- from end to end --------------------------------------------------------------------------------------------------


@pytest.mark.slow
async def test_on_slack_a_member_sees_it_alone_and_in_its_channel_and_nowhere_else(walked: Crew) -> None:
    private = private_findings(walked)[0]
    async with FakeSlack.running() as slack:
        slack.channel("C9", "merlin", "U1", private=True)
        scope = MERLIN | {"people": ["slack:U1"], "routes": ["slack:#merlin"]}
        async with walk(walked, slack, "http", scopes=[scope]) as walking:
            await slack.type(f"/finops finding {private.short}")
            await walking.until(partial(slack.private, "U1"))
            assert private.resource_name in words(slack.private("U1")[0])
            await slack.mention(f"finding {private.short}", channel="C9")
            card = (await walking.until(lambda: slack.ours("C9")))[0]
            assert private.resource_name in words(card)
            await slack.mention(f"finding {private.short}", channel="C1")
            told = len(slack.private("U1"))
            await walking.until(lambda: slack.ours("C1") or len(slack.private("U1")) > told)
            await slack.click(card, "Claim", user="U2")
            await walking.until(partial(slack.private, "U2"))
            assert "no finding is named" in words(slack.private("U2")[-1])
            await slack.click(card, "Claim", user="U1")
            await walking.until(lambda: "claimed by" in words(slack.ours("C9")[0]))
            assert not any(private.resource_name in words(one) for one in (*slack.ours("C1"), *slack.private("U2")))


@pytest.mark.slow
async def test_on_teams_an_open_channel_holds_nothing_of_it(walked: Crew) -> None:
    private = private_findings(walked)[0]
    async with (
        FakeTeams.running() as teams,
        teams_walk(walked, teams, scopes=[MERLIN | {"people": ["teams:U1"]}]) as walking,
    ):
        await teams.say(f"finding {private.short}")
        await walking.until(lambda: teams.private("U1"))
        assert private.resource_name in card_words(teams.private("U1")[-1])
        await teams.mention(f"finding {private.short}")
        told = len(teams.private("U1"))
        await walking.until(lambda: teams.messages(CHANNEL) or len(teams.private("U1")) > told)
        assert not any(private.resource_name in card_words(one) for one in teams.messages(CHANNEL))
