"""The AWS double, started once; each test has it to itself."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.aws.double import Double


@pytest.fixture(scope="session")
def servers() -> Iterator[Double]:
    with Double.running() as double:
        yield double


@pytest.fixture
def aws(servers: Double, monkeypatch: pytest.MonkeyPatch) -> Double:
    """Nothing in any account, and real boto3 clients that talk to it."""
    servers.reset()
    for name, value in servers.environment.items():
        monkeypatch.setenv(name, value)
    return servers
