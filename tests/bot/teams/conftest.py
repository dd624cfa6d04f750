"""A Teams, and desks that it reaches."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.bot.teams.desk import Desk, reached
from tests.fake_teams import CHANNEL, FakeTeams


@pytest.fixture
async def teams() -> AsyncIterator[FakeTeams]:
    async with FakeTeams.running() as running:
        yield running
        assert not running.wrong


@pytest.fixture
async def desk(teams: FakeTeams, tmp_path: Path) -> AsyncIterator[Desk]:
    """A desk that Teams reaches, and that was added to the team's channel and to one person's chat."""
    async with reached(teams, tmp_path) as found:
        for talk in (CHANNEL, "a:U1"):
            await teams.install(talk)
        await found.settled()
        found.received.clear()
        yield found
