"""What stands in the place of a port where there is nothing behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from analysis.alerts import Kept
from analysis.errors import NotFound, NotSaved, UnknownName
from analysis.exemptions import Exemption
from analysis.findings import Finding, Link
from analysis.units import DriverSeries
from commands.core.caller import Caller
from commands.core.ports import Looked, Preference, Subscription


class NoExemptions:
    """A place where every check looks at everything."""

    def enter(self, name: str, made: Exemption, by: Caller, ask: str, now: datetime) -> tuple[Finding, int]:  # noqa: ARG002
        """There is nowhere to remember it.

        Raises:
            NotFound: always.
        """
        raise NotFound("exceptions are not kept here")

    def standing(self, now: datetime) -> Sequence[Exemption]:  # noqa: ARG002
        """None."""
        return ()

    def end(self, number: int, by: Caller, now: datetime) -> tuple[Exemption, int]:  # noqa: ARG002
        """There is none.

        Raises:
            NotFound: always.
        """
        raise NotFound(f"no exception {number} holds")


class NoDirectory:
    """A place where nobody is known."""

    def email(self, user: str) -> str:  # noqa: ARG002 (whoever it is)
        """Nobody tells."""
        return ""


class NoOnward:
    """A place that nothing is sent on from."""

    def send(self, target: str, event: Mapping[str, Any], by: Caller, ask: str, now: datetime) -> None:  # noqa: ARG002
        """There is no way.

        Raises:
            NotFound: always.
        """
        raise NotFound("nothing can be sent on from here")

    def of(self, thing: str) -> Sequence[Link]:  # noqa: ARG002
        """Nowhere."""
        return ()


class NoReminders:
    """A place where nobody is reminded."""

    def are_wanted(self, whom: str) -> bool:  # noqa: ARG002 (whoever it is)
        """There are none."""
        return False

    def want(self, whom: str, by: Caller, now: datetime, *, wanted: bool) -> None:
        """There is nowhere to remember it."""


class NoDrivers:
    """A deployment that names no business figures."""

    def names(self) -> Sequence[str]:
        """Nothing."""
        return ()

    def series(self, name: str) -> DriverSeries:
        """There is none.

        Raises:
            UnknownName: always.
        """
        raise UnknownName("driver", name, known=())


class NoAlerts:
    """A crew that watches nothing."""

    def get(self, name: str) -> Kept:
        """There is none.

        Raises:
            NotFound: always.
        """
        raise NotFound(f"no alert is named {name!r}; nothing is watched here")

    def standing(self, ended_since: datetime | None = None) -> Sequence[Kept]:  # noqa: ARG002
        """None."""
        return ()

    def of_event(self, event: str) -> Kept | None:  # noqa: ARG002
        """None."""
        return None

    def hush(self, name: str, by: Caller, now: datetime) -> Kept:  # noqa: ARG002
        """There is none.

        Raises:
            NotFound: always.
        """
        return self.get(name)

    def told(self, name: str) -> Sequence[str]:  # noqa: ARG002
        """Nowhere."""
        return ()

    def held(self, summary: str) -> Sequence[Kept]:  # noqa: ARG002
        """None."""
        return ()


class NoLookout:
    """Nobody watches."""

    def look(self, now: datetime, *, load: bool = True) -> Looked:  # noqa: ARG002
        """Nothing changes."""
        return Looked()


class NoPreferences:
    """Nobody likes anything in particular."""

    def of(self, caller: str) -> Preference:  # noqa: ARG002 (whoever it is)
        """Nothing in particular."""
        return Preference()

    def prefer(self, by: Caller, wanted: Preference, now: datetime) -> None:
        """There is nowhere to remember it."""


class NoWork:
    """Nothing is ever under way."""

    def cancel(self, run: str, by: Caller) -> str:  # noqa: ARG002 (whoever it is)
        """There is nothing to stop.

        Raises:
            NotFound: always.
        """
        raise NotFound(f"nothing named {run!r} is under way here")


class NoSubscriptions:
    """Nobody wants anything."""

    def all(self) -> Sequence[Subscription]:
        """None."""
        return ()

    def keep(self, one: Subscription) -> None:  # noqa: ARG002
        """There is nowhere to keep it.

        Raises:
            NotSaved: always.
        """
        raise NotSaved("nothing can be subscribed to here")

    def drop(self, name: str) -> None:
        """There is none."""
