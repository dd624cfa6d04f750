"""Answers as Adaptive Cards."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bot.teams.render import card
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

HOSTILE = [
    "[click](https://evil.example)",
    "![](http://evil.example/x.png)",
    "<at>everyone</at>",
    "**loud** _and_ `code`",
    "safe\u202egnp.exe",
]


def whole(text: str = "x") -> Answer:
    return Answer(
        text,
        (
            Text(f"**{text}** and `{text}`"),
            Facts(((text, text),)),
            Table((text, "n"), ((text, "1"),) * 30, numbers=(1,)),
            Chart(Picture(b"\x89PNG", text, "chart")),
            Code("To act", text),
            Buttons(tuple(Button(text, f"claim {n}", Tone.GOOD) for n in range(8))),
            Note(text),
        ),
        Tone.WARN,
    )


def texts(element: object) -> list[str]:
    if isinstance(element, dict):
        own = [element["text"]] if element.get("type") == "TextBlock" else []
        own += [value for fact in element.get("facts", ()) for value in fact.values()]
        return own + [text for value in element.values() for text in texts(value)]
    return [text for value in element for text in texts(value)] if isinstance(element, list) else []


def test_every_part_has_its_element() -> None:
    kinds = [element["type"] for element in card(whole())["body"]]
    assert kinds == [
        *("TextBlock", "TextBlock", "FactSet", "Table", "TextBlock", "Image"),
        *("TextBlock", "RichTextBlock", "ActionSet", "ActionSet", "TextBlock"),
    ]


def test_a_table_cut_short_says_so() -> None:
    assert any("and 10 more rows" in text for text in texts(card(whole())["body"]))


def test_a_button_is_an_ask_with_a_way_for_old_clients() -> None:
    action = card(whole())["body"][-3]["actions"][0]
    assert action["type"] == "Action.Execute" and action["data"] == {"ask": "claim 0"}
    assert action["fallback"]["type"] == "Action.Submit"


@pytest.mark.parametrize("text", HOSTILE)
def test_foreign_text_stays_text(text: str) -> None:
    for shown in texts(card(Answer(text, (Facts(((text, text),)), Note(text), Table((text,), ((text,),)))))["body"]):
        assert "](" not in shown and "<at" not in shown and "\u202e" not in shown
        assert "**loud" not in shown


@given(some.text(max_size=300))
def test_a_card_is_always_json_of_bounded_size(text: str) -> None:
    assert len(json.dumps(card(whole(text)))) < 200_000


def test_a_choice_shows_what_stands_and_each_option_is_a_whole_ask() -> None:
    options = (Button("Orders", "units panel metric=orders"), Button("Customers", "units panel metric=customers"))
    [_, menu, actions] = card(Answer("Units", (Choices("Metric", options, "Customers"),)))["body"]

    assert menu["value"] == "units panel metric=customers"
    assert [one["title"] for one in menu["choices"]] == ["Orders", "Customers"]
    assert actions["actions"][0]["data"] == {"choice": menu["id"]}


def test_a_form_unfolds_in_the_card() -> None:
    fields = (Field("until", "Until", "date", value="2026-12-01"), Field("reason", "Why", "paragraph", optional=True))
    [_, actions] = card(Answer("Idle disk", (Form("Snooze", "Snooze this", "snooze 3f9a1c", fields),)))["body"]

    [unfold] = actions["actions"]
    assert unfold["type"] == "Action.ShowCard"
    assert [(one["type"], one["isRequired"]) for one in unfold["card"]["body"][1:]] == [
        ("Input.Date", True),
        ("Input.Text", False),
    ]
    assert unfold["card"]["actions"][0]["data"] == {"ask": "snooze 3f9a1c", "form": ["until", "reason"]}


def test_a_document_is_named_with_what_it_holds() -> None:
    [_, line] = card(Answer("Chargeback", (File("a_b.csv", "text/csv", b"", "Cost of *October*."),)))["body"]

    assert line["text"] == r"**a\_b.csv**: Cost of \*October\*."
