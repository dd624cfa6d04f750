"""``/finops commitments``: what is promised, how much of it is used, what ends, and what could be promised next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from analysis.commitment_rows import ID, PROVIDER, Bill, Where
from analysis.commitments import (
    FULL,
    Commitments,
    Expiry,
    Kept,
    Standing,
    Term,
    by_month,
    realised,
    remarks,
    standings,
    unpriced,
)
from analysis.commitments import expiries as ends_of
from analysis.counting import so_many
from analysis.eligible_usage import usage_of
from analysis.errors import NoData
from analysis.focus import Freshness
from analysis.money import Money
from analysis.periods import Period, month_before, month_of
from analysis.purchases import Ladder, Step, ladder
from commands.core.answer import Answer, Button, Buttons, Chart, Facts, Note, Part, Plot, Table, Text, Tone, plain
from commands.core.context import Context
from commands.core.ports import Costs
from commands.core.registry import Group, command, quoted
from commands.core.report import Report
from commands.core.scope import resolve, said
from commands.core.when import period_of

MONTHS = 12  # whole months of history beside the present one
MOST_SHOWN = 8
LONGEST, LONG = 34, 60  # letters of a name in a table, and in a sentence
UNPRICED = "gives no on-demand price of what is covered: coverage and savings are at least these"
PART = "What is unused belongs to whoever pays for it; purchases are proposed for a whole provider only"
SOON = 30  # days before an end in which it is a warning


@command(
    "commitments",
    group=Group.COST,
    examples=("commitments", "commitments provider=AWS", "commitments 2026-09", "commitments last quarter"),
)
def commitments(context: Context, *when: str, currency: str = "", **scope: str) -> Answer:
    """Say how much of your commitments is used, what ends when, and what could be bought next.

    Reservations and savings plans, in amortised cost (EffectiveCost): used, unused, the part of eligible machines that
    is covered, the effective savings rate, and what an end would add to the forecast. The purchases are proposals from
    90 days of your own usage, in steps; nothing is ever bought from here. Without a period, the last whole month.
    """
    freshness = context.costs.freshness(context.now)
    period = period_of(when, context, default=_default(freshness, context.now.date()))
    money = (currency or context.report.currency).upper()
    where = resolve(context.costs, scope)
    found = commitments_of(context.costs, context.report, context.now, period=period, where=where, currency=money)
    others = [one for one in context.costs.currencies(found.period) if one.currency != money]
    return Answer(
        _title(found, scope),
        (
            *_decisions(found, scope),
            *_facts(found),
            *_table(found),
            *_pictures(found, said(scope).removeprefix(" of "), context.report.locale),
            *_ladders(found),
            *_buttons(found, others, when, scope),
            _note(context, found, freshness, scope),
        ),
        _tone(found),
        data=figures(found, scope),
    )


def commitments_of(  # noqa: PLR0913 (a question and its cuts, said by name)
    costs: Costs,
    report: Report,
    now: datetime,
    *,
    expiries: Sequence[Term] | None = None,
    period: Period | None = None,
    where: Where | None = None,
    currency: str = "",
) -> Commitments:
    """Everything about the commitments of one currency, from the billed rows of the last thirteen months.

    ``period`` is cut to complete days; without one it is the last whole month. ``expiries`` are the terms
    of commitments; without them, those that the report's providers tell. Purchases are proposed for whole providers.

    Raises:
        NoData: no complete day of the period was billed.
    """
    terms = report.commitments(now) if expiries is None else expiries
    money, chosen, today = currency or report.currency, where or {}, now.date()
    freshness = costs.freshness(now)
    span = _complete(period or _default(freshness, today), freshness)
    history = _history(freshness, span)
    bill = Bill(costs.ask, money, costs.names(ID), chosen)
    lines, kept = bill.lines(report.offers, history), bill.kept(terms, span)
    inside = [line for line in lines if line.day in span]
    providers = standings(inside, money, lambda line: line.provider)
    offers = [one for one in report.offers if one.provider in providers and set(chosen) <= {PROVIDER}]
    return Commitments(
        period=span,
        standing=standings(inside, money, lambda _: "").get("", Standing(money)),
        providers=dict(sorted(providers.items())),
        months=by_month(lines, money, history),
        days=sorted(standings(inside, money, lambda line: line.day).items()),
        kept=kept,
        expiries=ends_of(kept, terms, span, today),
        ladders=[
            ladder(
                offer,
                usage_of(lines, offer, history, money),
                realised(kept, terms, offer.provider),
                providers[offer.provider].coverage,
                today,
            )
            for offer in offers
        ],
        remarks=[
            *remarks(kept, bill.last_seen(history), _unbilled(terms, bill.ids), span),
            *(f"{name} {UNPRICED}" for name in unpriced(inside)),
        ],
    )


def figures(found: Commitments, scope: Mapping[str, str]) -> dict[str, Any]:
    """Everything that was found as data: decimal amounts in ``currency``, shares from 0 to 1."""
    return {
        "currency": found.currency,
        "scope": dict(scope),
        "period": {"start": found.period.start, "end": found.period.end},
        **_standing(found.standing),
        "providers": {name: _standing(one) for name, one in found.providers.items()},
        "months": [{"start": span.start, "end": span.end, **_standing(one)} for span, one in found.months],
        "days": [{"day": day, **_standing(one)} for day, one in found.days],
        "commitments": [_one(kept) for kept in found.kept],
        "expiries": [_expiry(one) for one in found.expiries],
        "ladders": [_proposal(one) for one in found.ladders],
        "remarks": list(found.remarks),
    }


def _unbilled(terms: Sequence[Term], ids: Sequence[str]) -> list[Term]:
    """The commitments that a provider lists and no row of any day or currency names."""
    known = {id_.lower() for id_ in ids}
    return [term for term in terms if term.id.lower() not in known]


def _default(freshness: Freshness, today: date) -> Period:
    """The last whole month; of a bill that ended before it, the month that it ends in."""
    last = month_before(today)
    return last if last.start < freshness.history.end else month_of(freshness.last_day)


def _complete(period: Period, freshness: Freshness) -> Period:
    known = freshness.history
    start, end = max(period.start, known.start), min(period.end, known.end)
    if start >= end:
        raise NoData(f"nothing complete is billed in {period}: billed rows cover {known}. Ask for days in there")
    return Period(start, end)


def _history(freshness: Freshness, period: Period) -> Period:
    """The present month and the twelve before it, as far as they are known, and the period itself."""
    known = freshness.history
    start = month_of(freshness.last_day).start
    for _ in range(MONTHS):
        start = month_before(start).start
    return Period(max(known.start, min(start, period.start)), known.end)


def _title(found: Commitments, scope: Mapping[str, str]) -> str:
    standing, where = found.standing, said(scope)
    if not found.kept:
        spent = Money(standing.on_demand, found.currency)
        ran = f"{spent} of machines ran on demand" if spent.amount > 0 else "nothing ran that one could cover"
        return f"No commitments{where}: {ran} in {found.period}"
    news = [f"Commitments{where}: {_percent(standing.utilization)} used in {found.period}"]
    if standing.utilization is None or standing.utilization < FULL:
        news = [f"{found.unused} of commitments unused in {found.period}{where}"]
    if standing.coverage is not None:
        news.append(f"{_percent(standing.coverage)} of machines covered")
    if found.next_end:
        news.append(f"one ends in {so_many(found.next_end.days_left, 'day')}")
    return ", ".join(news)


def _decisions(found: Commitments, scope: Mapping[str, str]) -> tuple[Part, ...]:
    """What to decide, by when: ends first, then purchases, then what lies idle."""
    whole = set(scope) <= {"provider"}
    lines = [_end(one, whole=whole) for one in found.expiries]
    lines += [_first_step(one) for one in found.offered]
    idle = [one for one in found.kept if _is_idle(one)]
    if idle:
        most = idle[0]
        lines.append(
            f"**Use what is paid for**: {most.unused.cents()} of {plain(_short(most.name, LONG))} went unused. A wider"
            " scope, or machines moved into it, costs nothing."
        )
    return (Text("\n".join(lines)),) if lines else ()


def _is_idle(one: Kept) -> bool:
    return one.utilization is not None and one.utilization < FULL and one.unused.amount > 0


def _end(expiry: Expiry, *, whole: bool) -> str:
    name, effect = plain(_short(expiry.commitment.name, LONG)), expiry.effect
    more = f"**{effect} more**" if effect.amount >= 0 else f"**{-effect} less**"
    if expiry.days_left <= 0:
        return f"**Ended on {expiry.ends:%d %b}**: {name}; a month costs {more} without it."
    renew = (
        f" Renew {expiry.used_hourly} of its {expiry.hourly} an hour: that is what is used."
        if whole and expiry.used_hourly < expiry.hourly
        else ""
    )
    left = so_many(expiry.days_left, "day")
    return f"**Decide by {expiry.ends:%d %b}** ({left}): {name} ends, a month then costs {more}.{renew}"


def _first_step(found: Ladder) -> str:
    step = found.steps[0]
    return (
        f"**Consider {plain(found.offer.instrument)}**: {step.hourly} an hour for {so_many(step.rate.years, 'year')}"
        f" saves **{_range(step)} a month**, and still {_changed(step, -40)} if usage falls by 40%."
    )


def _range(step: Step) -> str:
    """An expected saving with its 80% range, where there is one to the dollar."""
    return f"{step.expected} ({step.low80} – {step.high80})" if _is_wide(step) else str(step.expected)


def _is_wide(step: Step) -> bool:
    return (step.high80 - step.low80).amount >= 1


def _changed(step: Step, percent: int) -> str:
    saved = step.scenarios[percent]
    return str(saved) if saved.amount >= 0 else saved.signed()


def _facts(found: Commitments) -> tuple[Part, ...]:
    standing = found.standing
    pairs = [
        ("Used", f"{_percent(standing.utilization)} of {standing.cost}"),
        ("Unused", str(found.unused)),
        ("Machines covered", _percent(standing.coverage)),
        ("Saved against on demand", str(standing.saved.cents())),
        ("Effective savings rate", _percent(standing.effective_savings_rate, 1)),
    ]
    return (Facts(tuple(pairs)),) if found.kept else ()


def _table(found: Commitments) -> tuple[Part, ...]:
    rows = [
        (
            _short(one.name),
            _percent(one.utilization) if one.told else "not told",
            str(one.unused.cents()),
            str(one.saved.cents()),
            f"{one.ends:%d %b %Y}" if one.ends else "not told",
        )
        for one in found.kept[:MOST_SHOWN]
    ]
    if len(found.kept) > MOST_SHOWN:
        rest = found.kept[MOST_SHOWN:]
        unused, saved = (
            Money.total(amounts, found.currency)
            for amounts in ((one.unused for one in rest), (one.saved for one in rest))
        )
        rows.append((f"{len(rest)} more", "", str(unused.cents()), str(saved.cents()), ""))
    return (Table(("Commitment", "Used", "Unused", "Saved", "Ends"), rows, numbers=(1, 2, 3)),) if rows else ()


def _pictures(found: Commitments, title: str, locale: str) -> tuple[Part, ...]:
    from charts.commitments import FEWEST, coverage
    from charts.commitments import ladder as drawn  # matplotlib is half of the bot's start

    parts: list[Part] = []
    if found.kept and len(found.months) >= FEWEST:
        parts.append(Chart(coverage(found.months, title=title, locale=locale), _plot(found.months)))
    if found.offered:
        parts.append(Chart(drawn(max(found.offered, key=lambda one: one.expected), locale=locale)))
    return tuple(parts)


def _plot(months: Sequence[tuple[Period, Standing]]) -> Plot | None:
    """Used and covered as figures, month by month; none where a month had nothing to be used or covered."""
    shares = [(one.utilization, one.coverage) for _, one in months]
    used = [round(100 * float(one), 1) for one, _ in shares if one is not None]
    covered = [round(100 * float(one), 1) for _, one in shares if one is not None]
    if min(len(used), len(covered)) < len(months):
        return None
    labels = [
        f"{span.start:%b %Y}" if span.end >= month_of(span.start).end else f"until {span.end - timedelta(days=1):%d %b}"
        for span, _ in months
    ]
    return Plot("Commitments: used and covered", labels, (("used", used), ("covered", covered)), "%")


def _ladders(found: Commitments) -> tuple[Part, ...]:
    rows = [
        (
            f"{one.offer.provider} {number}",
            str(step.hourly),
            str(step.expected),
            _changed(step, -20),
            _changed(step, -40),
        )
        for one in found.offered
        for number, step in enumerate(one.steps, 1)
    ]
    headings = ("Step", "An hour", "Saves", "Usage −20%", "−40%")
    words = [_summed(one, found.providers[one.offer.provider].coverage) for one in found.offered]
    words += [f"**{one.offer.provider}**: nothing to buy now, {one.reason}." for one in found.ladders if not one.steps]
    return (
        *([Table(headings, rows, numbers=(1, 2, 3, 4))] if rows else []),
        *([Text("\n".join(words))] if words else []),
    )


def _summed(found: Ladder, coverage: Decimal | None) -> str:
    """A ladder in words: what all of it comes to, then each step's day, term, rate and break-even."""
    last = found.steps[-1]
    taken = f" {found.reason.capitalize()}." if found.reason else ""
    steps = "; ".join(f"{number} {_terms(step)}" for number, step in enumerate(found.steps, 1))
    return (
        f"**{found.offer.provider}**, all steps: {found.expected} a month, worst case {found.worst.signed()}; machines"
        f" covered {_percent(coverage)} → {_percent(last.coverage)}. Step {steps}.{taken}"
    )


