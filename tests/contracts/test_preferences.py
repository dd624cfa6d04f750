"""What people prefer, on both databases; and their own pages, drawn anew when something on them changes."""

from __future__ import annotations

from dataclasses import replace

from analysis import findings
from bot.ports import HOME, Kind, Parcel, Place, Priority
from bot.state import State as Memory
from commands.core.ports import Preference
from tests.contracts.conftest import BEGINNING, Wait
from tests.contracts.said import ALL, caller, found

ANA = caller("Ana")
HERS = Place("slack", "T1", user="UANA", view=HOME)


def opened(state: Memory, *shows: str) -> None:
    """Ana looks at her Home, which shows these findings."""
    state.outbox.put([Parcel(f"open {shows}", HERS, Kind.VIEW, Priority.REPLY, {"text": "x"}, shows=shows)], ())
    [parcel] = state.outbox.lease(9, 60)
    assert state.outbox.sent(parcel, HOME)


def pages(state: Memory) -> list[Parcel]:
    return [one for one in state.outbox.lease(9, 60) if one.kind is Kind.VIEW]


def test_nobody_likes_anything_in_particular_until_they_say_so(state: Memory) -> None:
    assert state.preferences.of("slack:UANA") == Preference()
    wanted = Preference("Europe/Berlin", "de_DE", ("search", "data"))
    state.preferences.prefer(ANA, wanted, BEGINNING)
    state.preferences.prefer(ANA, replace(wanted, teams=()), BEGINNING)

    assert state.preferences.of("slack:UANA") == replace(wanted, teams=())
    assert state.preferences.of("slack:UBEN") == Preference()


def test_what_a_platform_tells_stands_beside_what_somebody_said(state: Memory) -> None:
    state.preferences.prefer(ANA, Preference(locale="fr_FR"), BEGINNING)
    assert state.preferences.met(ANA.id, "Europe/Berlin", "de_DE").locale == "fr_FR"

    met = state.preferences.met(ANA.id, "", "")
    assert (met.told_timezone, met.told_locale, met.locale) == ("Europe/Berlin", "de_DE", "fr_FR")


def test_a_preference_draws_the_own_page_anew_of_who_has_one(state: Memory) -> None:
    state.preferences.prefer(ANA, Preference("UTC"), BEGINNING)
    assert pages(state) == []

    opened(state)
    state.preferences.prefer(caller("Ana"), Preference("Europe/Berlin"), BEGINNING)
    [page] = pages(state)
    assert (page.place, page.ask, page.payload) == (HERS, HOME, {})


def test_a_finding_that_moves_draws_the_pages_of_its_owners_anew(state: Memory, wait: Wait) -> None:
    state.findings.seen([found(1), found(2)], "run", ALL, BEGINNING)
    opened(state)
    state.findings.move(found(1).id, findings.claim(ANA.id, "Ana"), ANA, "claim", BEGINNING)
    [page] = pages(state)
    assert page.place == HERS
    state.outbox.sent(replace(page, shows=(found(1).id,)), HOME)

    state.findings.move(found(2).id, findings.claim("slack:UBEN", "Ben"), caller("Ben"), "claim", BEGINNING)
    wait(2)
    assert pages(state) == []

    state.findings.seen([found(2)], "run 2", ALL, BEGINNING)  # what is gone is resolved by nobody
    [page] = pages(state)
    assert page.place == HERS


def test_a_page_shows_what_it_shows_now_and_of_many_drawings_the_newest_counts(state: Memory) -> None:
    state.findings.seen([found(1)], "run", ALL, BEGINNING)
    opened(state, found(1).id)
    opened(state)  # and no longer the finding
    state.findings.seen([], "run 2", ALL, BEGINNING)
    assert pages(state) == []

    for _ in range(4):
        state.preferences.prefer(caller("Ana"), Preference("UTC"), BEGINNING)
    assert len(pages(state)) == 1
    assert state.outbox.counts()["superseded"] == 3
