"""How many examples a property is tried on: what its own cost allows at the gate, what the profile says beyond it."""

from __future__ import annotations

from hypothesis import HealthCheck, settings


def at_the_gate(number: int, *relaxed: HealthCheck) -> settings:
    """``number`` of them where a gate says the same each time; in ``make fuzz`` as many as are asked for."""
    profile = settings()
    return settings(
        max_examples=number if profile.derandomize else profile.max_examples,
        deadline=None,
        suppress_health_check=relaxed,
    )
