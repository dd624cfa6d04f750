"""Conversations and people on both databases: what was known stays known, and what is newer wins."""

from __future__ import annotations

from dataclasses import replace

from bot.ports import Conversation, Person
from bot.state import State

CHANNEL = Conversation("teams", "T1", "19:finops", "channel", "https://a/", "19:cloud", "Cloud", "FinOps", bot="28:x")
CHAT = Conversation("teams", "T1", "a:1", "personal", "https://a/", user="U1")


def test_a_conversation_comes_back_as_it_went_in(state: State) -> None:
    state.conversations.met(CHANNEL)
    state.conversations.met(CHAT)

    assert state.conversations.find("teams", "T1", "19:finops") == CHANNEL
    assert state.conversations.find("teams", "T1", "cloud/finops") == CHANNEL
    assert state.conversations.personal("teams", "T1", "U1") == CHAT
    assert state.conversations.known("teams") == [CHANNEL, CHAT]


def test_nothing_is_found_for_another_tenant_or_platform(state: State) -> None:
    state.conversations.met(CHANNEL)
    state.conversations.introduced(Person("teams", "T1", "U1", email="ann@example.com"))

    assert state.conversations.find("teams", "T2", "19:finops") is None
    assert state.conversations.find("slack", "T1", "Cloud/FinOps") is None
    assert state.conversations.person("teams", "T2", "U1") is None
    assert state.conversations.by_email("slack", "ann@example.com") is None


def test_what_is_not_said_again_stays_known(state: State) -> None:
    state.conversations.met(CHANNEL)
    state.conversations.met(replace(CHANNEL, service_url="https://b/", team_name="", name="", bot=""))

    assert state.conversations.find("teams", "T1", "19:finops") == replace(CHANNEL, service_url="https://b/")


def test_a_team_that_is_lost_loses_its_channels_until_they_speak_again(state: State) -> None:
    state.conversations.met(CHANNEL)
    state.conversations.met(CHAT)
    state.conversations.lost("teams", "T1", "19:cloud", "the app was taken out")

    lost = state.conversations.find("teams", "T1", "19:finops")
    assert lost and (lost.active, lost.why) == (False, "the app was taken out")
    assert state.conversations.personal("teams", "T1", "U1") == CHAT
    state.conversations.met(CHANNEL)
    assert state.conversations.find("teams", "T1", "19:finops") == CHANNEL


def test_somebody_is_known_by_all_that_was_ever_said(state: State) -> None:
    state.conversations.introduced(Person("teams", "T1", "U1", "29:1", "Ann Lee", "Ann@Example.com"))
    state.conversations.introduced(Person("teams", "T1", "U1", timezone="Europe/London", locale="en-GB"))

    found = Person("teams", "T1", "U1", "29:1", "Ann Lee", "ann@example.com", "Europe/London", "en-GB")
    assert state.conversations.person("teams", "T1", "U1") == found
    assert state.conversations.by_email("teams", " ANN@example.com") == found
