"""``/finops summary``: one assessment, five views of it."""

from __future__ import annotations

from commands.core.answer import Answer, Button, Buttons, Note
from commands.core.context import Context
from commands.core.registry import Group, command
from commands.personas import discover


@command("summary", group=Group.COST, examples=("summary", "summary finance", "summary engineering"))
def summary(context: Context, persona: str = "") -> Answer:
    """Show the view of one persona: leadership, finance, product, practitioner or engineering."""
    views = discover()
    chosen = persona.lower() or (context.caller.name if context.caller.name in views else "practitioner")
    view = views[chosen]
    found = context.assessments.latest(context.now)
    said = view(found, context.report)
    others = Buttons(tuple(Button(name.capitalize(), f"summary {name}") for name in views if name != chosen))
    whose = "The sample company. " if context.report.sample else ""
    note = Note(f"{whose}EffectiveCost of usage and purchases. {found.freshness.said()}.")
    parts = (*said.parts, others, note) if not persona else (*said.parts, note)
    return Answer(
        said.title, parts, said.tone, shows=said.shows, data={"persona": chosen, "assessment": found.id, **said.data}
    )
