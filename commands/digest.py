"""``/finops digest``: what matters in ten seconds, and behind it, in its thread, the details."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from analysis.alerts import Kept
from analysis.assessment import Assessment
from analysis.errors import BadAsk, FinOpsError
from analysis.forecasts import Range, forecast
from analysis.periods import Period
from commands.core.answer import Answer, Button, Buttons, Chart, Detail, Note, Part, Text, Tone, plain
from commands.core.caller import Permission
from commands.core.context import Context
from commands.core.decisions import Decision, decisions
from commands.core.plots import periods_of
from commands.core.registry import Group, command, discover, quoted, run_ask
from commands.core.rhythms import Compared, Rhythm, compared
from commands.core.scope import resolve, said, within
from commands.core.unusual import anomalies_of
from commands.forecast import between, daily
from commands.personas import discover as discover_personas

WANTED = 3
MOST_DETAILS = 4
NOTABLE = 0.1  # of what is usual: a digest that is calm below
DETAILS: Mapping[str, Mapping[Rhythm, Sequence[str]]] = {
    "": {
        Rhythm.DAILY: ("why", "alerts"),
        Rhythm.WEEKLY: ("why", "budget", "anomalies", "waste"),
        Rhythm.MONTHLY: ("why", "budget", "savings", "commitments"),
    },
    "engineering": {
        Rhythm.DAILY: ("why", "waste"),
        Rhythm.WEEKLY: ("why", "waste", "anomalies"),
        Rhythm.MONTHLY: ("why", "waste", "savings"),
    },
    "finance": {
        Rhythm.DAILY: ("why", "budget"),
        Rhythm.WEEKLY: ("why", "summary finance", "budget"),
        Rhythm.MONTHLY: ("why", "summary finance", "budget", "commitments"),
    },
    "leadership": {
        Rhythm.DAILY: ("why",),
        Rhythm.WEEKLY: ("summary leadership", "why"),
        Rhythm.MONTHLY: ("summary leadership", "why", "savings", "score"),
    },
    "practitioner": {
        Rhythm.DAILY: ("why", "alerts"),
        Rhythm.WEEKLY: ("why", "anomalies", "budget", "tags"),
        Rhythm.MONTHLY: ("why", "summary practitioner", "commitments", "tags"),
    },
    "product": {
        Rhythm.DAILY: ("why", "units"),
        Rhythm.WEEKLY: ("why", "units", "allocation"),
        Rhythm.MONTHLY: ("why", "units", "allocation", "showback"),
    },
}
TAKES_KEYS = ("alerts",)  # that name their own scope, of which a digest may have the team


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which digest: how often it comes, whose view it is (empty for everybody's), and what it is of."""

    rhythm: Rhythm
    persona: str
    scope: Mapping[str, str]

    @property
    def ask(self) -> str:
        """The ask that makes it."""
        words = [str(self.rhythm), *([self.persona] if self.persona else [])]
        return quoted(("digest", *words, *(f"{key}={value}" for key, value in self.scope.items())))


@command(
    "digest",
    group=Group.COST,
    examples=("digest", "digest daily team=search", "digest weekly finance", "digest monthly leadership"),
)
def digest(context: Context, *which: str, **scope: str) -> Answer:
    """Tell in ten seconds what matters: the cost and its change, what is expected, three decisions; details follow.

    daily, weekly or monthly; for one persona, and within a scope. In a channel the details are in its thread.
    """
    return digest_of(context, wanted(which, scope))


def wanted(which: Sequence[str], scope: Mapping[str, str]) -> Wanted:
    """Which digest words mean; daily, for everybody, unless they say otherwise.

    Raises:
        BadAsk: a word is neither a rhythm nor a persona.
    """
    rhythm, persona, personas = Rhythm.DAILY, "", discover_personas()
    for word in which:
        if word.lower() in list(Rhythm):
            rhythm = Rhythm(word.lower())
        elif word.lower() in personas:
            persona = word.lower()
        else:
            known = ", ".join((*Rhythm, *personas))
            raise BadAsk(f"{word!r} is no digest; it is daily, weekdays, weekly or monthly, and of a persona: {known}")
    return Wanted(rhythm, persona, scope)


