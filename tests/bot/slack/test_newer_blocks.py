"""Slack's newer blocks: its own charts and paged tables, where they are switched on; the older ones where refused."""

from __future__ import annotations

import pytest

from bot.slack.render import page, pictures, render
from commands.core.answer import Answer, Chart, Plot, Table
from tests.bot.slack.desk import Desk, picture
from tests.fake_slack import FakeSlack
from tests.fake_slack_blocks import problems

PLOT = Plot("Cost of one order", ("Sep 2026", "Oct 2026"), (("Cost of one order", (0.56, 0.54)),), "USD")
LONG = Table(("Month", "Cost"), tuple((f"Month {n}", f"${n}") for n in range(40)), numbers=(1,))
ANSWER = Answer("An order cost $0.54", (Chart(picture(), PLOT), LONG))


def kinds(blocks: object) -> list[str]:
    assert isinstance(blocks, list)
    return [block["type"] for block in blocks]


def test_they_come_with_the_older_ones_beside_them() -> None:
    made = render(ANSWER, newer=True)

    assert kinds(made["blocks"]) == ["header", "data_visualization", "data_table"]
    assert kinds(made["older"]) == kinds(render(ANSWER)["blocks"]) == ["header", "image", "table", "context"]
    assert problems(made["blocks"]) == []
    assert pictures(made) == [picture().digest]
    assert "table" not in kinds(page(made, forms=True))


@pytest.mark.parametrize(
    "plot",
    [
        Plot("x", ["a"] * 30, (("x", [1.0] * 30),)),
        Plot("x", ["a", "a"], (("x", (1.0, 2.0)),)),
        Plot("x", ["a" * 30, "b"], (("x", (1.0, 2.0)),)),
        Plot("x", ["a", "b"], tuple((f"line {n}", (1.0, 2.0)) for n in range(7))),
    ],
)
def test_what_slack_cannot_draw_stays_a_picture(plot: Plot) -> None:
    assert "older" not in render(Answer("x", (Chart(picture(), plot),)), newer=True)


def test_a_short_table_stays_a_table() -> None:
    short = Table(("Month", "Cost"), (("Oct", "$1"),), numbers=(1,))

    assert render(Answer("x", (short,)), newer=True) == render(Answer("x", (short,)))


async def test_what_slack_takes_is_sent_and_what_it_refuses_is_sent_as_before(slack: FakeSlack, sending: Desk) -> None:
    sending.platform.newer_blocks = True
    await sending.send(ANSWER)
    assert kinds(slack.messages("C1")[0]["blocks"]) == ["header", "data_visualization", "data_table"]

    slack.fail("chat.postMessage", "invalid_blocks")
    await sending.send(ANSWER, name="p2")
    assert kinds(slack.messages("C1")[1]["blocks"]) == ["header", "image", "table", "context"]
    assert not sending.platform.newer_blocks  # and is not tried again

    await sending.send(ANSWER, name="p3")
    assert len(slack.called("chat.postMessage")) == 4
