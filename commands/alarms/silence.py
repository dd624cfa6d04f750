"""Billed data that does not arrive, as alerts that close themselves when it does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np

from analysis.alerts import Alert, Kept
from analysis.focus import DAY, CostQuery
from analysis.money import Money
from analysis.periods import last_days
from commands.alarms import Look, alarm
from commands.core.answer import Answer, Button, Buttons, Facts, Note, Text, Tone, plain
from commands.core.context import Context
from commands.core.moments import moment

KIND = "silence"
LOOKED_AT = 70
USUAL_DAYS = 28  # an account that is billed on nearly all of these is billed daily
DAILY = 0.8
USUALLY_LATE = 2  # whole days until a provider has delivered a day
CLOSED_AFTER = 30  # an account that is silent for so long was closed, for all we know


@dataclass(frozen=True, slots=True)
class Silent:
    """A provider or one of its accounts, the last day that has rows, and what a day of it usually costs."""

    provider: str
    account: str  # its name; empty for the whole provider
    last_day: date
    days: int
    a_day: Money

    @property
    def name(self) -> str:
        """How people call it."""
        return f"account {self.account}" if self.account else self.provider or "the provider"


def draw(context: Context, kept: Kept) -> Answer:
    """The message of one silence: what is missing from every total, and where to look."""
    facts = kept.alert.facts
    a_day = Money.of(facts["a_day"], kept.alert.amount.currency)
    last = date.fromisoformat(facts["last_day"])
    name = plain(str(facts["name"]))
    act = (
        f"Totals, forecasts and budgets are without it: about {a_day} a day. Look at the export of {name}, and at the"
        " rights of whoever reads it. This closes itself when rows arrive."
        if kept.is_open
        else f"{kept.ended[:1].upper()}{kept.ended[1:]}."
    )
    return Answer(
        kept.alert.said if kept.is_open else f"Arrived again: {facts['name']}",
        (
            Text(act),
            Facts((("Last billed day", f"{last:%d %b %Y}"), ("A day usually costs", str(a_day)))),
            Buttons((Button("Status", "status"),)),
            Note(
                f"{context.costs.freshness(context.now).said()}. Alert {kept.alert.id}, first told"
                f" {moment(kept.opened)}."
            ),
        ),
        Tone.WARN if kept.is_open else Tone.GOOD,
        shows=(kept.alert.id,),
        data={"alert": kept.alert.id, "ended": kept.ended, **facts},
    )


@alarm(KIND, draw)
def silence(look: Look) -> Sequence[Alert]:
    """Providers and accounts that were billed daily, and have no rows for some days; and those that have again."""
    silent = {_key(one): one for one in _silences(look)}
    alerts = [_alert(one) for one in silent.values() if one.days < CLOSED_AFTER]
    for kept in look.kept:
        if not kept.is_open or kept.alert.id in {alert.id for alert in alerts}:
            continue
        if kept.alert.key in silent:
            alerts.append(replace(kept.alert, over=f"no row for {CLOSED_AFTER} days: taken as closed", quietly=True))
        else:
            alerts.append(replace(kept.alert, over=f"Rows of {kept.alert.facts['name']} have arrived."))
    return alerts


def _silences(look: Look) -> list[Silent]:
    """What is silent for long enough; of a provider that is silent as a whole, not each of its accounts too."""
    period = last_days(LOOKED_AT, look.now.date())
    by = ("ProviderName", "SubAccountName", DAY)
    series = look.costs.ask(CostQuery(period, look.report.currency, by)).daily()
    providers: dict[str, list[tuple[str, np.ndarray]]] = {}
    for (provider, account), values in zip(series.names, series.values, strict=True):
        providers.setdefault(provider, []).append((account, values))
    found: list[Silent] = []
    for provider, rows in providers.items():
        whole = np.sum([values for _, values in rows], axis=0)
        newest, arrives = _last(whole), period.days - 1 - USUALLY_LATE
        is_silent = arrives - newest >= look.rules.silent_days
        for account, values, until in [("", whole, arrives)] if is_silent else [(*row, newest) for row in rows]:
            last = _last(values)
            if until - last >= look.rules.silent_days and _is_daily(values, last) and (account or is_silent):
                a_day = Money.of(round(float(np.median(values[last - USUAL_DAYS + 1 : last + 1])), 2), series.currency)
                found.append(Silent(provider, account, period.start + timedelta(days=last), until - last, a_day))
    return found


def _last(values: np.ndarray) -> int:
    """The place of the last day that has a cost; -1 for none."""
    return int(np.max(np.flatnonzero(values), initial=-1))


def _is_daily(values: np.ndarray, last: int) -> bool:
    past = values[max(0, last - USUAL_DAYS + 1) : last + 1]
    return past.size == USUAL_DAYS and float(np.mean(past != 0)) >= DAILY


def _key(one: Silent) -> str:
    return f"{one.provider}/{one.account}/{one.last_day.isoformat()}"


def _alert(one: Silent) -> Alert:
    missing = Money(one.a_day.amount * one.days, one.a_day.currency)
    facts: dict[str, Any] = {
        "name": one.name,
        "last_day": one.last_day.isoformat(),
        "days": one.days,
        "a_day": str(one.a_day.amount),
    }
    return Alert(
        kind=KIND,
        key=_key(one),
        said=f"About {missing} not billed yet: no billed data from {one.name} for {one.days} days",
        amount=missing,
        account=one.account,
        facts=facts,
    )
