"""Product and business: whose cost it is."""

from __future__ import annotations

from analysis.assessment import Assessment
from commands.core.answer import Answer, Facts, Table, Tone
from commands.core.context import Report
from commands.personas import persona

MOST_SHOWN = 8
WELL_TAGGED = 0.1  # FinOps Foundation's "walk" maturity allocates 90 % of cost


@persona("product")
def product(found: Assessment, report: Report) -> Answer:  # noqa: ARG001
    """Cost by team with last month's shares, and what no team answers for."""
    teams = found.teams
    nobody = teams.share(None)
    rows = tuple((name or "(no team tag)", str(cost), f"{cost.share_of(teams.total):.1%}") for name, cost in teams.rows)
    shown = rows[:MOST_SHOWN]
    rest = (("… and others", "", f"{len(rows) - MOST_SHOWN} more"),) if len(rows) > MOST_SHOWN else ()
    return Answer(
        f"Product: {teams.total} in {teams.period}, {1 - nobody:.0%} of it has a team",
        (
            Facts(
                (("Teams", str(sum(name is not None for name, _ in teams.rows))), ("Without a team", f"{nobody:.1%}"))
            ),
            Table(("Team", "Cost", "Share"), (*shown, *rest), numbers=(1, 2)),
        ),
        Tone.WARN if nobody > WELL_TAGGED else Tone.GOOD,
        data={
            "currency": teams.total.currency,
            "period": {"start": teams.period.start, "end": teams.period.end},
            "teams": [{"team": name, "cost": cost.amount} for name, cost in teams.rows],
            "untagged_share": nobody,
        },
    )
