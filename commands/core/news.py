"""The news of an assessment, as it was told and as it stands now: every reader of its message sees the same rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from analysis.assessment import Assessment
from analysis.counting import so_many
from analysis.errors import BadAsk, NotFound
from analysis.findings import STILL_BILLED, WAITING, Finding
from analysis.money import Money
from analysis.savings import Saving
from commands.core.answer import After, Answer, Button, Buttons, Facts, Note, Part, Table, Text, Tone, plain
from commands.core.cards import figures, whose, worth
from commands.core.context import Context
from commands.core.ports import Seen
from commands.core.report import Report
from commands.core.several import total_of

PAGE = 5
MOST_KEPT = 200
MOST_SAVINGS = 5


def news_of(found: Assessment, seen: Seen) -> dict[str, Any]:
    """What is kept of an assessment so that its message can be drawn again: plain JSON."""
    news = sorted((one for one in seen.news if one.claims), key=lambda one: -one.monthly_waste.amount)
    expected = str(found.forecast.month_end.expected) if found.forecast else "history too short"
    return {
        "facts": [
            ["Month to date", str(found.month_to_date)],
            ["Expected at month end", expected],
            ["Waste a month", str(found.waste())],
            ["Since last time", f"{len(seen.news)} new, {len(seen.resolved)} gone, {seen.known} known"],
        ],
        "news": [one.id for one in news[:MOST_KEPT]],
        "count": len(news),
        "worth": total_of(news),
        "bill": [_said(line) for line in _ranked(seen.verified)[:MOST_SAVINGS]],
        "fixes": _fixes(seen.verified),
        "unread": list(found.unread),
        "note": ". ".join((found.freshness.said(), *found.told)) + ".",
    }


def drawn(told: Mapping[str, Any], run: str, context: Context, page: int = 1) -> Answer:
    """The news of an assessment: what is new as it stands now, five at a time.

    Raises:
        BadAsk: there is no such page.
    """
    count, kept = int(told["count"]), list(told["news"])
    if page < 1 or (page > 1 and PAGE * (page - 1) >= len(kept)):
        raise BadAsk(f"page={page}: it has {so_many(max(1, -(-len(kept) // PAGE)), 'page')}")
    shown = [one for key in kept[PAGE * (page - 1) : PAGE * page] if (one := _known(context, key))]
    new = f"{so_many(count, 'new finding')} worth {told['worth']} a month"
    title = f"Assessment: {new if count else told['fixes'] or 'nothing new'}"
    facts = (Facts(tuple((str(name), str(value)) for name, value in told["facts"])),) if page == 1 else ()
    return Answer(
        title,
        (
            *facts,
            *_bill(told["bill"]),
            *_list(shown, page, len(kept), run),
            *_unread(told["unread"]),
            Note(str(told["note"])),
        ),
        Tone.WARN if count else Tone.GOOD,
        news=bool(count or told["unread"] or told["bill"]),
        shows=tuple(one.id for one in shown),
        data={"run": run, "count": count, "findings": [figures(one) for one in shown]},
        redraw=" ".join(("news", run, *((f"page={page}",) if page > 1 else ()))),
    )


def alone(seen: Seen, report: Report) -> tuple[After, ...]:
    """The new findings that are worth a message of their own, in their team's channel where it has one."""
    floor = report.alone_from
    if floor is None:
        return ()
    worthy = [one for one in seen.news if one.monthly_waste.currency == floor.currency and one.monthly_waste >= floor]
    ranked = sorted(worthy, key=lambda one: -one.monthly_waste.amount)[: report.most_alone]
    return tuple(After(f"card {one.id}", _channel(one, report)) for one in ranked)


def _channel(finding: Finding, report: Report) -> str:
    team = report.owners.team(finding.team) if finding.team else None
    return team.channel if team else ""


def _known(context: Context, key: str) -> Finding | None:
    try:
        return context.findings.get(key)
    except NotFound:
        return None


def _said(line: Saving) -> str:
    what = line.finding.title
    return f"Still billed, open again: {what}" if _not_fallen(line) else f"{line.monthly} a month saved: {what}"


def _not_fallen(line: Saving) -> bool:
    return line.finding.reason.startswith(STILL_BILLED)


def _ranked(lines: Sequence[Saving]) -> list[Saving]:
    """What was saved, the most first, and then what was not."""
    return sorted(lines, key=lambda line: (_not_fallen(line), -line.monthly.amount))


def _fixes(lines: Sequence[Saving]) -> str:
    """What the bill says of the fixes that it has just judged, in a few words."""
    kept = [line for line in lines if not _not_fallen(line)]
    said = []
    if kept:
        monthly = Money.total((line.monthly for line in kept), kept[0].monthly.currency)
        said.append(f"{monthly} a month saved, verified in the bill")
    if again := len(lines) - len(kept):
        said.append(f"{again} fix{'' if again == 1 else 'es'} still billed")
    return ", ".join(said)


def _bill(lines: Sequence[str]) -> tuple[Part, ...]:
    if not lines:
        return ()
    return (Text("\n".join(("**What the bill says of fixes**", *map(plain, lines)))),)


def _list(shown: Sequence[Finding], page: int, kept: int, run: str) -> tuple[Part, ...]:
    if not shown:
        return (Text("No new waste. Findings that are known keep standing as they were."),)
    first = PAGE * (page - 1) + 1
    rows = tuple(
        (f"{number}. {one.title}", whose(one), worth(one), _who(one)) for number, one in enumerate(shown, first)
    )
    show = [Button(f"{number}. Show", f"card {one.short}") for number, one in enumerate(shown, first)]
    left = kept - PAGE * page
    more = [Button(f"Show {min(left, PAGE)} of {left} more", f"news {run} page={page + 1}")] if left > 0 else []
    table = Table(("New", "Team", "A month", "Who has it"), rows, numbers=(2,))
    return (table, Buttons((*show, *more, Button("All waste", "waste"))))


def _who(one: Finding) -> str:
    if one.state in WAITING:
        return "nobody yet"
    return f"{one.owner_name}: {one.state}" if one.owner_name else str(one.state)


def _unread(unread: Sequence[str]) -> tuple[Part, ...]:
    if not unread:
        return ()
    return (Text("**Not read:** " + "; ".join(unread) + ". Totals and findings are without it."),)
