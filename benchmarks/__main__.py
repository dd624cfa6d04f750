"""``python -m benchmarks``: every claim, measured here and now, one table after the other."""

from __future__ import annotations

import platform
import subprocess
import sys
from os import cpu_count

SUITES = (
    "benchmarks.chat_latency",
    "benchmarks.acknowledgement",
    "benchmarks.forecast_accuracy",
    "benchmarks.anomaly_recall",
    "benchmarks.aws_assessment",
    "benchmarks.azure_assessment",
)


def main() -> None:
    """Run each suite in a process of its own, so that none warms another."""
    print(f"{platform.machine()}, {cpu_count()} cores, Python {platform.python_version()}")
    failed = [suite for suite in SUITES if subprocess.run([sys.executable, "-m", suite], check=False).returncode]
    if failed:
        sys.exit(f"not within its goal: {', '.join(failed)}")


if __name__ == "__main__":
    main()
