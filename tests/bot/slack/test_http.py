"""Only Slack gets in, and nothing that it or anybody sends makes the entrance fall over."""

from __future__ import annotations

import asyncio
import json
from urllib.parse import quote, urlencode

import aiohttp
import pytest

from tests.bot.slack.desk import Desk, over_http
from tests.fake_slack import FakeSlack

COMMAND = urlencode({"command": "/finops", "text": "forecast", "team_id": "T1"})
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"


async def test_without_a_signature_nobody_gets_in(slack: FakeSlack, by_http: Desk) -> None:
    assert (await slack.post(COMMAND, headers={})).status == 401
    assert (await slack.post(COMMAND, headers={"X-Slack-Signature": "v0=é", **_stamp("1")})).status == 401
    assert not by_http.received


@pytest.mark.parametrize("shifted", [-301, 301])
async def test_old_and_early_requests_are_refused(slack: FakeSlack, by_http: Desk, shifted: float) -> None:
    body = urlencode(slack.command("/finops forecast"))
    assert (await slack.post(body, headers=slack.signed(body.encode(), shifted=shifted))).status == 401
    assert (await slack.post(body, headers=slack.signed(body.encode(), shifted=shifted * 0.98))).status == 200
    assert len(by_http.asks) == 1


async def test_a_wrong_secret_and_a_changed_byte_are_refused(slack: FakeSlack, by_http: Desk) -> None:
    body = urlencode(slack.command("/finops forecast"))
    wrong = slack.signed(body.encode(), secret="another")
    assert (await slack.post(body, headers=wrong)).status == 401
    assert (await slack.post(body + "x", headers=slack.signed(body.encode()))).status == 401
    assert not by_http.received


@pytest.mark.parametrize("stamp", ["abc", "", "1e9", "-5", "１２", "1" * 5000, "nan"])
async def test_a_time_that_is_no_time_is_refused(slack: FakeSlack, by_http: Desk, stamp: str) -> None:
    headers = slack.signed(COMMAND.encode()) | _stamp(stamp)
    assert (await slack.post(COMMAND, headers=headers)).status == 401
    assert not by_http.received


async def test_a_request_that_is_replayed_changes_nothing(slack: FakeSlack, by_http: Desk) -> None:
    body = urlencode(slack.command("/finops claim 3f9a1c"))
    headers = slack.signed(body.encode())
    assert [(await slack.post(body, headers=headers)).status for _ in range(3)] == [200] * 3
    assert len(by_http.asks) == 1


async def test_during_a_rotation_both_secrets_open(slack: FakeSlack) -> None:
    async with over_http(slack, secrets=["the next one", slack.signing_secret]):
        for secret in ("the next one", slack.signing_secret):
            body = urlencode(slack.command("/finops forecast"))
            assert (await slack.post(body, headers=slack.signed(body.encode(), secret=secret))).status == 200


@pytest.mark.parametrize("size", [2 * 1024 * 1024, 5 * 1024 * 1024])
async def test_a_body_beyond_a_megabyte_is_refused_unread(slack: FakeSlack, by_http: Desk, size: int) -> None:
    assert (await slack.post(b"x" * size, headers={})).status == 413
    assert not by_http.received


async def test_a_body_of_no_stated_size_is_measured_on_the_way(slack: FakeSlack, by_http: Desk) -> None:
    async def endless() -> object:
        for _ in range(40):
            yield b"x" * 65536

    async with aiohttp.ClientSession() as session, session.post(slack.entrance, data=endless()) as response:
        assert response.status == 413
    assert not by_http.received


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("", FORM),
        ("", JSON),
        ("nonsense", FORM),
        ("text=hello", FORM),
        ("payload=", FORM),
        ("payload=nonsense", FORM),
        ("payload=[]", FORM),
        ("payload=null", FORM),
        ("payload=" + quote('{"type":"block_actions","type":"view_submission"}'), FORM),
        ("payload=%7B%7D&payload=%7B%7D", FORM),
        (COMMAND + "&command=%2Fother", FORM),
        ("command=%FF%FE", FORM),
        ("&".join(f"a{n}=1" for n in range(2000)), FORM),
        ("[]", JSON),
        ("null", JSON),
        ('{"type":', JSON),
        ("[" * 100_000, JSON),
        ('{"a":' * 100_000, JSON),
        ("payload=" + "[" * 100_000, FORM),
        ('{"type":"event_callback","event":[]}', JSON),
        ('{"type":"event_callback","team_id":"T1","event":{"type":"app_mention","user":"U1"}}', JSON),
        ('{"type":"event_callback","authorizations":7}', JSON),
        ("payload=" + quote('{"type":"block_actions","team":7,"actions":[{}]}'), FORM),
        ("payload=" + quote('{"type":"block_actions","team":{"id":"T1"},"actions":[{"action_id":"ask:1"}]}'), FORM),
        (COMMAND, FORM),
    ],
)
async def test_what_slack_would_never_send_is_a_bad_request(
    slack: FakeSlack, by_http: Desk, body: str, content_type: str
) -> None:
    assert (await slack.post(body, content_type)).status == 400
    assert not by_http.received


async def test_bytes_that_are_no_text_are_a_bad_request(slack: FakeSlack, by_http: Desk) -> None:
    assert (await slack.post(b"command=\xff\xfe")).status == 400
    assert (await slack.post(b"\xff", headers={})).status == 400
    assert not by_http.received


async def test_slacks_own_test_of_the_address_is_answered(slack: FakeSlack, by_http: Desk) -> None:
    said = await slack.post(json.dumps({"type": "url_verification", "challenge": "c0ffee"}), JSON)
    assert said.status == 200
    assert json.loads(said.text) == {"challenge": "c0ffee"}
    assert not by_http.received


async def test_two_hundred_commands_at_once_are_each_acknowledged_within_a_second(
    slack: FakeSlack, by_http: Desk
) -> None:
    said = await asyncio.gather(*(slack.type(f"/finops forecast months={n}") for n in range(200)))

    assert all(one.status == 200 for one in said)
    assert len(by_http.asks) == 200
    assert sorted(one.seconds for one in said)[197] < 1.0


def _stamp(stamp: str) -> dict[str, str]:
    return {"X-Slack-Request-Timestamp": stamp}
