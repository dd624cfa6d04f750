"""Reminders: once a week, in working hours of whom they are for, and not for those who do not want them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from analysis.findings import Finding, State
from analysis.overdue import Patience
from analysis.owners import Owners, Team
from bot.cadence.reminders import Hours, Reminding
from bot.directory import Directory
from bot.ports import Parcel, Place, Profile
from tests.contracts.said import caller, found

BEGUN = datetime(2026, 11, 2, 8, tzinfo=UTC)  # a Monday
ANA, BO = "ana@apex.example", "bo@apex.example"
TEAMS = {"search": Team("search", (ANA,), "slack:#search")}


class Known(Directory):
    """Two people, one in Berlin and one in Los Angeles."""

    def user(self, email: str) -> str:
        return {ANA: "slack:UANA", BO: "slack:UBO"}.get(email, "")

    def profile(self, user: str) -> Profile:
        zone = {"slack:UANA": "Europe/Berlin", "slack:UBO": "America/Los_Angeles"}.get(user, "")
        return Profile(user, timezone=zone)


@dataclass
class Table:
    """Findings, silences and fires in memory."""

    found: list[Finding]
    silent: set[str] = field(default_factory=set)
    fired: dict[tuple[str, str], Sequence[Parcel]] = field(default_factory=dict)

    def standing(self, *_states: State) -> Sequence[Finding]:
        return self.found

    def are_wanted(self, whom: str) -> bool:
        return whom not in self.silent

    def want(self, whom: str, _by: object, _now: datetime, *, wanted: bool) -> None:
        (self.silent.discard if wanted else self.silent.add)(whom)

    def post(self, schedule: str, label: str, parcels: Sequence[Parcel]) -> bool:
        if (schedule, label) in self.fired:
            return False
        self.fired[schedule, label] = parcels
        return True

    def last(self, schedule: str) -> str | None:
        return max((label for name, label in self.fired if name == schedule), default=None)


def waiting(number: int = 1, **said: Any) -> Finding:
    usual = {"team": "search", "changed_at": BEGUN, "first_seen": BEGUN}
    return found(number, **{**usual, **said})


def reminding(table: Any, threads: Mapping[str, Place] | None = None) -> Reminding:
    return Reminding(
        table,
        table,
        table,
        Known(),
        Owners((), TEAMS),
        Patience(),
        Hours(),
        "UTC",
        lambda route: Place("slack", "T1", route.removeprefix("slack:")),
        {"slack": "T1"},
        lambda finding: [threads[finding]] if threads and finding in threads else [],
    )


def hourly(table: Table, days: int, *, replicas: int = 1) -> list[tuple[datetime, str, str]]:
    """When whom what is said, over so many days of ticks."""
    said: list[tuple[datetime, str, str]] = []
    for hour in range(days * 24):
        now = BEGUN + timedelta(hours=hour)
        before = set(table.fired)
        for _ in range(replicas):
            reminding(table).tick(now)
        for key in sorted(set(table.fired) - before):
            [parcel] = table.fired[key]
            said.append((now, parcel.place.user or parcel.place.conversation, parcel.ask))
    return said


def test_after_seven_days_the_first_of_its_team_in_their_own_morning_and_then_weekly() -> None:
    said = hourly(Table([waiting()]), 13)

    assert said == [(BEGUN + timedelta(days=7), "UANA", "reminder slack:UANA")]
    assert said[0][0].hour == 8, "nine in Berlin"


def test_after_fourteen_days_the_channel_too_and_never_twice_in_a_week() -> None:
    table = Table([waiting()])
    said = hourly(table, 35, replicas=3)

    people = [at for at, whom, _ in said if whom == "UANA"]
    team = [at for at, whom, _ in said if whom == "#search"]
    assert [at.date() for at in people] == [BEGUN.date() + timedelta(days=days) for days in (7, 14, 21, 28)]
    assert [(at - BEGUN).days for at in team] == [14, 21, 28]


def test_whoever_has_claimed_it_is_reminded_in_their_own_hours() -> None:
    claimed = waiting(state=State.CLAIMED, owner="slack:UBO", owner_name="Bo")
    [(at, whom, _)] = hourly(Table([claimed]), 12)

    assert (whom, at) == ("UBO", BEGUN + timedelta(days=7, hours=9)), "nine in Los Angeles is 17 UTC"


def test_what_has_a_message_of_its_own_is_said_in_its_thread_and_all_else_alone() -> None:
    one, two, three = (waiting(number) for number in (1, 2, 3))
    own = {
        one.id: Place("slack", "T1", "C1", thread="17.1"),
        two.id: Place("teams", "acme", "19:x", thread="9"),  # she is in Slack
    }
    table = Table([one, two, three])
    assert reminding(table, own).tick(BEGUN + timedelta(days=7)) == 1

    [(thread, alone)] = table.fired.values()
    assert (thread.place.conversation, thread.place.thread) == ("C1", "17.1")
    assert thread.ask == f"reminder slack:UANA {one.short} named=slack:UANA"
    assert (alone.place.user, alone.ask) == ("UANA", f"reminder slack:UANA {two.short} {three.short}")
    assert len({thread.id, alone.id}) == 2
    reminding(table, own).tick(BEGUN + timedelta(days=8))
    assert len(table.fired) == 1, "once a week, wherever"


def test_whoever_has_it_all_in_threads_hears_nothing_else() -> None:
    found = [waiting(number) for number in range(1, 8)]
    own = {one.id: Place("slack", "T1", "C1", thread=f"17.{n}") for n, one in enumerate(found)}
    table = Table(found[:2])
    reminding(table, own).tick(BEGUN + timedelta(days=7))
    [said] = table.fired.values()
    assert [parcel.place.thread for parcel in said] == ["17.0", "17.1"]

    many = Table(found)
    reminding(many, own).tick(BEGUN + timedelta(days=7))
    [said] = many.fired.values()
    assert len(said) == 6 and said[-1].place.user == "UANA", "five threads at once, the rest alone"


@pytest.mark.parametrize("begun", [BEGUN + timedelta(days=4, hours=20), BEGUN + timedelta(days=5)])
def test_nobody_is_reminded_on_a_weekend(begun: datetime) -> None:
    [(at, _, _)] = hourly(Table([waiting(changed_at=begun)]), 16)

    assert at.weekday() == 0 and at.hour == 8


def test_who_wants_none_gets_none_and_their_team_still_does() -> None:
    table = Table([waiting()])
    table.want("slack:UANA", caller(), BEGUN, wanted=False)

    assert {whom for _, whom, _ in hourly(table, 20)} == {"#search"}
    table.want("team:search", caller(), BEGUN, wanted=False)
    table.fired.clear()
    assert hourly(table, 20) == []


@pytest.mark.parametrize(
    "said",
    [
        {"state": State.SNOOZED},
        {"state": State.DONE},
        {"state": State.ACKNOWLEDGED},
        {"whose": "stranger@apex.example", "team": ""},
        {"team": ""},
        {"state": State.CLAIMED, "owner": "team:search"},
    ],
)
def test_what_waits_for_nobody_is_not_said(said: dict[str, Any]) -> None:
    people = {whom for _, whom, _ in hourly(Table([waiting(**said)]), 30)}
    assert "UANA" not in people
