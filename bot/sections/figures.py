"""How figures are told, and what the company knows of them that no bill says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, model_validator

from bot.sections.section import Currency, Number, Section, Share, TimeZone


class ReportSection(Section):
    """How figures are told."""

    currency: Currency = Field("USD", description="The currency of headlines; others are told beside it, never added.")
    timezone: TimeZone = Field("UTC", description="The time zone of schedules that name none.")
    locale: str = Field(
        "en_US", description="How amounts are written, and dates on charts; sentences are English, dates in them too."
    )
    year_starts: int = Field(1, ge=1, le=12, description="The month that the fiscal year begins with.")


class BudgetEntry(Section):
    """What may be spent in a month, a fiscal quarter or a fiscal year."""

    name: str = Field(min_length=1)
    amount: Annotated[Number, Field(ge=0)]
    currency: Currency = "USD"
    account: str = Field("", description="A SubAccountId; empty for everything.")
    period: Literal["month", "quarter", "year"] = "month"
    where: Mapping[str, str] = Field(default_factory=dict, description='A scope: {team = "search"}.')


class ProgrammeSection(Section):
    """What FinOps itself costs, that savings are held against."""

    monthly_cost: Annotated[Number, Field(ge=0)] = Decimal(0)
    currency: Currency = "USD"


class DriverEntry(Section):
    """A business figure by day, that costs are divided by: customers, orders."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_-]*$", description="How it is asked for: units metric=<name>.")
    source: str = Field(description="A CSV file, an https:// address (JSON list or CSV), or a database's URL.")
    column: str = Field("", description="The column of the figure; the name if empty.")
    day: str = Field("day", description="The column of the date.")
    query: str = Field("", description="A database's SELECT, one row a day.")
    token: str = Field("", description="The environment variable with a bearer token for an address.")


class PlannedEntry(Section):
    """A change of cost that is planned: what forecasts are asked to reckon with."""

    name: str = Field(min_length=1)
    amount: Number = Field(description="A month; negative for a saving.")
    currency: Currency = "USD"
    begins: str = Field(pattern=r"^\d{4}-\d{2}$", description="The first month, like 2027-01.")
    ends: str = Field("", pattern=r"^(\d{4}-\d{2})?$", description="The last month; empty for ever.")


class ExclusionEntry(Section):
    """Costs that are known to jump: no anomaly is told of them until a day."""

    account: str = Field("", description="An account's name; empty for any.")
    service: str = Field("", description="A service's name; empty for any.")
    tag: str = Field("", pattern="^([^=]+=.+)?$", description="key=value: what so tagged resources cost.")
    until: date = Field(description="The last day it holds: every exclusion ends.")
    why: str = Field(min_length=1)

    @model_validator(mode="after")
    def _of_something(self) -> ExclusionEntry:
        if not self.account and not self.service and not self.tag:
            raise ValueError("an exclusion names an account, a service, or a tag")
        return self


class CommitmentsSection(Section):
    """What a purchase of commitments may promise, where your own commitments do not tell."""

    discount: Mapping[str, Share] = Field(
        default_factory=dict, description="The one-year discount without upfront payment, by ProviderName."
    )
    hourly_floor: Number | None = Field(
        None, gt=0, le=1, description="The part of a day's mean that runs in each of its hours; bills are daily."
    )
