"""Who asks, what they may do, and where."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Permission(StrEnum):
    """What a caller may do. Everything needs one; nobody has any by default."""

    READ = "read"
    ACT = "act"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: ``id`` is unforgeable (``slack:U123``), ``name`` is only for reading.

    ``key`` identifies this very ask or click, so that a copy of it changes nothing.
    """

    id: str
    name: str
    permissions: frozenset[Permission]
    key: str
    mention: str = ""  # how the caller's own platform writes a mention; empty where there is none
    locale: str = "en_US"  # how figures are written for them: their own way, where they alone read the answer
    timezone: str = ""  # where they are, as far as that is known
    has_windows: bool = False  # whether their platform can open a window for them alone
    message: str = ""  # the message whose button this click is of

    def may(self, permission: Permission) -> bool:
        """Whether this caller has ``permission``."""
        return permission in self.permissions


@dataclass(frozen=True, slots=True)
class Here:
    """Where an ask was made: the conversation, and the person; a platform without either has empty ones.

    ``alone``: nobody else reads it.
    """

    platform: str = ""
    tenant: str = ""
    conversation: str = ""
    user: str = ""
    alone: bool = False

    @property
    def is_chat(self) -> bool:
        """Whether something can be posted here later: not by the clock, nor into a terminal."""
        return bool(self.tenant and self.user and self.conversation)
