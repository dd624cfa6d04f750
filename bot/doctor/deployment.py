"""Whether the deployment file makes sense as a whole: who may do anything, whether secrets are there, what is open."""

from __future__ import annotations

from collections.abc import Iterator

from bot.doctor import Level, Patient, Seen, probe
from bot.environment import secret

LOOPBACK = ("127.0.0.1", "::1", "localhost")


@probe("deployment")
def deployment(patient: Patient) -> Iterator[Seen]:
    """The deployment file and the environment, nothing outside."""
    config, environ = patient.config, patient.environ
    yield Seen(Level.OK, f"{len(config.providers)} providers, {len(config.schedules)} schedules")
    if not config.roles:
        yield Seen(Level.WARN, "nobody may do anything: [roles] is empty", 'write [roles] "*" = ["read"], or user ids')
    elif "admin" not in {permission.value for given in config.roles.values() for permission in given}:
        yield Seen(Level.OK, "nobody is an admin; nothing needs one")
    there = [name for name in ("SLACK_BOT_TOKEN", "TEAMS_APP_PASSWORD") if secret(name, environ)]
    if there:
        yield Seen(Level.OK, f"secrets are there: {', '.join(there)}")
    if there and not config.server.admin_port:
        yield Seen(
            Level.WARN,
            "nobody watches: there is no admin port",
            "[server] admin_port = 9464, then look at /readyz",
        )
    if config.server.admin_port and config.server.admin_host not in LOOPBACK:
        yield Seen(
            Level.OK,
            f"the admin port listens on {config.server.admin_host}: keep it inside the cluster",
        )
