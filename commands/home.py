"""``/finops home``: one person's own page, the month in a line, what is theirs to do, and how they like it."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.assessment import Assessment
from analysis.burndown import Burndown, Standing, said_chance
from analysis.errors import FinOpsError
from analysis.findings import WAITING, Finding, State
from analysis.money import Money
from analysis.periods import month_of
from analysis.spelling import tagged
from commands.allocation import Wanted, allocation_of
from commands.core.answer import Answer, Button, Buttons, Facts, Form, Note, Part, Table, Text, Tone, plain
from commands.core.cards import actions, standing, worth
from commands.core.context import Context
from commands.core.registry import Group, command
from commands.forecast import between
from commands.prefer import said_preferences
from commands.subscribe import said_rhythm

MINE = (State.CLAIMED, State.DONE, State.ACKNOWLEDGED, State.SNOOZED)
MOST_FINDINGS = 5
MOST_TEAMS = 6
MOST_DIGESTS = 5
DAILY = "subscribe daily 09:00 to=me"
TONES = {Standing.OVER: Tone.WARN, Standing.AT_RISK: Tone.WARN, Standing.ON_COURSE: Tone.CALM}


@command("home", group=Group.CREW, examples=("home",))
def home(context: Context) -> Answer:
    """Show your own page: the month so far against its budget, your findings, your teams, and how you like it."""
    found = context.assessments.latest(context.now)
    mine = [one for one in context.findings.standing(*MINE) if one.owner == context.caller.id]
    liked = context.preferences.of(context.caller.id)
    teams = liked.teams or _teams_of(mine)
    total = next((one for one in found.burndowns if one.budget.amount == found.budget), None)
    whose = "The sample company. " if context.report.sample else ""
    return Answer(
        _headline(found, total),
        (
            Facts(_month(found, total)),
            Buttons((Button("Forecast", "forecast"), Button("Why", "why"), Button("All waste", "waste"))),
            *_findings(found, mine, context),
            *_teams(context, found, teams),
            *_digests(context),
            Text("**How you like it**"),
            *said_preferences(context, liked),
            Note(f"{whose}EffectiveCost of usage and purchases. {found.freshness.said()}."),
        ),
        TONES[total.standing] if total else Tone.CALM,
        private=True,
        shows=tuple(one.id for one in mine[:MOST_FINDINGS]),
        data={
            "month_to_date": found.month_to_date.amount,
            "currency": found.month_to_date.currency,
            "budget": found.budget.amount if found.budget else None,
            "mine": [one.id for one in mine],
            "teams": list(teams),
        },
    )


def _headline(found: Assessment, total: Burndown | None) -> str:
    month = f"{found.freshness.last_day:%B}"
    if total is None:
        return f"{found.month_to_date} spent in {month} so far"
    return f"{found.month_to_date} of {total.budget.amount} spent in {month}, {total.standing}"


def _month(found: Assessment, total: Burndown | None) -> tuple[tuple[str, str], ...]:
    pairs = []
    if found.forecast:
        end = found.forecast.month_end
        pairs.append(("Expected at month end", f"{end.expected}, likely {between(end)}"))
    if total:
        pairs.append(("Budget", f"{total.used:.0%} used, chance to overrun {said_chance(total.chance)}"))
    pairs.append(("Last month", str(found.last_month)))
    waiting = [one for one in found.to_do if one.state in WAITING]
    pairs.append(("Waste nobody has taken on", f"{found.waste(waiting)} a month in {len(waiting)} findings"))
    return tuple(pairs)


def _findings(found: Assessment, mine: Sequence[Finding], context: Context) -> tuple[Part, ...]:
    """What is mine, each with its buttons; who has nothing is shown the most expensive thing that nobody has."""
    if not mine:
        open_ones = [one for one in found.to_do if one.state in WAITING]
        if not open_ones:
            return (Text("**Your findings**\nNone, and nothing is open."),)
        return (
            Text("**Your findings**\nNone. The most expensive one that nobody has:"),
            *_finding(open_ones[0], context),
        )
    parts: list[Part] = [Text(f"**Your findings** · {_together(mine)}")]
    for one in mine[:MOST_FINDINGS]:
        parts += _finding(one, context)
    if left := len(mine) - MOST_FINDINGS:
        parts.append(Note(f"… and {left} more of yours" if left > 0 else ""))
    return tuple(part for part in parts if part != Note(""))


def _together(mine: Sequence[Finding]) -> str:
    currency = mine[0].monthly_waste.currency
    sums = Money.total((one.monthly_waste for one in mine if one.monthly_waste.currency == currency), currency)
    return f"{len(mine)}, worth {sums} a month"


def _finding(one: Finding, context: Context) -> tuple[Part, ...]:
    words = f"**{plain(one.title)}** · {worth(one)} a month\n{plain(one.resource_name or one.resource_id)}"
    live = [part for part in actions(one, context, show=True) if isinstance(part, Buttons | Form)]
    details = Buttons((Button("Details", f"finding {one.short}"),))
    return (Text(f"{words} · {plain(standing(one))}"), *_joined([*live, details]))


def _joined(parts: Sequence[Buttons | Form]) -> tuple[Part, ...]:
    """Rows of buttons as one row, so that a finding takes two lines and not four."""
    buttons = tuple(button for part in parts if isinstance(part, Buttons) for button in part.buttons)
    return (Buttons(buttons), *(part for part in parts if isinstance(part, Form)))


def _digests(context: Context) -> tuple[Part, ...]:
    """What I subscribed to, each with a button that ends it; who has nothing is offered a daily digest."""
    mine = [one for one in context.subscriptions.all() if one.by == context.caller.id]
    if not mine:
        return (Text("**Your digests**\nNone."), Buttons((Button("Daily at 09:00, to me", DAILY),)))
    shown = list(enumerate(mine[:MOST_DIGESTS], 1))
    lines = [f"{number}. {plain(one.ask)}, {said_rhythm(one)}" for number, one in shown]
    stop = tuple(Button(f"Stop {number}", f"unsubscribe {one.id}") for number, one in shown)
    return (Text("\n".join(("**Your digests**", *lines))), Buttons(stop))


def _teams_of(mine: Sequence[Finding]) -> tuple[str, ...]:
    """Who names no teams has those whose findings they took on."""
    return tuple(dict.fromkeys(team for one in mine if (team := tagged(one.tags, "team"))))


def _teams(context: Context, found: Assessment, teams: Sequence[str]) -> tuple[Part, ...]:
    """What each of somebody's teams spent in the month so far, against its budget and its last month."""
    if not teams:
        return ()
    month = month_of(found.freshness.last_day)
    try:
        made = allocation_of(context.costs, context.report, context.now, month, Wanted(by="team"))
    except FinOpsError as error:
        return (Note(f"Your teams cannot be told: {error}"),)
    spent = {(part.owner or "").lower(): part.cost for part in made.parts()}
    budgets = {one.budget.where.get("team", "").lower(): one.budget.amount for one in found.burndowns}
    zero = Money.zero(context.report.currency)
    rows = [
        (plain(team), str(spent.get(team.lower(), zero)), str(budgets.get(team.lower(), "–")))
        for team in teams[:MOST_TEAMS]
    ]
    buttons = tuple(Button(f"Forecast of {team}", f"forecast team={team}") for team in teams[:3])
    return (
        Text("**Your teams**"),
        Table(("Team", f"{month.start:%B} so far", "Budget"), tuple(rows), numbers=(1, 2)),
        Buttons(buttons),
    )