def _terms(step: Step) -> str:
    rate = f"{_percent(step.rate.discount)} off, {'your own rate' if step.rate.own else 'a careful rate'}"
    wide = f", saves {step.low80} – {step.high80}" if _is_wide(step) else ""
    years = so_many(step.rate.years, "year")
    return f"on {step.on:%d %b} for {years} ({rate}), paid back by month {step.break_even:.0f}{wide}"


def _buttons(
    found: Commitments, others: Sequence[Money], when: Sequence[str], scope: Mapping[str, str]
) -> tuple[Part, ...]:
    """Ways to look further; a purchase never is one."""
    buttons = []
    if "provider" not in scope and len(found.providers) > 1:
        buttons = [
            Button(f"Only {name}", quoted(("commitments", *when, f"provider={name}"))) for name in found.providers
        ]
    given = [f"{key}={value}" for key, value in scope.items()]
    buttons += [
        Button(f"In {one.currency}", quoted(("commitments", *when, f"currency={one.currency}", *given)))
        for one in others
    ]
    return (Buttons(tuple(buttons)),) if buttons else ()


def _note(context: Context, found: Commitments, freshness: Freshness, scope: Mapping[str, str]) -> Note:
    words = [
        "The sample company's figures" if context.report.sample else "",
        f"EffectiveCost in {found.currency}, amortised; the invoice of a purchase (BilledCost) is never added to it",
        "Covered at ListCost, saved at ContractedCost" if found.kept else "",
        *_assumptions(found.offered),
        "What a commitment covers frees commitment when it is switched off, and saves no cash" if found.kept else "",
        PART if set(scope) - {"provider"} else "",
        *found.remarks,
        freshness.said(),
    ]
    return Note(". ".join(word for word in words if word) + ".")


