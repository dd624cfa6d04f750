"""Everything that the sample company's crew says, rendered for Slack: messages, Home, windows and forms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.delivery.manner import ELSEWHERE, OVER
from bot.ports import HOME, Place
from bot.progress import Run
from bot.slack import modal, render
from charts.picture import Picture
from commands.core.answer import Answer, Facts, Form, Text, Whom
from commands.core.links import Linked
from commands.core.registry import discover
from commands.personas import discover as personas
from tests.conftest import Talk

FILE = "F0123456789"
EXAMPLE = "3f9a1c2e"  # the finding that help speaks of
NAMED = Answer(
    "Waits for 7 days: $77.59 a month",
    (
        Text("this is yours: a disk. Fix it, put it off, or say why it stays.", to=Whom("slack:U1", "Ana")),
        Facts((("Sent to tracker", Linked("CLOUD-7", "https://tracker.example/CLOUD-7")),)),
    ),
)
OPENED = Place("slack", "T1", "C1", user="U1")


@dataclass(frozen=True, slots=True)
class Said:
    """One answer, by the ask that it is of."""

    name: str
    answer: Answer

    @property
    def payload(self) -> Mapping[str, Any]:
        """The message, as Slack gets it when its pictures are uploaded."""
        made = render.render(self.answer)
        return render.with_files(made, dict.fromkeys(render.pictures(made), FILE))

    @property
    def pictures(self) -> dict[str, Picture]:
        """Its pictures by their digests."""
        return {one.digest: one for one in self.answer.pictures}


def everything(talk: Talk) -> list[Said]:
    """What is answered to every example of help, to every persona, and while one waits."""
    said = [Said(ask, talk.ask(ask)) for ask in _asks(talk)]
    talk.ask("watch")
    said += [Said(ask, talk.ask(ask)) for ask in (f"alert {one['id']}" for one in talk.ask("alerts").data["alerts"])]
    with_details = [Said(one.ask, one.answer) for each in said for one in each.answer.details]
    waiting = Run("3f9a1c2e", "assess")
    waiting.tell(0.64, "reading 50 accounts, 64% done")
    said += [Said("(waiting)", waiting.shown()), Said("(over)", OVER), Said("(elsewhere)", ELSEWHERE)]
    said += [Said("(named and linked)", NAMED)]
    return [*said, *with_details]


def pages(said: list[Said]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """What of it fills Home or a window, and every form that it opens."""
    for one in said:
        if one.name == HOME:
            yield one.name, {"type": HOME, "blocks": render.page(one.payload, forms=True)}
        if one.name.startswith("units"):
            window = {"blocks": render.page(one.payload, forms=False)}
            yield one.name, modal.window(window, "Unit economics", OPENED)
        for form in (part for part in one.answer.parts if isinstance(part, Form)):
            yield f"{one.name}: {form.label}", modal.view(modal.packed(form), form.label, OPENED)


def _asks(talk: Talk) -> list[str]:
    talk.ask("assess")
    finding = talk.crew.state.findings.standing()[0].short
    found = discover()
    examples = [example for name in found for example in found[name].examples if name != "assess"]
    asked = [example.replace(EXAMPLE, finding) for example in examples]
    views = [f"summary {name}" for name in personas()]
    return list(dict.fromkeys(["home", *asked, *views, "mine", "forcast", "news nightly", "anomalies"]))
