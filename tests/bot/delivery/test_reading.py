"""Figures as their reader writes them."""

from __future__ import annotations

import pytest

from bot.delivery.reading import as_read
from commands.core.answer import Answer, Button, Buttons, Code, Detail, Facts, Note, Table, Text

WORDS = "+$1,234.50 (3.5%, 1,234 orders)"


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("en_US", WORDS),
        ("en_GB", WORDS),
        ("de_DE", "+1.234,50\u00a0$ (3,5%, 1.234 orders)"),
        ("fr_FR", "+1\u202f234,50\u00a0$ (3,5%, 1\u202f234 orders)"),
        ("de_CH", "+$\u00a01’234.50 (3.5%, 1’234 orders)"),
        ("pt_BR", "+$\u00a01.234,50 (3,5%, 1.234 orders)"),
    ],
)
def test_money_thousands_and_percentages_are_written_as_in(locale: str, said: str) -> None:
    assert as_read(Answer(WORDS), locale).title == said


@pytest.mark.parametrize(
    "kept",
    [
        "m5.large at 10.0.0.1:8080",
        "Python 3.11 and v1.5",
        "2026-11-18, 14 Nov 2026",
        "vol-0a1,234",
        "⟦2026-11-18T09:02Z⟧",
        "`aws --size 1,234.5`",
        "a,b,c",
    ],
)
def test_what_is_no_figure_stays(kept: str) -> None:
    assert as_read(Answer("x", (Text(kept),)), "de_DE").parts == (Text(kept),)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("$204,742 – $209,821.", "204.742\u00a0$ – 209.821\u00a0$."),
        ("$6,240/month", "6.240\u00a0$/month"),
        ("−$5.10, CHF\u00a012.00, -€3", "−5,10\u00a0$, 12,00\u00a0CHF, -3\u00a0€"),
        ("$12.3K", "12,3K\u00a0$"),
    ],
)
def test_money_in_all_its_forms(words: str, said: str) -> None:
    assert as_read(Answer("x", (Note(words),)), "de_DE").parts == (Note(said),)


def test_every_part_with_words_is_read_and_what_is_typed_or_copied_is_not() -> None:
    parts = (
        Facts((("Cost of $1,000", "$1,000"),)),
        Table(("A", "B"), (("x", "$1,000"),), numbers=(1,)),
        Code("To act", "resize --to 1,000"),
        Buttons((Button("See", "budget 1,000"),)),
    )
    said = as_read(Answer("x", parts, details=(Detail("why", Answer("$1,000")),)), "de_DE")

    assert said.parts[0] == Facts((("Cost of $1,000", "1.000\u00a0$"),))
    assert said.parts[1] == Table(("A", "B"), (("x", "1.000\u00a0$"),), (1,))
    assert said.parts[2:] == parts[2:]
    assert said.details[0].answer.title == "1.000\u00a0$"
