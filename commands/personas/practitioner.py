"""The FinOps practitioner, the race engineer: how complete the picture is, and where the money is."""

from __future__ import annotations

from collections import Counter

from analysis.assessment import Assessment
from commands.core.answer import Answer, Facts, Part, Table, Text, Tone
from commands.core.context import Report
from commands.personas import persona

MOST_SHOWN = 6


@persona("practitioner")
def practitioner(found: Assessment, report: Report) -> Answer:  # noqa: ARG001
    """Coverage, the largest services, and how the crew handles its findings."""
    states = Counter(one.state for one in found.findings)
    services = found.services
    rows = tuple(
        (name or "–", str(cost), f"{cost.share_of(services.total):.1%}") for name, cost in services.rows[:MOST_SHOWN]
    )
    providers = ", ".join(f"{name or 'unnamed'} {cost}" for name, cost in found.providers.rows)
    parts: list[Part] = [
        Facts(
            (
                ("Complete up to", f"{found.freshness.last_day:%d %b %Y}"),
                ("By provider, last month", providers),
                ("Findings", ", ".join(f"{count} {state}" for state, count in states.items()) or "none"),
                ("Allocated to a team", f"{1 - found.teams.share(None):.1%}"),
            )
        ),
        Table((f"Service, {services.period}", "Cost", "Share"), rows, numbers=(1, 2)),
    ]
    if found.unread:
        parts.append(Text("**Not read:** " + "; ".join(found.unread)))
    return Answer(
        f"Practitioner: {found.month_to_date} this month, {len(found.findings)} findings",
        tuple(parts),
        Tone.WARN if found.unread else Tone.CALM,
        data={
            "currency": services.total.currency,
            "services": [{"service": name, "cost": cost.amount} for name, cost in services.rows],
            "findings": {str(state): count for state, count in states.items()},
            "unread": list(found.unread),
        },
    )
