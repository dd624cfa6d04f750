"""Azure on loopback, and what Pitcrew reads of it."""
