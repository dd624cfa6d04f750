"""``/finops savings``: what was fixed and is no longer billed, line by line, and what it is worth in a year."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from analysis.counting import so_many
from analysis.errors import NotFound
from analysis.findings import FIXED, STILL_BILLED, Finding, State
from analysis.focus import DAY, CostQuery
from analysis.money import Money
from analysis.periods import Period
from analysis.savings import BEFORE_DAYS, LEAST_DAYS, Billed, Saving, Savings, Verdict, ledger, one_each, verify
from charts.picture import Picture
from commands.core.answer import Answer, Button, Buttons, Chart, Facts, File, Note, Part, Plot, Table, Text, Tone, plain
from commands.core.cards import actions
from commands.core.context import Context
from commands.core.plots import amount_of
from commands.core.ports import Costs, Findings
from commands.core.registry import Group, command
from commands.core.report import Report

MOST_SHOWN = 6
MOST_MONTHS = 12
CASH = {"CommitmentDiscountStatus": (None,)}  # usage that a commitment covers saves no cash


@command("savings", group=Group.WASTE, examples=("savings", "savings ledger"))
def savings(context: Context, which: str = "") -> Answer:
    """Tell what fixes have saved, verified in the bill: billed before against billed since, seasonally adjusted.

    ledger gives every line as a file; a finding's id shows the sum of that one.
    """
    found = savings_of(context.costs, context.findings, context.report, context.now)
    if which and which != "ledger":
        for one in context.findings.standing(State.REOPENED):
            if one.id.startswith(which.lower()) and one.reason.startswith(STILL_BILLED):
                return _not_saved(one, context)
        return _alone(context, _line(found, which))
    files: tuple[Part, ...] = (_file(found),) if which == "ledger" else ()
    if not found.lines:
        words = f"Nothing has been fixed yet. A fix is verified after {LEAST_DAYS} billed days."
        return Answer(
            "No savings yet", (Text(words), Buttons((Button("Waste", "waste"),))), data=figures(found, date.max)
        )
    known = context.costs.freshness(context.now).history.end
    return Answer(
        said_savings(found),
        (
            _facts(found),
            Chart(_picture(found, known, context.report.locale), climb_of(found, known)),
            *_lines(found),
            *files,
            _note(context, found),
        ),
        Tone.GOOD,
        data=figures(found, known),
    )


def climb_of(found: Savings, until: date) -> Plot:
    """The climb as figures, month by month."""
    steps = found.climb(until)[-MOST_MONTHS:]
    labels = [f"{month.start:%b %Y}" for month, _, _ in steps]
    values = [amount_of(worth) for _, _, worth in steps]
    return Plot("Worth in a year, verified in the bill", labels, (("Savings", values),), found.currency, "bars")


def savings_of(costs: Costs, findings: Findings, report: Report, now: datetime) -> Savings:
    """Every fix in the report's currency, held against the bill."""
    fixed = [
        one
        for one in one_each(one for one in findings.standing(*FIXED) if one.fixed_at is not None)
        if one.monthly_waste.currency == report.currency and one.claims
    ]
    if not fixed:
        return ledger((), report.currency, report.programme)
    known = costs.freshness(now).history
    start = max(known.start, min(map(_moment, fixed)) - timedelta(days=BEFORE_DAYS))
    span = Period(start, max(start, known.end))
    own = _daily(costs, span, report.currency, "ResourceId", [one.resource_id for one in fixed])
    where = {**CASH, "ResourceId": tuple(one.resource_id for one in fixed)}
    places = costs.ask(CostQuery(span, report.currency, ("ResourceId", "SubAccountId", "ServiceName"), where))
    homes = {str(row[0]).lower(): (row[1], row[2]) for row in places.data.itertuples(index=False, name=None)}
    services = costs.ask(
        CostQuery(span, report.currency, ("SubAccountId", "ServiceName", DAY), {"CommitmentDiscountStatus": (None,)})
    )
    whole: dict[tuple[Any, Any], dict[date, Decimal]] = {}
    for account, service, day, cost in services.data.itertuples(index=False, name=None):
        whole.setdefault((account, service), {})[day] = cost
    lines = []
    for one in fixed:
        mine = own.get(one.resource_id.lower(), {})
        home = whole.get(homes.get(one.resource_id.lower(), ("", "")), {})
        others = {day: cost - mine.get(day, Decimal(0)) for day, cost in home.items()}
        fixed_on = _moment(one)
        lines.append(verify(one, fixed_on, Billed(mine, others), known.end))
    return ledger(lines, report.currency, report.programme)