def _assumptions(offered: Sequence[Ladder]) -> tuple[str, ...]:
    """What a proposal stands on."""
    if not offered:
        return ()
    floors = ", ".join(_percent(one) for one in sorted({ladder.offer.hourly_floor for ladder in offered}))
    return (
        f"Bills are daily: {floors} of a day is taken to run in every hour, so look at the hours before you buy",
        "What ends is taken to be renewed, and each step is decided on the figures of its day",
        "Ranges hold 80 of 100 futures made of your own weeks, the worst case is one in 100; growth is not counted",
    )


def _tone(found: Commitments) -> Tone:
    utilization = found.standing.utilization
    ends = found.next_end
    idle = utilization is not None and utilization < FULL
    return Tone.WARN if idle or (ends is not None and ends.days_left <= SOON) else Tone.CALM


def _percent(share: Decimal | None, digits: int = 0) -> str:
    return "none" if share is None else f"{100 * share:.{digits}f}%"


def _short(name: str, longest: int = LONGEST) -> str:
    """A name that fits a phone; an id keeps its end, which tells it from others."""
    if len(name) <= longest:
        return name
    return f"…{name[1 - longest :]}" if "/" in name else f"{name[: longest - 1]}…"


def _standing(one: Standing) -> dict[str, Any]:
    return {
        "used": one.used,
        "unused": one.unused,
        "on_demand": one.on_demand,
        "eligible_list": one.eligible_list,
        "covered_list": one.covered_list,
        "saved": one.saved.amount,
        "utilization": one.utilization,
        "coverage": one.coverage,
        "effective_savings_rate": one.effective_savings_rate,
    }


