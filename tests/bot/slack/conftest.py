"""A Slack, and desks that it reaches."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.bot.slack.desk import Desk, desk, over_http, over_socket
from tests.fake_slack import FakeSlack


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with FakeSlack.running() as running:
        yield running


@pytest.fixture(params=["http", "socket"])
async def reached(request: pytest.FixtureRequest, slack: FakeSlack) -> AsyncIterator[Desk]:
    """A desk reached in each of Slack's two modes in turn."""
    async with (over_http if request.param == "http" else over_socket)(slack) as found:
        yield found


@pytest.fixture
async def by_http(slack: FakeSlack) -> AsyncIterator[Desk]:
    async with over_http(slack) as found:
        yield found


@pytest.fixture
async def sending(slack: FakeSlack) -> AsyncIterator[Desk]:
    async with desk(slack) as found:
        yield found