def said_savings(found: Savings) -> str:
    """The news in a sentence."""
    if not found.verified:
        return "No saving is verified in the bill yet"
    return f"{found.annualised} a year saved, verified in the bill"


def said_of(line: Saving) -> str:
    """What the bill says of one fix, in a sentence without the name of it."""
    days = so_many(line.days, "billed day")
    if line.verdict is Verdict.VERIFIED:
        return f"{line.monthly} a month, verified from {days}"
    before, after = (Money(one.amount, one.currency).cents() for one in (line.before, line.after))
    return f"{after} a day in {days} since, {before} a day before"


def figures(found: Savings, known: date) -> dict[str, Any]:
    """Savings as data."""
    climb = found.climb(known - timedelta(days=1)) if found.lines else []
    return {
        "currency": found.currency,
        "annualised": found.annualised.amount,
        "realised": found.realised.amount,
        "programme": found.programme.amount if found.programme else None,
        "roi": found.roi,
        "climb": [
            {"month": month.start, "realised": saved.amount, "annualised": worth.amount}
            for month, saved, worth in climb
        ],
        "lines": [line_figures(line) for line in found.lines],
    }


def line_figures(line: Saving) -> dict[str, Any]:
    """One line of the ledger as data."""
    return {
        "finding": line.finding.id,
        "title": line.finding.title,
        "resource_id": line.finding.resource_id,
        "owner": line.finding.owner_name,
        "fixed_on": line.fixed_on,
        "verdict": str(line.verdict),
        "before_a_day": round(line.before.amount, 6),
        "season": line.season,
        "after_a_day": round(line.after.amount, 6),
        "days": line.days,
        "monthly": line.monthly.amount,
        "realised": line.realised.amount,
        "ended_on": line.ended_on,
    }


def _moment(finding: Finding) -> date:
    assert finding.fixed_at is not None  # noqa: S101 (chosen so)
    return finding.fixed_at.date()


def _daily(
    costs: Costs, span: Period, currency: str, dimension: str, names: Sequence[str]
) -> dict[str, dict[date, Decimal]]:
    where = {**CASH, dimension: tuple(names)}
    frame = costs.ask(CostQuery(span, currency, (dimension, DAY), where))
    found: dict[str, dict[date, Decimal]] = {}
    for name, day, cost in frame.data.itertuples(index=False, name=None):
        days = found.setdefault(str(name).lower(), {})
        days[day] = days.get(day, Decimal(0)) + cost
    return found


def _line(found: Savings, name: str) -> Saving:
    match = [line for line in found.lines if line.finding.id.startswith(name.lower())]
    if len(match) != 1:
        raise NotFound(f"no fix is named {name!r}; `savings` lists them, `savings ledger` has all of them")
    return match[0]


def _facts(found: Savings) -> Facts:
    counted = {verdict: sum(line.verdict is verdict for line in found.lines) for verdict in Verdict}
    pairs = [
        ("Not billed so far", str(found.realised)),
        ("Fixes", ", ".join(f"{count} {verdict}" for verdict, count in counted.items() if count)),
    ]
    if found.programme and found.roi is not None:
        pairs.append(("The programme costs", f"{found.programme * 12} a year: ROI {found.roi:.0%}"))
    else:
        pairs.append(("ROI", "set [programme] monthly_cost in the deployment file"))
    return Facts(tuple(pairs))


