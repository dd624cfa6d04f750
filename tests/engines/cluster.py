"""A real Spark cluster on loopback: a master and two workers, each a process of its own."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

HOST = "127.0.0.1"
PATIENCE = 60.0  # seconds
MASTER = re.compile(r"Starting Spark master at spark://([\d.]+:\d+)")
REGISTERED = "Successfully registered with master"


@contextmanager
def standalone(folder: Path, workers: int = 2) -> Iterator[str]:
    """Start a cluster, tell where its master listens (``127.0.0.1:40123``), and end it."""
    with ExitStack() as stack:
        log = folder / "master.log"
        stack.enter_context(_running("master.Master", ["--host", HOST, "--port", "0", "--webui-port", "0"], log))
        address = _said(log, MASTER)
        for number in range(workers):
            log = folder / f"worker-{number}.log"
            asked = ["--host", HOST, "--webui-port", "0", "--cores", "1", "--memory", "1g"]
            asked += ["--work-dir", str(folder / f"work-{number}"), f"spark://{address}"]
            stack.enter_context(_running("worker.Worker", asked, log))
            _said(log, re.compile(f"({REGISTERED})"))
        yield address


@contextmanager
def _running(name: str, asked: list[str], log: Path) -> Iterator[None]:
    spec = find_spec("pyspark")
    assert spec and spec.origin
    home = Path(spec.origin).parent
    environment = {**os.environ, "SPARK_HOME": str(home), "SPARK_LOCAL_IP": HOST, "SPARK_DAEMON_MEMORY": "512m"}
    with log.open("wb") as out:
        process = subprocess.Popen(
            [str(home / "bin" / "spark-class"), f"org.apache.spark.deploy.{name}", *asked],
            env=environment,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        try:
            yield
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()


def _said(log: Path, wanted: re.Pattern[str]) -> str:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if found := wanted.search(log.read_text(errors="replace")):
            return found[1]
        time.sleep(0.2)
    raise AssertionError(f"nothing of {wanted.pattern!r} in {PATIENCE} seconds:\n{log.read_text(errors='replace')}")
