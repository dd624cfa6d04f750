"""The admin port of a running bot: what a container's probes, Prometheus and a careful reader find there."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
import structlog
from prometheus_client.parser import text_string_to_metric_families

from analysis.findings import State
from bot.cadence.planner import Planner
from bot.cadence.schedule import Schedule
from bot.log import configure
from bot.standing import KNOWN
from bot.state import schema
from tests.conftest import Talk
from tests.fake_slack import FakeSlack
from tests.walks.slack_crew import Walk, walk

ALLOWED = {
    "platform",
    "kind",
    "result",
    "outcome",
    "provider",
    "op",
    "code",
    "part",
    "le",
}  # nothing that grows with a company


@pytest.fixture
async def walking(talk: Talk) -> AsyncIterator[Walk]:
    """A crew that has assessed the sample company."""
    talk.ask("assess")
    async with FakeSlack.running() as slack, walk(talk.crew, slack, "http") as found:
        yield found


async def get(walking: Walk, path: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(walking.admin + path) as response:
        return response.status, await response.text()


async def figures(walking: Walk) -> dict[str, float]:
    """Each series as Prometheus reads it."""
    _, text = await get(walking, "/metrics")
    samples = [one for family in text_string_to_metric_families(text) for one in family.samples]
    return {f"{one.name}{json.dumps(one.labels, sort_keys=True) if one.labels else ''}": one.value for one in samples}


async def test_it_lives_and_is_ready(walking: Walk) -> None:
    status, said = await get(walking, "/healthz")
    assert status == 200 and json.loads(said)["status"] == "ok"
    status, said = await get(walking, "/readyz")
    assert status == 200 and json.loads(said) == {"state": "ok", "draining": "ok", "slack": "ok"}


async def test_a_database_that_takes_no_writes_is_not_ready_but_alive(walking: Walk) -> None:
    refusing = "CREATE TRIGGER full BEFORE {} ON lane BEGIN SELECT RAISE(ABORT, 'disk is full'); END"
    with walking.crew.state.database.writing() as connection:
        connection.exec_driver_sql(refusing.format("INSERT"))
    status, said = await get(walking, "/readyz")
    assert status == 503 and "did not take it" in json.loads(said)["state"]
    assert (await get(walking, "/healthz"))[0] == 200

    with walking.crew.state.database.writing() as connection:
        connection.exec_driver_sql("DROP TRIGGER full")
    assert (await get(walking, "/readyz"))[0] == 200


async def test_a_workspace_that_refuses_our_token_is_told_and_forgotten_when_it_does_not(walking: Walk) -> None:
    walking.slack.fail("auth.test", "token_revoked")
    status, said = await get(walking, "/readyz")
    assert status == 503 and "token_revoked" in json.loads(said)["slack"]

    walking.slack.advance(KNOWN.total_seconds())
    assert (await get(walking, "/readyz"))[0] == 200


async def test_whoever_is_being_stopped_is_not_ready(walking: Walk) -> None:
    await walking.door.stop()
    status, said = await get(walking, "/readyz")
    assert status == 503 and json.loads(said)["draining"] == "is just being stopped"


async def test_what_was_done_is_counted(walking: Walk) -> None:
    before = await figures(walking)
    finding = walking.crew.state.findings.standing(State.OPEN)[0].short
    card = await walking.card(finding)
    await walking.slack.click(card, "Claim")
    await walking.until(lambda: walking.crew.state.findings.get(finding).state is State.CLAIMED)
    await walking.until(lambda: not walking.crew.state.outbox.counts().get("pending"))
    after = await figures(walking)

    def more(name: str, **labels: str) -> float:
        key = f"{name}{json.dumps(labels, sort_keys=True) if labels else ''}"
        return after.get(key, 0.0) - before.get(key, 0.0)

    assert more("pitcrew_requests_total", platform="slack", kind="clicked", result="new") == 1
    assert more("pitcrew_requests_total", platform="slack", kind="typed", result="new") == 1
    assert more("pitcrew_clicks_total", outcome="answered") == 1
    assert more("pitcrew_ack_seconds_count") == 2
    assert more("pitcrew_deliveries_total", platform="slack", result="sent") >= 1
    assert after["pitcrew_accounts_unread"] == 0 and after["pitcrew_last_run_timestamp_seconds"] > 1e9
    assert after["pitcrew_outbox_failed"] == after["pitcrew_outbox_unclear"] == 0


async def test_every_figure_that_alerts_and_dashboards_ask_for_is_there(walking: Walk) -> None:
    told = {name.partition("{")[0] for name in await figures(walking)}
    _, text = await get(walking, "/metrics")
    declared = set(re.findall(r"^# TYPE (\S+)", text, re.MULTILINE))
    wanted = """requests_total ack_seconds clicks_total outbox_pending outbox_oldest_seconds outbox_unclear
        deliveries_total schedule_lag_seconds fires_total runs_total provider_calls_total provider_spend_usd_total
        accounts_unread db_tx_seconds lease_lost_total signature_failures_total"""
    assert {f"pitcrew_{name}" for name in wanted.split()} <= declared | told


async def test_schedules_and_runs_are_counted_and_how_late_a_turn_was(walking: Walk) -> None:
    before = await figures(walking)
    await asyncio.to_thread(walking.crew.typed, "assess", "ana")
    schedule = Schedule("hourly", "0 * * * *", "help", since=walking.crew.clock() - timedelta(hours=2))
    planner = Planner(walking.crew.state.fires, [schedule], walking.crew.clock, lambda: None)
    await asyncio.to_thread(planner.tick)
    after = await figures(walking)

    for result in ("started", "finished"):
        key = f'pitcrew_runs_total{{"result": "{result}"}}'
        assert after[key] == before.get(key, 0.0) + 1
    assert (
        after['pitcrew_fires_total{"result": "fired"}'] == before.get('pitcrew_fires_total{"result": "fired"}', 0) + 1
    )
    assert 0 <= after["pitcrew_schedule_lag_seconds"] < 3600
    assert after["pitcrew_lease_lost_total"] == before["pitcrew_lease_lost_total"]
    assert any(name.startswith("pitcrew_db_tx_seconds_count") for name in after)


async def test_a_wrong_signature_is_counted(walking: Walk) -> None:
    before = (await figures(walking))["pitcrew_signature_failures_total"]
    assert (await walking.slack.post("command=x", headers={})).status == 401
    assert (await figures(walking))["pitcrew_signature_failures_total"] == before + 1


async def test_no_label_grows_with_the_company(walking: Walk) -> None:
    _, text = await get(walking, "/metrics")
    assert set(re.findall(r'[{,](\w+)="', text)) <= ALLOWED


async def test_how_long_the_oldest_message_waits_is_told(walking: Walk) -> None:
    walking.slack.fail("chat.postMessage", *["not_a_code_we_know"] * 3)
    await walking.slack.mention("help")
    await walking.until(lambda: walking.crew.state.outbox.counts().get("pending"))
    walking.slack.advance(700)
    told = await figures(walking)

    assert told["pitcrew_outbox_pending"] == 1
    assert told["pitcrew_outbox_oldest_seconds"] >= 700


CANARIES = {"xoxb-1234-canary", "Zaphod Beeblebrox", "9,876,543.21", "AKIAABCDEFGHIJKLMNOP"}


async def test_neither_logs_nor_figures_nor_probes_tell_secrets_names_or_costs(
    walking: Walk, capsys: pytest.CaptureFixture[str]
) -> None:
    """Plants them where people and clouds put them, lets everything happen, and looks for them everywhere."""
    before = structlog.get_config()
    configure(json=True)
    slack, state = walking.slack, walking.crew.state
    slack.users["U1"] |= {"name": "Zaphod Beeblebrox", "real_name": "Zaphod Beeblebrox"}
    finding = state.findings.standing(State.OPEN)[0]
    with state.database.writing() as connection:
        given = {
            "title": "disk AKIAABCDEFGHIJKLMNOP",
            "monthly_waste": "9876543.21",
            "resource_name": "xoxb-1234-canary",
        }
        connection.execute(schema.finding.update().where(schema.finding.c.id == finding.id).values(**given))
    card = await walking.card(finding.short)
    await slack.click(card, "Claim")
    await walking.until(lambda: state.findings.get(finding.id).state is State.CLAIMED)
    for text in ("waste account=xoxb-1234-canary", "forecast Zaphod Beeblebrox", "claim 9,876,543.21"):
        await slack.type(f"/finops {text}")
    await slack.type("/finops AKIAABCDEFGHIJKLMNOP")
    slack.fail("chat.postMessage", "token_revoked")
    await slack.mention("waste")
    await walking.until(
        lambda: len(slack.private("U1")) >= 4 and any("token_revoked" in one.why for one in state.upkeep.waiting())
    )
    seen: list[Any] = [
        await get(walking, f"{path}?token=xoxb-1234-canary") for path in ("/metrics", "/readyz", "/healthz")
    ]
    told = capsys.readouterr()

    structlog.configure(**before)
    lines = [json.loads(line) for line in told.err.splitlines()]

    assert {"answered", "delivered", "parcel not delivered"} <= {line["event"] for line in lines}
    assert all(line["ts"] and line["level"] for line in lines)
    for canary in CANARIES | {"9876543.21"}:
        assert canary not in told.err + told.out and canary not in str(seen)
