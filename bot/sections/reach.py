"""How the bot is reached: by Slack, by Teams, by whoever opens a link."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field, model_validator

from bot.sections.section import GUID, PublicUrl, Section


class SlackSection(Section):
    """How Slack is reached. The tokens are in SLACK_BOT_TOKEN, SLACK_APP_TOKEN or SLACK_SIGNING_SECRET."""

    mode: Literal["socket", "http"] = Field(
        "socket", description="socket needs no open port; http serves /slack/events."
    )
    api_url: str = Field(
        "https://slack.com/api/", pattern="^https?://", description="GovSlack: https://slack-gov.com/api/"
    )
    newer_blocks: bool = Field(
        False, description="Slack's own charts and paged tables; where it refuses them, pictures and plain tables."
    )
    teams: Sequence[Annotated[str, Field(pattern=r"^[TE][A-Z0-9]+$")]] = Field(
        (),
        description="Several workspaces, by their team ids: these may install it at /slack/install, and no other.",
    )


class TeamsSection(Section):
    """How Teams is reached: at /api/messages of [server]. The app's secret is in TEAMS_APP_PASSWORD."""

    app_id: str = Field("", pattern=GUID, description="The Application (client) ID of the bot's app; empty: no Teams.")
    tenant: str = Field("", pattern=GUID, description="The Directory (tenant) ID: nobody else's messages are taken.")
    app_type: Literal["SingleTenant", "UserAssignedMSI"] = Field(
        "SingleTenant", description="UserAssignedMSI: a managed identity of this machine, without a secret."
    )
    cloud: Literal["public", "us-government"] = Field("public", description="us-government: GCC High and DoD.")

    @model_validator(mode="after")
    def _of_a_tenant(self) -> TeamsSection:
        if self.app_id and not self.tenant:
            raise ValueError("tenant is needed beside app_id: the bot serves one organization")
        return self


class ServerSection(Section):
    """The address of the bot's own web server."""

    host: str = Field("127.0.0.1", description="0.0.0.0 inside a container.")
    port: int = Field(3000, ge=1, le=65535)
    admin_host: str = Field("127.0.0.1", description="Whose /healthz, /readyz and /metrics answer: never the world.")
    admin_port: int = Field(0, ge=0, le=65535, description="Their port, like 9464; 0 for none.")
    public_url: PublicUrl = Field(
        "", description="How the world reaches it, like https://pitcrew.example.com: charts in Teams are linked there."
    )
