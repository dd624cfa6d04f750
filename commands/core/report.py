"""How a deployment likes its figures, and what it knows of them that no bill says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from analysis.allocation_rules import Rulebook
from analysis.budgets import Budget
from analysis.commitments import Term
from analysis.money import Money
from analysis.offers import OFFERS, Offer
from analysis.overdue import Patience
from analysis.owners import Owners
from analysis.what_if import Planned


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Costs that are known to jump, up to and including a day: an account, a service, both (empty: any), or a tag.

    ``tag`` is ``key=value``: what such resources cost is not looked at at all.
    """

    until: date
    why: str
    account: str = ""
    service: str = ""
    tag: str = ""

    def holds(self, name: Sequence[str], today: date) -> bool:
        """Whether a series, named by account and service, is excluded today."""
        if self.tag:
            return False  # its rows are left out before
        account, service, *_ = (*name, "", "")
        matches = (not self.account or self.account == account) and (not self.service or self.service == service)
        return today <= self.until and matches


@dataclass(frozen=True, slots=True)
class Report:
    """How this deployment likes its figures: ``[report]`` in the deployment file."""

    currency: str = "USD"
    timezone: str = "UTC"
    locale: str = "en_US"
    year_starts: int = 1  # the month that the fiscal year begins with
    sample: bool = False  # the figures are the sample company's
    planned: Sequence[Planned] = ()  # changes of cost that a what-if reckons with
    programme: Money | None = None  # what FinOps itself costs a month
    exclusions: Sequence[Exclusion] = ()  # what no anomaly is told of
    budgets: Callable[[date], Sequence[Budget]] = lambda _: ()  # those in force on a day
    commitments: Callable[[datetime], Sequence[Term]] = lambda _: ()  # when they end, as far as providers tell
    allocation: Rulebook = field(default_factory=Rulebook)  # whose cost is whose
    offers: Sequence[Offer] = OFFERS  # the commitments that may be proposed
    owners: Owners = field(default_factory=Owners)
    alone_from: Money | None = None  # what a new finding is worth a month that gets a message of its own
    most_alone: int = 5  # of them after one assessment
    patience: Patience = field(default_factory=Patience)  # after how many days who is reminded
    undo: timedelta = timedelta(hours=1)  # how long a change can be taken back
    webhooks: Sequence[str] = ()  # where findings can be sent on to
