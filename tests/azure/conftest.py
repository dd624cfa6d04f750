"""The Azure double, started once; each test has it to itself."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.azure.double import Double


@pytest.fixture(scope="session")
def azure_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Double]:
    with Double.running(tmp_path_factory.mktemp("azure")) as double:
        yield double


@pytest.fixture
def azure(azure_server: Double, monkeypatch: pytest.MonkeyPatch) -> Double:
    """An Azure that knows nothing yet, and that the SDK's own clients trust."""
    azure_server.reset()
    for name, value in azure_server.environment.items():
        monkeypatch.setenv(name, value)
    return azure_server
