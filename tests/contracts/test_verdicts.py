"""What people say of anomalies, on both databases."""

from __future__ import annotations

from datetime import timedelta

from bot.state import State as Memory
from commands.core.ports import Judgement, Said
from tests.contracts.conftest import BEGINNING
from tests.contracts.said import caller

SERIES = ("apex-data", "Amazon Athena")


def test_verdicts_are_kept_in_their_order(state: Memory) -> None:
    ana, ben = caller("slack:UANA", key="click:1"), caller("slack:UBEN", key="click:2")
    state.verdicts.judge("e1", SERIES, Said.INVESTIGATING, ana, BEGINNING)
    state.verdicts.judge("e1", SERIES, Said.EXPECTED, ben, BEGINNING + timedelta(hours=1))

    assert state.verdicts.since(BEGINNING) == [
        Judgement("e1", SERIES, Said.INVESTIGATING, ana.name, BEGINNING),
        Judgement("e1", SERIES, Said.EXPECTED, ben.name, BEGINNING + timedelta(hours=1)),
    ]
    assert len(state.verdicts.since(BEGINNING + timedelta(minutes=1))) == 1


def test_the_same_click_twice_is_one_verdict(state: Memory) -> None:
    for _ in range(2):
        state.verdicts.judge("e1", SERIES, Said.FALSE_ALARM, caller("slack:UANA", key="click:1"), BEGINNING)

    assert len(state.verdicts.since(BEGINNING)) == 1
