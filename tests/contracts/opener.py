"""Another process that opens the state database: ``python -m tests.contracts.opener URL [revision|asks]``."""

from __future__ import annotations

import sys
from itertools import count

from analysis.errors import BadConfig
from bot.clock import wall
from bot.state import State
from tests.contracts.said import accepted, ask


def main(url: str, wanted: str) -> None:
    """Wait for a line, open, and say what came of it: the revision, or each ask that was accepted, without end."""
    print("ready", flush=True)  # noqa: T201
    sys.stdin.readline()
    try:
        with State.open(url, wall) as state:
            print(state.revision, flush=True)  # noqa: T201
            for number in count() if wanted == "asks" else ():
                key = f"{wanted} {number}"
                if accepted(state.inbox, ask(key)):
                    print(key, flush=True)  # noqa: T201
    except BadConfig as error:
        print(f"BadConfig: {error}", flush=True)  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
