"""Azurite: Microsoft's own double of blob storage, over TLS, that takes the same bearer tokens as Azure does."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from azure.storage.blob import ContainerClient

from tests.azure.double import Double

ACCOUNT = "apexbill"
KEY = "YXpyaXRlLWtub3dzLWl0LWFuZC1ub2JvZHktZWxzZQ=="
PROGRAM = Path(__file__).parents[1] / "node" / "node_modules" / "azurite" / "dist" / "src" / "blob" / "main.js"
LONGEST_START = 60  # seconds
LISTENING = re.compile(r"listens on https://127\.0\.0\.1:(\d+)")


@dataclass(frozen=True, slots=True)
class Azurite:
    """Where it runs; an account's name stands in the path, not in the host's name."""

    url: str

    def container(self, name: str) -> ContainerClient:
        """A container that may be written to, by the account's key; made if it is not there."""
        made = ContainerClient(f"{self.url}/{ACCOUNT}", name, credential={"account_name": ACCOUNT, "account_key": KEY})
        if not made.exists():
            made.create_container()
        return made


@contextmanager
def running(double: Double, folder: Path, *, in_memory: bool = True) -> Iterator[Azurite]:
    """Start it on a free port with the double's certificate, and tell the double where it is."""
    node = shutil.which("node")
    assert node and PROGRAM.exists(), "azurite is not installed: run `make node`"
    command = [
        *(node, str(PROGRAM), "--blobHost", "127.0.0.1", "--blobPort", "0", "--disableTelemetry"),
        *("--cert", str(double.certificate), "--key", str(double.key), "--oauth", "basic", "--skipApiVersionCheck"),
        *(("--inMemoryPersistence",) if in_memory else ("--location", str(folder))),
    ]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "AZURITE_ACCOUNTS": f"{ACCOUNT}:{KEY}"},
        cwd=folder,
    )
    assert process.stdout is not None
    patience = threading.Timer(LONGEST_START, process.kill)
    patience.start()
    try:
        said = ""
        for line in process.stdout:
            said += line
            if port := LISTENING.search(line):
                break
        else:
            raise AssertionError(f"azurite did not start: {said}")
        patience.cancel()
        threading.Thread(target=process.stdout.read, daemon=True).start()
        double.blobs = f"https://127.0.0.1:{port[1]}/{{account}}"
        yield Azurite(f"https://127.0.0.1:{port[1]}")
    finally:
        patience.cancel()
        process.terminate()
        process.wait(10)
        process.stdout.close()
