"""``/finops verdict``: what an anomaly is; it changes what is told next."""

from __future__ import annotations

from dataclasses import replace

from analysis.errors import BadAsk
from commands.alert import drawn
from commands.anomalies import looked_up, shown
from commands.core.answer import Answer
from commands.core.caller import Permission
from commands.core.context import Context
from commands.core.ports import Said
from commands.core.registry import Group, command


@command(
    "verdict",
    group=Group.COST,
    needs=Permission.ACT,
    examples=("verdict 3f9a1c2e77d0 expected", "verdict 3f9a1c2e77d0 false-alarm"),
)
def verdict(context: Context, event: str, said: str) -> Answer:
    """Say what an anomaly is: expected, investigating or false-alarm. It changes what is told next.

    What is expected is not told again for 90 days; a series that gave a false alarm has to be further off the next
    time; what is being investigated shows who does.
    """
    try:
        meant = Said(said.lower().replace("_", "-"))
    except ValueError:
        raise BadAsk(f"{said!r} is no verdict; there are {', '.join(Said)}") from None
    if known := context.alerts.of_event(event.lower()):
        series = tuple(known.alert.facts["name"])
        context.verdicts.judge(str(known.alert.facts["event"]), series, meant, context.caller, context.now)
        return replace(drawn(context, context.alerts.get(known.alert.id)), replaces=True)
    found, judged = looked_up(context, event)
    context.verdicts.judge(judged.id, judged.name, meant, context.caller, context.now)
    return replace(shown(context, found, judged), replaces=True)
