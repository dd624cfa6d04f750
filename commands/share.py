"""``/finops share``, and the Share button: an answer for the whole channel."""

from __future__ import annotations

from dataclasses import replace

from analysis.errors import BadAsk, NotAllowed
from commands.core.answer import Answer
from commands.core.caller import Permission
from commands.core.context import Context
from commands.core.registry import Group, command, quoted, run_ask


@command("share", group=Group.CREW, examples=("share forecast", "share waste team=search"))
def share(context: Context, *ask: str) -> Answer:
    """Ask something, and let the whole channel see the answer."""
    if not ask or ask[0].lower() == "share":
        raise BadAsk("say what to share: share forecast")
    said = run_ask(quoted(ask), context, at_most=Permission.READ)
    if said.private:
        raise NotAllowed("that answer is for your eyes only")
    return replace(said, shared=True, title=said.title)
