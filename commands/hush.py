"""``/finops hush``: say no more of an alert."""

from __future__ import annotations

from dataclasses import replace

from commands.alert import drawn
from commands.core.answer import Answer
from commands.core.caller import Permission
from commands.core.context import Context
from commands.core.registry import Group, command


@command("hush", needs=Permission.ACT, group=Group.COST, examples=("hush 3f9a1c2e77",))
def hush(context: Context, name: str) -> Answer:
    """Say no more of one alert in its thread. Its message is kept up to date, and says when it is over.

    What an anomaly is, you say by a verdict; that closes it.
    """
    return replace(drawn(context, context.alerts.hush(name, context.caller, context.now)), replaces=True)
