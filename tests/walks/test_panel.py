"""The unit-economics panel, its form and a chargeback's documents, from end to end by real Bolt."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.conftest import Talk
from tests.fake_slack import FakeSlack
from tests.walks.slack_crew import Walk, walk, words

pytestmark = pytest.mark.slow


@pytest.fixture
async def walking(talk: Talk) -> AsyncIterator[Walk]:
    async with FakeSlack.running() as slack, walk(talk.crew, slack, "http") as found:
        yield found


async def test_the_panel_in_a_channel_is_redrawn_in_place_by_a_choice_and_by_its_form(walking: Walk) -> None:
    slack = walking.slack
    await slack.mention("units panel")
    await walking.until(lambda: slack.ours("C1"))
    [panel] = slack.ours("C1")
    assert "An order cost" in words(panel)

    assert (await slack.choose(panel, "Metric", "Customers", user="U2")).ok
    await walking.until(lambda: "A customer cost" in words(slack.ours("C1")[0]))
    assert len(slack.ours("C1")) == 1

    await slack.click(slack.ours("C1")[0], "Choose …", user="U2")
    assert (await slack.fill_in({"metric": "orders", "by": "service"}, user="U2")).ok
    await walking.until(lambda: "An order cost" in words(slack.ours("C1")[0]))
    assert "Per order" in words(slack.ours("C1")[0]) and len(slack.ours("C1")) == 1


async def test_the_documents_of_a_private_chargeback_go_to_its_asker(walking: Walk) -> None:
    slack = walking.slack
    await slack.type("/finops chargeback", user="U1", channel="C1")
    await walking.until(lambda: "DU1" in slack.channels and len(slack.channels["DU1"].messages) == 2)

    names = [message["files"][0]["name"] for message in slack.channels["DU1"].messages]
    assert sorted(name.rsplit(".", 1)[1] for name in names) == ["csv", "xlsx"]
    assert not slack.ours("C1")
