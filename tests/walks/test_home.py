"""Home from end to end: opened, acted on, and drawn anew when something on it changes anywhere."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from analysis.findings import State
from tests.conftest import Talk
from tests.fake_slack import FakeSlack
from tests.walks.slack_crew import Walk, walk, words


@pytest.fixture
async def walking(talk: Talk) -> AsyncIterator[Walk]:
    talk.ask("assess")
    async with FakeSlack.running() as slack, walk(talk.crew, slack, "http") as found:
        yield found


def shown(walking: Walk, user: str = "U1") -> str:
    return words(walking.slack.homes[user]) if user in walking.slack.homes else ""


async def test_home_shows_the_month_and_follows_what_is_done_on_it_and_elsewhere(walking: Walk) -> None:
    slack, findings = walking.slack, walking.crew.state.findings
    first, second, *_ = findings.standing(State.OPEN)
    await slack.come_home()
    await walking.until(lambda: shown(walking))
    assert "spent in November" in shown(walking) and "None. The most expensive one" in shown(walking)

    await slack.click_in(slack.homes["U1"], "Claim")
    await walking.until(lambda: "claimed by" in shown(walking))
    mine = [one for one in (first, second) if findings.get(one.id).state is State.CLAIMED]
    assert not slack.private("U1")

    other = second if mine == [first] else first
    await slack.click(await walking.card(other.short), "Claim", user="U1")
    await walking.until(lambda: "2, worth" in shown(walking))

    await slack.type(f"/finops release {other.short}", user="U1")
    await walking.until(lambda: "1, worth" in shown(walking))


async def test_preferences_are_set_on_home_and_teams_are_told(walking: Walk) -> None:
    slack = walking.slack
    await slack.come_home()
    await walking.until(lambda: shown(walking))
    await slack.click_in(slack.homes["U1"], "Change …")
    assert (await slack.fill_in({"timezone": "Europe/Berlin", "locale": "de_DE", "team": "search"})).ok
    await walking.until(lambda: "Your teams" in shown(walking) and "Europe/Berlin" in shown(walking))

    assert "12.345" in shown(walking)
    assert walking.crew.state.preferences.of("slack:U1").teams == ("search",)

    await slack.click_in(slack.homes["U1"], "Forecast of search")
    await walking.until(lambda: slack.private("U1"))
    assert "Forecast of team search" in words(slack.private("U1")[0])


async def test_a_mistake_in_the_form_is_told_in_private(walking: Walk) -> None:
    slack = walking.slack
    await slack.come_home()
    await walking.until(lambda: shown(walking))
    await slack.click_in(slack.homes["U1"], "Change …")
    await slack.fill_in({"timezone": "Europe/Nowhere"})
    await walking.until(lambda: slack.private("U1"))

    assert "no time zone is named 'Europe/Nowhere'" in words(slack.private("U1")[0])


async def test_the_panel_in_a_window_is_redrawn_there_and_shared_to_its_channel(walking: Walk) -> None:
    slack = walking.slack
    await slack.type("/finops units panel", user="U1", channel="C1")
    await walking.until(lambda: slack.private("U1"))
    await slack.click(slack.private("U1")[0], "Open in a window")
    await walking.until(lambda: "An order cost" in words(slack.views[0]))

    await slack.choose_in(slack.views[0], "Metric", "Customers")
    await walking.until(lambda: "A customer cost" in words(slack.views[0]))
    assert not slack.ours("C1")

    await slack.click_in(slack.views[0], "Share to channel")
    await walking.until(lambda: slack.ours("C1"))
    assert "A customer cost" in words(slack.ours("C1")[0])


async def test_a_digest_is_ordered_and_stopped_on_home(walking: Walk) -> None:
    slack, kept = walking.slack, walking.crew.state.subscriptions
    await slack.come_home()
    await walking.until(lambda: shown(walking))
    await slack.click_in(slack.homes["U1"], "Daily at 09:00, to me")
    await walking.until(lambda: "daily at 09:00" in shown(walking))
    assert len(kept.all()) == 1

    await slack.click_in(slack.homes["U1"], "Stop 1")
    await walking.until(lambda: not kept.all() and "Daily at 09:00, to me" in shown(walking))
