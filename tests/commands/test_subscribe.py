"""Subscriptions, as people make them: here or in their direct messages, on their clock, and ended again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from itertools import count, takewhile
from pathlib import Path
from typing import TypeAlias

import pytest

from analysis.alerts import Alert
from analysis.errors import BadAsk
from analysis.money import Money
from bot.cadence.schedule import Schedule, past
from bot.ports import Ask, Place
from bot.state import State
from bot.subscribed import audience, listeners, schedules
from commands.core.answer import Answer, Buttons, Facts, Table
from commands.core.caller import Here
from commands.core.ports import Subscription
from commands.core.quiet_hours import QuietHours
from commands.core.registry import answer
from commands.core.rhythms import Rhythm
from commands.subscribe import again_of, cron_of
from tests.bot.cadence.test_schedule import ZONES
from tests.commands.test_commands import text_of
from tests.conftest import NOW, Company

_asks = count(1)
Say: TypeAlias = Callable[..., Answer]


@pytest.fixture
def state(company: Company, tmp_path: Path) -> Iterator[State]:
    with State.open(f"sqlite:///{tmp_path / 'state.db'}", company.crew.clock, folder=tmp_path) as opened:
        yield opened


@pytest.fixture
def say(company: Company, state: State) -> Say:
    """What the crew answers in a channel (C1 unless another is said)."""
    crew = company.crew.remembering(state)

    def said(text: str, user: str = "UANA", channel: str = "C1") -> Answer:
        place = Place("slack", "T1", channel, user=user)
        name = user.removeprefix("U").capitalize()
        one = Ask(f"test:{next(_asks)}", place, f"slack:{user}", name, text, NOW, timezone="Europe/Berlin")
        return answer(text, crew.context(one))

    return said


def kept(state: State) -> Subscription:
    [one] = state.subscriptions.all()
    return one


def facts(said: Answer) -> dict[str, str]:
    return dict(pair for part in said.parts if isinstance(part, Facts) for pair in part.pairs)


def test_a_channel_hears_it_on_the_clock_of_who_asked(say: Say, state: State) -> None:
    said = say("subscribe daily 08:30 team=search")

    assert said.title == "Subscribed" and said.shared, "the channel sees who wanted it"
    assert "`digest daily team=search`, daily at 08:30 in Europe/Berlin" in text_of(said)
    assert facts(said) == {"Next": "Thu 19 Nov at 08:30", "Quiet hours": "those of everybody", "Made by": "Ana"}
    one = kept(state)
    assert (one.cron, one.timezone, one.here.conversation) == ("30 8 * * *", "Europe/Berlin", "C1")
    found = audience(state.subscriptions.all(), f"subscription {one.id}", None)
    assert found is not None and found.places == (Place("slack", "T1", "C1"),) and not found.quiet


def test_direct_messages_hear_it_alone(say: Say, state: State) -> None:
    assert not say("subscribe weekly finance on=tue to=me").shared
    one = kept(state)

    assert (one.ask, one.cron) == ("digest weekly finance", "0 9 * * tue")
    found = audience(state.subscriptions.all(), f"subscription {one.id}", None)
    assert found is not None and found.places == (Place("slack", "T1", user="UANA"),)


def test_saying_it_again_changes_it(say: Say, state: State) -> None:
    say("subscribe daily 09:00 team=search")
    said = say("subscribe daily 10:00 team=search quiet=22:00-11:00", user="UBEN")

    assert said.title == "Subscription changed"
    assert (kept(state).cron, kept(state).by_name, kept(state).quiet) == ("0 10 * * *", "Ben", "22:00-11:00")


@pytest.mark.parametrize(
    ("ask", "why"),
    [
        ("subscribe", "say what and when"),
        ("subscribe hourly", "'hourly' is no digest"),
        ("subscribe daily 25:00", "25:00 is no time of the day"),
        ("subscribe daily on=mon", "has no day"),
        ("subscribe weekly on=someday", "is no weekday"),
        ("subscribe monthly on=31", "no day that every month has"),
        ("subscribe daily team=serch", "search"),
        ("subscribe daily timezone=Berlin", "Europe/Berlin"),
        ("subscribe daily quiet=night", "write quiet=22:00-07:00"),
        ("subscribe daily to=#exec", "subscribe in that channel itself"),
        ("subscribe alerts owner=me", "alerts are of a team"),
    ],
)
def test_what_cannot_be_subscribed_to_says_why(say: Say, state: State, ask: str, why: str) -> None:
    said = say(ask)

    assert "error" in said.data and why in text_of(said)
    assert not state.subscriptions.all()


def test_it_needs_the_permission_to_act_and_a_chat(say: Say, state: State) -> None:
    assert "NotAllowed" in str(say("subscribe daily", user="UREAD").data)
    assert "made in a chat" in text_of(say("subscribe daily", channel=""))
    assert not state.subscriptions.all()


def test_it_ends_by_what_it_is_of_where_it_is_told_or_by_its_id_for_who_made_it(say: Say, state: State) -> None:
    say("subscribe daily 09:00 team=search")
    assert "no subscription is meant" in text_of(say("unsubscribe weekly"))
    assert "no subscription is meant" in text_of(say("unsubscribe daily team=search", channel="C2", user="UBEN"))
    said = say("unsubscribe daily team=search", user="UBEN")
    assert said.shared and "No more `digest daily team=search`" in text_of(said)
    assert not state.subscriptions.all()

    [again] = [button.ask for part in said.parts if isinstance(part, Buttons) for button in part.buttons]
    assert again == "subscribe daily team=search 09:00 timezone=Europe/Berlin"
    say(again)
    assert not say(f"unsubscribe {kept(state).id}", channel="C2").shared, "from elsewhere, by who made it"
    assert not state.subscriptions.all()


def test_routes_lists_everything_with_its_next_time(say: Say) -> None:
    assert "Nobody hears anything" in say("routes").title
    say("subscribe weekly 09:00")
    say("subscribe alerts team=data to=me")
    [table] = [part for part in say("routes").parts if isinstance(part, Table)]

    rows = [(row[0].partition(" (")[0], *row[1:]) for row in table.rows]
    assert sorted(rows) == [
        ("alerts team=data", "direct messages of Ana", "as it comes", "Ana"),
        ("digest weekly", "C1", "⟦2026-11-23T08:00Z⟧", "Ana"),
    ]


def test_alerts_are_heard_by_whoever_asked_for_their_team(say: Say, state: State) -> None:
    say("subscribe alerts team=data quiet=18:00-09:00 to=me")
    heard = listeners(state.subscriptions.all, None)
    one = Alert("anomaly", "e1", "+$1", Money.of(1, "USD"), team="Data")

    assert heard(one) == [(Place("slack", "T1", user="UANA"), QuietHours(time(18), time(9), "Europe/Berlin"))]
    assert heard(replace(one, team="search")) == []


@pytest.mark.parametrize("rhythm", Rhythm)
@pytest.mark.parametrize("zone", ZONES)
def test_each_period_of_two_years_has_one_digest_in_every_zone(rhythm: Rhythm, zone: str) -> None:
    here = Here("slack", "T1", "C1", "U1")
    begin = datetime(2025, 1, 1, tzinfo=UTC)
    for at in (time(0, 0), time(2, 30), time(9, 0)):
        one = Subscription(
            "a1", rhythm, f"digest {rhythm}", cron_of(rhythm, at), zone, "", here, "slack:U1", "Ana", begin
        )
        [schedule] = schedules([one])
        turns = list(takewhile(lambda turn: turn.at >= begin, past(schedule, begin + timedelta(days=730))))
        labels = [turn.label for turn in turns]
        wanted = {Rhythm.DAILY: 730, Rhythm.WEEKDAYS: 522, Rhythm.WEEKLY: 104, Rhythm.MONTHLY: 24}[rhythm]
        assert len(set(labels)) == len(labels) and abs(len(labels) - wanted) <= 1, (zone, at)


@pytest.mark.parametrize(
    ("rhythm", "on", "cron"),
    [
        (Rhythm.WEEKLY, "friday", "15 7 * * fri"),
        (Rhythm.MONTHLY, "3", "15 7 3 * *"),
        (Rhythm.WEEKDAYS, "", "15 7 * * mon-fri"),
    ],
)
def test_a_rhythm_is_a_cron_line_and_back(rhythm: Rhythm, on: str, cron: str) -> None:
    assert cron_of(rhythm, time(7, 15), on) == cron
    Schedule("s", cron, "help")
    here = Here("slack", "T1", "", "U1", alone=True)
    one = Subscription("a1", rhythm, f"digest {rhythm}", cron, "UTC", "22:00-07:00", here, "slack:U1", "Ana", NOW)
    day = f" on={on[:3]}" if on else ""
    assert again_of(one) == f"subscribe {rhythm} 07:15{day} timezone=UTC quiet=22:00-07:00 to=me"


def test_a_daily_rhythm_has_no_day() -> None:
    with pytest.raises(BadAsk, match="leave on= out"):
        cron_of(Rhythm.WEEKDAYS, time(9), "tue")
