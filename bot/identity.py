"""Who asks: a platform's user id becomes a caller with permissions, by the roles of the deployment file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from bot.ports import OUTSIDER, Ask
from commands.core.caller import Caller, Permission

WINDOWED = ("slack",)  # the platforms that can open a window for one person
EVERYBODY = "*"
EVERYTHING = frozenset(Permission)
CLOCK, REDRAW, TERMINAL = "clock:", "redraw:", "terminal:"


GROUP, ENTRA = "slack-group:", "entra-group:"
GROUPS = {GROUP: "slack:", ENTRA: "teams:"}  # how roles name the groups of a platform, and it its users


def no_groups(group: str, user: str) -> bool:  # noqa: ARG001 (the port's words)
    """Nobody is in any group, where no platform tells."""
    return False


def caller_of(
    ask: Ask, roles: Mapping[str, Sequence[Permission]], in_group: Callable[[str, str], bool] = no_groups
) -> Caller:
    """The caller of an ask: the first role that matches decides; nobody has a permission that no role gives.

    The clock may read and act. The terminal belongs to whoever may read the data folder anyway, so it may do all.
    A role is named by the user's id (``slack:U123``), by a group (``slack-group:S123``, ``entra-group:`` and its object
    id, looked up by ``in_group``), or ``*`` for everybody. A guest, or somebody of another company, may do nothing,
    whatever the roles say.
    """
    if ask.user.startswith(TERMINAL):
        permissions = EVERYTHING
    elif ask.user.startswith(CLOCK):
        permissions = frozenset((Permission.READ, Permission.ACT))
    elif ask.user.startswith(REDRAW):
        permissions = frozenset((Permission.READ,))
    elif ask.user.startswith(OUTSIDER):
        permissions = frozenset()
    else:
        fitting = (may for role, may in roles.items() if fits(role, ask.user, in_group))
        permissions = frozenset(next(fitting, ()))
    return Caller(
        ask.user,
        ask.user_name or ask.user,
        permissions,
        ask.key,
        locale=ask.locale,
        timezone=ask.timezone,
        has_windows=ask.place.platform in WINDOWED,
        message=ask.place.message,
    )


def groups_of(named: Iterable[str], kind: str = GROUP) -> frozenset[str]:
    """The groups of one kind that roles and private scopes name."""
    return frozenset(one.removeprefix(kind) for one in named if one.startswith(kind))


def fits(role: str, user: str, in_group: Callable[[str, str], bool]) -> bool:
    """Whether a user is meant by the name of a role."""
    for kind, platform in GROUPS.items():
        if role.startswith(kind):
            return user.startswith(platform) and in_group(role.removeprefix(kind), user.removeprefix(platform))
    return role in (user, EVERYBODY)
