"""Ends of commitments as alerts: 90, 30 and 7 days before, with what a month costs from then on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from analysis.alerts import Alert, Kept
from analysis.commitments import Expiry
from analysis.counting import so_many
from analysis.errors import NoData
from analysis.money import Money
from commands.alarms import Look, alarm
from commands.commitments import commitments_of
from commands.core.answer import Answer, Button, Buttons, Facts, Note, Text, Tone, plain
from commands.core.context import Context
from commands.core.moments import moment

KIND = "commitment"
SOON = 7
FARTHEST = 90


def draw(context: Context, kept: Kept) -> Answer:
    """The message of one end: what a month then costs, how much of it is used, and where to decide."""
    facts, currency = kept.alert.facts, kept.alert.amount.currency
    ends = date.fromisoformat(facts["ends"])
    monthly, on_demand = Money.of(facts["monthly"], currency), Money.of(facts["on_demand"], currency)
    hourly, used = Money.of(facts["hourly"], currency), Money.of(facts["used_hourly"], currency)
    renew = f"Renew {used} of its {hourly} an hour: that is what is used." if used < hourly else "All of it is used."
    act = f"**Decide by {ends:%d %b}.** {renew}" if kept.is_open else f"{kept.ended[:1].upper()}{kept.ended[1:]}."
    return Answer(
        kept.alert.said if kept.is_open else f"Decided: {kept.alert.said}",
        (
            Text(act),
            Facts(
                (
                    ("Commitment", plain(str(facts["name"]))),
                    ("It costs now", f"{monthly} a month"),
                    ("The same on demand", f"{on_demand} a month"),
                    ("Ends", f"{ends:%d %b %Y}"),
                )
            ),
            Buttons((Button("All commitments", "commitments"),)),
            Note(
                f"Nothing is bought from here. {context.costs.freshness(context.now).said()}."
                f" Alert {kept.alert.id}, first told {moment(kept.opened)}."
            ),
        ),
        Tone.WARN if kept.is_open else Tone.GOOD,
        shows=(kept.alert.id,),
        data={"alert": kept.alert.id, "ended": kept.ended, **facts},
    )


@alarm(KIND, draw)
def commitment(look: Look) -> Sequence[Alert]:
    """Each commitment that ends within 90 days, at the nearest of its steps; and those that have ended or were kept."""
    try:
        expiries = commitments_of(look.costs, look.report, look.now).expiries
    except NoData:
        return [one.alert for one in look.kept if one.is_open]
    coming = {_family(one): one for one in expiries}
    alerts = [_alert(one) for one in expiries if one.window]
    known = {alert.id for alert in alerts}
    for kept in look.kept:
        if kept.is_open and kept.alert.id not in known:
            now = coming.get(kept.alert.family)
            alerts.append(_over(kept, now, look.now.date()))
    return alerts


def _alert(one: Expiry) -> Alert:
    family = _family(one)
    effect = f"{one.effect} more" if one.effect.amount >= 0 else f"{-one.effect} less"
    days = so_many(one.days_left, "day")
    return Alert(
        kind=KIND,
        key=f"{family}/{one.window}",
        said=f"{effect} a month from {one.ends:%d %b}: {one.commitment.name} ends in {days}",
        amount=one.effect,
        urgent=one.window <= SOON,
        family=family,
        step=FARTHEST + 1 - one.window,
        facts={
            "name": one.commitment.name,
            "ends": one.ends.isoformat(),
            "monthly": str(one.monthly.amount),
            "on_demand": str(one.on_demand.amount),
            "hourly": str(one.hourly.amount),
            "used_hourly": str(one.used_hourly.amount),
        },
    )


def _family(one: Expiry) -> str:
    return f"{one.commitment.id.lower()[-300:]}/{one.ends.isoformat()}"


def _over(kept: Kept, now: Expiry | None, today: date) -> Alert:
    """A step that was passed, an end that has come, or one that was put off."""
    ends = date.fromisoformat(kept.alert.facts["ends"])
    if now is not None and now.window:
        return replace(kept.alert, over=f"it now ends in {now.days_left} days, see the later message", quietly=True)
    if ends <= today:
        return replace(kept.alert, over=f"it ended on {ends:%d %b}, and was not renewed as far as the bill tells")
    return replace(kept.alert, over="it was renewed: its end is no longer near", quietly=True)
