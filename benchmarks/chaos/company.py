"""The sample company's crew, served to a Slack that is not there, with a state of its own for each trial."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from benchmarks.chaos.trial import Ground
from bot import config as deployment
from bot import imported
from bot.clock import stopped_at
from bot.garbage import rarely
from bot.state import State
from bot.wiring import Crew, assembled
from tests.conftest import NOW
from tests.contracts.said import ALL, found
from tests.fake_slack import FakeSlack
from tests.walks.slack_crew import Walk, walk


@contextmanager
def sample_company(folder: Path) -> Iterator[Callable[[], Crew]]:
    """Thirteen months of two clouds in a lake, loaded when they are first asked for."""
    with ExitStack() as stack:

        def opened() -> Crew:
            raw = {
                "data": {"folder": str(folder)},
                "providers": [{"kind": "sample"}],
                "roles": {"*": ["read", "act"]},
            }
            crew = stack.enter_context(assembled(deployment.parse(raw, lambda _: "chaos"), stopped_at(NOW)))
            _ = crew.lake.version
            return crew

        yield opened


def bring_its_lake(ground: Ground, folder: Path) -> None:
    """Put what was loaded once into another data folder, so that it need not be loaded there."""
    assert ground.company, "this trial needs the sample company"
    loaded = ground.company().config.data.folder
    for name in ("lake", "sample"):
        shutil.rmtree(folder / name, ignore_errors=True)
        shutil.copytree(loaded / name, folder / name)


@asynccontextmanager
async def served(ground: Ground, slack: FakeSlack, url: str, /, **sections: Any) -> AsyncIterator[Walk]:
    """``pitcrew serve`` that is up, with one finding open, over HTTP, on the state database at ``url``."""
    assert ground.company, "this trial needs the sample company"
    with State.open(url, slack.clock) as state:
        state.runs.started("r1", NOW)
        state.runs.finished("r1", NOW, {})
        state.findings.seen([found()], "r1", ALL, NOW)
        async with walk(ground.company().remembering(state), slack, "http", **sections) as walking:
            await asyncio.to_thread(imported.everything)  # what its first look does
            with rarely():
                yield walking
