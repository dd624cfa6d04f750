"""``/finops preview``: a digest as it would come, for your eyes only."""

from __future__ import annotations

from dataclasses import replace

from commands.core.answer import Answer
from commands.core.context import Context
from commands.core.registry import Group, command
from commands.digest import digest_of, wanted


@command("preview", group=Group.CREW, examples=("preview weekly finance", "preview daily team=search"))
def preview(context: Context, *which: str, **scope: str) -> Answer:
    """Show a digest as it would come, with what would stand in its thread, to you alone."""
    said = digest_of(context, wanted(which, scope))
    details = tuple(replace(one, answer=replace(one.answer, private=True)) for one in said.details)
    return replace(said, title=f"Preview: {said.title}", private=True, details=details)
