"""What Pitcrew may do in a workspace: the scopes that its manifest asks for, each with its reason."""

from __future__ import annotations

from collections.abc import Mapping

SCOPES: Mapping[str, str] = {
    "app_mentions:read": "nobody can mention it in a channel",
    "channels:history": "an unclear delivery cannot be looked for, so a message may come twice",
    "channels:read": "no public channel is found by its name",
    "chat:write": "nothing can be posted",
    "commands": "there is no /finops and no shortcut",
    "files:read": "charts are shown before Slack is done with them, and may fail",
    "files:write": "there are no charts and no documents",
    "groups:history": "in private channels an unclear delivery cannot be looked for",
    "groups:read": "no private channel is found by its name",
    "im:history": "direct messages are not heard",
    "im:write": "private answers cannot go to direct messages",
    "links:read": "links to our charts are not seen",
    "links:write": "links to our charts are not shown",
    "usergroups:read": "roles that are given to a user group are nobody's",
    "users:read": "people are called by their ids, and read figures and times of the deployment",
    "users:read.email": "owners are not found by their e-mail addresses",
}
NEEDED = frozenset({"chat:write", "commands"})  # without these it is no bot at all
