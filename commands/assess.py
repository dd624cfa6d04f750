"""``/finops assess``: look at everything now, and say what is new."""

from __future__ import annotations

from dataclasses import replace

from commands.core.answer import Answer
from commands.core.caller import Permission
from commands.core.cards import figures
from commands.core.context import Context
from commands.core.news import alone, drawn, news_of
from commands.core.registry import Group, command


@command("assess", needs=Permission.ACT, group=Group.CREW, examples=("assess",))
def assess(context: Context) -> Answer:
    """Read the newest billed rows and the whole inventory, run every check, and tell what has changed."""
    found, seen = context.assessments.fresh(context.now)
    context.lookout.look(context.now, load=False)
    told = news_of(found, seen)
    context.assessments.tell(found.id, told)
    said = drawn(told, found.id, context)
    return replace(
        said,
        also=alone(seen, context.report),
        data={
            "assessment": found.id,
            "currency": found.last_month.currency,
            "waste": found.waste().amount,
            "opened": [figures(finding) for finding in seen.opened],
            "reopened": [figures(finding) for finding in seen.reopened],
            "resolved": [finding.id for finding in seen.resolved],
            "verified": [
                {"finding": line.finding.id, "verdict": str(line.verdict), "monthly": line.monthly.amount}
                for line in seen.verified
            ],
            "known": seen.known,
            "unread": list(found.unread),
            "told": list(found.told),
        },
    )
