"""Findings on their way to Jira, Linear, ServiceNow, PagerDuty and plain JSON, by real HTTP on loopback."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web

from bot.onward.platform import WebhookPlatform, outside
from bot.onward.template import Made, Target
from bot.ports import Kind, Later, Parcel, Place, Priority, Unclear, Undeliverable

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
EVENT = {
    "kind": "finding",
    "id": "3f9a1c2e77d0",
    "title": "Disk that nothing uses: $12.80 a month",
    "text": "Resource: vol-1\nTo act: aws ec2 delete-volume",
    "resource_id": "vol-1",
    "monthly": "12.80",
    "currency": "USD",
}


@dataclass
class Other:
    """The other side: takes requests, and answers as it is told."""

    status: int = 201
    answer: Any = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    taken: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    hang: bool = False
    in_pieces: bool = False
    port: int = 0

    async def take(self, request: web.Request) -> web.StreamResponse:
        self.taken.append((dict(request.headers), await request.read()))
        if self.hang:
            await asyncio.sleep(30)
        if self.in_pieces:
            return await self.trickled(request)
        return web.json_response(self.answer, status=self.status, headers=self.headers)

    async def trickled(self, request: web.Request) -> web.StreamResponse:
        """The same answer, eight letters at a time."""
        said, answer = json.dumps(self.answer).encode(), web.StreamResponse(status=self.status)
        await answer.prepare(request)
        for at in range(0, len(said), 8):
            await answer.write(said[at : at + 8])
            await asyncio.sleep(0.005)
        return answer

    @property
    def body(self) -> Any:
        return json.loads(self.taken[-1][1])


@dataclass
class Remembered:
    became: list[tuple[str, str, Made | str]] = field(default_factory=list)

    def arrived(self, of: str, target: str, made: Made) -> None:
        self.became.append((of, target, made))

    def failed(self, of: str, target: str, why: str) -> None:
        self.became.append((of, target, why))


@asynccontextmanager
async def sending(
    other: Other, *, seconds: float = 5, **said: Any
) -> AsyncIterator[tuple[WebhookPlatform, Remembered]]:
    site = web.Application()
    site.router.add_post("/{path:.*}", other.take)
    runner = web.AppRunner(site, shutdown_timeout=0.1)
    await runner.setup()
    listener = web.TCPSite(runner, "127.0.0.1", 0)
    await listener.start()
    other.port = runner.addresses[0][1]
    path = said.pop("path", "/hook")
    target = Target("there", f"http://127.0.0.1:{other.port}{path}", **said)
    links = Remembered()
    try:
        async with outside(seconds=seconds) as session:
            yield WebhookPlatform(session, {"there": target}, links, lambda: NOW), links
    finally:
        await runner.cleanup()


def parcel(attempt: int = 1, target: str = "there") -> Parcel:
    place = Place("webhook", "onward", target)
    return Parcel("onward:there:1", place, Kind.POST, Priority.ALERT, {"event": EVENT}, attempt=attempt)


def adf(body: Any) -> str:
    return "\n".join(part["content"][0]["text"] for part in body["fields"]["description"]["content"])


SAID: dict[str, tuple[dict[str, Any], Any, Callable[[Any], bool], str]] = {
    "json": ({}, {"key": "T-1", "url": "https://x.example/T-1"}, lambda body: body == EVENT, "https://x.example/T-1"),
    "jira": (
        {"project": "CLOUD", "path": "/rest/api/3/issue", "link": "https://apex.atlassian.net/browse/{key}"},
        {"id": "1", "key": "CLOUD-123", "self": "https://…"},
        lambda body: (
            body["fields"]["project"]["key"] == "CLOUD"
            and body["fields"]["summary"] == EVENT["title"]
            and adf(body) == EVENT["text"]
        ),
        "https://apex.atlassian.net/browse/CLOUD-123",
    ),
    "linear": (
        {"project": "team-id"},
        {
            "data": {
                "issueCreate": {"success": True, "issue": {"identifier": "FIN-7", "url": "https://linear.app/FIN-7"}}
            }
        },
        lambda body: body["variables"]["input"]["teamId"] == "team-id" and "issueCreate" in body["query"],
        "https://linear.app/FIN-7",
    ),
    "servicenow": (
        {"path": "/api/now/table/incident", "link": "https://apex.service-now.com/{key}"},
        {"result": {"number": "INC0010001", "sys_id": "abc"}},
        lambda body: body["correlation_id"] == "onward:there:1" and body["description"] == EVENT["text"],
        "https://apex.service-now.com/INC0010001",
    ),
    "pagerduty": (
        {"token": "R1"},
        {"status": "success", "dedup_key": "onward:there:1"},
        lambda body: (
            body["routing_key"] == "R1"
            and body["payload"]["severity"] == "info"
            and body["dedup_key"] == "onward:there:1"
        ),
        "",
    ),
}


@pytest.mark.parametrize("template", SAID)
async def test_each_target_gets_its_own_shape_and_its_link_comes_back(template: str) -> None:
    said, answer, is_right, url = SAID[template]
    other = Other(answer=answer)
    async with sending(other, template=template, **said) as (platform, links):
        key = await platform.send(parcel())

    assert is_right(other.body), other.body
    [(of, target, made)] = links.became
    assert (of, target, made) == (EVENT["id"], "there", Made(key, url))


async def test_it_is_signed_dated_and_named_and_its_copy_has_the_same_name() -> None:
    other = Other()
    async with sending(other, secret="shh", token="Bearer t") as (platform, _):
        await platform.send(parcel())
        await platform.send(parcel(attempt=2))

    (first, body), (second, _) = other.taken
    stamp = first["X-Pitcrew-Request-Timestamp"]
    wanted = hmac.new(b"shh", f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    assert stamp == str(int(NOW.timestamp())) and first["X-Pitcrew-Signature"] == f"v0={wanted}"
    assert first["Authorization"] == "Bearer t"
    assert first["Idempotency-Key"] == second["Idempotency-Key"]


async def test_without_a_secret_nothing_is_signed() -> None:
    other = Other()
    async with sending(other) as (platform, _):
        await platform.send(parcel())

    assert "X-Pitcrew-Signature" not in other.taken[0][0] and "Authorization" not in other.taken[0][0]


@pytest.mark.parametrize(
    ("status", "headers", "error"),
    [
        (429, {"Retry-After": "7"}, Later),
        (500, {}, Unclear),
        (503, {}, Unclear),
        (302, {"Location": "http://127.0.0.1/elsewhere"}, Undeliverable),
        (401, {}, Undeliverable),
        (404, {}, Undeliverable),
    ],
)
async def test_what_is_not_taken_is_tried_again_or_told(status: int, headers: dict[str, str], error: type) -> None:
    other = Other(status, headers=headers)
    async with sending(other) as (platform, links):
        with pytest.raises(error):
            await platform.send(parcel())

    assert len(other.taken) == 1, "no redirect is followed"
    told = [became for *_, became in links.became]
    assert told == ([f"there answered {status}: look at its url, token and project"] if error is Undeliverable else [])


async def test_whoever_hangs_may_have_taken_it_and_whoever_is_not_there_has_not() -> None:
    other = Other(hang=True)
    async with sending(other, seconds=0.2) as (platform, _):
        with pytest.raises(Unclear):
            await platform.send(parcel())
        gone = replace(platform.targets["there"], url="http://127.0.0.1:9/hook")
        platform.targets = {"there": gone}
        with pytest.raises(Later):
            await platform.send(parcel())


async def test_it_is_given_up_after_eight_tries_and_for_a_target_that_left_the_file() -> None:
    async with sending(Other()) as (platform, links):
        for tried in (parcel(attempt=9), parcel(target="gone")):
            with pytest.raises(Undeliverable):
                await platform.send(tried)

    assert [why for *_, why in links.became] == ["there did not answer, 8 times", "no webhook is named gone any more"]


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "http://x.example", "https://u:p@x.example", "https://x.example/a b", "x" * 600]
)
async def test_a_link_that_is_none_is_not_shown(url: str) -> None:
    other = Other(answer={"key": "T\n-1", "url": url})
    async with sending(other) as (platform, links):
        await platform.send(parcel())

    assert links.became[0][2] == Made("T -1", "")


async def test_an_answer_that_comes_in_pieces_is_read_whole() -> None:
    other = Other(answer={"key": "T-1", "url": "https://x.example/T-1"}, in_pieces=True)
    async with sending(other) as (platform, links):
        await platform.send(parcel())

    assert links.became[0][2] == Made("T-1", "https://x.example/T-1")


@pytest.mark.parametrize(
    ("template", "answer"),
    [
        ("linear", {"data": []}),
        ("linear", {"data": {"issueCreate": "done"}}),
        ("servicenow", {"result": [{"number": "INC1"}]}),
        ("servicenow", {"result": "created"}),
        ("json", ["T-1"]),
        ("jira", {"key": None}),
    ],
)
async def test_what_was_taken_and_answered_oddly_is_taken_and_has_no_link(template: str, answer: Any) -> None:
    async with sending(Other(answer=answer), template=template, project="x") as (platform, links):
        await platform.send(parcel())

    assert links.became == [(EVENT["id"], "there", Made())]


async def test_linear_says_no_with_status_200() -> None:
    other = Other(200, {"errors": [{"message": "team not found"}]})
    async with sending(other, template="linear", project="x") as (platform, links):
        with pytest.raises(Undeliverable):
            await platform.send(parcel())

    assert links.became[0][2] == "there says: team not found"


async def test_a_name_that_leads_to_this_machine_is_not_asked() -> None:
    other = Other()
    async with sending(other) as (platform, _):
        inside = replace(platform.targets["there"], url=f"http://localhost.localdomain:{other.port}/hook")
        platform.targets = {"there": inside}
        with pytest.raises(Later):
            await platform.send(parcel())

    assert not other.taken
