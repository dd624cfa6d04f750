"""Sending on, from end to end: a button in Slack, a signed request out, and its link back in every message."""

from __future__ import annotations

import json

import pytest
from aiohttp import web

from analysis.findings import State
from tests.conftest import Talk
from tests.fake_slack import FakeSlack
from tests.walks.slack_crew import free_port, walk, words

pytestmark = pytest.mark.slow

TAKEN = web.AppKey("taken", list[str])


async def take(request: web.Request) -> web.Response:
    """The tracker: the first time it is busy, then it takes what it gets."""
    taken = request.app[TAKEN]
    taken.append(await request.text())
    if len(taken) == 1:
        return web.Response(status=429, headers={"Retry-After": "20"})
    return web.json_response({"key": "CLOUD-7", "url": "https://tracker.example/CLOUD-7"})


async def test_a_finding_goes_to_the_tracker_and_its_link_comes_back_into_every_message(talk: Talk) -> None:
    talk.ask("assess")
    port = free_port()
    site = web.Application()
    site[TAKEN] = []
    site.router.add_post("/hook", take)
    runner = web.AppRunner(site)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    hook = {"name": "tracker", "url": f"http://127.0.0.1:{port}/hook"}
    try:
        async with FakeSlack.running() as slack, walk(talk.crew, slack, "http", webhooks=[hook]) as walking:
            finding = walking.crew.state.findings.standing(State.OPEN)[0]
            first, _second = await walking.card(finding.short), await walking.card(finding.short)
            await slack.click(first, "Send to tracker")
            await walking.until(lambda: site[TAKEN])
            await walking.until(lambda: "on its way" in words(slack.ours("C1")[0]))
            slack.advance(25)
            link = {
                "type": "link",
                "url": "https://tracker.example/CLOUD-7",
                "text": "CLOUD-7",
                "style": {"bold": True},
            }
            await walking.until(lambda: all(str(link) in str(one["blocks"]) for one in slack.ours("C1")))

            assert "Send to tracker" not in words(slack.ours("C1")[0])
            events = [json.loads(text) for text in site[TAKEN]]
            assert len(events) == 2 and events[0] == events[1] and events[0]["id"] == finding.id
    finally:
        await runner.cleanup()
