"""Leadership, the team principal: one screen, in money, with the decisions that are wanted."""

from __future__ import annotations

from analysis.assessment import Assessment
from analysis.burndown import said_chance
from charts.picture import Picture
from commands.core.answer import Answer, Button, Buttons, Chart, Facts, Part, Text, Tone, plain
from commands.core.decisions import Decision, decisions
from commands.core.report import Report
from commands.core.several import total_of
from commands.forecast import between
from commands.personas import persona
from commands.savings import climb_of

MONTHS_A_YEAR = 12
WANTED = 3


@persona("leadership")
def leadership(found: Assessment, report: Report) -> Answer:
    """Spend against plan, what moved and why, what was saved and verified, the score, and the decisions wanted."""
    wanted = decisions(found)
    over = found.forecast and found.budget and found.forecast.month_end.expected > found.budget
    return Answer(
        _headline(found),
        (
            Facts(_plan(found)),
            *_moved(found),
            *_chart(found, report),
            *_wanted(wanted[:WANTED]),
            Buttons(
                (
                    *(Button(f"{number}. Look", one.ask) for number, one in enumerate(wanted[:WANTED], 1)),
                    Button("Score", "score"),
                    Button("Savings", "savings"),
                )
            ),
        ),
        Tone.WARN if over else Tone.CALM,
        data={
            "currency": found.last_month.currency,
            "last_month": found.last_month.amount,
            "month_to_date": found.month_to_date.amount,
            "waste": found.waste().amount,
            "score": found.score.total if found.score else None,
            "annualised_savings": found.savings.annualised.amount if found.savings else None,
            "roi": found.savings.roi if found.savings else None,
            "decisions": [one.data() for one in wanted],
        },
    )


def _plan(found: Assessment) -> tuple[tuple[str, str], ...]:
    pairs = [("Last month", str(found.last_month))]
    if found.forecast:
        end = found.forecast.month_end
        pairs.append(("This month's end", f"{end.expected}, likely {between(end)}"))
    if found.budget:
        total = next((one for one in found.burndowns if one.budget.amount == found.budget), None)
        chance = f", chance to overrun {said_chance(total.chance)}" if total else ""
        pairs.append(("Budget", f"{found.budget}{chance}"))
    if found.savings and found.savings.verified:
        roi = f", ROI {found.savings.roi:.0%}" if found.savings.roi is not None else ""
        pairs.append(("Saved, verified", f"{found.savings.annualised} a year{roi}"))
    share = found.waste().share_of(found.last_month)
    pairs.append(("Waste to do", f"{total_of(found.to_do)} a month, {share:.1%} of cost"))
    if found.score and found.score.points:
        pairs.append(("Maturity", f"{found.score.total} of 100"))
    return tuple(pairs)


def _moved(found: Assessment) -> tuple[Part, ...]:
    """What moved last month and why, in two lines."""
    if found.variance is None or not found.variance.change.cents():
        return ()
    change = found.variance.change
    word = "more" if change.amount > 0 else "less"
    size = change if change.amount > 0 else -change
    month, before = found.variance.later.start, found.variance.earlier.start
    first = f"**{month:%B} cost {size} {word} than {before:%B}.**"
    days = found.variance.causes_days
    calendar = f" {days.signed()} of it is the calendar." if days.cents() else ""
    return (Text("\n".join((first + calendar, *found.movers[:2]))),)


def _chart(found: Assessment, report: Report) -> tuple[Part, ...]:
    if found.savings is None or not found.savings.verified:
        return ()
    return (Chart(_climb(found, report), climb_of(found.savings, found.freshness.last_day)),)


def _climb(found: Assessment, report: Report) -> Picture:
    from charts.savings import climb  # matplotlib is half of the bot's start

    assert found.savings is not None  # noqa: S101 (asked before)
    return climb(found.savings, until=found.freshness.last_day, locale=report.locale)


def _wanted(wanted: tuple[Decision, ...]) -> tuple[Part, ...]:
    if not wanted:
        return (Text("No decision is wanted."),)
    lines = []
    for number, one in enumerate(wanted, 1):
        worth = f", {one.yearly} a year" if one.yearly else ""
        lines.append(f"{number}. {plain(one.what)}{worth} · {one.who}")
    return (Text("\n".join(("**Decisions wanted**", *lines))),)


def _headline(found: Assessment) -> str:
    if found.forecast is None:
        return f"Leadership: {found.month_to_date} this month so far"
    expected = found.forecast.month_end.expected
    if found.budget is None:
        return f"Leadership: {expected} expected this month"
    gap = expected - found.budget
    side = f"{gap} over" if gap.amount > 0 else f"{-gap} under"
    return f"Leadership: {expected} expected, {side} budget"
