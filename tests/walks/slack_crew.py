"""A whole Pitcrew in a Slack that is not there: real Bolt, real state, real lake, and a clock that can be moved."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

from bot.config import Config
from bot.door import Door
from bot.serve import running
from bot.wiring import Crew
from tests.conftest import NOW
from tests.fake_slack import FakeSlack
from tests.walks.waiting import PATIENCE, until


@dataclass
class Walk:
    """The crew, its Slack, and the door between them."""

    slack: FakeSlack
    crew: Crew
    door: Door
    admin: str = ""  # where its admin port answers

    async def until(self, seen: Callable[[], Any], seconds: float = PATIENCE) -> Any:
        """Wait until something can be seen, and give it back."""
        return await until(seen, seconds)

    async def card(self, finding: str) -> dict[str, Any]:
        """The message that shows a finding in the channel, as it is when it has just been posted."""
        before = len(self.slack.ours("C1"))
        await self.slack.mention(f"finding {finding}")
        await self.until(lambda: len(self.slack.ours("C1")) > before)
        return deepcopy(self.slack.ours("C1")[-1])


@asynccontextmanager
async def walk(
    crew: Crew, slack: FakeSlack, mode: str, /, *, environ: Mapping[str, str] | None = None, **sections: Any
) -> AsyncIterator[Walk]:
    """Let the crew serve ``slack`` in one of its two modes from the morning of ``NOW`` on, with more of a file."""
    if slack.clock() < NOW or (slack.clock() - NOW).days > 1:
        slack.advance((NOW - slack.clock()).total_seconds())
    port = sections.get("server", {}).get("port") or free_port()
    admin = sections.get("server", {}).get("admin_port") or free_port()
    raw = crew.config.model_dump() | {
        "slack": {"mode": mode, "api_url": slack.url},
        "server": {"host": "127.0.0.1", "port": port, "admin_port": admin},
        **sections,
    }
    crew.state.database.clock = slack.clock  # so that lanes rest, and leases end, as time passes
    here = replace(crew, config=Config.model_validate(raw), clock=slack.clock)
    here.lake = crew.lake
    known = {
        "SLACK_BOT_TOKEN": slack.token,
        "SLACK_APP_TOKEN": slack.app_token,
        "SLACK_SIGNING_SECRET": slack.signing_secret,
    }
    slack.entrance = f"http://127.0.0.1:{port}/slack/events" if mode == "http" else ""
    async with running(here, known | dict(environ or {})) as door:
        door.patience_seconds = door.patience_alone_seconds = PATIENCE  # a busy machine tells nobody to wait
        yield Walk(slack, here, door, f"http://127.0.0.1:{admin}")


@asynccontextmanager
async def served(crew: Crew, slack: FakeSlack, teams: Sequence[str], keys: str, **sections: Any) -> AsyncIterator[Walk]:
    """The same for several workspaces, which install it by OAuth."""
    environ = {"SLACK_CLIENT_ID": "1.2", "SLACK_CLIENT_SECRET": "hush", "SLACK_TOKEN_KEY": keys, "SLACK_BOT_TOKEN": ""}
    public = {
        "host": "127.0.0.1",
        "port": free_port(),
        "admin_port": free_port(),
        "public_url": "https://pitcrew.example",
    }
    config = {"mode": "http", "api_url": slack.url, "teams": list(teams)}
    async with walk(crew, slack, "http", environ=environ, slack=config, server=public, **sections) as found:
        yield found


def words(message: dict[str, Any]) -> str:
    """All that a message says."""

    def texts(thing: Any) -> list[str]:
        if isinstance(thing, dict):
            own = [thing["text"]] if isinstance(thing.get("text"), str) else []
            return own + [text for value in thing.values() for text in texts(value)]
        return [text for value in thing for text in texts(value)] if isinstance(thing, list) else []

    return "\n".join(texts(message))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
