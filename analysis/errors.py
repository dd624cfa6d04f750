"""Errors written for the person in the chat; anything else that is raised is our bug.

FinOpsError
  x UnknownName        a name nobody registered, with what was probably meant
  x BadAsk             an ask or an option that cannot be understood
  x NotAllowed         the caller lacks a permission
  x NotFound           no such thing, or none that the caller may see
    x OutOfSight       there is one, and the caller is not to know
  x Cancelled          somebody stopped it before it was done
  x TooLate            somebody else moved the finding first
  x NoData             nothing is billed where something was expected
  x TooShort           some history, not enough of it
  x BadData            a file, a row or a table that is not what it says it is
  x BadConfig          a deployment file that cannot be honoured
  x NotReadable        a cloud, an account or a service that refused to be read
  x CurrencyMismatch   two currencies met in one sum
  x NotSaved           the state database did not take it
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

FEW = 12  # names that can be listed in a sentence


class FinOpsError(Exception):
    """Shown to the asker word for word: it names the thing and the next step."""


class BadAsk(FinOpsError):
    """The ask, or one of its options, cannot be understood."""


class UnknownName(BadAsk):
    """Nothing is registered under that name."""

    def __init__(self, noun: str, name: str, known: Iterable[str]) -> None:
        self.noun, self.name, self.known = noun, name, tuple(known)
        self.close = get_close_matches(name.lower(), self.known, n=2, cutoff=0.6)
        few = f"; there are {', '.join(sorted(self.known))}" if 0 < len(self.known) <= FEW else ""
        meant = f"; did you mean {' or '.join(self.close)}?" if self.close else few
        super().__init__(f"no {noun} is named {name!r}{meant}")


class NotAllowed(FinOpsError):
    """The caller may not do this."""


class NotFound(FinOpsError):
    """No such thing, or none that this caller may see: the two read the same."""


class OutOfSight(NotFound):
    """There is such a thing, and it is private: the asker reads that there is none, the audit that it was refused."""


class Cancelled(FinOpsError):
    """Somebody stopped the work before it was done."""


class TooLate(FinOpsError):
    """The finding had moved on before this ask arrived."""


class NoData(FinOpsError):
    """Nothing is billed where the ask expected something."""


class TooShort(NoData):
    """There is history, but not enough of it to answer honestly."""


class BadData(FinOpsError):
    """A file, a row or a table that is not what it says it is."""


class BadConfig(FinOpsError):
    """The deployment file asks for something that cannot be."""


class NotReadable(FinOpsError):
    """A cloud, an account or a service could not be read: who it was, and what to do about it."""

    def __init__(self, who: str, why: str) -> None:
        self.who, self.why = who, why
        super().__init__(f"{who}: {why}")


class CurrencyMismatch(FinOpsError):
    """Two currencies met in one sum; Pitcrew never adds them."""

    def __init__(self, one: str, other: str) -> None:
        super().__init__(f"{one} and {other} cannot be added; ask for one currency at a time")


class NotSaved(FinOpsError):
    """The state database did not take the change, so nothing has happened."""
