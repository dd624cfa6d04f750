"""Pace: how fast a whole workspace takes messages, found out by being told off."""

from __future__ import annotations

from dataclasses import dataclass

FASTEST, SLOWEST = 5.0, 1.0  # messages a second; Slack keeps its workspace limit to itself, and five is well borne
FASTER, SLOWER = 0.1, 0.5  # additive increase, multiplicative decrease: how TCP shares a line (RFC 5681)


@dataclass(slots=True)
class Pace:
    """Hands out the moments (seconds of the loop's clock) at which something may be sent."""

    rate: float = FASTEST
    _next: float = 0.0

    def reserve(self, now: float) -> float:
        """Seconds to wait from ``now`` on until the next free moment, which is then taken."""
        moment = max(now, self._next)
        self._next = moment + 1 / self.rate
        return moment - now

    def ahead(self, now: float) -> float:
        """Seconds from ``now`` on until something could go, without taking that moment."""
        return max(0.0, self._next - now)

    def rest(self, now: float, seconds: float) -> None:
        """Let nothing go for so long."""
        self._next = max(self._next, now + seconds)

    def well(self) -> None:
        """It was taken: a little faster."""
        self.rate = min(FASTEST, self.rate + FASTER)

    def told_off(self) -> None:
        """It was too fast: half as fast."""
        self.rate = max(SLOWEST, self.rate * SLOWER)
