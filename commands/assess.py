"""``/finops assess``: look at everything now, and say what is new."""

from __future__ import annotations

from analysis.assessment import Assessment
from analysis.spelling import tagged
from commands.core.answer import Answer, Button, Buttons, Facts, Note, Part, Table, Text, Tone
from commands.core.cards import figures, worth
from commands.core.context import Context, Permission, Seen
from commands.core.registry import Group, command
from commands.waste import total_of

MOST_SHOWN = 5


@command("assess", needs=Permission.ACT, group=Group.CREW, examples=("assess",))
def assess(context: Context) -> Answer:
    """Read the newest billed rows and the whole inventory, run every check, and tell what has changed."""
    found, seen = context.assessments.fresh(context.now)
    context.lookout.look(context.now, load=False)
    news = sorted((one for one in seen.news if one.claims), key=lambda finding: -finding.monthly_waste.amount)
    title = (
        f"Assessment: {len(news)} new findings worth {total_of(news)} a month" if news else "Assessment: nothing new"
    )
    return Answer(
        title,
        (_facts(found, seen), *_news(seen), *_unread(found), Note(_stands_on(found))),
        Tone.WARN if news else Tone.GOOD,
        news=bool(news or found.unread),
        shows=tuple(finding.id for finding in news[:MOST_SHOWN]),
        data={
            "assessment": found.id,
            "currency": found.last_month.currency,
            "waste": found.waste().amount,
            "opened": [figures(finding) for finding in seen.opened],
            "reopened": [figures(finding) for finding in seen.reopened],
            "resolved": [finding.id for finding in seen.resolved],
            "known": seen.known,
            "unread": list(found.unread),
            "told": list(found.told),
        },
    )


def _facts(found: Assessment, seen: Seen) -> Facts:
    return Facts(
        (
            ("Month to date", str(found.month_to_date)),
            (
                "Expected at month end",
                str(found.forecast.month_end.expected) if found.forecast else "history too short",
            ),
            ("Waste a month", str(found.waste())),
            ("Since last time", f"{len(seen.news)} new, {len(seen.resolved)} gone, {seen.known} known"),
        )
    )


def _news(seen: Seen) -> tuple[Part, ...]:
    shown = sorted((one for one in seen.news if one.claims), key=lambda finding: -finding.monthly_waste.amount)[
        :MOST_SHOWN
    ]
    if not shown:
        return (Text("No new waste. Findings that are known keep standing as they were."),)
    rows = tuple(
        (f"{number}. {one.title}", tagged(one.tags, "team") or "–", worth(one)) for number, one in enumerate(shown, 1)
    )
    buttons = tuple(Button(f"{number}. Show", f"finding {one.short}") for number, one in enumerate(shown, 1))
    return (Table(("New", "Team", "A month"), rows, numbers=(2,)), Buttons((*buttons, Button("All waste", "waste"))))


def _stands_on(found: Assessment) -> str:
    """How fresh the rows are, and where they come from."""
    return ". ".join((found.freshness.said(), *found.told)) + "."


def _unread(found: Assessment) -> tuple[Part, ...]:
    if not found.unread:
        return ()
    return (Text("**Not read:** " + "; ".join(found.unread) + ". Totals and findings are without it."),)
