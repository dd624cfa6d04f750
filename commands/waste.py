"""``/finops waste``: what is paid for and not used, the most expensive first."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from analysis.checks import discover
from analysis.findings import WAITING, Finding, State
from analysis.money import Money
from commands.core.answer import Answer, Button, Buttons, Facts, Note, Part, Table, Text, Tone
from commands.core.cards import figures, worth
from commands.core.context import Context
from commands.core.registry import Group, command
from commands.core.scope import holds, resolve, said

PAGE = 5
TOP = 10
STANDING = (*WAITING, State.CLAIMED)


@command("waste", group=Group.WASTE, examples=("waste", "waste team=search min=100", "waste check=idle-machine"))
def waste(context: Context, *, check: str = "", min: Decimal = Decimal(0), skip: int = 0, **scope: str) -> Answer:  # noqa: A002
    """List what could be switched off or made smaller, each priced from its own billed rows.

    Findings that are open or claimed, the most expensive first, five at a time; min is a price a month.
    """
    if check:
        discover()[check]  # refuses an unknown one, with suggestions
    resolve(context.costs, scope)  # likewise
    found = [
        finding
        for finding in context.findings.standing(*STANDING)
        if finding.monthly_waste.amount >= min and (not check or finding.check == check) and holds(finding, scope)
    ]
    title = f"Waste{said(scope)}"
    if not found:
        return Answer(
            f"{title}: nothing", (Text("No open finding matches. Well driven."),), Tone.GOOD, data={"findings": []}
        )
    page = found[max(0, skip) : max(0, skip) + PAGE]
    return Answer(
        f"{title}: {total_of(found)} a month",
        (
            _facts(found),
            *_list(page, max(0, skip)),
            *_more(found, page, skip, check, min, scope),
            _small_print(context),
        ),
        Tone.WARN,
        shows=tuple(finding.id for finding in page),
        data={"total": _by_currency(found), "count": len(found), "findings": [figures(finding) for finding in found]},
    )


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


def _list(page: Sequence[Finding], skip: int) -> tuple[Part, ...]:
    rows = tuple(
        (f"{number}. {finding.title}", finding.tags.get("team", "–"), worth(finding), finding.owner_name or "–")
        for number, finding in enumerate(page, start=skip + 1)
    )
    buttons = tuple(
        Button(f"{number}. Show", f"finding {finding.short}") for number, finding in enumerate(page, start=skip + 1)
    )
    return (Table(("What", "Team", "A month", "Claimed by"), rows, numbers=(2,)), Buttons(buttons))


def _more(
    found: Sequence[Finding], page: Sequence[Finding], skip: int, check: str, least: Decimal, scope: dict[str, str]
) -> tuple[Part, ...]:
    left = len(found) - skip - len(page)
    if left <= 0:
        return ()
    words = ["waste", *(f'{key}="{value}"' for key, value in scope.items())]
    words += [f"check={check}"] if check else []
    words += [f"min={least}"] if least else []
    return (Buttons((Button(f"Show {min(left, PAGE)} of {left} more", " ".join((*words, f"skip={skip + PAGE}"))),)),)


def _small_print(context: Context) -> Note:
    whose = "The sample company. " if context.report.sample else ""
    return Note(
        f"{whose}EffectiveCost of each resource's own rows, last 30 complete days, scaled to a month of 30.4 days."
    )
