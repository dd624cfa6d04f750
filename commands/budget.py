"""``/finops budget``: each budget against what was spent and what is expected, the worst first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from difflib import get_close_matches
from typing import Any

from analysis.budgets import Budget
from analysis.burndown import Burndown, Standing, burndown, said_chance, windows_of
from analysis.errors import FinOpsError, NoData, UnknownName
from analysis.forecasts import forecast
from analysis.periods import fiscal_name
from charts.picture import Picture
from commands.core.answer import Answer, Button, Buttons, Chart, Facts, Note, Part, Table, Text, Tone
from commands.core.context import Context
from commands.core.ports import Costs
from commands.core.registry import Group, command, quoted
from commands.core.report import Report
from commands.core.scope import resolve
from commands.forecast import daily

WORST_FIRST = {Standing.OVER: 0, Standing.AT_RISK: 1, Standing.ON_COURSE: 2}
TONES = {Standing.OVER: Tone.BAD, Standing.AT_RISK: Tone.WARN, Standing.ON_COURSE: Tone.GOOD}
MOST_SHOWN = 12


@command("budget", group=Group.COST, examples=("budget", "budget apex-dev"))
def budget(context: Context, *name: str) -> Answer:
    """Hold each budget against what was spent and what is expected: the chance to overrun, and the day it is used up.

    Budgets stand in the deployment file or are set in the clouds. A name shows one of them with its picture.
    """
    found = burndowns_of(context.costs, context.report, context.now)
    if not found.held:
        said = "; ".join(found.unheld) or "name one under [[budgets]] in the deployment file, or set one in the cloud"
        raise NoData(f"there is no budget to hold the cost against: {said}")
    if name:
        return shown_budget(context, _named(" ".join(name), found.held))
    return _listed(context, found)


class Burndowns:
    """Budgets that could be held against their cost, the worst first, and those that could not, with the reason."""

    def __init__(self, held: Sequence[Burndown], unheld: Sequence[str]) -> None:
        self.held, self.unheld = tuple(held), tuple(unheld)

    @property
    def worst(self) -> Burndown | None:
        """The one to look at first."""
        return self.held[0] if self.held else None


def burndowns_of(costs: Costs, report: Report, now: datetime) -> Burndowns:
    """Each budget in force today against the forecast of what it is for, the worst first.

    Budgets of the same scope and currency share one forecast.
    """
    try:
        freshness = costs.freshness(now)
    except NoData:
        return Burndowns((), ())
    today = min(now.date(), freshness.history.end + timedelta(days=45))
    held, unheld = [], []
    for one in report.budgets(today):
        period = one.period_on(today, report.year_starts)
        try:
            where = where_of(costs, one)
            frame = daily(costs, now, freshness, one.amount.currency, where=where)
            known = freshness.complete_until
            series, windows = frame.daily().total(), windows_of(period, known)
            outlook = forecast(series, known_until=known, as_of=today, months=0, windows=windows)[0]
        except FinOpsError as error:
            unheld.append(f"{one.name}: {error}")
            continue
        held.append(burndown(one, period, outlook))
    ranked = sorted(held, key=lambda one: (WORST_FIRST[one.standing], -one.chance, -float(one.used)))
    return Burndowns(ranked, unheld)


def said_budget(found: Burndown) -> str:
    """One budget in a sentence."""
    over = found.end.expected - found.budget.amount
    word = f"{over} over" if over.amount > 0 else f"{-over} under"
    name = found.budget.name
    if found.spent > found.budget.amount:
        return f"{name} is used up: {found.spent} of {found.budget.amount} spent"
    when = found.exhausted_on
    until = f", used up on {when:%d %b}" if when else ""
    return f"{name} is {found.standing}: {word} expected{until}"


def figures(found: Burndown) -> dict[str, Any]:
    """A burndown as data."""
    earliest, latest = found.exhausted_between
    return {
        "name": found.budget.name,
        "currency": found.spent.currency,
        "budget": found.budget.amount.amount,
        "period": {"start": found.period.start, "end": found.period.end},
        "spent": found.spent.amount,
        "used": found.used,
        "reached": found.reached,
        "expected": found.end.expected.amount,
        "low80": found.end.low80.amount,
        "high80": found.end.high80.amount,
        "chance": round(found.chance, 3),
        "standing": str(found.standing),
        "allowance": found.allowance.amount,
        "pace": found.pace.amount,
        "days_left": found.days_left,
        "exhausted_on": found.exhausted_on,
        "exhausted_earliest": earliest,
        "exhausted_latest": latest,
    }


def where_of(costs: Costs, one: Budget) -> Mapping[str, Sequence[str | None]]:
    """The filters of a ``CostQuery`` for what a budget is of."""
    account = {"SubAccountId": (one.account,)} if one.account else {}
    return {**account, **resolve(costs, one.where)}


def _named(name: str, held: Sequence[Burndown]) -> Burndown:
    names = {one.budget.name.lower(): one for one in held}
    close = get_close_matches(name.lower(), names, n=1, cutoff=0.8)
    starting = [one for known, one in names.items() if known.startswith(name.lower())]
    if len(starting) == 1:
        return starting[0]
    if name.lower() in names or close:
        return names.get(name.lower()) or names[close[0]]
    raise UnknownName("budget", name, known=[one.budget.name for one in held])


def _listed(context: Context, found: Burndowns) -> Answer:
    worst = found.held[0]
    shown = found.held[:MOST_SHOWN]
    rows = tuple((one.budget.name, f"{one.used:.0%}", str(one.end.expected), _chance(one)) for one in shown)
    risky = [one for one in found.held if one.standing is not Standing.ON_COURSE]
    title = said_budget(worst) if risky else f"All {len(found.held)} budgets are on course"
    return Answer(
        title,
        (
            Text("\n".join(_advice(one) for one in risky[:3]) or "Nothing to decide today."),
            Chart(_picture(worst, context.report)),
            Table(("Budget", "Used", "Expected", "Overrun"), rows, numbers=(1, 2, 3)),
            Buttons(tuple(Button(one.budget.name, quoted(("budget", one.budget.name))) for one in shown[:5])),
            *_unheld(found),
            _note(context),
        ),
        TONES[worst.standing],
        news=bool(risky),
        data={"budgets": [figures(one) for one in found.held], "unheld": list(found.unheld)},
    )


def shown_budget(context: Context, one: Burndown) -> Answer:
    """One budget with its picture."""
    earliest, latest = one.exhausted_between
    between = f"{_day(earliest)} to {_day(latest)}" if earliest != latest else _day(earliest)
    return Answer(
        said_budget(one),
        (
            Text(_advice(one)),
            Facts(
                (
                    ("Budget", f"{one.budget.amount} for {_called(one, context.report)}"),
                    ("Spent", f"{one.spent} ({one.used:.0%})"),
                    ("Expected at the end", f"{one.end.expected}, 80% range {one.end.low80} – {one.end.high80}"),
                    ("Chance to overrun", said_chance(one.chance)),
                    ("A day, to land on it", f"{one.allowance} for {one.days_left} days; {one.pace} is expected"),
                    ("Used up", f"{_day(one.exhausted_on)} (80%: {between})" if one.exhausted_on else _day(None)),
                )
            ),
            Chart(_picture(one, context.report)),
            Buttons((Button("What changed?", "why month to date"), Button("Waste", "waste"))),
            _note(context),
        ),
        TONES[one.standing],
        data=figures(one),
    )


def _day(when: date | None) -> str:
    return f"{when:%d %b}" if when else "not in this period"


def _chance(one: Burndown) -> str:
    if one.spent > one.budget.amount:
        return "used up"
    return said_chance(one.chance)


def _advice(one: Burndown) -> str:
    if one.standing is Standing.ON_COURSE:
        return f"Nothing to do: {one.allowance} a day is left, {one.pace} is expected."
    if one.spent > one.budget.amount:
        return f"**{one.budget.name}** is used up by {one.spent - one.budget.amount}: raise it, or stop something."
    less = one.pace - one.allowance
    if less.amount <= 0:
        return f"**{one.budget.name}** will probably hold; the chance that it does not is {said_chance(one.chance)}."
    return f"**{one.budget.name}**: spend {less} a day less for {one.days_left} days to land on it, or raise it."


def _called(one: Burndown, report: Report) -> str:
    if one.budget.period == "month":
        return str(one.period)
    return fiscal_name(one.period, report.year_starts)


def _picture(one: Burndown, report: Report) -> Picture:
    from charts.burndown import burndown as drawn  # matplotlib is half of the bot's start

    return drawn(one, name=_called(one, report), locale=report.locale)


def _unheld(found: Burndowns) -> tuple[Part, ...]:
    return (Text("**Not held:** " + "; ".join(found.unheld)),) if found.unheld else ()


def _note(context: Context) -> Note:
    whose = "The sample company's figures. " if context.report.sample else ""
    freshness = context.costs.freshness(context.now)
    return Note(
        f"{whose}EffectiveCost of usage and purchases; tax, credits and adjustments are in no budget here. The chance"
        f" is read off the forecast's range. {freshness.said()}."
    )
