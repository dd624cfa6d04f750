"""Logs that nobody can steal a secret from."""

from __future__ import annotations

import json

import pytest
import structlog

from bot.log import configure

CANARIES = [
    "xoxb-1234-abcd",
    "xapp-1-A1-2",
    "AKIAABCDEFGHIJKLMNOP",
    "eyJhbGciOi.eyJzdWIi.c2ln",
    "https://hooks.slack.com/commands/T1/2/3",
    "postgresql+psycopg://pitcrew:hunter2@db/pitcrew",
    "https://x.blob.core.windows.net/c?sv=1&sig=abc%2Fdef",
]


@pytest.mark.parametrize("canary", CANARIES)
def test_a_secret_is_hidden_wherever_it_stands(capsys: pytest.CaptureFixture[str], canary: str) -> None:
    before = structlog.get_config()
    configure(json=True)
    try:
        log = structlog.get_logger()
        token = canary
        try:
            raise ValueError(f"refused: {token}")
        except ValueError:
            log.exception(f"failed with {canary}", url=canary, many=[canary], ask="forecast")
    finally:
        structlog.configure(**before)

    line = capsys.readouterr().err
    assert canary not in line and "hunter2" not in line
    said = json.loads(line)
    assert said["ask"] == "forecast" and "ValueError" in said["exception"] and said["ts"].endswith("Z")
