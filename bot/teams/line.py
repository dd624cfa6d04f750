"""The line to Teams: which cloud, which app, and whose tenant."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.errors import BadConfig
from bot.sections.reach import TeamsSection
from bot.teams import cloud
from bot.teams.cloud import CLOUDS, Cloud
from bot.teams.wire import App

HOME = "playground"


@dataclass(frozen=True, slots=True)
class Line:
    """How one deployment reaches Teams, and is reached."""

    cloud: Cloud
    app: App
    anonymous: bool = False  # nobody proves who they are: the playground on this machine, and nothing else


PLAYGROUND = Line(cloud.PLAYGROUND, App("", HOME), anonymous=True)


def line_of(section: TeamsSection, password: str) -> Line:
    """The line that a deployment file describes.

    Raises:
        BadConfig: an app without a secret, or a secret without an app.
    """
    if not section.app_id or not section.tenant:
        raise BadConfig(
            "[teams] names no app_id and tenant, and without them anybody could be Teams;"
            " `pitcrew serve --playground` is for trying it on this machine"
        )
    if section.app_type == "SingleTenant" and not password:
        raise BadConfig("TEAMS_APP_PASSWORD is not in the environment; docs/teams.md says where Entra shows it once")
    if section.app_type == "UserAssignedMSI" and password:
        raise BadConfig("TEAMS_APP_PASSWORD is set, and app_type is UserAssignedMSI, which has no secret: drop one")
    return Line(CLOUDS[section.cloud], App(section.app_id, section.tenant, password))