def digest_of(context: Context, which: Wanted) -> Answer:
    """The root of a digest, with its details.

    Raises:
        NoData: there are no rows.
    """
    where = resolve(context.costs, which.scope)
    cost = compared(context.costs, context.now, context.report.currency, which.rhythm, where)
    found = _within(context, context.assessments.latest(context.now), which.scope)
    asked = _decisions(found, which)
    standing = [one for one in context.alerts.standing() if _is_mine(one, which.scope)]
    details, missing = _details(context, which, cost)
    return Answer(
        _headline(cost, which.scope),
        (
            *_outlook(context, found, which.scope),
            _chart(cost, which, context.report.locale),
            *_asked(asked),
            *_standing(standing),
            *_buttons(asked, standing),
            _note(context, which, missing),
        ),
        _tone(cost),
        data={
            "rhythm": str(which.rhythm),
            "persona": which.persona,
            "scope": dict(which.scope),
            "currency": cost.cost.currency,
            "period": {"start": cost.period.start, "end": cost.period.end},
            "cost": cost.cost.amount,
            "usual": cost.usual.amount if cost.usual else None,
            "decisions": [one.data() for one in asked],
            "alerts": [one.alert.id for one in standing],
            "missing": missing,
        },
        details=details,
    )


def _headline(cost: Compared, scope: Mapping[str, str]) -> str:
    whose = said(scope).removeprefix(" of ")
    start = f"{whose[:1].upper()}{whose[1:]}: " if whose else ""
    if cost.change is None or cost.growth is None:
        return f"{start}{cost.cost} {cost.called}"
    if abs(cost.growth) < 0.01:  # noqa: PLR2004 (a hundredth is nothing)
        return f"{start}{cost.cost} {cost.called}, as much as {cost.against}"
    word = "more" if cost.change.amount > 0 else "less"
    size = cost.change if cost.change.amount > 0 else -cost.change
    return f"{start}{cost.cost} {cost.called}, {size} {word} than {cost.against} ({cost.growth:+.0%})"


def _tone(cost: Compared) -> Tone:
    if cost.growth is None or abs(cost.growth) < NOTABLE:
        return Tone.CALM
    return Tone.WARN if cost.growth > 0 else Tone.GOOD


def _within(context: Context, found: Assessment, scope: Mapping[str, str]) -> Assessment:
    """The assessment as far as a scope reaches: its findings and its anomalies; what is of the whole is left out."""
    if not scope:
        return found
    holds = within(context.costs, scope, context.now)
    where = resolve(context.costs, scope)
    events = anomalies_of(context.costs, context.report, context.now, where=where).events
    mine = {key: value.lower() for key, value in scope.items()}
    budgets = [
        one
        for one in found.burndowns
        if one.budget.where and {key: value.lower() for key, value in one.budget.where.items()} == mine
    ]
    return replace(
        found,
        findings=tuple(one for one in found.findings if holds(one)),
        events=events,
        burndowns=tuple(budgets),
        commitments=None,
        allocation=None,
        forecast=None,
        budget=budgets[0].budget.amount if budgets else None,
    )


def _decisions(found: Assessment, which: Wanted) -> Sequence[Decision]:
    """What is asked of people; of a persona first what is asked of it."""
    ranked = sorted(decisions(found), key=lambda one: one.who != which.persona)
    return ranked[:WANTED]


def _is_mine(one: Kept, scope: Mapping[str, str]) -> bool:
    has = {"team": one.alert.team, "account": one.alert.account, "service": one.alert.service}
    return all(has.get(key, "").lower() in value.lower().split(",") for key, value in scope.items())


def _outlook(context: Context, found: Assessment, scope: Mapping[str, str]) -> tuple[Part, ...]:
    """What the month is expected to cost, against its budget where there is one."""
    end = _month_end(context, found, scope)
    if end is None:
        return ()
    against = ""
    if found.budget:
        gap = end.expected - found.budget
        against = f", {gap} over budget" if gap.amount > 0 else f", {-gap} under budget"
    return (Text(f"**{end.expected} expected for {context.now:%B}**, likely {between(end)}{against}."),)


def _month_end(context: Context, found: Assessment, scope: Mapping[str, str]) -> Range | None:
    if not scope:
        return found.forecast.month_end if found.forecast else None
    fresh = context.costs.freshness(context.now)
    try:
        frame = daily(context.costs, context.now, fresh, context.report.currency, where=resolve(context.costs, scope))
        series = frame.daily().total()
        return forecast(series, known_until=fresh.complete_until, as_of=context.now.date())[0].month_end
    except FinOpsError:  # too short or too old: then there is nothing to expect
        return None


