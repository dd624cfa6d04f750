"""Where findings and anomalies can be sent on to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, model_validator

from analysis.errors import BadConfig
from bot.environment import secret
from bot.onward.address import refuse_unsafe
from bot.onward.template import Target
from bot.sections.section import Section


class WebhookEntry(Section):
    """Where findings and anomalies can be sent on to: POSTed as JSON, signed if there is a secret."""

    name: str = Field(pattern=r"^[a-z][a-z0-9-]*$", description="send 3f9a1c2e to=<name>")
    url: str = Field(description="https://…; http only for a loopback address.")
    template: Literal["json", "jira", "linear", "servicenow", "pagerduty"] = "json"
    project: str = Field("", description="Jira: the project's key. Linear: the team's id.")
    kind: str = Field("Task", description="Jira: the issue type.")
    secret: str = Field("", description="The environment variable with the secret that signs.")
    token: str = Field("", description="The environment variable with what Authorization says, or PagerDuty's key.")
    link: str = Field("", description="How a link is made of the answer's key: https://…/browse/{key}")

    def target(self, environ: Mapping[str, str]) -> Target:
        """Where it leads, with its secrets.

        Raises:
            BadConfig: one of them is not in the environment.
        """
        values = {}
        for key in ("secret", "token"):
            name = getattr(self, key)
            values[key] = secret(name, environ) if name else ""
            if name and not values[key]:
                raise BadConfig(f"webhook {self.name!r}: {name} is not in the environment")
        return Target(self.name, self.url, self.template, self.project, self.kind, link=self.link, **values)

    @model_validator(mode="after")
    def _leads_somewhere_safe(self) -> WebhookEntry:
        refuse_unsafe(self.url)
        if self.template in {"jira", "linear"} and not self.project:
            raise ValueError(f"template {self.template} needs a project")
        return self
