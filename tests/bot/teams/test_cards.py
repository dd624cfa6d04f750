"""The cards of all commands, read and drawn by Microsoft's own library: nothing unknown, wrong or linked."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from bot.teams import render
from commands.core.answer import Answer, Facts, Note, Table, Text
from commands.core.registry import discover
from tests.conftest import Talk

SCRIPT = Path(__file__).parents[2] / "node" / "check_cards.cjs"
pytestmark = pytest.mark.slow
ACTS = {"assess", "cancel"}  # they load everything anew, or stop what others do


def checked(cards: list[Any]) -> list[dict[str, Any]]:
    done = subprocess.run(["node", str(SCRIPT)], input=json.dumps(cards), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def drawn(answer: Answer) -> list[Any]:
    payload = render.render(answer)
    cards = [payload["card"], *(one["card"] for one in payload.get("more", ()))]
    links = {name: "https://pitcrew.example/x.png" for card in cards for name in render.names(card)}
    return [render.stamped(render.filled(card, links), "mark") for card in cards]


def test_the_cards_of_every_command_are_what_microsofts_library_reads(assessed: Talk) -> None:
    talk = assessed
    found = discover()
    asks = [example for name in found if name not in ACTS for example in (name, *found[name].examples[:1])]
    answers = {ask: talk.ask(ask) for ask in dict.fromkeys(asks)}
    finding = talk.crew.state.findings.standing()[0]
    answers |= {ask: talk.ask(ask) for ask in (f"finding {finding.short}", f"claim {finding.short}")}
    cards = [(ask, card) for ask, answer in answers.items() for card in drawn(answer)]

    said = checked([card for _, card in cards])
    assert len(said) >= len(answers)
    wrong = {
        ask: (one["problems"], one["links"], one["marks"], render.letters(card))
        for (ask, card), one in zip(cards, said, strict=True)
        if one["problems"] or one["links"] or one["marks"] or render.letters(card) > 40_000
    }
    assert not wrong


def test_what_others_named_is_drawn_as_it_is_written() -> None:
    evil = "[click](https://evil.example) ![](http://evil.example/x) **loud** _and_ <at>all</at> ~z~ www.evil.example"
    said = Answer(evil, (Text("x " + evil), Facts(((evil, evil),)), Table((evil,), ((evil,),)), Note(evil)))
    [one] = checked(drawn(said))

    assert (one["problems"], one["links"], one["marks"]) == ([], 0, 0)
    assert one["text"].replace("\u200a", "").count("[click](https://evil.example)") == 3  # jsdom draws no runs
