"""What is told without being asked: where it goes, and when it may come."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, model_validator

from analysis.alerts import AlertRules
from analysis.errors import FinOpsError
from analysis.overdue import Patience
from bot.sections.section import Amount, Cron, Number, Section, TimeZone
from commands.core.quiet_hours import QuietHours


class AlertRouteEntry(Section):
    """Where alerts go that fit: the first entry decides, and what fits none goes to the practitioner."""

    to: Sequence[str] = Field(min_length=1, description='Routes; {team} is the owner: "slack:#team-{team}".')
    team: str = Field("", description="The owner, as allocation names it; * and ? are allowed, empty is any.")
    account: str = ""
    service: str = ""
    kind: Literal["", "anomaly", "budget", "commitment", "silence"] = ""


class AlertsSection(Section):
    """What is worth an alert, and who hears it."""

    least: Amount = Field(Decimal(50), description="An anomaly costs at least so much beyond what was expected.")
    urgent_from: Amount = Field(Decimal(1000), description="From so much on an anomaly does not wait for morning.")
    grows_by: Annotated[Number, Field(gt=0)] = Field(
        Decimal("0.5"), description="Its thread is told when it has grown by this part of what was last told."
    )
    drops: bool = Field(False, description="Whether what costs less than expected is told too.")
    budget_at: Sequence[int] = Field((50, 80, 100), description="Percent of a budget, each told once a period.")
    silent_days: int = Field(3, ge=1, description="Complete days without billed rows that are worth an alert.")
    most_a_day: int = Field(20, ge=1, description="Messages in a channel; what is more goes into one summary.")
    routes: Sequence[AlertRouteEntry] = ()

    def rules(self) -> AlertRules:
        """What is worth an alert."""
        return AlertRules(
            self.least,
            self.urgent_from,
            self.grows_by,
            tuple(self.budget_at),
            self.silent_days,
            self.drops,
            self.most_a_day,
        )


class QuietSection(Section):
    """When nothing is said that can wait: alerts but the urgent ones, and digests, come when it is over."""

    hours: str = Field("", description="Like 20:00-07:00; empty for none.")
    timezone: TimeZone | None = Field(None, description="report.timezone unless another is named.")

    @model_validator(mode="after")
    def _are_hours(self) -> QuietSection:
        try:
            QuietHours.read(self.hours, "UTC")
        except FinOpsError:
            raise ValueError(f"{self.hours!r} are no hours; write 20:00-07:00") from None
        return self


class FindingsSection(Section):
    """How findings are told and taken back."""

    own_message_from: Annotated[Number, Field(ge=0)] = Field(
        Decimal(100), description="What a new finding is worth a month, in report.currency, that gets its own message."
    )
    own_messages: int = Field(5, ge=0, le=20, description="At most, after one assessment; the list has all of them.")
    undo_minutes: int = Field(60, ge=1, le=1440, description="How long a change can be taken back.")


class RemindersSection(Section):
    """When owners are reminded of what waits: once a week at most, in their own working hours."""

    after_days: int = Field(7, ge=1, description="The owner alone.")
    team_after_days: int = Field(14, ge=1, description="The team's channel.")
    escalate_after_days: int = Field(21, ge=1, description="The practitioner's view.")
    from_hour: int = Field(9, ge=0, le=23, description="On the owner's own clock, Monday to Friday.")
    to_hour: int = Field(17, ge=1, le=24)
    enabled: bool = True

    def patience(self) -> Patience:
        """After how many days who hears of it."""
        return Patience(self.after_days, self.team_after_days, self.escalate_after_days)

    @model_validator(mode="after")
    def _hours_in_order(self) -> RemindersSection:
        if self.from_hour >= self.to_hour:
            raise ValueError("from_hour is before to_hour")
        return self


class ScheduleEntry(Section):
    """What the clock asks, and who hears it: exactly what a person would type."""

    name: str = Field(min_length=1)
    cron: Cron
    ask: str = Field(min_length=1)
    to: Sequence[str] = ()
    post: Literal["news", "always"] = "news"
    timezone: TimeZone | None = None
