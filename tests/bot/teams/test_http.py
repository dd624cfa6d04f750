"""Only Teams gets in, and nothing that it or anybody sends makes the entrance fall over."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot.teams.cloud import PUBLIC, US_GOVERNMENT
from tests.bot.teams.desk import Desk, reached
from tests.fake_teams import APP, TENANT, FakeTeams

NONE = "eyJhbGciOiJub25lIiwia2lkIjoib3VycyJ9"


async def test_a_signed_message_gets_in(teams: FakeTeams, desk: Desk) -> None:
    assert (await teams.say("waste")).status == 200
    assert [ask.text for ask in desk.asks] == ["waste"]


BAD_TOKENS: dict[str, dict[str, Any]] = {
    "signed with another key": {"key": "somebody's"},
    "algorithm none": {"algorithm": "none"},
    "HS256": {"algorithm": "HS256"},
    "RS512": {"algorithm": "RS512"},
    "over for more than five minutes": {"lasts": -301},
    "not yet begun": {"nbf": 4_102_444_800},
    "without an end": {"exp": None},
    "with an end that is no time": {"exp": "tomorrow"},
    "another bot's": {"aud": "22222222-2222-3333-4444-555555555555"},
    "two audiences": {"aud": [APP, "another"]},
    "another issuer": {"iss": "https://evil.example"},
    "the emulator's issuer": {"iss": "https://sts.windows.net/d6d49420-f39b-4df7-a1dc-d59a935871db/"},
    "a key that is unknown": {"kid": "nobody's"},
    "a key for another channel": {"key": "web chat's", "kid": "web chat's"},
    "another service URL": {"serviceurl": "https://smba.trafficmanager.net/evil/"},
    "no service URL": {"serviceurl": None},
}


@pytest.mark.parametrize("bad", BAD_TOKENS.values(), ids=BAD_TOKENS)
async def test_a_bad_token_is_refused(teams: FakeTeams, desk: Desk, bad: dict[str, Any]) -> None:
    assert (await teams.send(teams.activity("message", "a:U1", "U1", text="waste"), **bad)).status == 401
    assert not desk.received


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Bearer x", "Bearer a.b.c", "Basic eDp5", "Bearer é.b.c"])
async def test_no_token_is_refused(teams: FakeTeams, desk: Desk, header: str) -> None:
    activity = json.dumps(teams.activity("message", "a:U1", "U1", text="waste")).encode()
    headers = {"Authorization": header} if header else {}
    assert (await teams.post(activity, headers)).status == 401
    assert (await teams.post(activity, {"Authorization": f"bearer {teams.token()}"})).status == 401
    assert not desk.received


async def test_a_token_may_be_five_minutes_late(teams: FakeTeams, desk: Desk) -> None:
    assert (await teams.send(teams.activity("message", "a:U1", "U1", text="waste"), lasts=-290)).status == 200
    assert desk.received


async def test_while_the_keys_cannot_be_fetched_nobody_is_believed(teams: FakeTeams, tmp_path: Path) -> None:
    teams.offline_keys = True
    async with reached(teams, tmp_path) as desk:
        assert (await teams.say("waste")).status == 503
        teams.offline_keys = False
        teams.advance(3)
        assert (await teams.say("waste")).status == 200
        assert len(desk.asks) == 1


async def test_keys_are_fetched_once_a_day_and_old_ones_bridge_an_outage(teams: FakeTeams, desk: Desk) -> None:
    await teams.say("waste")
    assert teams.fetched_keys == 1
    teams.advance(25 * 3600)
    teams.offline_keys = True
    assert (await teams.say("waste")).status == 200
    assert teams.fetched_keys == 2
    assert desk.received


async def test_unknown_keys_do_not_make_us_fetch_without_end(teams: FakeTeams, desk: Desk) -> None:
    teams.advance(301)
    for _ in range(5):
        assert (await teams.send(teams.activity("message", "a:U1", "U1", text="x"), kid="nobody's")).status == 401
    assert teams.fetched_keys == 2
    assert not desk.received


STRANGERS: dict[str, dict[str, Any]] = {
    "another channel": {"channelId": "emulator"},
    "another tenant": {"conversation": {"id": "a:U1", "tenantId": "77777777-8888-7777-6666-555555555555"}},
    "no tenant at all": {"conversation": {"id": "a:U1"}, "channelData": {}},
    "two tenants": {"channelData": {"tenant": {"id": "77777777-8888-7777-6666-555555555555"}}},
}


@pytest.mark.parametrize("more", STRANGERS.values(), ids=STRANGERS)
async def test_strangers_are_refused_without_a_trace(teams: FakeTeams, desk: Desk, more: dict[str, Any]) -> None:
    before = len(teams.calls)
    said = await teams.send({**teams.activity("message", "a:U1", "U1", text="waste"), **more})
    assert said.status in {401, 403}
    assert not desk.received
    assert len(teams.calls) == before


HOSTILE = [
    "https://evil.trafficmanager.net/emea/",
    "https://smba.trafficmanager.net.evil.example/",
    "https://smba.trafficmanager.net@evil.example/",
    "https://evil.example/smba.trafficmanager.net/",
    "http://smba.trafficmanager.net/emea/",
    "https://smba.trafficmanager.net:8443/emea/",
    "https://smba.trafficmanager.net\\@evil.example/",
    "https://smba.trafficmanager.net%00.evil.example/",
    "https://169.254.169.254/metadata/",
    "file:///etc/passwd",
    "https://smba.trafficmanager.net/emea/?x=1",
    "https://ѕmba.trafficmanager.net/emea/",
    "http://127.0.0.1:3978/",
    "",
]


@pytest.mark.parametrize("url", HOSTILE)
def test_hosts_that_are_not_teams_are_not_trusted(url: str) -> None:
    assert not PUBLIC.trusts(url)
    assert not US_GOVERNMENT.trusts(url)


def test_the_hosts_of_teams_are_trusted_exactly() -> None:
    assert PUBLIC.trusts("https://smba.trafficmanager.net/emea/")
    assert PUBLIC.trusts("https://smba.infra.gcc.teams.microsoft.com/gcc")
    assert US_GOVERNMENT.trusts("https://smba.infra.gov.teams.microsoft.us/gcch")
    assert not US_GOVERNMENT.trusts("https://smba.trafficmanager.net/emea/")


async def test_a_hostile_service_url_with_a_good_token_gets_nothing(teams: FakeTeams, desk: Desk) -> None:
    evil = "https://evil.trafficmanager.net/emea/"
    activity = {**teams.activity("message", "a:U1", "U1", text="waste"), "serviceUrl": evil}
    before = len(teams.calls)
    assert (await teams.send(activity, serviceurl=evil)).status == 403
    assert not desk.received
    assert len(teams.calls) == before


BODIES: dict[str, bytes] = {
    "empty": b"",
    "no JSON": b"activity",
    "a list": b"[]",
    "null": b"null",
    "no text": b"\xff\xfe",
    "a name twice": b'{"type":"message","type":"invoke"}',
    "nested deep": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "nested too deep for a card": b'{"a":' * 80 + b"1" + b"}" * 80,
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
async def test_bodies_that_are_no_activity_are_refused(teams: FakeTeams, desk: Desk, body: bytes) -> None:
    assert (await teams.post(body, {"Authorization": f"Bearer {teams.token()}"})).status == 400
    assert not desk.received


async def test_a_body_of_five_megabytes_is_not_read(teams: FakeTeams, desk: Desk) -> None:
    assert (await teams.post(b"x" * 5_000_000, {})).status == 413
    assert not desk.received


MALFORMED: list[dict[str, Any]] = [
    {"conversation": None},
    {"conversation": {"id": 7, "tenantId": TENANT}},
    {"conversation": {"id": "a:" + "x" * 300, "tenantId": TENANT}},
    {"from": None},
    {"from": {"id": 1}},
    {"type": "invoke", "name": "adaptiveCard/action", "value": None},
    {"type": "invoke", "name": "adaptiveCard/action", "value": {"action": "claim"}},
    {"type": "invoke", "name": "task/fetch", "value": {}},
    {"type": "invoke", "name": "task/submit", "value": {"data": []}},
]


@pytest.mark.parametrize("more", MALFORMED, ids=lambda more: json.dumps(more)[:60])
async def test_activities_that_are_none_are_refused(teams: FakeTeams, desk: Desk, more: dict[str, Any]) -> None:
    assert (await teams.send({**teams.activity("message", "a:U1", "U1", text="x"), **more})).status == 400
    assert not desk.received


async def test_what_nobody_asked_for_is_acknowledged(teams: FakeTeams, desk: Desk) -> None:
    for kind in ("typing", "messageReaction", "event", "somethingNew"):
        assert (await teams.send(teams.activity(kind, "a:U1", "U1"))).status == 200
    assert (await teams.send(teams.invoked("signin/verifyState", {}, None, "U1"))).status == 501
    assert not desk.received


async def test_the_same_message_delivered_four_times_is_one_ask(teams: FakeTeams, desk: Desk) -> None:
    activity = teams.activity("message", "a:U1", "U1", text="waste")
    for _ in range(4):
        assert (await teams.send(activity)).status == 200
    assert len(desk.received) == 4
    assert len(desk.asks) == 1
