"""The Azure double, started once; each test has it to itself."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest
from azure.storage.blob import ContainerClient

from tests.azure.azurite import Azurite, running
from tests.azure.double import Double

NUMBERS = count(1)


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


@pytest.fixture(scope="session")
def blob_server(azure_server: Double, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azurite]:
    with running(azure_server, tmp_path_factory.mktemp("azurite")) as azurite:
        yield azurite


@pytest.fixture
def blobs(azure: Double, blob_server: Azurite) -> ContainerClient:  # noqa: ARG001
    """An empty container that may be written to."""
    return blob_server.container(f"bill-{next(NUMBERS)}")
