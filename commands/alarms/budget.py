"""Budgets as alerts: at each threshold, and when the forecast's 80% range first reaches the budget; once a period."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from analysis.alerts import Alert, Kept
from analysis.budgets import Budget
from analysis.burndown import Burndown, said_chance
from analysis.counting import so_many
from analysis.focus import CostQuery
from analysis.money import Money
from analysis.periods import Period, fiscal_name
from commands.alarms import Look, alarm
from commands.budget import burndowns_of, shown_budget, where_of
from commands.core.answer import Answer, Facts, Note, Text, Tone
from commands.core.context import Context
from commands.core.moments import moment
from commands.core.ports import Costs
from commands.core.report import Report

KIND = "budget"
FULL = 100
AHEAD = "forecast"  # the step at which the range first reaches the budget
PASSED = "passed"  # the fact of a threshold that names those below it
TOO = "ahead"  # the fact of a threshold that tells what is expected, too
LONGEST_NAME = 200


def draw(context: Context, kept: Kept) -> Answer:
    """The message of one threshold: the burndown as it is now, or how the period ended."""
    held = _held(context, kept)
    if held is None:
        return _ended(context, kept)
    card = shown_budget(context, held)
    first, *others = (part for part in card.parts if not isinstance(part, Note))
    fresh = context.costs.freshness(context.now).said()
    told = Note(
        f"EffectiveCost. {fresh}. Alert {kept.alert.id}, first told {moment(kept.opened)}. {kept.ended}".strip()
    )
    return Answer(
        kept.alert.said if kept.is_open else f"Not so any more: {kept.alert.said}",
        (first, *_on_the_way(kept.alert), *others, told),
        card.tone if kept.is_open else Tone.GOOD,
        shows=(kept.alert.id,),
        data={"alert": kept.alert.id, "ended": kept.ended, **card.data},
    )


@alarm(KIND, draw)
def budget(look: Look) -> Sequence[Alert]:
    """Every threshold that is reached in the present period, and what was told of periods that are over."""
    held = burndowns_of(look.costs, look.report, look.now).held
    alerts = [alert for one in held for alert in _steps(look, one)]
    known = {alert.id for alert in alerts}
    current = {_family(one.budget, one.period): one for one in held}
    for kept in look.kept:
        if kept.alert.id in known or not kept.is_open:
            continue
        now = current.get(_of(kept))
        alerts.append(_receded(kept, now) if now else _over(kept, look.costs, look.report))
    return alerts


def _steps(look: Look, one: Burndown) -> Iterator[Alert]:
    """What of a budget is reached: each threshold, and the forecast.

    Whoever first looks late in a period is told one thing: the highest threshold, which names the lower ones and what
    is expected. What was named so is not told by itself later, when the bill recedes.
    """
    family, used = _family(one.budget, one.period), one.used * FULL
    known = {str(kept.alert.facts["step"]): kept.alert.facts for kept in look.kept if _of(kept) == family}
    named = {percent for facts in known.values() for percent in facts.get(PASSED, ())}
    told = {int(step) for step in known if step != AHEAD} | named
    reached = sorted(percent for percent in look.rules.budget_at if used >= percent)
    is_ahead = one.end.high80 > one.budget.amount and used < FULL
    if is_ahead and not (reached and not known) and not any(facts.get(TOO) for facts in known.values()):
        yield _alert(look, one, AHEAD, {})
    for percent in reached:
        before = known.get(str(percent))
        if before is None and percent in named:
            continue
        passed = [lower for lower in reached if max(told, default=0) < lower < percent]
        new = {PASSED: passed, TOO: is_ahead and not known}
        yield _alert(look, one, str(percent), new if before is None else before)


def _alert(look: Look, one: Burndown, step: str, beside: Mapping[str, Any]) -> Alert:
    """The alert of one step; ``beside`` is what its message tells besides."""
    family = _family(one.budget, one.period)
    is_used_up = step != AHEAD and int(step) >= FULL
    facts = {**_facts(one, step), **{name: beside[name] for name in (PASSED, TOO) if beside.get(name)}}
    return Alert(
        kind=KIND,
        key=f"{family}/{step}",
        said=_said(one, step, look.report, is_ahead=TOO in facts),
        amount=_beyond(one),
        team=str(one.budget.where.get("team", "")),
        account=_account(look.costs, one.budget),
        urgent=is_used_up,
        family="" if step == AHEAD else family,
        step=0 if step == AHEAD else int(step),
        facts=facts,
    )


def _on_the_way(alert: Alert) -> tuple[Text, ...]:
    """The thresholds that were never told by themselves, since a higher one was reached at the same look."""
    passed = [f"{percent}%" for percent in alert.facts.get(PASSED, ())]
    return (Text(f"On the way it passed {_listed(passed)}."),) if passed else ()


def _listed(words: Sequence[str]) -> str:
    *others, last = words
    return f"{', '.join(others)} and {last}" if others else last


def _beyond(one: Burndown) -> Money:
    """What is expected beyond the budget, or nothing."""
    gap = one.end.expected - one.budget.amount
    return gap.cents() if gap.amount > 0 else Money.zero(gap.currency)


def _account(costs: Costs, budget: Budget) -> str:
    return budget.account if budget.account in costs.names("SubAccountName") else ""


def _facts(one: Burndown, step: str) -> dict[str, Any]:
    """What a message shows of a budget: when one of these changes, it is drawn anew."""
    return {
        "name": one.budget.name,
        "step": step,
        "start": one.period.start.isoformat(),
        "end": one.period.end.isoformat(),
        "budget": str(one.budget.amount.amount),
        "spent": str(one.spent.amount),
        "expected": str(one.end.expected.amount),
        "high80": str(one.end.high80.amount),
        "known": one.known_until.isoformat(),
    }


def _said(one: Burndown, step: str, report: Report, *, is_ahead: bool) -> str:
    name, whole = one.budget.name, one.budget.amount
    called = _called(one.period, one.budget, report)
    if step == AHEAD:
        return (
            f"{one.end.expected} expected of {whole}: {name} may not last through {called},"
            f" chance to overrun {said_chance(one.chance)}"
        )
    left = f"with {so_many(one.days_left, 'day')} of {called} left"
    if int(step) >= FULL:
        return f"{one.spent} of {whole} spent: {name} is used up {left}"
    expected = f", and {one.end.expected} is expected" if is_ahead else ""
    return f"{one.spent} of {whole} spent: {name} passed {step}% {left}{expected}"


def _called(period: Period, budget: Budget, report: Report) -> str:
    return f"{period.start:%B}" if budget.period == "month" else fiscal_name(period, report.year_starts)


def _family(budget: Budget, period: Period) -> str:
    return f"{budget.name[:LONGEST_NAME]}/{period.start.isoformat()}"


def _of(kept: Kept) -> str:
    """The budget and the period that an alert is of."""
    return kept.alert.key.rpartition("/")[0]


def _receded(kept: Kept, now: Burndown) -> Alert:
    """What was reached and is not any more: told by an edit, and not aloud."""
    step = str(kept.alert.facts["step"])
    is_ahead = step == AHEAD
    spent = f"{FULL * now.used:.0f}% are spent after all"
    over = f"the 80% range now ends at {now.end.high80}" if is_ahead else spent
    if is_ahead and now.used >= 1:
        over = "the budget is used up"
    return _as_over(kept, over, {**kept.alert.facts, **_facts(now, step)}, quietly=True)


def _over(kept: Kept, costs: Costs, report: Report) -> Alert:
    """A period that has ended, with what it came to."""
    facts = kept.alert.facts
    period = Period(date.fromisoformat(facts["start"]), date.fromisoformat(facts["end"]))
    whole = Money.of(facts["budget"], kept.alert.amount.currency)
    own = next((one for one in report.budgets(period.start) if one.name == facts["name"]), None)
    if own is None:
        return _as_over(kept, "the budget is no longer there", facts, quietly=True)
    total = costs.ask(CostQuery(period, whole.currency, (), where_of(costs, own))).total().cents()
    gap = total - whole
    side = f"{gap} over" if gap.amount > 0 else f"{-gap} under"
    last = period.end - timedelta(days=1)
    over = f"It ended on {last:%d %b} at {total} of {whole}, {side}."
    return _as_over(kept, over, {**facts, "spent": str(total.amount)}, quietly=facts["step"] != str(FULL))


def _as_over(kept: Kept, over: str, facts: Mapping[str, Any], *, quietly: bool) -> Alert:
    return replace(kept.alert, over=over, quietly=quietly, facts=facts)


def _held(context: Context, kept: Kept) -> Burndown | None:
    """The burndown of an alert's period, if that is the present one."""
    for one in burndowns_of(context.costs, context.report, context.now).held:
        if _family(one.budget, one.period) == _of(kept):
            return one
    return None


def _ended(context: Context, kept: Kept) -> Answer:
    facts, currency = kept.alert.facts, kept.alert.amount.currency
    spent, whole = Money.of(facts["spent"], currency), Money.of(facts["budget"], currency)
    begins = date.fromisoformat(facts["start"])
    return Answer(
        f"{spent} of {whole} spent: {facts['name']}, its period from {begins:%d %B} on is over",
        (
            Text(kept.ended or "Its period is over."),
            Facts((("Spent", str(spent)), ("Budget", str(whole)))),
            Note(f"{context.costs.freshness(context.now).said()}. Alert {kept.alert.id}."),
        ),
        Tone.WARN if spent > whole else Tone.GOOD,
        shows=(kept.alert.id,),
        data={"alert": kept.alert.id, "ended": kept.ended},
    )
