"""The deployment file: read once, refused early, with the line at fault."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, model_validator

from analysis.checks import discover as discover_checks
from analysis.errors import BadConfig, FinOpsError
from analysis.offers import offers
from analysis.owners import Owners, Team
from bot.environment import overridden
from bot.identity import ENTRA
from bot.ports import WEBHOOK
from bot.scopes import Scope
from bot.sections.allocation import AllocationSection
from bot.sections.figures import (
    BudgetEntry,
    CommitmentsSection,
    DriverEntry,
    ExclusionEntry,
    PlannedEntry,
    ProgrammeSection,
    ReportSection,
)
from bot.sections.keeping import DataSection, LakeSection, RetentionSection, StateSection
from bot.sections.onward import WebhookEntry
from bot.sections.people import OwnersSection, ScopeEntry
from bot.sections.reach import ServerSection, SlackSection, TeamsSection
from bot.sections.section import GUID, Section
from bot.sections.sources import KINDS_OF_PROVIDER, Provider
from bot.sections.telling import AlertsSection, FindingsSection, QuietSection, RemindersSection, ScheduleEntry
from bot.toml_lines import line_of
from commands.core.caller import Permission
from commands.core.registry import discover as discover_commands
from commands.core.registry import words_of
from commands.personas import discover as discover_personas

SECRET = re.compile(r"xox[abeprs]-|xapp-|AKIA[0-9A-Z]{16}|ASIA[0-9A-Z]{16}|AccountKey=|[?&]sig=")
PLATFORMS = ("slack", "teams")
SAMPLE_FOLDER = "pitcrew-data/sample-company"  # apart from real rows and real decisions


class Config(Section):
    """A whole deployment."""

    report: ReportSection = ReportSection()
    data: DataSection = DataSection()
    state: StateSection = StateSection()
    retention: RetentionSection = RetentionSection()
    lake: LakeSection = LakeSection()
    slack: SlackSection = SlackSection()
    teams: TeamsSection = TeamsSection()
    server: ServerSection = ServerSection()
    providers: Sequence[Provider] = ()
    budgets: Sequence[BudgetEntry] = ()
    programme: ProgrammeSection = ProgrammeSection()
    drivers: Sequence[DriverEntry] = ()
    planned: Sequence[PlannedEntry] = ()
    exclusions: Sequence[ExclusionEntry] = ()
    commitments: CommitmentsSection = CommitmentsSection()
    allocation: AllocationSection = AllocationSection()
    alerts: AlertsSection = AlertsSection()
    quiet: QuietSection = QuietSection()
    findings: FindingsSection = FindingsSection()
    owners: OwnersSection = OwnersSection()
    reminders: RemindersSection = RemindersSection()
    webhooks: Sequence[WebhookEntry] = ()
    checks: Mapping[str, Mapping[str, Any]] = Field(default_factory=dict)
    personas: Mapping[str, Sequence[str]] = Field(default_factory=dict)
    roles: Mapping[str, Sequence[Permission]] = Field(default_factory=dict)
    scopes: Sequence[ScopeEntry] = ()
    schedules: Sequence[ScheduleEntry] = ()

    def private_scopes(self) -> tuple[Scope, ...]:
        """What is private to few."""
        return tuple(one.scope() for one in self.scopes)

    def owner_rules(self) -> Owners:
        """Whose findings are."""
        teams = {
            name: Team(name, tuple(one.lower() for one in team.people), team.channel)
            for name, team in self.owners.teams.items()
        }
        return Owners(tuple(self.owners.rules.items()), teams)

    @property
    def sample(self) -> bool:
        """Whether every figure is the sample company's."""
        return bool(self.providers) and all(provider.kind == "sample" for provider in self.providers)

    @model_validator(mode="after")
    def _everybody_can_be_reached(self) -> Config:
        for team in self.owners.teams.values():
            if team.channel:
                _refuse_route_to_nowhere(team.channel)
        targets = [webhook.name for webhook in self.webhooks]
        if len(set(targets)) < len(targets):
            raise BadConfig("two webhooks have the same name; each needs its own, since it is sent to by it")
        return self

    @model_validator(mode="after")
    def _groups_are_ids(self) -> Config:
        for one in chain(self.roles, *(scope.people for scope in self.scopes)):
            if one.startswith(ENTRA) and not (one != ENTRA and re.match(GUID, one.removeprefix(ENTRA))):
                raise BadConfig(f"{one!r} is no group of Entra; write entra-group: and its object id, not its name")
        return self

    @model_validator(mode="after")
    def _scopes_lead_somewhere(self) -> Config:
        targets = [f"{WEBHOOK}:{one.name}" for one in self.webhooks]
        for route in chain.from_iterable(scope.routes for scope in self.scopes):
            if route.startswith(f"{WEBHOOK}:") and route not in targets:
                raise BadConfig(f"route {route!r} leads nowhere; no [[webhooks]] has that name")
            if route not in targets:
                _refuse_route_to_nowhere(route)
        names = [scope.name for scope in self.scopes]
        if len(set(names)) < len(names):
            raise BadConfig("two scopes have the same name; each needs its own, since doctor tells them apart by it")
        return self

    @model_validator(mode="after")
    def _installs_by_http(self) -> Config:
        if self.slack.teams and (self.slack.mode != "http" or not self.server.public_url):
            raise BadConfig('teams of [slack] install by OAuth: that needs mode = "http", and public_url of [server]')
        return self

    @model_validator(mode="after")
    def _everything_named_exists(self) -> Config:
        checks, personas, commands = discover_checks(), discover_personas(), discover_commands()
        offers(self.commitments.discount)
        for name, settings in self.checks.items():
            checks[name].accepts(settings)
        for name in self.personas:
            personas[name]
        for route in chain(*self.personas.values(), *(entry.to for entry in self.alerts.routes)):
            _refuse_route_to_nowhere(route)
        for schedule in self.schedules:
            commands[(words_of(schedule.ask) or ["help"])[0]]
            for name in schedule.to:
                personas[name]
                if not self.personas.get(name):
                    raise BadConfig(f"schedule {schedule.name!r} goes to {name!r}, which has no route in [personas]")
        names = [schedule.name for schedule in self.schedules]
        if len(set(names)) < len(names):
            raise BadConfig("two schedules have the same name; each needs its own, since it is remembered by it")
        return self


