"""``/finops fix``, and the Show command button: what to run, how to undo it, what to check first."""

from __future__ import annotations

from analysis.errors import NoData
from commands.core.answer import Answer, Code, Note, Text, Tone, plain
from commands.core.cards import commands_of, figures, worth
from commands.core.context import Context
from commands.core.registry import Group, command


@command("fix", group=Group.WASTE, examples=("fix 3f9a1c2e",))
def fix(context: Context, finding: str) -> Answer:
    """Show you alone the command that ends the waste, the one that undoes it, and what to check first.

    Pitcrew runs neither: you do, with your own rights.
    """
    found = context.findings.get(finding)
    parts = commands_of(found)
    if not parts:
        raise NoData(f"there is no command for {found.title!r}: {found.remedy.action} by hand, then done {found.short}")
    copied = any(isinstance(part, Code) for part in parts)
    words = f"`{plain(found.resource_id)}`, {worth(found)} a month."
    note = (Note(f"Pitcrew runs nothing. When it is fixed: /finops done {found.short}"),) if copied else ()
    return Answer(
        f"How to fix: {found.title}",
        (Text(words), *parts, *note),
        Tone.CALM,
        private=True,
        data={"finding": figures(found)},
    )
