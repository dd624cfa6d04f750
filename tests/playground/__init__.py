"""Pitcrew in Microsoft's own client for trying bots, in a real browser."""
