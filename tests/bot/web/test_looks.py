"""Whatever is named on a bill is only text on the page, in each of its three looks; what is pressed works in each."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from bot.clock import stopped_at
from bot.web import slack_look, teams_look
from bot.web.page import PagePlatform
from bot.web.timeline import Timeline
from charts.picture import Picture
from commands.core.answer import (
    Answer,
    Button,
    Buttons,
    Chart,
    Choices,
    Code,
    Facts,
    Field,
    File,
    Form,
    Note,
    Table,
    Text,
    Tone,
)
from tests.conftest import NOW

EVIL = "\"><script>alert(1)</script><img src=x onerror='alert(2)'> & ]]>"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x02\x80\x00\x00\x01h"
ANSWER = Answer(
    EVIL,
    (
        Text(f"**{EVIL}** `{EVIL}`"),
        Facts(((EVIL, EVIL),)),
        Table((EVIL, "b"), ((EVIL, EVIL),), numbers=(1,)),
        Chart(Picture(PNG, EVIL, "chart")),
        Code(EVIL, EVIL),
        Buttons((Button("Claim", f"claim {EVIL}", Tone.GOOD),)),
        Choices("Metric", (Button("Orders", "units metric=orders"), Button(EVIL, f"units metric={EVIL}")), "Orders"),
        Form("Snooze", EVIL, "snooze 3f9a1c2e", (Field("days", EVIL, options=("7", EVIL)), Field("why", EVIL))),
        File("a.csv", "text/csv", b"1", EVIL),
        Note(EVIL),
    ),
)
OURS = {"src", "alt", "href", "download", "class", "type", "value", "name", "required", "selected", "open", "datetime"}
OURS |= {
    "data-ask",
    "aria-label",
    "aria-hidden",
    "role",
    "tabindex",
    "width",
    "height",
    "loading",
    "method",
    "rows",
    "scope",
}


class Elements(HTMLParser):
    """Every element with its attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.fixture(params=["page", "slack", "teams"])
async def drawn(request: pytest.FixtureRequest) -> str:
    payload, _ = PagePlatform(Timeline(), stopped_at(NOW)).render(ANSWER, "")
    match request.param:
        case "slack":
            return str(slack_look.body(payload["slack"]))
        case "teams":
            return str(teams_look.body(payload["teams"]))
        case _:
            return str(payload["html"])


def test_no_name_becomes_an_element_or_an_attribute(drawn: str) -> None:
    elements = Elements(drawn).found
    assert {tag for tag, _ in elements}.isdisjoint({"script", "iframe", "object", "style", "link"})
    assert {name for _, attributes in elements for name in attributes} <= OURS
    sources = [attributes["src"] for tag, attributes in elements if tag == "img"]
    assert sources == [f"/picture/{ANSWER.pictures[0].digest}"]


def test_buttons_choices_and_forms_carry_their_asks(drawn: str) -> None:
    elements = Elements(drawn).found
    asks = [attributes.get("data-ask") for tag, attributes in elements if tag in {"button", "form"}]
    assert f"claim {EVIL}" in asks and "snooze 3f9a1c2e" in asks
    options = [attributes.get("value") for tag, attributes in elements if tag == "option"]
    assert "units metric=orders" in options and "7" in options
    assert {"days", "why"} <= {attributes.get("name") for _, attributes in elements}
