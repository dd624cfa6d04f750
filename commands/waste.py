"""``/finops waste``: what is paid for and not used, the most expensive first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from analysis.checks import discover
from analysis.errors import UnknownName
from analysis.findings import WAITING, Finding, State
from analysis.money import Money
from analysis.spelling import meant, tagged
from charts.picture import Picture
from commands.core.answer import Answer, Button, Buttons, Chart, Facts, Note, Part, Table, Text, Tone
from commands.core.cards import figures, worth
from commands.core.context import Context
from commands.core.registry import Group, command, quoted
from commands.core.scope import NOBODY, said, within

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
    skip: int = 0,
    **scope: str,
) -> Answer:
    """List what could be switched off or made smaller, each priced from its own billed rows.

    Findings that are open or claimed, the most expensive first, five at a time; min is a price a month, owner is who
    claimed it (or none). by=team, by=account, by=check or by=owner adds them up instead.
    """
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
        return _nothing(title, tidy, check, skip, context)
    page = found[max(0, skip) : max(0, skip) + PAGE]
    return Answer(
        f"{title}: {total_of(found)} a month",
        (
            _facts(found),
            *_list(page, max(0, skip), context.now),
            *_more(found, page, skip, {"check": check, "min": str(min or ""), "owner": owner}, scope),
            *_tidy(tidy, scope),
            _small_print(context),
        ),
        Tone.WARN,
        shows=tuple(finding.id for finding in page),
        data={"total": _by_currency(found), "count": len(found), "findings": [figures(finding) for finding in found]},
    )


def _nothing(title: str, tidy: Sequence[Finding], check: str, skip: int, context: Context) -> Answer:
    """No waste; what is to tidy up or to look at is listed where its check was asked for."""
    if check and tidy:
        page = tidy[max(0, skip) : max(0, skip) + PAGE]
        return Answer(
            f"{len(tidy)} to look at: {check}",
            (
                *_list(page, max(0, skip), context.now),
                *_more(tidy, page, skip, {"check": check}, {}),
                _small_print(context),
            ),
            Tone.CALM,
            shows=tuple(finding.id for finding in page),
            data={"count": len(tidy), "findings": [figures(finding) for finding in page]},
        )
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
            Chart(_picture(ranked, by, context.report.locale)),
            Buttons(drill),
            _small_print(context),
        ),
        Tone.WARN,
        data={
            "by": by,
            "groups": [
                {"name": name or None, "count": len(mine), "monthly": _by_currency(mine)} for name, mine in ranked
            ],
            "total": _by_currency(found),
        },
    )


def _picture(ranked: Sequence[tuple[str, Sequence[Finding]]], by: str, locale: str) -> Picture:
    """The groups as bars, in the currency that most of the waste is in."""
    from charts.bars import bars  # matplotlib is half of the bot's start

    currency = next(iter(_by_currency([finding for _, mine in ranked for finding in mine])))
    sums = ((name or NOBODY, _by_currency(mine).get(currency)) for name, mine in ranked)
    rows = [(name, Money(amount, currency)) for name, amount in sums if amount is not None]
    total = Money.total((amount for _, amount in rows), currency)
    subtitle = f"{total.said(locale)} a month in {currency}"
    return bars(rows, title=f"Waste by {by}", subtitle=subtitle, name="waste", locale=locale)


def total_of(found: Sequence[Finding]) -> str:
    """What findings waste a month, each currency by itself."""
    return " and ".join(str(Money(amount, currency)) for currency, amount in _by_currency(found).items()) or "nothing"


def _by_currency(found: Sequence[Finding]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for finding in found:
        money = finding.monthly_waste
        sums[money.currency] = sums.get(money.currency, Decimal(0)) + money.amount
    return dict(sorted(sums.items(), key=lambda item: -item[1]))


def _facts(found: Sequence[Finding]) -> Facts:
    currency = next(iter(_by_currency(found)))
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
    return f"open {days} day{'' if days == 1 else 's'}" if days else "new"


def _list(page: Sequence[Finding], skip: int, now: datetime) -> tuple[Part, ...]:
    rows = tuple(
        (f"{number}. {finding.title}", tagged(finding.tags, "team") or "–", worth(finding), _stands(finding, now))
        for number, finding in enumerate(page, start=skip + 1)
    )
    buttons = tuple(
        Button(f"{number}. Show", f"finding {finding.short}") for number, finding in enumerate(page, start=skip + 1)
    )
    return (Table(("What", "Team", "A month", "Who has it"), rows, numbers=(2,)), Buttons(buttons))


def _more(
    found: Sequence[Finding], page: Sequence[Finding], skip: int, options: Mapping[str, str], scope: Mapping[str, str]
) -> tuple[Part, ...]:
    left = len(found) - skip - len(page)
    if left <= 0:
        return ()
    given = [f"{key}={value}" for key, value in (*scope.items(), *options.items()) if value]
    again = quoted(("waste", *given, f"skip={skip + PAGE}"))
    return (Buttons((Button(f"Show {min(left, PAGE)} of {left} more", again),)),)


def _small_print(context: Context) -> Note:
    whose = "The sample company. " if context.report.sample else ""
    return Note(
        f"{whose}EffectiveCost of each resource's own rows, last 30 complete days, scaled to a month of 30.4 days."
    )
