"""Patience: how often Azure is asked, and what is done when it says that this is too often.

Cost Management allows about four questions a minute for each scope, and says how long to wait in headers of its own,
at which azure-core does not look; a POST it does not repeat at all.
"""

from __future__ import annotations

import re
import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import SystemRandom
from threading import Lock
from typing import Any

from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import RetryPolicy
from azure.storage.blob import ExponentialRetry

from providers.azure.permissions import asked

TRIES = 4
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0  # seconds, for errors that name none
BUDGET = 600.0  # seconds that one scope may be waited for within an hour
HOUR = 3600.0
MINUTE = 60.0
A_MINUTE = 4  # questions of a scope
TOO_MANY = 429
REPEATED = (408, 500, 502, 503, 504)
WAITS = re.compile(r"(?:retry-after|x-ms-ratelimit-microsoft\.[a-z]+-[a-z]+-retry-after)", re.IGNORECASE)
QUOTA = "x-ms-user-quota-resets-after"  # of Resource Graph: 00:00:05
WHOLE = re.compile(r"\d{1,6}(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class Time:
    """How time is told and waited for, in seconds."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = SystemRandom().random  # between 0 and 1


@dataclass
class Pace:
    """Waits before questions, so that no scope is asked too often, and keeps the account of all waiting."""

    time: Time = field(default_factory=Time)
    a_minute: int = A_MINUTE
    _asked: dict[str, deque[float]] = field(default_factory=lambda: defaultdict(deque))
    _waited: dict[str, deque[tuple[float, float]]] = field(default_factory=lambda: defaultdict(deque))
    _lock: Lock = field(default_factory=Lock)

    def turn(self, scope: str) -> None:
        """Wait until a scope may be asked once more."""
        with self._lock:
            now, every = self.time.now(), self._asked[scope]
            while len(every) >= self.a_minute and every[0] <= now - MINUTE:
                every.popleft()
            at = max(now, every[-self.a_minute] + MINUTE) if len(every) >= self.a_minute else now
            every.append(at)
        if at > now:
            self.time.sleep(at - now)

    def affords(self, scope: str, seconds: float) -> bool:
        """Whether a scope may be waited for that long still; if so it is written down."""
        with self._lock:
            now, every = self.time.now(), self._waited[scope]
            while every and every[0][0] < now - HOUR:
                every.popleft()
            if sum(one for _, one in every) + seconds > BUDGET:
                return False
            every.append((now, seconds))
            return True


class Patience(RetryPolicy[Any, Any]):
    """Repeats what may come right: throttling for as long as its scope's budget lasts, other failures four times.

    Everything that is sent is a read (the gate sees to it), so that a POST may be repeated like any other.
    """

    def __init__(self, pace: Pace) -> None:
        super().__init__(retry_total=TRIES - 1, retry_connect=TRIES - 1, retry_read=TRIES - 1, retry_status=TRIES - 1)
        self.pace = pace

    def configure_retries(self, options: dict[str, Any]) -> dict[str, Any]:
        """Also POST."""
        return super().configure_retries(options) | {"methods": frozenset(("GET", "HEAD", "POST"))}

    def is_retry(self, settings: dict[str, Any], response: PipelineResponse[Any, Any]) -> bool:
        """Whether an answer is to be asked for again."""
        status = response.http_response.status_code
        if status != TOO_MANY:
            return bool(settings["total"]) and status in REPEATED
        wait = self.get_retry_after(response) or self._backoff(len(settings["history"]) + 1)
        settings["wait"] = wait
        return self.pace.affords(scope_of(response.http_request), wait)

    def increment(
        self,
        settings: dict[str, Any],
        response: Any = None,  # noqa: ANN401
        error: Exception | None = None,
    ) -> bool:
        """Throttling is counted in seconds, by ``is_retry``; everything else in tries."""
        if isinstance(response, PipelineResponse) and response.http_response.status_code == TOO_MANY:
            settings["total"] += 1
            settings["status"] += 1
        return super().increment(settings, response=response, error=error)

    def get_retry_after(self, response: PipelineResponse[Any, Any]) -> float | None:
        """The longest wait that any of Azure's headers asks for."""
        return waits(response.http_response.headers)

    def get_backoff_time(self, settings: dict[str, Any]) -> float:
        """Between nothing and a time that doubles, so that many do not come back together."""
        return self._backoff(len(settings["history"]))

    def sleep(self, settings: dict[str, Any], transport: Any, response: Any = None) -> None:  # noqa: ANN401, ARG002
        """Wait by our own clock."""
        named = waits(response.http_response.headers) if response is not None else None
        self.pace.time.sleep(settings.pop("wait", None) or named or self.get_backoff_time(settings))

    def _backoff(self, failed: int) -> float:
        longest = min(LONGEST_WAIT, FIRST_WAIT * float(2**failed))
        return FIRST_WAIT / 2 + (longest - FIRST_WAIT / 2) * self.pace.time.chance()


class BlobPatience(ExponentialRetry):
    """The same for blobs, whose own policy knows their errors, by our clock."""

    def __init__(self, time: Time) -> None:
        super().__init__(
            initial_backoff=1, increment_base=1, retry_total=TRIES - 1, random_jitter_range=1, retry_to_secondary=False
        )
        self.time = time

    def sleep(self, settings: dict[str, Any], transport: Any) -> None:  # noqa: ANN401, ARG002
        """Wait by our own clock."""
        self.time.sleep(max(0.0, self.get_backoff_time(settings) or 0.0))


def waits(headers: Mapping[str, str]) -> float | None:
    """The longest wait that headers ask for, in seconds; ``None`` if they ask for none."""
    asked_for = [float(value) for name, value in headers.items() if WAITS.fullmatch(name) and WHOLE.fullmatch(value)]
    if (milliseconds := headers.get("x-ms-retry-after-ms") or headers.get("retry-after-ms")) and WHOLE.fullmatch(
        milliseconds
    ):
        asked_for.append(float(milliseconds) / 1000)
    if (clock := re.fullmatch(r"(\d\d):(\d\d):(\d\d)", headers.get(QUOTA, ""))) and not asked_for:
        hours, minutes, seconds = (int(part) for part in clock.groups())
        asked_for.append(hours * HOUR + minutes * MINUTE + seconds)
    return max((one for one in asked_for if one > 0), default=None)


def scope_of(request: PipelineRequest[Any] | Any) -> str:  # noqa: ANN401
    """What the waiting of a request counts for: its scope in lower case, empty for the whole tenant."""
    url = str(getattr(request, "url", ""))
    path = re.sub(r"^https?://[^/]*", "", url).partition("?")[0]
    known = asked(str(getattr(request, "method", "")), path)
    return known.scope.lower() if known else ""