def _one(kept: Kept) -> dict[str, Any]:
    return {
        "id": kept.id,
        "name": kept.name,
        "type": kept.type,
        "category": kept.category,
        "provider": kept.provider,
        "purchased": kept.purchased.amount,
        "used": kept.used.amount,
        "unused": kept.unused.amount,
        "saved": kept.saved.amount,
        "utilization": kept.utilization,
        "ends": kept.ends,
    }


def _expiry(one: Expiry) -> dict[str, Any]:
    return {
        "id": one.commitment.id,
        "name": one.commitment.name,
        "ends": one.ends,
        "days_left": one.days_left,
        "window": one.window,
        "monthly": one.monthly.amount,
        "on_demand": one.on_demand.amount,
        "effect": one.effect.amount,
        "hourly": one.hourly.amount,
        "used_hourly": one.used_hourly.amount,
    }


def _proposal(one: Ladder) -> dict[str, Any]:
    return {
        "provider": one.offer.provider,
        "instrument": one.offer.instrument,
        "payment": one.offer.payment,
        "window": {"start": one.window.start, "end": one.window.end},
        "reason": one.reason,
        "expected": one.expected.amount,
        "worst": one.worst.amount,
        "steps": [
            {
                "on": step.on,
                "years": step.rate.years,
                "discount": step.rate.discount,
                "own_rate": step.rate.own,
                "hourly": step.hourly.amount,
                "expected": step.expected.amount,
                "low80": step.low80.amount,
                "high80": step.high80.amount,
                "worst": step.worst.amount,
                "scenarios": {str(change): saved.amount for change, saved in step.scenarios.items()},
                "regret": {"20": step.regret(20).amount, "40": step.regret(40).amount},
                "utilization": step.utilization,
                "break_even": step.break_even,
                "coverage": step.coverage,
            }
            for step in one.steps
        ],
    }
