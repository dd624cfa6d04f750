"""``/finops waste``: what is paid for and not used, the most expensive first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from analysis.checks import discover
from analysis.counting import so_many
from analysis.errors import BadAsk, UnknownName
from analysis.findings import WAITING, Finding, State
from analysis.money import Money
from analysis.spelling import meant, tagged
from commands.core.answer import Answer, Button, Buttons, Chart, Facts, Note, Part, Table, Text, Tone
from commands.core.cards import figures, snooze_form, worth
from commands.core.context import Context
from commands.core.plots import bars_of
from commands.core.registry import Group, command, quoted
from commands.core.scope import NOBODY, said, within
from commands.core.several import MOST, by_currency, total_of

PAGE = 5
TOP = 10
STANDING = (*WAITING, State.CLAIMED)


GROUPS: Mapping[str, Callable[[Finding], str]] = {
    "team": lambda finding: meant(tagged(finding.tags, "team")),
    "account": lambda finding: finding.account,
    "check": lambda finding: finding.check,
    "owner": lambda finding: finding.owner_name,
}
MOST_GROUPS = 12
MOST_TIDY = 3
FEW = 2


@command(
    "waste",
    group=Group.WASTE,
    examples=("waste", "waste team=search min=100", "waste check=idle-machine", "waste by=team"),
)
def waste(
    context: Context,
    *,
    check: str = "",
    min: Decimal = Decimal(0),  # noqa: A002
    owner: str = "",
    by: str = "",
    page: int = 1,
    **scope: str,
) -> Answer:
    """List what could be switched off or made smaller, each priced from its own billed rows.

    Findings that are open or claimed, the most expensive first, five at a time; min is a price a month, owner is who
    claimed it (or none). by=team, by=account, by=check or by=owner adds them up instead. What is listed by a filter
    can be claimed or snoozed together.
    """
    if page < 1:
        raise BadAsk(f"page={page}: the first page is 1")
    skip = (page - 1) * PAGE
    if check:
        discover()[check]  # refuses an unknown one, with suggestions
    if by and by not in GROUPS:
        raise UnknownName("grouping", by, known=list(GROUPS))
    holds = within(context.costs, scope, context.now)
    found = [
        finding
        for finding in context.findings.standing(*STANDING)
        if finding.monthly_waste.amount >= min
        and (not check or finding.check == check)
        and (not owner or owner.lower() in (finding.owner_name.lower() or NOBODY))
        and holds(finding)
    ]
    title = f"Waste{said(scope)}"
    found, tidy = [one for one in found if one.claims], [one for one in found if not one.claims]
    if found and by:
        return _grouped(found, title, by, context)
    if not found:
        return _nothing(title, tidy, check, page, context)
    shown = found[skip : skip + PAGE]
    if not shown:
        raise BadAsk(f"page={page}: it has {so_many(-(-len(found) // PAGE), 'page')}")
    filters = {"check": check, "min": str(min or ""), "owner": owner}
    filtered = bool(scope) or any(filters.values())
    return Answer(
        f"{title}: {total_of(found)} a month",
        (
            _facts(found),
            *_list(shown, skip, context.now),
            *_together(found if filtered and len(found) <= MOST else shown),
            *_more(found, shown, page, filters, scope),
            *_tidy(tidy, scope),
            _small_print(context),
        ),
        Tone.WARN,
        shows=tuple(finding.id for finding in shown),
        data={"total": by_currency(found), "count": len(found), "findings": [figures(finding) for finding in found]},
    )


def _nothing(title: str, tidy: Sequence[Finding], check: str, page: int, context: Context) -> Answer:
    """No waste; what is to tidy up or to look at is listed where its check was asked for."""
    if check and tidy:
        skip = max(0, page - 1) * PAGE
        shown = tidy[skip : skip + PAGE]
        return Answer(
            f"{len(tidy)} to look at: {check}",
            (
                *_list(shown, skip, context.now),
                *_more(tidy, shown, page, {"check": check}, {}),
                _small_print(context),
            ),
            Tone.CALM,
            shows=tuple(finding.id for finding in shown),
            data={"count": len(tidy), "findings": [figures(finding) for finding in shown]},
        )
    if not context.findings.standing():  # nobody may have looked yet, which would be no good news
        words = Text("Nothing has been found so far. Ask `assess` to have everything looked at.")
        return Answer(f"{title}: nothing", (words,), data={"findings": []})
    words = Text("No open finding matches. Well driven.")
    return Answer(f"{title}: nothing", (words, *_tidy(tidy, {})), Tone.GOOD, data={"findings": []})


def _tidy(found: Sequence[Finding], scope: Mapping[str, str]) -> tuple[Part, ...]:
    """What claims no saving, in one line: how many of each check, and the way to see them."""
    if not found:
        return ()
    counted = Counter(finding.check for finding in found).most_common()
    said = ", ".join(f"{count} {name}" for name, count in counted[:MOST_TIDY])
    rest = f" and {len(counted) - MOST_TIDY} more kinds" if len(counted) > MOST_TIDY else ""
    given = [f"{key}={value}" for key, value in scope.items()]
    buttons = tuple(Button(name, quoted(("waste", f"check={name}", *given))) for name, _ in counted[:MOST_TIDY])
    return (Text(f"To look at or to tidy up, without a price: {said}{rest}."), Buttons(buttons))


def _grouped(found: Sequence[Finding], title: str, by: str, context: Context) -> Answer:
    """The same findings added up: who, how many, how much."""
    groups: dict[str, list[Finding]] = {}
    for finding in found:
        groups.setdefault(GROUPS[by](finding), []).append(finding)
    ranked = sorted(groups.items(), key=lambda item: -sum(finding.monthly_waste.amount for finding in item[1]))
    shown = ranked[:MOST_GROUPS]
    rows = tuple((name or NOBODY, str(len(mine)), total_of(mine)) for name, mine in shown)
    left = [finding for _, mine in ranked[MOST_GROUPS:] for finding in mine]
    rest = (("… and others", str(len(left)), total_of(left)),) if left else ()
    top = ranked[0][0] or NOBODY
    drill = tuple(Button(name or NOBODY, quoted(("waste", f"{by}={name or NOBODY}"))) for name, _ in shown[:5])
    return Answer(
        f"{title} by {by}: {total_of(found)} a month, most of it {top}",
        (
            Table((by.capitalize(), "Findings", "A month"), (*rows, *rest), numbers=(1, 2)),
            _chart(ranked, by, context.report.locale),
            Buttons(drill),
            _small_print(context),
        ),
        Tone.WARN,
        data={
            "by": by,
            "groups": [
                {"name": name or None, "count": len(mine), "monthly": by_currency(mine)} for name, mine in ranked
            ],
            "total": by_currency(found),
        },
    )


def _chart(ranked: Sequence[tuple[str, Sequence[Finding]]], by: str, locale: str) -> Chart:
    """The groups as bars, in the currency that most of the waste is in."""
    from charts.bars import bars  # matplotlib is half of the bot's start

    currency = next(iter(by_currency([finding for _, mine in ranked for finding in mine])))
    sums = ((name or NOBODY, by_currency(mine).get(currency)) for name, mine in ranked)
    rows = [(name, Money(amount, currency)) for name, amount in sums if amount is not None]
    total = Money.total((amount for _, amount in rows), currency)
    subtitle = f"{total.said(locale)} a month in {currency}"
    title = f"Waste by {by}"
    picture = bars(rows, title=title, subtitle=subtitle, name="waste", locale=locale)
    return Chart(picture, bars_of(rows, f"{title}: {subtitle}"))


def _facts(found: Sequence[Finding]) -> Facts:
    currency = next(iter(by_currency(found)))
    amounts = sorted((f.monthly_waste for f in found if f.monthly_waste.currency == currency), reverse=True)
    share = Money.total(amounts[:TOP], currency).share_of(Money.total(amounts, currency))
    open_ones = sum(finding.state in WAITING for finding in found)
    return Facts(
        (
            ("Findings", f"{len(found)}, {open_ones} of them nobody has"),
            ("The top ten make", f"{share:.0%} of it"),
        )
    )


def _stands(finding: Finding, now: datetime) -> str:
    if finding.owner_name:
        return finding.owner_name
    days = (now - finding.first_seen).days if finding.first_seen else 0
    return f"open {so_many(days, 'day')}" if days else "new"


def _list(page: Sequence[Finding], skip: int, now: datetime) -> tuple[Part, ...]:
    rows = tuple(
        (f"{number}. {finding.title}", tagged(finding.tags, "team") or "–", worth(finding), _stands(finding, now))
        for number, finding in enumerate(page, start=skip + 1)
    )
    buttons = tuple(
        Button(f"{number}. Show", f"card {finding.short}") for number, finding in enumerate(page, start=skip + 1)
    )
    return (Table(("What", "Team", "A month", "Who has it"), rows, numbers=(2,)), Buttons(buttons))


def _together(found: Sequence[Finding]) -> tuple[Part, ...]:
    """What can be done to all that are listed, where nobody has them yet."""
    names = [one.short for one in found if one.state in WAITING]
    if len(names) < FEW:
        return ()
    claim = Button(f"Claim these {len(names)}", " ".join(("claim", *names)))
    return (Buttons((claim,)), snooze_form(f"Snooze these {len(names)}", names))


def _more(
    found: Sequence[Finding], shown: Sequence[Finding], page: int, options: Mapping[str, str], scope: Mapping[str, str]
) -> tuple[Part, ...]:
    left = len(found) - (page - 1) * PAGE - len(shown)
    if left <= 0:
        return ()
    given = [f"{key}={value}" for key, value in (*scope.items(), *options.items()) if value]
    again = quoted(("waste", *given, f"page={page + 1}"))
    return (Buttons((Button(f"Show {min(left, PAGE)} of {left} more", again),)),)


def _small_print(context: Context) -> Note:
    whose = "The sample company. " if context.report.sample else ""
    return Note(
        f"{whose}EffectiveCost of each resource's own rows, last 30 complete days, scaled to a month of 30.4 days."
    )
