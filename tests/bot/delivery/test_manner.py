"""Who gets an answer, where, and how."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from analysis.errors import BadConfig, TooLate
from bot.delivery.manner import announcements, packed, redrawn_by, replies
from bot.delivery.routes import Audience, routes
from bot.ports import Ask, Kind, Place, Priority
from charts.picture import Picture
from commands.core.answer import Answer, Buttons, Detail, File, Text, Tone
from commands.core.registry import sorry
from tests.bot.delivery.desk import FakePlatform
from tests.virtual_time import BEGINNING

TYPED = Ask(
    "slack:cmd:1", Place("slack", "T1", "C1", url="https://reply", user="U1"), "slack:U1", "Ana", "forecast", BEGINNING
)
MENTION = replace(TYPED, place=Place("slack", "T1", "C1", "17.1", user="U1"), loud=True)
ON_MESSAGE = replace(TYPED, place=replace(TYPED.place, message="17.2"), text="claim 3f9a1c2e", clicked=True)
ON_PRIVATE = replace(ON_MESSAGE, place=replace(ON_MESSAGE.place, message=""))
CLOCK = replace(TYPED, key="clock:nightly:2026-10-25", place=Place("clock", "nightly"), text="assess")

CALM = Answer("Forecast", (Text("all is well"),))
SECRET = replace(CALM, private=True)
SHARED = replace(CALM, shared=True)
CARD = replace(CALM, replaces=True, shows=("3f9a1c2e77",))
PANEL = replace(CALM, replaces=True)
SHEET = File("october.csv", "text/csv", b"team,cost", "Cost of October by team.")
ERROR = sorry(TooLate("Ben was first"))


@pytest.mark.parametrize(
    ("ask", "answer", "kind"),
    [
        (TYPED, CALM, Kind.PRIVATE),
        (TYPED, SECRET, Kind.PRIVATE),
        (TYPED, SHARED, Kind.POST),
        (TYPED, replace(SHARED, private=True), Kind.PRIVATE),
        (TYPED, CARD, Kind.PRIVATE),
        (TYPED, ERROR, Kind.PRIVATE),
        (MENTION, CALM, Kind.POST),
        (MENTION, CARD, Kind.POST),
        (MENTION, SECRET, Kind.PRIVATE),
        (MENTION, ERROR, Kind.PRIVATE),
        (ON_MESSAGE, CARD, None),
        (ON_MESSAGE, PANEL, Kind.EDIT),
        (ON_MESSAGE, CALM, Kind.PRIVATE),
        (ON_MESSAGE, SHARED, Kind.POST),
        (ON_MESSAGE, ERROR, Kind.PRIVATE),
        (ON_PRIVATE, CARD, Kind.SWAP),
        (ON_PRIVATE, CALM, Kind.PRIVATE),
        (ON_PRIVATE, SHARED, Kind.POST),
        (ON_PRIVATE, ERROR, Kind.PRIVATE),
    ],
)
def test_an_answer_goes_where_its_ask_came_from(ask: Ask, answer: Answer, kind: Kind | None) -> None:
    letters = replies(ask, answer)

    assert [letter.kind for letter in letters] == ([] if kind is None else [kind])
    assert all(letter.id == "slack:cmd:1:0" and letter.priority is Priority.REPLY for letter in letters)
    assert all(letter.place.lane == "slack:T1:C1" and letter.place.user == "U1" for letter in letters)


def test_a_mention_is_answered_in_its_thread() -> None:
    [letter] = replies(MENTION, CALM)

    assert letter.place.thread == "17.1"


def test_a_post_takes_the_place_of_nothing() -> None:
    [letter] = replies(ON_MESSAGE, SHARED)

    assert letter.place.message == ""


def shares(ask: Ask, answer: Answer) -> list[str]:
    """The asks of the share buttons."""
    [letter] = replies(ask, answer)
    last = letter.answer.parts[-1] if letter.answer.parts else None
    return [button.ask for button in last.buttons] if isinstance(last, Buttons) else []


def test_a_private_answer_can_be_shared_if_asking_again_changes_nothing() -> None:
    assert shares(TYPED, CALM) == ["share forecast"]
    assert shares(replace(TYPED, text="/finops waste “team=search engine”"), CALM) == [
        "share waste 'team=search engine'"
    ]
    assert shares(replace(TYPED, text=""), CALM) == ["share help"]
    assert shares(TYPED, SECRET) == []
    assert shares(TYPED, ERROR) == []
    assert shares(TYPED, SHARED) == []
    assert shares(replace(TYPED, text="claim 3f9a1c2e"), CARD) == []
    assert shares(replace(TYPED, text="assess"), CALM) == []
    assert shares(replace(TYPED, text="nonsense"), CALM) == []
    assert shares(replace(TYPED, text=f"waste team={'x' * 1990}"), CALM) == []


def test_what_acts_is_not_asked_again_to_draw_a_message() -> None:
    assert redrawn_by("/finops finding 3f9a1c2e") == "finding 3f9a1c2e"
    assert redrawn_by("share waste") == "share waste"
    assert redrawn_by("claim 3f9a1c2e") == redrawn_by("assess") == redrawn_by('open "quote') == ""


@pytest.mark.parametrize(
    ("ask", "shows", "drawn"),
    [
        ("waste", ("f1", "f2"), ("waste", ("f1", "f2"))),
        ("claim f1", ("f1",), ("finding f1", ("f1",))),
        ("assess", ("f1", "f2"), ("", ())),
    ],
)
def test_a_message_knows_how_it_is_drawn_anew(ask: str, shows: tuple[str, ...], drawn: tuple[object, ...]) -> None:
    letters = replies(MENTION, replace(CALM, shows=shows))
    [parcel], _ = packed(letters, ask, {"slack": FakePlatform()})

    assert (parcel.ask, parcel.shows) == drawn


def test_a_private_message_is_nobodys_view() -> None:
    [parcel], _ = packed(replies(TYPED, CARD), "finding 3f9a1c2e", {"slack": FakePlatform()})

    assert parcel.shows == ()


FINOPS, EXEC = Place("slack", "T1", "#finops"), Place("slack", "T1", "#exec")
BOTH = Audience((FINOPS, EXEC, FINOPS))


def test_a_document_follows_its_answer_into_the_thread() -> None:
    letters = replies(MENTION, Answer("Chargeback", (SHEET,)))
    parcels, enclosed = packed(letters, "chargeback", {"slack": FakePlatform()})

    message, document = parcels
    assert (message.kind, document.kind) == (Kind.POST, Kind.FILE)
    assert document.id == f"{message.id}:file:0"
    assert document.place == Place("slack", "T1", "C1", "17.1", user="U1")
    assert document.payload["document"] == SHEET.digest
    assert enclosed == [SHEET]


def test_a_document_for_its_asker_goes_to_the_asker_alone() -> None:
    parcels, _ = packed(replies(TYPED, Answer("Chargeback", (SHEET,))), "chargeback", {"slack": FakePlatform()})

    assert [parcel.kind for parcel in parcels] == [Kind.PRIVATE, Kind.FILE]
    assert parcels[1].place == Place("slack", "T1", user="U1")


def test_a_schedule_speaks_once_in_each_place() -> None:
    letters = announcements(CLOCK, CALM, BOTH)

    assert [(letter.id, letter.kind, letter.priority) for letter in letters] == [
        ("clock:nightly:2026-10-25:slack:T1:#finops", Kind.POST, Priority.DIGEST),
        ("clock:nightly:2026-10-25:slack:T1:#exec", Kind.POST, Priority.DIGEST),
    ]


def test_a_quiet_schedule_speaks_only_of_news() -> None:
    nothing_new = replace(CALM, news=False)

    assert announcements(CLOCK, nothing_new, BOTH) == []
    assert len(announcements(CLOCK, nothing_new, replace(BOTH, quiet=False))) == 2


def test_bad_news_is_an_alert() -> None:
    assert {one.priority for one in announcements(CLOCK, replace(CALM, tone=Tone.BAD), BOTH)} == {Priority.ALERT}


def test_a_schedule_tells_its_errors_and_keeps_its_secrets() -> None:
    assert len(announcements(CLOCK, ERROR, BOTH)) == 2
    assert announcements(CLOCK, SECRET, BOTH) == []


def test_routes_are_read_as_places() -> None:
    assert routes({"finance": ["slack:#finops"]}, {"slack": "T1"}) == {"finance": (FINOPS,)}
    with pytest.raises(BadConfig, match="teams is not connected"):
        routes({"finance": ["teams:Finance/Cloud"]}, {"slack": "T1"})


LONG = Answer("This week", details=(Detail("waste team=search", CALM), Detail("budget", CALM)))


def test_details_follow_their_root_in_its_thread_each_drawn_by_its_own_ask() -> None:
    morning = BEGINNING.replace(hour=7)
    letters = announcements(CLOCK, LONG, replace(BOTH, quiet=False), morning)
    parcels, _ = packed(letters, "digest weekly", {"slack": FakePlatform()})

    root, first, second = parcels[:3]
    assert (root.under, first.under, second.under) == ("", root.id, root.id)
    assert [one.ask for one in parcels[1:3]] == ["waste team=search", "budget"]
    assert [one.place.conversation for one in parcels] == ["#finops"] * 3 + ["#exec"] * 3
    assert {one.due for one in parcels} == {morning}
    assert len({one.id for one in parcels}) == 6


def test_details_are_for_the_same_eyes_as_their_root() -> None:
    assert [letter.kind for letter in replies(TYPED, LONG)] == [Kind.PRIVATE] * 3
    assert [letter.kind for letter in replies(MENTION, LONG)] == [Kind.POST] * 3
    assert {letter.place.thread for letter in replies(MENTION, LONG)} == {"17.1"}
    assert [letter.kind for letter in replies(ON_MESSAGE, replace(LONG, replaces=True))] == [Kind.EDIT]


def test_what_one_message_does_not_hold_goes_on_under_it() -> None:
    class Short(FakePlatform):
        def render(self, answer: Answer, ask: str) -> tuple[Mapping[str, Any], Sequence[Picture]]:
            payload, seen = super().render(answer, ask)
            return {**payload, "more": [{"text": "the second"}, {"text": "the third"}]}, seen

    posts, _ = packed(replies(MENTION, CALM), "forecast", {"slack": Short()})
    edits, _ = packed(replies(ON_MESSAGE, PANEL), "units", {"slack": Short()})

    assert [one.id for one in posts] == ["slack:cmd:1:0", "slack:cmd:1:0:page:2", "slack:cmd:1:0:page:3"]
    assert [one.under for one in posts] == ["", "slack:cmd:1:0", "slack:cmd:1:0"]
    assert "more" not in posts[0].payload
    assert len(edits) == 1
