"""R1: many click at once, every click arrives twice: one wins, everybody hears the truth, nothing else goes wrong."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from analysis.errors import TooLate
from analysis.findings import claim
from benchmarks.chaos.trial import Ground, Outcome
from bot.clock import wall
from bot.state import State
from commands.core.caller import Caller
from tests.contracts.conftest import BEGINNING
from tests.contracts.said import ALL, caller, found

MOST_SECONDS = 1.0


async def claim_race(ground: Ground, *, clickers: int = 200, rounds: int = 20) -> Outcome:
    """One finding a round, claimed by everybody in the same moment."""
    with State.open(ground.ready(ground.place()), wall) as state:
        return await asyncio.to_thread(_race, state, clickers, rounds)


def _race(state: State, clickers: int, rounds: int) -> Outcome:
    state.findings.seen([found(number) for number in range(rounds)], "run", ALL, BEGINNING)
    findings = [found(number).id for number in range(rounds)]
    took: list[float] = []
    wrong = 0
    with ThreadPoolExecutor(clickers * 2) as pool:
        for finding in findings:
            fair, seconds = race(state, pool, finding, [caller(f"U{number}") for number in range(clickers)])
            wrong += not fair
            took += seconds
    lines = state.audit.lines(limit=clickers * rounds + 1)
    audited = len({line.key for line in lines})
    p99 = sorted(took)[len(took) * 99 // 100]
    return Outcome(
        f"1 winner each, {clickers * rounds} audit lines, p99 < {MOST_SECONDS:g} s",
        f"{rounds - wrong} of {rounds} with 1 winner, {audited} audit lines, p99 {p99:.2f} s, worst {max(took):.2f} s",
        not wrong and len(lines) == audited == clickers * rounds and p99 < MOST_SECONDS,
    )


def race(
    state: State, pool: ThreadPoolExecutor, finding: str, clickers: Sequence[Caller]
) -> tuple[bool, Sequence[float]]:
    """One round: whether one won and both copies of each click were told the same; and the seconds of each."""
    deliveries = [by for by in clickers for _ in range(2)]
    ready = Barrier(len(deliveries))

    def delivered(by: Caller) -> tuple[Caller, str, float]:
        ready.wait()
        return by, *click(state, finding, by)

    ended = list(pool.map(delivered, deliveries))
    winners = {by.id for by, how, _ in ended if how == "won"}
    told = Counter((by.id, how) for by, how, _ in ended)
    fair = winners == {state.findings.get(finding).owner} and set(told.values()) == {2}
    return fair, [seconds for *_, seconds in ended]


def click(state: State, finding: str, by: Caller) -> tuple[str, float]:
    """How one claim ends, and how many seconds it takes; anything but winning and being late is raised."""
    begun = time.perf_counter()
    try:
        state.findings.move(finding, claim(by.id, by.name), by, "claim", BEGINNING)
        ended = "won"
    except TooLate:
        ended = "late"
    return ended, time.perf_counter() - begun
