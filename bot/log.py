"""Logs: one line of JSON each where a machine reads them, plain words in a terminal; never a local variable."""

from __future__ import annotations

import hashlib
import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

SECRET = re.compile(
    r"xox[abeoprs]-[\w-]+|xapp-[\w-]+|(?:AKIA|ASIA)[0-9A-Z]{16}|eyJ[\w-]+\.[\w-]+\.[\w-]*"
    r"|(?<=sig=)[^&\s\"']+|(?<=AccountKey=)[^;\s\"']+|https://hooks\.slack(?:-gov)?\.com/\S+|(?<=://)[^:/@\s]+:[^@/\s]+(?=@)"
)
HIDDEN = "[hidden]"


def configure(*, json: bool, least: int = logging.INFO) -> None:
    """Set up structlog for this process, on standard error; what libraries log joins in from WARNING on."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="ts"),
            structlog.processors.format_exc_info,
            without_secrets,
            structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer(colors=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )


def digest(key: str) -> str:
    """The short name of an ask or a click in logs: the same for every copy of it, and telling nobody's id."""
    return hashlib.sha256(key.encode()).hexdigest()[:12]


def without_secrets(_logger: object, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Hide whatever looks like a token, a key, a signed link or a password, wherever it stands."""
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = SECRET.sub(HIDDEN, value)
        elif not isinstance(value, int | float | bool | None):
            event[key] = SECRET.sub(HIDDEN, str(value))
    return event
