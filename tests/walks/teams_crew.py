"""A whole Pitcrew in a Teams that is not there: real tokens, real state, real lake, and a clock that can be moved."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

from bot.config import Config
from bot.door import Door
from bot.serve import running
from bot.wiring import Crew
from tests.conftest import NOW
from tests.fake_teams import CHANNEL, FakeTeams
from tests.walks.slack_crew import free_port
from tests.walks.waiting import PATIENCE, until


@dataclass
class TeamsWalk:
    """The crew, its Teams, and the door between them."""

    teams: FakeTeams
    crew: Crew
    door: Door

    async def until(self, seen: Callable[[], Any], seconds: float = PATIENCE) -> Any:
        """Wait until something can be seen, and give it back."""
        return await until(seen, seconds)

    async def card(self, finding: str) -> dict[str, Any]:
        """The message that shows a finding in the channel, as it is when it has just been posted."""
        before = len(self.teams.messages(CHANNEL))
        await self.teams.mention(f"finding {finding}")
        await self.until(lambda: len(self.teams.messages(CHANNEL)) > before)
        return deepcopy(self.teams.messages(CHANNEL)[-1])


@asynccontextmanager
async def teams_walk(crew: Crew, teams: FakeTeams, **sections: Any) -> AsyncIterator[TeamsWalk]:
    """Let the crew serve ``teams`` from the morning of ``NOW`` on, with more of a deployment file."""
    teams.advance((NOW - teams.clock()).total_seconds())
    port = free_port()
    raw = crew.config.model_dump() | {"server": {"host": "127.0.0.1", "port": port}, **sections}
    crew.state.database.clock = teams.clock  # so that lanes rest, and leases end, as time passes
    here = replace(crew, config=Config.model_validate(raw), clock=teams.clock)
    here.lake = crew.lake
    teams.entrance = f"http://127.0.0.1:{port}/api/messages"
    async with running(here, {}, teams=teams.line) as door:
        door.patience_seconds = door.patience_alone_seconds = 60.0  # a busy machine tells nobody to wait
        yield TeamsWalk(teams, here, door)
