"""``/finops cancel``, and the button under what takes long: stop it."""

from __future__ import annotations

from commands.core.answer import Answer, Text, plain
from commands.core.caller import Permission
from commands.core.context import Context
from commands.core.registry import Group, command


@command("cancel", needs=Permission.ACT, group=Group.CREW, examples=("cancel 3f9a1c2e",))
def cancel(context: Context, run: str) -> Answer:
    """Stop work that is under way: your own, or anybody's if you are an admin. It ends at its next step."""
    ask = context.work.cancel(run, context.caller)
    return Answer(
        "Stopping …",
        (Text(f"`{plain(ask)}` ends at its next step, in a few seconds."),),
        private=True,
        replaces=True,
        data={"run": run, "ask": ask},
    )
