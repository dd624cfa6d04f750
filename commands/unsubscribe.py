"""``/finops unsubscribe``: hear no more of it."""

from __future__ import annotations

from analysis.errors import NotFound
from commands.core.answer import Answer, Button, Buttons, Text
from commands.core.caller import Permission
from commands.core.context import Context
from commands.core.ports import Subscription
from commands.core.registry import Group, command
from commands.subscribe import again_of, is_for_others, is_here, is_of, said_rhythm

SHORTEST_NAME = 4


@command(
    "unsubscribe",
    needs=Permission.ACT,
    group=Group.CREW,
    examples=("unsubscribe 3f9a1c2e77", "unsubscribe daily team=search"),
)
def unsubscribe(context: Context, *what: str, **scope: str) -> Answer:
    """End a subscription, by its id or by what it is of: one of this conversation, or one that you made."""
    mine = [one for one in context.subscriptions.all() if _is_mine(context, one)]
    name = what[0].lower() if len(what) == 1 and len(what[0]) >= SHORTEST_NAME else ""
    named = [one for one in mine if name and one.id.startswith(name)]
    found = named or [one for one in mine if is_here(one.here, context.here) and is_of(one, what, scope)]
    if not found:
        known = "; ".join(f"{one.id} is {one.ask}" for one in mine) or "there is none here, and none of yours"
        raise NotFound(f"no subscription is meant by that: {known}")
    for one in found:
        context.subscriptions.drop(one.id)
    return Answer(
        "Unsubscribed",
        (
            Text("\n".join(f"No more `{one.ask}`, {said_rhythm(one)}." for one in found)),
            Buttons((Button("Subscribe again", again_of(found[0])),)),
        ),
        shared=is_for_others(found[0].here) and is_here(found[0].here, context.here),
        data={"unsubscribed": [one.id for one in found]},
    )


def _is_mine(context: Context, one: Subscription) -> bool:
    """Whether the asker may end it: it is told where they are, or they made it, or they may do everything."""
    is_theirs = one.by == context.caller.id or context.caller.may(Permission.ADMIN)
    return is_theirs or is_here(one.here, context.here)