def _refuse_route_to_nowhere(route: str) -> None:
    platform, colon, where = route.partition(":")
    if not colon or platform not in PLATFORMS or not where.strip():
        raise BadConfig(f"route {route!r} leads nowhere; write slack:#channel or teams:Team/Channel")
    team, slash, channel = where.partition("/")
    if platform == "teams" and not (slash and team.strip() and channel.strip()):
        raise BadConfig(f"route {route!r} leads nowhere; write teams:Team/Channel, by the names that Teams shows")


def load(path: Path, environ: Mapping[str, str]) -> Config:
    """Read a deployment file, with overrides from the environment (``PITCREW_REPORT__CURRENCY=EUR``).

    Raises:
        BadConfig: names the file, the line, the key, and what was expected.
    """
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise BadConfig(f"{path}: cannot be read ({error.strerror}); start from pitcrew.example.toml") from None
    for number, line in enumerate(text.splitlines(), 1):
        if SECRET.search(line):
            raise BadConfig(f"{path}:{number}: a secret is written here; it belongs into the environment")
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadConfig(f"{path}: {error}") from None
    return parse(overridden(raw, environ), lambda where: f"{path}:{line_of(text, where)}")


def parse(raw: Mapping[str, Any], place: Any) -> Config:  # noqa: ANN401 (a key's path, to where it stands)
    """Check a raw deployment; ``place`` says where a key stands, for errors.

    Raises:
        BadConfig: everything that is wrong, one line each.
    """
    try:
        return Config.model_validate(raw)
    except ValidationError as wrong:
        raise BadConfig("\n".join(_line(error, place) for error in wrong.errors())) from None
    except FinOpsError as error:
        guilty = next(iter(re.findall(r"'([^']+)'", str(error))), "")
        raise BadConfig(f"{place((guilty,))}: {error}") from None


def _line(error: Any, place: Any) -> str:  # noqa: ANN401 (pydantic's own dictionary)
    """One line of what is wrong: where, which key, what was expected."""
    where, said = error["loc"], error["msg"].removeprefix("Value error, ")
    match error["type"]:
        case "extra_forbidden":
            said = "there is no such key; `pitcrew config schema` lists those that are"
        case "missing":
            said = "is missing"
        case "union_tag_invalid" | "union_tag_not_found":
            where, said = (*where, "kind"), f"one of {', '.join(KINDS_OF_PROVIDER)} is expected"
        case _:
            said = f"{said} (it is {error['input']!r})"
    key = ".".join(str(part) for part in where if part not in KINDS_OF_PROVIDER)
    return f"{place(where)}: {key or 'the file'}: {said}"


def sample_config(environ: Mapping[str, str]) -> Config:
    """The deployment that needs nothing: the sample company, everything in one folder."""
    raw = {
        "data": {"folder": SAMPLE_FOLDER},
        "providers": [{"kind": "sample"}],
        "roles": {"*": ["read", "act"]},
    }
    return parse(overridden(raw, environ), lambda _: "the environment")


def find(given: Path | None, environ: Mapping[str, str]) -> Config:
    """The deployment file that was named, or ``pitcrew.toml`` here, or else the sample company."""
    path = given or Path(environ.get("PITCREW_CONFIG", "pitcrew.toml"))
    if given is None and not path.exists() and "PITCREW_CONFIG" not in environ:
        return sample_config(environ)
    return load(path, environ)
