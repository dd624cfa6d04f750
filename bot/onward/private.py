"""What is private to few, as webhooks go: it is sent on to none that its scope does not name among its routes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from analysis.alerts import Alert
from analysis.errors import NotAllowed
from analysis.findings import Link
from analysis.money import Money
from commands.core.caller import Caller
from commands.core.ports import Alerts, Findings, Onward

if TYPE_CHECKING:
    from bot.sight.hidden import Hidden


@dataclass(frozen=True, slots=True)
class DiscreetOnward:
    """Sends on what may be known there; ``hidden`` says what its asker sees and a target may not hold.

    Nobody can tell who reads at the other side, so that a target is a room full of strangers unless a scope names it.
    """

    onward: Onward
    hidden: Callable[[str], Hidden | None]
    findings: Findings
    alerts: Alerts

    def send(self, target: str, event: Mapping[str, Any], by: Caller, ask: str, now: datetime) -> None:
        """Put an event on its way to a target.

        Raises:
            NotAllowed: it is private, and the target is not named by its scope.
            TooLate: it was sent there already.
            NotSaved: the database did not take it.
        """
        hidden = self.hidden(target)
        if hidden and self._is_private(event, hidden):
            raise NotAllowed(
                f"this is private to a few of you, and nobody knows who reads in {target}: nothing was sent. Whoever"
                f' runs Pitcrew can allow it: "webhook:{target}" among the routes of its [[scopes]]'
            )
        self.onward.send(target, event, by, ask, now)

    def of(self, thing: str) -> Sequence[Link]:
        """Where a finding or an anomaly was sent on to."""
        return self.onward.of(thing)

    def _is_private(self, event: Mapping[str, Any], hidden: Hidden) -> bool:
        if event["kind"] == "finding":
            return hidden.holds(self.findings.get(event["id"]))
        told = self.alerts.of_event(event["id"])
        impact = Money(Decimal(event["impact"]), event["currency"])
        usual = Alert("anomaly", event["id"], event["title"], impact, account=event["account"])
        return hidden.alert(usual) or (told is not None and hidden.alert(told.alert))
