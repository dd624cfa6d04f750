"""Who asks: a platform's user id becomes a caller with permissions, by the roles of the deployment file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.ports import Ask
from commands.core.context import Caller, Permission

WINDOWED = ("slack",)  # the platforms that can open a window for one person
EVERYBODY = "*"
EVERYTHING = frozenset(Permission)
CLOCK, REDRAW, TERMINAL = "clock:", "redraw:", "terminal:"


def caller_of(ask: Ask, roles: Mapping[str, Sequence[Permission]]) -> Caller:
    """The caller of an ask: the first role that matches decides; nobody has a permission that no role gives.

    The clock may read and act. The terminal belongs to whoever may read the data folder anyway, so it may do all.
    A role is named by the user's id (``slack:U123``) or ``*`` for everybody.
    """
    if ask.user.startswith(TERMINAL):
        permissions = EVERYTHING
    elif ask.user.startswith(CLOCK):
        permissions = frozenset((Permission.READ, Permission.ACT))
    elif ask.user.startswith(REDRAW):
        permissions = frozenset((Permission.READ,))
    else:
        permissions = next(
            (frozenset(given) for role, given in roles.items() if role in (ask.user, EVERYBODY)), frozenset()
        )
    return Caller(
        ask.user,
        ask.user_name or ask.user,
        permissions,
        ask.key,
        locale=ask.locale,
        timezone=ask.timezone,
        has_windows=ask.place.platform in WINDOWED,
    )
