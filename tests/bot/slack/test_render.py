"""Answers as Block Kit: always acceptable to Slack, and nothing in them alive that we did not bring to life."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block

from bot.slack.render import pictures, render, with_files
from bot.slack.text import escaped
from bot.words import cut, size
from commands.core.answer import Answer, Button, Buttons, Chart, Code, Facts, Note, Part, Table, Text, Tone, plain
from tests.bot.slack.desk import picture
from tests.examples import at_the_gate
from tests.fake_slack_blocks import effects, problems

HOSTILE = [
    "<!channel>",
    "<!here>",
    "<@U1>",
    "<!subteam^S1>",
    "<#C1|general>",
    "<https://evil.example|AWS console>",
    "<mailto:ceo@evil.example|me>",
    "http://evil.example",
    "see evil.example or www.evil.com",
    "*bold* _italic_ ~struck~ `code`",
    "> quoted",
    "a\n> quoted\n&gt; again",
    ":joy: :+1:",
    "```\nrm -rf /\n```",
    "<!date^1^{date}|x>",
    "&lt;!channel&gt; &amp;lt;",
]
DECEIVING = {
    "a\u202etxt.exe": "atxt.exe",
    "zero\u200bwidth\u2060\ufeff": "zerowidth",
    "nul\x00 bell\x07": "nul bell",
    "one\ntwo\r\nthree\tfour\u2028five": "one two three four five",
    "lone \ud800 surrogate": "lone \ufffd surrogate",
    "tag\U000e0041s": "tags",
}


def full(name: str) -> Answer:
    """An answer that shows ``name`` wherever something foreign may stand."""
    parts: tuple[Part, ...] = (
        Text(f"Look at **{plain(name)}**, {plain(name)} and `{plain(name)}`"),
        Facts(((name, name), ("Account", name))),
        Table(("Name", name), ((name, "1.00"), (name, name)), numbers=(1,)),
        Table((name,), ((name,),)),
        Chart(picture(alt=name)),
        Code(name, name),
        Buttons((Button(name, f"claim {name}"[:2000]),)),
        Note(name),
    )
    return Answer(name, parts, Tone.WARN)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_only_shown(name: str) -> None:
    payload = render(full(name))

    assert problems(with_files(payload, {picture(name).digest: "F12345678"})["blocks"]) == []
    assert effects(payload) == []
    assert effects({"text": payload["text"]}) == []


def test_the_check_for_life_would_see_it() -> None:
    assert [name for name in HOSTILE if not effects({"text": name})] == ["&lt;!channel&gt; &amp;lt;"]


@pytest.mark.parametrize(("name", "shown"), DECEIVING.items())
def test_what_deceives_the_eye_is_dropped(name: str, shown: str) -> None:
    payload = render(full(name))

    assert payload["blocks"][0]["text"]["text"] == f"⚠️ {shown}"
    assert json.dumps(payload["blocks"], ensure_ascii=False).count(shown) >= 8
    assert payload["text"].encode()


@pytest.mark.parametrize("name", ["", "   ", "\u200b", "\n"])
def test_what_has_no_name_is_called_unnamed(name: str) -> None:
    payload = render(full(name))

    assert problems(with_files(payload, {picture(name).digest: "F12345678"})["blocks"]) == []
    assert payload["blocks"][0]["text"]["text"] == "⚠️ (unnamed)"
    assert payload["text"].startswith("⚠️ (unnamed)")


def test_backticks_do_not_open_a_command() -> None:
    [_, block] = render(Answer("Fix", (Code("To act", "aws ec2 delete-volume --volume-id '```vol`1'"),)))["blocks"]

    assert block["elements"][1] == {
        "type": "rich_text_preformatted",
        "elements": [{"type": "text", "text": "aws ec2 delete-volume --volume-id '```vol`1'"}],
    }


def test_a_command_is_shown_whole_or_not_at_all() -> None:
    payload = render(Answer("Fix", (Code("To act", "rm " + "x" * 4000),)))

    assert "xxx" not in json.dumps(payload)
    assert "4,003 characters are too long" in json.dumps(payload["blocks"])


def test_the_two_marks_of_a_text_become_styles() -> None:
    [_, block] = render(Answer("T", (Text("Spend is **up 8%** on `prod` a**b"),)))["blocks"]

    assert block["elements"][0]["elements"] == [
        {"type": "text", "text": "Spend is "},
        {"type": "text", "text": "up 8%", "style": {"bold": True}},
        {"type": "text", "text": " on "},
        {"type": "text", "text": "prod", "style": {"code": True}},
        {"type": "text", "text": " a**b"},
    ]


def test_a_short_table_is_slacks_own_with_figures_flush_right() -> None:
    table = Table(("Service", "Cost"), (("EC2", "1,200.00"), ("S3", "")), numbers=(1,))
    [_, block] = render(Answer("Top", (table,)))["blocks"]

    assert block == {
        "type": "table",
        "column_settings": [{"align": "left"}, {"align": "right"}],
        "rows": [
            [{"type": "raw_text", "text": "Service"}, {"type": "raw_text", "text": "Cost"}],
            [{"type": "raw_text", "text": "EC2"}, {"type": "raw_text", "text": "1,200.00"}],
            [{"type": "raw_text", "text": "S3"}, {"type": "raw_text", "text": "–"}],
        ],
    }


def test_a_second_table_is_set_in_monospace() -> None:
    table = Table(("Service", "Cost"), (("EC2", "1,200.00"), ("S3", "9.00")), numbers=(1,))
    [_, _, block] = render(Answer("Top", (table, table)))["blocks"]

    assert block["elements"][0]["elements"][0]["text"] == ("Service      Cost\nEC2      1,200.00\nS3           9.00")


def test_a_long_table_says_what_it_left_out() -> None:
    long = Table([f"c{n}" for n in range(4)], [[str(n)] * 4 for n in range(39)])
    [_, table, note] = render(Answer("Top", (long,)))["blocks"]

    assert (len(table["rows"]), len(table["rows"][0])) == (26, 4)
    assert note["elements"][0]["text"] == "… and 14 more rows"


def test_a_wide_table_is_stacked_so_that_no_phone_scrolls_sideways() -> None:
    wide = Table(
        ("Plan", "Used", "Unused", "Saved", "Ends"), [("A", "97%", "$3", "", "2027"), ("B", "1", "2", "3", "4")]
    )
    [_, stacked] = render(Answer("Plans", (wide,)))["blocks"]
    text = "".join(run["text"] for run in stacked["elements"][0]["elements"])

    assert text == "A\nUsed: 97% · Unused: $3 · Ends: 2027\n\nB\nUsed: 1 · Unused: 2 · Saved: 3 · Ends: 4\n"


def test_of_a_very_wide_table_what_is_left_out_is_named() -> None:
    wide = Table([f"c{n}" for n in range(14)], [[str(n) for n in range(14)]])
    [_, _, note] = render(Answer("Top", (wide,)))["blocks"]

    assert note["elements"][0]["text"] == "not shown: c12, c13"


def test_a_table_of_long_cells_is_cut_to_what_slack_takes() -> None:
    table = Table(("a", "b"), [["x" * 5000, "y" * 5000]] * 40)
    blocks = render(Answer("Top", (table,)))["blocks"]

    assert problems(blocks) == []
    assert "more rows" in blocks[-1]["elements"][0]["text"]


def test_a_long_answer_says_what_it_left_out() -> None:
    blocks = render(Answer("Long", tuple(Text(f"part {n}") for n in range(60))))["blocks"]

    assert len(blocks) == 50
    assert blocks[-1]["elements"][0]["text"] == "… and 12 more parts that did not fit into one message"


def test_a_long_text_counts_what_it_left_out() -> None:
    [_, block] = render(Answer("Long", (Text("x" * 10_000),)))["blocks"]
    text = block["elements"][0]["elements"][0]["text"]

    assert size(text) <= 3000
    assert text.endswith(" … and 7,040 more characters")


def test_too_many_buttons_say_so_and_none_is_pressed_twice() -> None:
    row = Buttons(tuple(Button(f"b{n}", f"claim {n}") for n in range(30)))
    blocks = render(Answer("Act", (row, row)))["blocks"]

    assert problems(blocks) == []
    assert blocks[2]["elements"][0]["text"] == "… and 5 more buttons"
    assert [len(block["elements"]) for block in blocks if block["type"] == "actions"] == [25, 25]


def test_a_button_whose_ask_is_too_long_is_left_out() -> None:
    row = Buttons((Button("Fine", "claim 1"), Button("Long", "x" * 2001), Button("Empty", "")))
    [_, actions, note] = render(Answer("Act", (row,)))["blocks"]

    assert [element["value"] for element in actions["elements"]] == ["claim 1"]
    assert note["elements"][0]["text"] == "… and 2 more buttons"


def test_the_text_beside_the_blocks_says_it_all() -> None:
    answer = Answer(
        "Forecast for November",
        (
            Text("Spend is **up**"),
            Facts((("Expected", "12,345.67 USD"),)),
            Chart(picture()),
            Table(("Month", "Expected"), (("Dec", "13"),)),
            Code("To act", "aws x"),
            Buttons((Button("In EUR", "forecast currency=EUR"),)),
            Note("Sample"),
        ),
        Tone.BAD,
    )
    assert render(answer)["text"].split("\n") == [
        "🔴 Forecast for November",
        "Expected: 12,345.67 USD",
        "Spend is up",
        "Forecast: 12.3k USD, 8% over October",
        "Month, Expected",
        "Dec, 13",
        "To act: aws x",
        "In EUR: /finops forecast currency=EUR",
        "Sample",
    ]


def test_a_picture_waits_for_its_file_or_gives_way_to_its_words() -> None:
    payload = render(Answer("F", (Chart(picture()),)))
    digest = picture().digest

    assert pictures(payload) == [digest]
    assert with_files(payload, {digest: "F00000001"})["blocks"][1] == {
        "type": "image",
        "slack_file": {"id": "F00000001"},
        "alt_text": "Forecast: 12.3k USD, 8% over October",
    }
    assert with_files(payload, {})["blocks"][1]["elements"][0]["elements"][0]["text"] == picture().alt
    assert pictures(with_files(payload, {})) == []


CARD = Answer(
    "Disk unattached since 01 Mar",
    (
        Text("`vol-0a1b2c`"),
        Facts((("Wasted a month", "12.80 USD"), ("Stands", "open, nobody has it yet"))),
        Code("To act", "aws ec2 delete-volume --volume-id vol-0a1b2c"),
        Note("A snapshot is kept."),
        Buttons((Button("Claim", "claim 3f9a1c", Tone.GOOD), Button("Snooze 30 days", "snooze 3f9a1c days=30"))),
    ),
    Tone.WARN,
)


def test_a_card_looks_like_this() -> None:
    assert render(CARD)["blocks"] == [
        {"type": "header", "text": _plain("⚠️ Disk unattached since 01 Mar")},
        _section({"type": "text", "text": "vol-0a1b2c", "style": {"code": True}}),
        _section(
            {"type": "text", "text": "Wasted a month: "},
            {"type": "text", "text": "12.80 USD", "style": {"bold": True}},
            {"type": "text", "text": "\nStands: "},
            {"type": "text", "text": "open, nobody has it yet", "style": {"bold": True}},
        ),
        {
            "type": "rich_text",
            "elements": [
                _section({"type": "text", "text": "To act", "style": {"bold": True}})["elements"][0],
                {
                    "type": "rich_text_preformatted",
                    "elements": [{"type": "text", "text": "aws ec2 delete-volume --volume-id vol-0a1b2c"}],
                },
            ],
        },
        {"type": "context", "elements": [_plain("A snapshot is kept.")]},
        {
            "type": "actions",
            "elements": [
                {
                    "type": "button",
                    "action_id": "ask:0",
                    "text": _plain("Claim"),
                    "value": "claim 3f9a1c",
                    "style": "primary",
                },
                {
                    "type": "button",
                    "action_id": "ask:1",
                    "text": _plain("Snooze 30 days"),
                    "value": "snooze 3f9a1c days=30",
                },
            ],
        },
    ]


def _plain(text: str) -> dict[str, object]:
    return {"type": "plain_text", "text": text, "emoji": False}


def _section(*runs: dict[str, object]) -> dict[str, list[object]]:
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(runs)}]}  # type: ignore[dict-item]


words = st.one_of(
    st.text(max_size=60),
    st.sampled_from(HOSTILE),
    st.sampled_from(list(DECEIVING)),
    st.builds(lambda text, times: text * times, st.text(min_size=1, max_size=8), st.integers(1, 2000)),
)
rows = st.lists(st.lists(words, max_size=9), max_size=45)
part: st.SearchStrategy[Part] = st.one_of(
    st.builds(Text, words),
    st.builds(Facts, st.lists(st.tuples(words, words), max_size=30)),
    st.builds(Table, st.lists(words, max_size=9), rows, st.lists(st.integers(0, 9), max_size=3)),
    st.builds(lambda alt: Chart(picture(alt)), words),
    st.builds(Code, words, words),
    st.builds(Buttons, st.lists(st.builds(Button, words, words, st.sampled_from(Tone)), max_size=30)),
    st.builds(Note, words),
)
answers = st.builds(Answer, words, st.lists(part, max_size=60), st.sampled_from(Tone))


@at_the_gate(150)
@given(answers)
def test_no_answer_is_ever_refused_or_alive(answer: Answer) -> None:
    payload = render(answer)
    blocks = with_files(payload, dict.fromkeys(pictures(payload), "F12345678"))["blocks"]

    assert problems(blocks) == []
    assert effects({**payload, "blocks": blocks}) == []
    assert 0 < size(payload["text"]) < 4000
    for block in blocks:
        Block.parse(block).validate_json()  # type: ignore[union-attr]
    assert problems(with_files(payload, {})["blocks"]) == []
    json.dumps(payload).encode()


@at_the_gate(300)
@given(words, st.integers(50, 4000))
def test_what_is_cut_fits(text: str, limit: int) -> None:
    assert size(cut(escaped(text), limit)) <= limit
