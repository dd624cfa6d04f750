"""``/finops history``: what became of one finding, step by step."""

from __future__ import annotations

from analysis.counting import so_many
from analysis.errors import NotFound
from commands.core.answer import Answer, Button, Buttons, Table
from commands.core.cards import figures
from commands.core.context import Context
from commands.core.moments import moment
from commands.core.ports import Step
from commands.core.registry import Group, command

SAID = {
    "open": "found",
    "claim": "claimed",
    "release": "given back",
    "acknowledge": "accepted",
    "snooze": "snoozed",
    "exempt": "called no waste",
    "readmit": "waste again",
    "done": "said to be done",
    "resolve": "resolved",
    "reopen": "opened again",
    "undo": "taken back",
}
MOST = 25


@command("history", group=Group.WASTE, examples=("history 3f9a1c2e",))
def history(context: Context, finding: str) -> Answer:
    """Tell what became of a finding: who did what, when and why, the oldest first."""
    found = context.findings.get(finding)
    steps = list(context.findings.history(found.id))
    if not steps:
        raise NotFound(f"{found.title!r} was fixed before Pitcrew came; savings {found.short} shows what it saved")
    rows = tuple((moment(one.at), SAID.get(one.verb, one.verb), _who(one), one.reason or "–") for one in steps[-MOST:])
    count = len(steps)
    days = (context.now - steps[0].at).days
    return Answer(
        f"{found.title}: {so_many(count, 'step')} in {so_many(days, 'day')}",
        (
            Table(("When", "What", "Who", "Why"), rows),
            Buttons((Button("Show", f"finding {found.short}"),)),
        ),
        shows=(found.id,),
        data={
            "finding": figures(found),
            "steps": [
                {"verb": one.verb, "state": str(one.state), "by": one.by_name, "reason": one.reason, "at": one.at}
                for one in steps
            ],
        },
    )


def _who(step: Step) -> str:
    if step.by_name:
        return step.by_name
    return "the bill" if step.by == "bill" else "assessment"
