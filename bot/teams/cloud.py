"""Whose Teams it is: the public cloud's or a government's, each with its keys, its issuer and its exact hosts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Cloud:
    """What the documentation of Bot Connector authentication names for one cloud.

    ``hosts`` are exact: anybody can register another name under ``trafficmanager.net``, and whoever is believed to be a
    host of Teams is sent our token.
    """

    openid_url: str
    issuer: str
    scope: str
    authority: str
    hosts: frozenset[str]
    loopback: bool = False  # the playground and tests: plain http on this machine
    graph: str = ""  # Microsoft Graph

    def trusts(self, service_url: str) -> bool:
        """Whether a service URL, just received or kept for long, may be sent a message and our token."""
        if not service_url.isascii() or not service_url.isprintable() or "\\" in service_url or "%" in service_url:
            return False
        try:
            there = urlsplit(service_url)
            port = there.port
        except ValueError:
            return False
        if there.username is not None or there.password is not None or there.query or there.fragment:
            return False
        if self.loopback and there.hostname in {"127.0.0.1", "localhost"}:
            return there.scheme in PORTS
        return there.scheme == "https" and there.hostname in self.hosts and port in {None, PORTS["https"]}


PUBLIC = Cloud(
    "https://login.botframework.com/v1/.well-known/openidconfiguration",
    "https://api.botframework.com",
    "https://api.botframework.com/.default",
    "https://login.microsoftonline.com",
    frozenset({"smba.trafficmanager.net", "smba.infra.gcc.teams.microsoft.com"}),
    graph="https://graph.microsoft.com",
)
US_GOVERNMENT = Cloud(
    "https://login.botframework.azure.us/v1/.well-known/openidconfiguration",
    "https://api.botframework.us",
    "https://api.botframework.us/.default",
    "https://login.microsoftonline.us",
    frozenset({"smba.infra.gov.teams.microsoft.us", "smba.infra.dod.teams.microsoft.us"}),
    graph="https://graph.microsoft.us",
)
CLOUDS = {"public": PUBLIC, "us-government": US_GOVERNMENT}
PLAYGROUND = Cloud("", "", "", "", frozenset(), loopback=True)

Tokens = Callable[[], str]  # our token for Teams; may block, and raises ``PermissionError`` where it is refused