def _lines(found: Savings) -> tuple[Part, ...]:
    ranked = sorted(found.lines, key=lambda line: -line.monthly.amount)[:MOST_SHOWN]
    rows = tuple(
        (line.finding.title, f"{line.fixed_on:%d %b}", str(line.monthly), str(line.verdict)) for line in ranked
    )
    buttons = tuple(
        Button(f"{number}. The sum", f"savings {line.finding.short}") for number, line in enumerate(ranked[:3], 1)
    )
    return (
        Table(("Fix", "On", "A month", "Verdict"), rows, numbers=(2,)),
        Buttons((*buttons, Button("Whole ledger", "savings ledger"))),
    )


def _alone(context: Context, line: Saving) -> Answer:
    return Answer(
        said_of(line) if line.monthly else f"{line.finding.title}: {line.verdict}",
        (
            Text(
                f"**{plain(line.finding.title)}**\n`{plain(line.finding.resource_id)}`, fixed on"
                f" {line.fixed_on:%d %b %Y} by {plain(line.finding.owner_name or 'somebody')}."
            ),
            Facts(
                (
                    (f"A day before ({BEFORE_DAYS} days)", _exact(line.before)),
                    ("Season", f"x {line.season} (the rest of its service in its account)"),
                    (f"A day since ({line.days} days)", _exact(line.after)),
                    (
                        "A month",
                        f"({_exact(line.before)} x {line.season} - {_exact(line.after)}) x 30.4375 = {line.monthly}",
                    ),
                    ("Not billed so far", str(line.realised)),
                    *((("Came back", f"{line.ended_on:%d %b %Y}"),) if line.ended_on else ()),
                )
            ),
            Note(
                "EffectiveCost of the resource's own rows, those that a commitment covered left out; capped at what was"
                f" billed before. {context.costs.freshness(context.now).said()}."
            ),
        ),
        Tone.GOOD if line.verdict is Verdict.VERIFIED else Tone.WARN,
        data=line_figures(line) | {"currency": line.monthly.currency},
    )


def _not_saved(again: Finding, context: Context) -> Answer:
    """What was said to be done and is billed as before: told with the figure, and open to everybody again."""
    figure = again.reason.removeprefix(f"{STILL_BILLED}: ")
    return Answer(
        f"Open again, still billed: {again.title}",
        (
            Text(f"It was said to be done, and the bill has not fallen: **{plain(figure)}**."),
            *actions(again, context, show=True),
        ),
        Tone.WARN,
        shows=(again.id,),
        data={"finding": again.id, "verdict": str(Verdict.NOT_FALLEN), "figure": figure},
    )


def _exact(amount: Money) -> str:
    return f"{amount.amount:.4f} {amount.currency}"


def _file(found: Savings) -> File:
    made = io.StringIO()
    writer = csv.writer(made)
    names = list(line_figures(found.lines[0])) if found.lines else ["finding"]
    writer.writerow([*names, "currency"])
    for line in found.lines:
        writer.writerow([*(_cell(value) for value in line_figures(line).values()), found.currency])
    said = f"{len(found.lines)} fixes with what was billed before and since; {found.annualised} a year is verified."
    return File("savings-ledger.csv", "text/csv", made.getvalue().encode("utf-8-sig"), said)


def _cell(value: object) -> str:
    """A cell that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} and not _is_number(text) else text


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).removeprefix("-").isdigit()


def _picture(found: Savings, known: date, locale: str) -> Picture:
    from charts.savings import climb  # matplotlib is half of the bot's start

    return climb(found, until=known - timedelta(days=1), locale=locale)


def _note(context: Context, found: Savings) -> Note:
    whose = "The sample company's figures. " if context.report.sample else ""
    return Note(
        f"{whose}Each fix: ({BEFORE_DAYS} days before x season - days since) x 30.4375, in {found.currency}, what"
        f" commitments covered left out, {LEAST_DAYS} complete days at least; ROI is (a year's savings - a year's"
        f" cost of the programme) / that cost. {context.costs.freshness(context.now).said()}."
    )
