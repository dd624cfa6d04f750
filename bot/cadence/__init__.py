"""The cadence: what the clock asks, and when; each period once."""