def _chart(cost: Compared, which: Wanted, locale: str) -> Chart:
    from charts.columns import columns  # matplotlib is half of the bot's start

    each = {Rhythm.WEEKLY: "week", Rhythm.MONTHLY: "month"}.get(which.rhythm, "day")
    usual = f"dashed: {cost.against}" if cost.usual is not None else ""
    whose = said(which.scope).removeprefix(" of ")
    title = f"Cost by {each}{f', {whose}' if whose else ''}"
    picture = columns(cost.points, title=title, subtitle=usual, usual=cost.usual, locale=locale)
    line = f"; {cost.against}: {cost.usual.said(locale)}" if cost.usual is not None else ""
    return Chart(picture, periods_of(cost.points, f"{title}{line}"))


def _asked(asked: Sequence[Decision]) -> tuple[Part, ...]:
    if not asked:
        return (Text("No decision is wanted."),)
    lines = [
        f"{number}. {plain(one.what)}{f', {one.yearly} a year' if one.yearly else ''} · {one.who}"
        for number, one in enumerate(asked, 1)
    ]
    return (Text("\n".join(("**Decisions wanted**", *lines))),)


def _standing(standing: Sequence[Kept]) -> tuple[Part, ...]:
    if not standing:
        return ()
    first = plain(standing[0].alert.said)
    more = f", and {len(standing) - 1} more" if len(standing) > 1 else ""
    return (Text(f"**Alerts:** {first}{more}."),)


def _buttons(asked: Sequence[Decision], standing: Sequence[Kept]) -> tuple[Part, ...]:
    buttons = [Button(f"{number}. Look", one.ask) for number, one in enumerate(asked, 1)]
    buttons += [Button("Alerts", "alerts")] if standing else []
    return (Buttons(tuple(buttons)),) if buttons else ()


def _note(context: Context, which: Wanted, missing: Sequence[str]) -> Note:
    whose = "The sample company's figures. " if context.report.sample else ""
    told = f" Not told: {'; '.join(missing)}." if missing else ""
    basis = "usage and purchases" if which.rhythm is Rhythm.MONTHLY else "usage; fees come by the month"
    return Note(
        f"{whose}EffectiveCost of {basis}. {context.costs.freshness(context.now).said()}.{told}"
        f"{_how_often(context, which)}"
    )


def _how_often(context: Context, which: Wanted) -> str:
    """How to hear it regularly, or no more."""
    kind, _, name = context.caller.name.partition(" ")
    if context.caller.id.startswith("clock:"):
        return f" No more of it: unsubscribe {name}." if kind == "subscription" else ""
    words = which.ask.split(" ", 2)
    return f" To hear it regularly: {' '.join(('subscribe', words[1], '09:00', *words[2:]))}."


def _details(context: Context, which: Wanted, cost: Compared) -> tuple[tuple[Detail, ...], list[str]]:
    """What follows in the thread, each by its own ask; and what cannot be told, with the reason."""
    details: list[Detail] = []
    missing: list[str] = []
    for ask in _asks(which, cost):
        try:
            said_ = run_ask(ask, context, at_most=Permission.READ)
        except FinOpsError as error:
            missing.append(f"{ask.split()[0]} ({error})")
        else:
            details.append(Detail(ask, replace(said_, details=())))
    return tuple(details[:MOST_DETAILS]), missing


def _asks(which: Wanted, cost: Compared) -> Iterator[str]:
    rhythm = Rhythm.DAILY if which.rhythm is Rhythm.WEEKDAYS else which.rhythm
    scope = [f"{key}={value}" for key, value in which.scope.items()]
    for ask in DETAILS[which.persona][rhythm]:
        words = ask.split()
        if words[0] == "why":
            yield quoted(("why", f"{_span(cost.period)} vs {_span(cost.before)}", *scope))
        elif not scope or _takes_scope(words[0]) or (words[0] in TAKES_KEYS and set(which.scope) <= {"team"}):
            yield quoted((*words, *scope))


def _takes_scope(name: str) -> bool:
    parameters = inspect.signature(discover()[name].run).parameters.values()
    return any(one.kind is one.VAR_KEYWORD for one in parameters)


def _span(period: Period) -> str:
    return f"{period.start} to {period.end - timedelta(days=1)}"
