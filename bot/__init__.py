"""Chat platforms, state, schedules and wiring: the floor where the outside world comes in."""
