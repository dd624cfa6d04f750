"""``/finops watch``: look at the newest bill, and tell whoever it concerns what is out of line."""

from __future__ import annotations

from collections import Counter

from commands.core.answer import Answer, Button, Buttons, Facts, Text, Tone, plain
from commands.core.caller import Permission
from commands.core.context import Context
from commands.core.registry import Group, command


@command("watch", needs=Permission.ACT, group=Group.CREW, examples=("watch",))
def watch(context: Context) -> Answer:
    """Load new billed rows and look for what is worth an alert: each thing is told once, where it belongs.

    Meant for a schedule, every hour. Messages of alerts that stand are kept up to date; nothing is told twice.
    """
    looked = context.lookout.look(context.now)
    counted = Counter(one.turn for one in looked.changes)
    standing = context.alerts.standing()
    said = ", ".join(f"{count} {turn}" for turn, count in counted.items()) or "nothing new"
    unread = (Text("**Not read:** " + plain("; ".join(looked.unread))),) if looked.unread else ()
    return Answer(
        f"Watched: {said}",
        (Facts((("Alerts that stand", str(len(standing))),)), *unread, Buttons((Button("Alerts", "alerts"),))),
        Tone.WARN if looked.unread else Tone.CALM,
        news=False,
        data={
            "turns": dict(counted),
            "alerts": [one.kept.alert.id for one in looked.changes],
            "unread": list(looked.unread),
        },
    )
