"""Pictures: a Figure drawn without global state, as PNG bytes with words that say the same."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG and ``alt``: what it shows, with the numbers, for whom the picture is not there."""

    png: bytes
    alt: str
    name: str  # a file name without ending: "forecast"

    @property
    def digest(self) -> str:
        """The content's own name; the same picture is uploaded once."""
        return sha256(self.png).hexdigest()
