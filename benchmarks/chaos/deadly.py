"""Far sides that kill who talks to them, and ports that kill who uses them: before something is done, or after it."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

from tests.fake_slack import FakeSlack
from tests.fake_teams import FakeTeams

BEFORE, AFTER = "before", "after"
Doom = Callable[[str, int], str]  # of a call and how often it was made: "", BEFORE or AFTER
WHO = "X-Life"  # the header that says which process is calling


def spared(_call: str, _number: int) -> str:
    """Nobody is killed."""
    return ""


class DeadlySlack(FakeSlack):
    """Kills its caller when ``doom`` says so; takes posts ``late`` seconds after they came, whoever still waits."""

    doom: Doom = staticmethod(spared)
    late = 0.0
    kills = 0

    def __init__(self) -> None:
        super().__init__()
        self.lives: set[int] = set()
        self.counted: Counter[str] = Counter()

    async def _called(self, name: str, args: dict[str, Any], token: str, request: web.Request) -> web.StreamResponse:
        self.counted[name] += 1
        doom = self.doom(name, self.counted[name])
        if doom == BEFORE:
            return self._killed(request)
        if self.late and name == "chat.postMessage":
            await asyncio.sleep(self.late)
        said = await super()._called(name, args, token, request)
        return self._killed(request) if doom == AFTER else said

    def _killed(self, request: web.Request) -> web.Response:
        pid = int(request.headers[WHO])
        assert pid in self.lives, "only a process that we began is killed"
        self.kills += 1
        os.kill(pid, signal.SIGKILL)
        return web.Response()


class DeadlyTeams(FakeTeams):
    """The same for Teams, whose caller cannot say who it is: there is one at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.doom: Doom = spared
        self.kills = 0
        self.lives: set[int] = set()
        self.counted: Counter[str] = Counter()

    async def _connector(self, request: web.Request) -> web.Response:
        call = {"POST": "post", "PUT": "edit"}.get(request.method, "look")
        self.counted[call] += 1
        doom = self.doom(call, self.counted[call])
        if doom == BEFORE:
            return self._killed()
        said = await super()._connector(request)
        return self._killed() if doom == AFTER else said

    def _killed(self) -> web.Response:
        [pid] = self.lives
        self.kills += 1
        os.kill(pid, signal.SIGKILL)
        return web.Response()


class Mortal:
    """A port whose ``method`` kills us when it is called for the ``number``-th time: before it does anything, or after.

    What comes back empty is not counted: looking into an empty inbox is no moment.
    """

    def __init__(self, port: object, method: str, when: str, number: int) -> None:
        self._port, self._method, self._when, self._left = port, method, when, number

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        return self._deadly(found) if name == self._method else found

    def _deadly(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def made(*given: Any, **named: Any) -> Any:
            if self._when == BEFORE and self._is_the_last():
                os.kill(os.getpid(), signal.SIGKILL)
            done = call(*given, **named)
            if self._when == AFTER and done and self._is_the_last():
                os.kill(os.getpid(), signal.SIGKILL)
            return done

        return made

    def _is_the_last(self) -> bool:
        self._left -= 1
        return self._left == 0


def metadata_of(message: Mapping[str, Any]) -> str:
    """The delivery id that a message of Slack carries."""
    return str(message["metadata"]["event_payload"]["delivery_id"])
