"""Business drivers."""
