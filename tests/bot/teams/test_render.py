"""Answers as Adaptive Cards."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bot.teams.dialog import completed, unpacked
from bot.teams.render import card, filled, letters, names, render
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
    Plot,
    Table,
    Text,
    Tone,
)
from commands.core.moments import moment
from tests.fake_teams_cards import problems

HOSTILE = [
    "[click](https://evil.example)",
    "![](http://evil.example/x.png)",
    "<at>everyone</at>",
    "**loud** _and_ `code`",
    "safe\u202egnp.exe",
]


FIELDS = (Field("until", "Until", "date", value="2026-12-01"), Field("reason", "Why", "paragraph", optional=True))
FORM = Form("Snooze", "Snooze this", "snooze 3f9a1c", FIELDS)


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
        own = [element["text"]] if element.get("type") in {"TextBlock", "TextRun"} else []
        own += [value for fact in element.get("facts", ()) for value in fact.values()]
        return own + [text for value in element.values() for text in texts(value)]
    return [text for value in element for text in texts(value)] if isinstance(element, list) else []


def test_every_part_has_its_element() -> None:
    kinds = [element["type"] for element in card(whole())["body"]]
    assert kinds == [
        *("TextBlock", "RichTextBlock", "FactSet", "Table", "RichTextBlock", "Image"),
        *("RichTextBlock", "Container", "ActionSet", "ActionSet", "RichTextBlock"),
    ]
    assert not problems(filled_with(card(whole())))


def test_pictures_and_documents_are_names_until_they_are_sent() -> None:
    document = File("a.csv", "text/csv", b"a", "x")
    said = Answer("x", (Chart(Picture(b"\x89PNG", "x", "chart")), document))
    kinds = [name.partition(":")[0] for name in names(card(said))]
    assert kinds == ["picture", "document"]


def test_a_table_cut_short_says_so() -> None:
    assert any("and 10 more rows" in text for text in texts(card(whole())["body"]))


def test_a_button_is_an_ask_with_a_way_for_old_clients() -> None:
    action = card(whole())["body"][-3]["actions"][0]
    assert action["type"] == "Action.Execute" and action["data"] == {"ask": "claim 0"}
    assert action["fallback"]["type"] == "Action.Submit"


@pytest.mark.parametrize("text", HOSTILE)
def test_foreign_text_stays_text(text: str) -> None:
    said = card(Answer(text, (Facts(((text, text),)), Note(text), Table((text,), ((text,),)))))
    for block in marked(said["body"]):
        assert "](" not in block and "<at" not in block and "**loud" not in block
    assert "\u202e" not in str(said)


def marked(element: object) -> list[str]:
    """What is read as markdown: blocks and facts."""
    if isinstance(element, dict):
        own = [element["text"]] if element.get("type") == "TextBlock" else []
        own += [value for fact in element.get("facts", ()) for value in fact.values()]
        return own + [text for value in element.values() for text in marked(value)]
    return [text for value in element for text in marked(value)] if isinstance(element, list) else []


@given(some.text(max_size=300))
def test_a_card_is_always_valid_json_of_bounded_size(text: str) -> None:
    payload = render(whole(text))
    for page in (payload, *payload.get("more", ())):
        assert letters(page["card"]) <= 40_000
        json.dumps(page).encode()
        assert not problems(filled_with(page["card"]))


@given(some.text(max_size=300))
def test_no_text_of_others_is_markdown_a_mention_or_a_macro(text: str) -> None:
    said = card(whole(f"{{{{DATE({text})}}}} [x](https://x) <at>{text}</at>"))
    for block in marked(said["body"]):
        assert "](" not in block and "<at" not in block and "://" not in block.replace("://\u200a", "")
    assert all("{{" not in shown for shown in texts(said["body"]))


def filled_with(thing: Any) -> Any:
    return filled(thing, {name: f"https://pitcrew.example/{name}" for name in names(thing)})


def test_a_choice_shows_what_stands_and_each_option_is_a_whole_ask() -> None:
    options = (Button("Orders", "units panel metric=orders"), Button("Customers", "units panel metric=customers"))
    [_, menu, actions] = card(Answer("Units", (Choices("Metric", options, "Customers"),)))["body"]

    assert menu["value"] == "units panel metric=customers"
    assert [one["title"] for one in menu["choices"]] == ["Orders", "Customers"]
    assert actions["actions"][0]["data"] == {"choice": menu["id"]}


def test_a_form_is_a_button_that_opens_a_dialog() -> None:
    [_, actions] = card(Answer("Idle disk", (FORM,)))["body"]
    [button] = actions["actions"]
    assert (button["type"], button["data"]["msteams"]) == ("Action.Submit", {"type": "task/fetch"})
    assert unpacked(button["data"]["form"]) == FORM


def test_where_no_dialog_opens_a_form_unfolds_in_the_card() -> None:
    [_, actions] = card(Answer("Idle disk", (FORM,)), unfold=True)["body"]
    [button] = actions["actions"]
    assert button["type"] == "Action.ShowCard"
    assert [(one["type"], one["isRequired"]) for one in button["card"]["body"]] == [
        ("Input.Date", True),
        ("Input.Text", False),
    ]
    send = button["card"]["actions"][0]
    assert send["data"] == {"ask": "snooze 3f9a1c", "names": ["until", "reason"]}
    assert completed({**send["data"], "until": "2026-12-01", "reason": ""}) == "snooze 3f9a1c until=2026-12-01"


def test_a_document_is_named_with_what_it_holds() -> None:
    [_, line, actions] = card(Answer("Chargeback", (File("a_b.csv", "text/csv", b"", "Cost of *October*."),)))["body"]

    assert "".join(one["text"] for one in line["inlines"]) == "a_b.csv: Cost of *October*."
    assert actions["actions"][0]["title"] == "Open a_b.csv"


def test_moments_are_told_in_the_readers_own_time() -> None:
    at = moment(datetime(2026, 11, 18, 9, 2, tzinfo=UTC))
    shown = texts(card(Answer("x", (Text(f"claimed on {at}"), Facts((("When", at),)))))["body"])
    assert sum("{{DATE(2026-11-18T09:02:00Z, SHORT)}} at {{TIME(2026-11-18T09:02:00Z)}}" in text for text in shown) == 2


def test_what_was_left_out_is_said() -> None:
    wide = Table(tuple("abcdefgh"), (tuple("12345678"),))
    many = Choices("Metric", tuple(Button(f"n{n}", f"units metric={n}") for n in range(120)))
    facts = Facts(tuple((f"f{n}", "1") for n in range(50)))
    buttons = Buttons(tuple(Button(f"b{n}", f"help {n}") for n in range(30)))
    code = Code("To act", "x" * 9_000)
    said = " ".join(texts(card(Answer("x", (wide, many, facts, buttons, code)))["body"]))
    for words in (
        "not shown: g, h",
        "and 20 more to choose",
        "and 10 more",
        "and 6 more buttons",
        "are too long for Teams",
    ):
        assert words in said


def drawn(plot: Plot) -> dict[str, Any]:
    """The chart that Teams draws of figures, under its title."""
    made = filled_with(card(Answer("x", (Chart(Picture(b"\x89PNG", "two months", "units"), plot),))))
    assert not problems(made)
    *_, title, chart = made["body"]
    assert title["inlines"][0]["text"] == plot.title
    assert chart["fallback"]["type"] == "Image" and chart["fallback"]["altText"] == "two months"
    return dict(chart)


def test_a_line_is_drawn_by_teams_and_as_a_picture_where_it_cannot_be() -> None:
    chart = drawn(Plot("Cost of one order", ("Sep", "Oct"), (("all orders", (0.42, 0.4)),), "USD"))

    [line] = chart["data"]
    assert (chart["type"], chart["yAxisTitle"], line["legend"]) == ("Chart.Line", "USD", "all orders")
    assert line["values"] == [{"x": "Sep", "y": 0.42}, {"x": "Oct", "y": 0.4}]


def test_bars_lie_so_that_their_names_can_be_read() -> None:
    chart = drawn(Plot("Waste by team", ("data", "none"), (("a month", (751.16, 72.83)),), "USD", "bars"))

    assert (chart["type"], chart["xAxisTitle"]) == ("Chart.HorizontalBar", "USD")
    assert chart["data"] == [{"x": "data", "y": 751.16}, {"x": "none", "y": 72.83}]


def test_parts_of_a_bar_are_told_apart() -> None:
    lines = (("its own", (700.0, 50.0)), ("part of shared costs", (51.16, 22.83)))
    chart = drawn(Plot("October by team", ("data", "search"), lines, "USD", "bars"))

    assert chart["type"] == "Chart.HorizontalBar.Stacked"
    [data, search] = chart["data"]
    assert (data["title"], search["title"]) == ("data", "search")
    assert [(part["legend"], part["value"]) for part in data["data"]] == [
        ("its own", 700.0),
        ("part of shared costs", 51.16),
    ]
    assert len({part["color"] for part in data["data"]}) == 2


def test_a_short_figure_is_never_broken_in_two() -> None:
    made = card(Answer("x", (Table(("Service", "Rate"), (("Amazon Simple Storage", "5.4 GB"),), numbers=(1,)),)))
    cells = [cell["items"][0]["inlines"][0]["text"] for cell in made["body"][-1]["rows"][1]["cells"]]
    assert cells == ["Amazon Simple Storage", "5.4\u00a0GB"]
