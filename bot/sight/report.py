"""What the deployment file says of figures, without what it says of private parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

from analysis.allocation_rules import ByAccount, ByName, ByTag, Rule, Rulebook, Shared
from analysis.budgets import Budget
from analysis.commitments import Term
from analysis.focus import TAG
from analysis.owners import Owners
from bot.sight.hidden import Hidden
from bot.sight.ports import NarrowCosts
from commands.core.report import Report
from commands.core.scope import FIELDS

NOT_SHOWN = "not shown"  # an owner of shared cost whose name is private


def narrow_report(report: Report, costs: NarrowCosts, hidden: Callable[[], Hidden]) -> Report:
    """How figures are told, without what the deployment file says of private parts.

    A budget that private cost counts against is left out: how much of it is spent cannot be said.
    """

    def budgets(day: date) -> Sequence[Budget]:
        return [one for one in report.budgets(day) if not _is_private(one, hidden())]

    def commitments(now: datetime) -> Sequence[Term]:
        private = set(costs.lake.names("CommitmentDiscountId")) - set(costs.names("CommitmentDiscountId"))
        return [
            one for one in report.commitments(now) if one.id not in private and not hidden().tells(one.id, one.name)
        ]

    told = hidden()
    return replace(
        report,
        budgets=budgets,
        commitments=commitments,
        planned=[one for one in report.planned if not told.tells(one.name)],
        exclusions=[one for one in report.exclusions if not told.tells(one.account, one.service, one.tag, one.why)],
        allocation=_narrow_rules(report.allocation, told),
        owners=_narrow_owners(report.owners, told),
    )


def _is_private(budget: Budget, hidden: Hidden) -> bool:
    """A budget of a scope by tags is held against the whole of its account: what else it leaves out is not asked."""
    if hidden.tells(budget.name, budget.account, *budget.where.values()):
        return True
    where: dict[str, Sequence[str | None]] = {}
    for key, value in budget.where.items():
        for dimension in FIELDS.get(key, ()) or [TAG + name for name in hidden.named("Tags") if name.lower() == key]:
            if same := tuple(name for name in hidden.named(dimension) if name.lower() == value.lower()):
                where[dimension] = same
                break
    return hidden.touches(budget.account, where)


def _narrow_owners(owners: Owners, hidden: Hidden) -> Owners:
    return replace(owners, teams={name: team for name, team in owners.teams.items() if not hidden.tells(name)})


def _narrow_rules(book: Rulebook, hidden: Hidden) -> Rulebook:
    rules = {name: tuple(_narrow_rule(one, hidden) for one in some) for name, some in book.rules.items()}
    return replace(book, rules=rules)


def _narrow_rule(rule: Rule, hidden: Hidden) -> Rule:
    match rule:
        case ByTag():
            return replace(rule, aliases={name: more for name, more in rule.aliases.items() if not hidden.tells(name)})
        case ByAccount():
            return replace(rule, accounts=_of_others(rule.accounts, hidden))
        case ByName():
            return replace(rule, names=_of_others(rule.names, hidden))
        case Shared():
            shares = {name: part for name, part in rule.shares.items() if not hidden.tells(name)}
            rest = sum(rule.shares.values(), Decimal(0)) - sum(shares.values(), Decimal(0))
            among = tuple(dict.fromkeys(NOT_SHOWN if hidden.tells(name) else name for name in rule.among))
            return replace(rule, among=among, shares={**shares, **({NOT_SHOWN: rest} if rest else {})})


def _of_others(named: Mapping[str, str], hidden: Hidden) -> Mapping[str, str]:
    return {pattern: owner for pattern, owner in named.items() if not hidden.tells(pattern, owner)}
