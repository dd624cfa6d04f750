"""Routes: from a persona to the conversations where its views go, as the deployment file says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analysis.errors import BadConfig
from bot.ports import Place
from commands.core.quiet_hours import QuietHours


@dataclass(frozen=True, slots=True)
class Audience:
    """Who hears a schedule. A quiet one hears only what is news; in quiet ``hours`` it waits until they are over."""

    places: tuple[Place, ...] = ()
    quiet: bool = True
    hours: QuietHours | None = None


def routes(personas: Mapping[str, Sequence[str]], tenants: Mapping[str, str]) -> Mapping[str, tuple[Place, ...]]:
    """Each persona's routes (``slack:#finops``) as places; ``tenants`` names the workspace on each platform.

    Raises:
        BadConfig: a route leads to a platform that is not connected.
    """
    return {name: tuple(place_of(route, tenants) for route in said) for name, said in personas.items()}


def place_of(route: str, tenants: Mapping[str, str]) -> Place:
    """One route as a place.

    Raises:
        BadConfig: it leads to a platform that is not connected.
    """
    platform, _, conversation = route.partition(":")
    if platform not in tenants:
        raise BadConfig(f"route {route!r}: {platform} is not connected here; set its tokens, or take the route out")
    tenant, slash, channel = conversation.strip().partition("/#")  # slack:T0123/#finops, of several workspaces
    if platform == "slack" and slash:
        return Place(platform, tenant, f"#{channel}")
    return Place(platform, tenants[platform], conversation.strip())
