"""The app package that Teams' administrators upload: the manifest of this deployment, and two icons."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.metadata import version
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from analysis.errors import BadConfig
from bot.config import Config
from bot.teams.package import icons
from bot.words import cut
from commands.core.registry import discover

SCHEMA_VERSION = "1.23"
SCHEMA = f"https://developer.microsoft.com/en-us/json-schemas/teams/v{SCHEMA_VERSION}/MicrosoftTeams.schema.json"
ACCENT = "#1D2A3A"
OFFERED = (  # Teams shows ten
    "help",
    "forecast",
    "waste",
    "anomalies",
    "why",
    "budget",
    "savings",
    "summary",
    "commitments",
    "status",
)
SCOPES = ("personal", "team", "groupChat")
CONSOLES = ("portal.azure.com", "console.aws.amazon.com", "*.console.aws.amazon.com")
LONGEST_TITLE, LONGEST_DESCRIPTION = 32, 128
BEGINNING = (1980, 1, 1, 0, 0, 0)  # the same deployment makes the same bytes


def manifest(config: Config) -> Mapping[str, Any]:
    """What Teams is told of this deployment.

    Raises:
        BadConfig: the deployment file does not name the app, or an address that it can be reached at.
    """
    app, url = config.teams.app_id, config.server.public_url
    if not app:
        raise BadConfig("[teams] names no app_id; docs/teams.md says where Entra shows it")
    if not url.startswith("https://"):
        raise BadConfig(
            '[server] public_url is needed, like "https://pitcrew.example.com": Teams speaks to that address'
        )
    return {
        "$schema": SCHEMA,
        "manifestVersion": SCHEMA_VERSION,
        "version": _numbers(version("finops-pitcrew")),
        "id": app.lower(),
        "developer": {"name": "Pitcrew", "websiteUrl": url, "privacyUrl": url, "termsOfUseUrl": url},
        "name": {"short": "Pitcrew", "full": "Pitcrew, a FinOps crew member"},
        "description": {
            "short": "Cloud cost assessments, forecasts and findings to claim, read-only",
            "full": "Reads what your clouds bill, finds what is wasted and what is out of line, forecasts the month and"
            " says so here. Findings can be claimed, snoozed and accepted; nothing in your clouds is ever changed.",
        },
        "icons": {"color": "color.png", "outline": "outline.png"},
        "accentColor": ACCENT,
        "bots": [
            {
                "botId": app.lower(),
                "scopes": list(SCOPES),
                "supportsFiles": False,
                "isNotificationOnly": False,
                "commandLists": [{"scopes": list(SCOPES), "commands": _commands()}],
            }
        ],
        "composeExtensions": [
            {
                "botId": app.lower(),
                "commands": [
                    {
                        "id": "search",
                        "type": "query",
                        "title": "Search",
                        "description": "Find findings and commands",
                        "initialRun": True,
                        "context": ["compose", "commandBox"],
                        "parameters": [
                            {
                                "name": "words",
                                "title": "Words",
                                "description": "A resource, a team, an account, a command",
                                "inputType": "text",
                            }
                        ],
                    }
                ],
                "messageHandlers": [{"type": "link", "value": {"domains": list(CONSOLES)}}],
            }
        ],
        "permissions": ["identity", "messageTeamMembers"],
        "validDomains": [urlsplit(url).netloc],
    }


def build(config: Config) -> bytes:
    """The package as a zip; the same deployment makes the same bytes.

    Raises:
        BadConfig: as ``manifest``.
    """
    files = {
        "manifest.json": json.dumps(manifest(config), indent=2, ensure_ascii=False).encode(),
        "color.png": icons.colour(),
        "outline.png": icons.outline(),
    }
    out = BytesIO()
    with ZipFile(out, "w") as package:
        for name, content in files.items():
            entry = ZipInfo(name, BEGINNING)
            entry.compress_type = ZIP_DEFLATED
            package.writestr(entry, content)
    return out.getvalue()


def _commands() -> list[Mapping[str, str]]:
    found = discover()
    return [
        {"title": cut(name, LONGEST_TITLE), "description": cut(found[name].summary, LONGEST_DESCRIPTION)}
        for name in OFFERED
    ]


def _numbers(text: str) -> str:
    """A version as Teams wants it: three numbers."""
    numbers = [part for part in text.split(".") if part.isdigit()]
    return ".".join([*numbers, "0", "0", "0"][:3])
