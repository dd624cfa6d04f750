"""What a bot that is up has imported, so that nobody who asks waits for it."""

from __future__ import annotations

from importlib import import_module

from analysis.checks import discover as checks
from commands.alarms import discover as alarms
from commands.core.registry import discover as commands
from commands.personas import discover as personas

HEAVY = ("charts.forecast_fan", "bot.assessor", "bot.lookout")  # with what they stand on: the pen, the models


def everything() -> None:
    """Import each command, persona, check and alarm, and what is heavy."""
    for things in (commands(), personas(), checks(), alarms()):
        things.fill()
    for name in HEAVY:
        import_module(name)
