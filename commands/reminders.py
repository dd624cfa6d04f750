"""``/finops reminders``: whether you, or a team, are reminded of what waits."""

from __future__ import annotations

from analysis.errors import BadAsk
from commands.core.answer import Answer, Button, Buttons, Text, Tone, plain
from commands.core.caller import Permission
from commands.core.context import Context
from commands.core.registry import Group, command

TEAM = "team:"


@command(
    "reminders",
    needs=Permission.ACT,
    group=Group.CREW,
    examples=("reminders", "reminders off", "reminders on", "reminders off team:search"),
)
def reminders(context: Context, wanted: str = "", whom: str = "") -> Answer:
    """Say whether you are reminded of findings that wait for you; off ends it, on has it again.

    For a team's channel add its name: reminders off team:search.
    """
    if whom and not whom.startswith(TEAM):
        raise BadAsk("only for yourself or for a team: reminders off team:search")
    name = whom or context.caller.id
    if wanted.lower() not in {"", "on", "off"}:
        raise BadAsk(f"{wanted!r} is neither on nor off")
    if wanted:
        context.reminders.want(name, context.caller, context.now, wanted=wanted.lower() == "on")
    on = context.reminders.are_wanted(name)
    who = f"Team {plain(whom.removeprefix(TEAM))}" if whom else "You"
    verb = "is" if whom else "are"
    patience = context.report.patience
    days = patience.team if whom else patience.owner
    words = (
        f"{who} {verb} reminded once a week of what has waited for {days} days, in working hours."
        if on
        else f"{who} {verb} not reminded any more. What waits for {patience.practitioner} days the practitioner sees."
    )
    label, word = ("Stop", "off") if on else ("Remind again", "on")
    other = Button(label, f"reminders {word} {whom}".strip())
    return Answer(
        "Reminders are on" if on else "Reminders are off",
        (Text(words), Buttons((other,))),
        Tone.CALM,
        private=True,
        replaces=False,
        data={"whom": name, "on": on},
    )
