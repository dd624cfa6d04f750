"""``/finops news``: what an assessment found that is new, as it stands now."""

from __future__ import annotations

from commands.core.answer import Answer
from commands.core.context import Context
from commands.core.news import drawn
from commands.core.registry import Group, command


@command("news", group=Group.CREW, examples=("news", "news page=2"))
def news(context: Context, run: str = "", *, page: int = 1) -> Answer:
    """Tell again what the last assessment found that is new, with who has it by now; page=2 goes on."""
    name, told = context.assessments.told(run)
    return drawn(told, name, context, page)
