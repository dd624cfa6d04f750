"""How figures are told, as the deployment file has it, with the budgets and commitments that the clouds know."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from functools import partial

from analysis.budgets import Budget
from analysis.money import Money
from analysis.offers import offers
from analysis.periods import month_of
from analysis.what_if import Planned
from bot.config import Config
from bot.sections.figures import PlannedEntry
from commands.core.report import Exclusion, Report
from providers.provider import Provider

SAMPLE_PROGRAMME = Decimal(2_500)


def report_of(config: Config, sources: Sequence[Provider]) -> Report:
    """How figures are told."""
    told = config.report
    budgets = partial(_budgets, config, sources)
    return Report(
        told.currency,
        told.timezone,
        told.locale,
        told.year_starts,
        sample=config.sample,
        programme=_programme(config),
        planned=[_planned(one) for one in config.planned],
        exclusions=[Exclusion(one.until, one.why, one.account, one.service, one.tag) for one in config.exclusions],
        budgets=budgets,
        commitments=lambda now: [term for source in sources for term in source.commitments(now)],
        allocation=config.allocation.rulebook(),
        owners=config.owner_rules(),
        patience=config.reminders.patience(),
        alone_from=Money(config.findings.own_message_from, told.currency),
        most_alone=config.findings.own_messages,
        undo=timedelta(minutes=config.findings.undo_minutes),
        webhooks=[one.name for one in config.webhooks],
        offers=offers(config.commitments.discount, config.commitments.hourly_floor),
    )


def _programme(config: Config) -> Money | None:
    """What FinOps itself costs a month; the sample company's is made up like the rest of it."""
    if config.programme.monthly_cost:
        return Money(config.programme.monthly_cost, config.programme.currency)
    return Money(SAMPLE_PROGRAMME, config.report.currency) if config.sample else None


def _planned(one: PlannedEntry) -> Planned:
    """A planned change, its months as days."""
    begins = date.fromisoformat(f"{one.begins}-01")
    ends = month_of(date.fromisoformat(f"{one.ends}-01")).end if one.ends else None
    return Planned(one.name, Money(one.amount, one.currency), begins, ends)


def _budgets(config: Config, sources: Sequence[Provider], day: date) -> Sequence[Budget]:
    """Budgets of the deployment file first, then those set in the clouds."""
    own = [
        Budget(one.name, Money(one.amount, one.currency), one.account, one.period, one.where) for one in config.budgets
    ]
    return [*own, *(budget for source in sources for budget in source.budgets(day))]
