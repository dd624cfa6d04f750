"""``/finops routes``: who hears what, where, and when next."""

from __future__ import annotations

from commands.core.answer import Answer, Note, Table, Text, Tone
from commands.core.context import Context
from commands.core.moments import moment
from commands.core.registry import Group, command


@command("routes", group=Group.CREW, examples=("routes",))
def routes(context: Context) -> Answer:
    """List who hears what, where, and when next: schedules, alerts, and what people subscribed to."""
    found = context.routes()
    if not found:
        words = "Nothing is scheduled. Type `subscribe daily 09:00` where you want to hear of it."
        return Answer("Nobody hears anything", (Text(words),), Tone.WARN, data={"routes": []})
    rows = tuple((one.what, one.where, moment(one.coming) if one.coming else "as it comes", one.who) for one in found)
    return Answer(
        f"{len(found)} routes",
        (
            Table(("What", "Where", "Next", "By"), rows),
            Note("subscribe adds one here, unsubscribe ends it; the deployment file holds the others."),
        ),
        Tone.CALM,
        data={"routes": [{"what": one.what, "where": one.where, "by": one.who, "next": one.coming} for one in found]},
    )
