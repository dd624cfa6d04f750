"""The small state database: findings and where they stand, the inbox, the outbox, the audit, runs and fires."""

from bot.state.state import State

__all__ = ["State"]
