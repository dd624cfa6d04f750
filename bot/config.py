"""The deployment file: read once, refused early, with the line at fault."""

from __future__ import annotations

import os
import re
import shlex
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from analysis.alerts import AlertRules
from analysis.checks import discover as discover_checks
from analysis.errors import BadConfig, FinOpsError
from analysis.overdue import Patience
from analysis.owners import Owners, Team
from analysis.purchases import offers
from bot.allocation_section import AllocationSection
from bot.cadence.schedule import Schedule
from bot.identity import ENTRA
from bot.onward.address import refuse_unsafe
from bot.onward.template import Target
from bot.scopes import ROLE, Scope, clause_of
from commands.core.context import Permission
from commands.core.quiet_hours import QuietHours
from commands.core.registry import discover as discover_commands
from commands.core.registry import words_of
from commands.personas import discover as discover_personas

ENVIRONMENT = "PITCREW_"
SECRET = re.compile(r"xox[abeprs]-|xapp-|AKIA[0-9A-Z]{16}|ASIA[0-9A-Z]{16}|AccountKey=|[?&]sig=")
PLATFORMS = ("slack", "teams")
CRON_FIELDS = 5
GUID = r"^([0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})?$"
AWS_ROLE = r"^(arn:aws[a-z-]*:iam::([0-9]{12}|\{account\}):role/[\w+=,.@/-]+)?$"
AZURE_SCOPE = (
    r"(?:/subscriptions/)?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    r"|/providers/Microsoft\.(?:Billing/billingAccounts|Management/managementGroups)/[\w().:-]+(?:/\w+/[\w:.-]+)?"
)
SAMPLE_FOLDER = "pitcrew-data/sample-company"  # apart from real rows and real decisions
TABLE_LINE = re.compile(r"\s*\[(?P<many>\[?)\s*(?P<name>[^\]]+?)\s*\]")
KEY_LINE = re.compile(r"""\s*["']?(?P<name>[^"'=#]+?)["']?\s*=""")
KINDS_OF_PROVIDER = (
    "focus",
    "aws",
    "azure",
    "sample",
)  # pydantic puts them into the path of an error; the file has no such level


def _time_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(f"{name!r} is no time zone; write one of the IANA names, like Europe/London")
    return name


def _currency(code: str) -> str:
    if not re.fullmatch("[A-Z]{3}", code):
        raise ValueError(f"{code!r} is no currency; write an ISO 4217 code in capitals, like USD")
    return code


def _cron(text: str) -> str:
    if len(text.split()) != CRON_FIELDS:
        raise ValueError(f"{text!r} is no cron line; five fields are expected: minute hour day month weekday")
    try:
        Schedule("", text, "help")
    except BadConfig as error:
        raise ValueError(str(error).removeprefix("schedule '': ")) from None
    return text


def _public_url(text: str) -> str:
    parts = urlsplit(text)
    here = parts.scheme == "http" and parts.hostname in {"localhost", "127.0.0.1"}
    if text and (not (here or parts.scheme == "https") or not parts.netloc or parts.query or parts.fragment):
        raise ValueError(f"{text!r} is no public address; write it like https://pitcrew.example.com")
    return text.rstrip("/")


def _decimal(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | str | float | Decimal):
        raise ValueError(f"{value!r} is no amount")  # noqa: TRY004 (pydantic reads ValueError)
    return Decimal(str(value))


TimeZone: TypeAlias = Annotated[str, AfterValidator(_time_zone)]
Currency: TypeAlias = Annotated[str, AfterValidator(_currency)]
PublicUrl: TypeAlias = Annotated[str, AfterValidator(_public_url)]
Cron: TypeAlias = Annotated[str, AfterValidator(_cron)]
Amount: TypeAlias = Annotated[Decimal, BeforeValidator(_decimal), Field(gt=0)]
AwsAccount: TypeAlias = Annotated[str, Field(pattern=r"^[0-9]{12}$")]
Share: TypeAlias = Annotated[Decimal, BeforeValidator(_decimal), Field(gt=0, lt=1)]


class Section(BaseModel):
    """A part of the file: nothing unknown in it, nothing changed after it was read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ReportSection(Section):
    """How figures are told."""

    currency: Currency = Field("USD", description="The currency of headlines; others are told beside it, never added.")
    timezone: TimeZone = Field("UTC", description="The time zone of schedules that name none.")
    locale: str = Field("en_US", description="How amounts and dates are written.")
    year_starts: int = Field(1, ge=1, le=12, description="The month that the fiscal year begins with.")


class StateSection(Section):
    """The small state database."""

    url: str = Field("sqlite", description="'sqlite' (a file in data.folder, one process) or postgresql+psycopg://…")


class DataSection(Section):
    """Where files are kept."""

    folder: Path = Field(Path("pitcrew-data"), description="Billed rows, the state file and caches live here.")


class RetentionSection(Section):
    """How long the state database remembers, in days; what is older goes every night."""

    audit: int = Field(400, ge=1, description="Who asked what, and how it ended.")
    inbox: int = Field(30, ge=2, description="Asks that are answered: a copy of one is known for so long.")
    outbox: int = Field(90, ge=7, description="Messages that were delivered or given up, and their pictures.")
    runs: int = Field(400, ge=60, description="Assessments, and the turns of schedules.")


class LakeSection(Section):
    """Where billed rows are asked."""

    url: str = Field("duckdb://", description="The engine that answers; docs/engines.md has one of each kind.")
    memory: str = Field(
        "",
        pattern=r"^([0-9]+(MB|GB))?$",
        description="What DuckDB may hold (4GB); it spills beyond. Empty: 80 % of all.",
    )


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


class FocusProvider(Section):
    """FOCUS files in a folder, whoever wrote them."""

    kind: Literal["focus"]
    path: str = Field(description="A folder, a file or a glob of FOCUS CSV, CSV.gz or Parquet files.")
    name: str = Field("focus", description="What answers call this source.")


class AwsProvider(Section):
    """An AWS organization, or one account, by the credentials that the process has."""

    kind: Literal["aws"]
    name: str = Field("aws", pattern=r"^[a-z0-9-]+$", description="What answers call it.")
    profile: str = Field("", description="A profile of the AWS configuration files; empty for the usual chain.")
    role: str = Field("", pattern=AWS_ROLE, description="The role in the payer's account that is taken on first.")
    member_role: str = Field(
        "", pattern=AWS_ROLE, description="The role in each account: arn:aws:iam::{account}:role/pitcrew-read"
    )
    external_id: str = Field("", description="The external id that both roles ask for.")
    accounts: Sequence[AwsAccount] = Field((), description="Only these accounts; empty for all of the organization.")
    source: Literal["auto", "export", "cost-explorer"] = Field(
        "auto", description="auto: the best export there is, else Cost Explorer."
    )
    export: str = Field("", description="The export's name or ARN, where there are several.")
    tag: str = Field("", description="The cost allocation tag that Cost Explorer is grouped by: it can do one.")
    months: int = Field(13, ge=1, le=36)
    calls_a_day: int = Field(100, ge=1, description="Of Cost Explorer, 0.01 USD each.")
    metrics_budget: Annotated[Decimal, BeforeValidator(_decimal)] = Field(
        Decimal(2), ge=0, description="USD an assessment may spend on CloudWatch, 0.01 a thousand metrics."
    )
    metrics_from: Annotated[Decimal, BeforeValidator(_decimal)] = Field(
        Decimal(5), ge=0, description="The monthly bill from which on a resource is measured."
    )
    workers: int = Field(16, ge=1, le=64, description="Requests side by side.")

    @model_validator(mode="after")
    def _role_of_members(self) -> AwsProvider:
        if self.member_role and "{account}" not in self.member_role:
            raise ValueError("member_role must hold {account}, like arn:aws:iam::{account}:role/pitcrew-read")
        return self


class AzureProvider(Section):
    """An Azure tenant, by one identity. A client secret is in AZURE_CLIENT_SECRET, never here."""

    kind: Literal["azure"]
    name: str = Field("azure", pattern=r"^[a-z0-9-]+$", description="What answers call it.")
    identity: Literal["auto", "managed", "workload", "secret", "certificate", "cli"] = Field(
        "auto", description="auto: what there is of environment, workload identity, managed identity, Azure CLI."
    )
    tenant: str = Field("", description="The tenant's id, for a secret or a certificate.")
    client: str = Field("", description="The client id; of a managed identity if there are several.")
    secret: str = Field("AZURE_CLIENT_SECRET", description="The environment variable with the client secret.")
    certificate: Path | None = Field(None, description="The file with the certificate and its key (PEM or PFX).")
    scopes: Sequence[str] = Field(
        (), description="Billing accounts, management groups, subscriptions; empty for every subscription it may read."
    )
    source: Literal["auto", "export", "query", "details"] = Field(
        "auto", description="auto: a FOCUS export where there is one, else the Query API."
    )
    export: str = Field("", description="The export's name, or the https:// address of its folder, to take that one.")
    months: int = Field(13, ge=1, le=36)
    questions: int = Field(24, ge=4, description="To the Query API, of one scope and assessment; four take a minute.")
    metrics_from: Annotated[Decimal, BeforeValidator(_decimal)] = Field(
        Decimal(5), ge=0, description="The monthly bill from which on a resource is measured."
    )
    workers: int = Field(8, ge=1, le=32, description="Requests side by side.")
    cloud: Literal["public", "us-government", "china"] = "public"
    arm_url: str = Field("", pattern="^(https://.*)?$", description="Another address of Azure Resource Manager.")
    authority: str = Field("", pattern="^(https://.*)?$", description="Another address of Microsoft Entra.")
    metrics_url: str = Field("", pattern="^(https://.*)?$", description="Of metrics; {region} stands for the region.")
    blob_url: str = Field("", pattern="^(https://.*)?$", description="Of blobs; {account} stands for the account.")
    prices_url: str = Field("", pattern="^(https://.*)?$", description="Of the public price list.")

    @model_validator(mode="after")
    def _whole(self) -> AzureProvider:
        if self.identity in ("secret", "certificate") and not (self.tenant and self.client):
            raise ValueError(f"identity {self.identity!r} needs tenant and client")
        if self.identity == "certificate" and self.certificate is None:
            raise ValueError("identity 'certificate' needs certificate, the path of its file")
        for one in self.scopes:
            if not re.fullmatch(AZURE_SCOPE, one.strip().rstrip("/"), re.IGNORECASE | re.ASCII):
                raise ValueError(
                    f"{one!r} is no scope; write /providers/Microsoft.Billing/billingAccounts/<id>, "
                    "/providers/Microsoft.Management/managementGroups/<id> or /subscriptions/<id>"
                )
        return self


class SampleProvider(Section):
    """The sample company."""

    kind: Literal["sample"]
    seed: int = Field(1, ge=0)
    months: int = Field(13, ge=2, le=60)


Provider: TypeAlias = Annotated[
    FocusProvider | AwsProvider | AzureProvider | SampleProvider, Field(discriminator="kind")
]


class BudgetEntry(Section):
    """What may be spent in a month, a fiscal quarter or a fiscal year."""

    name: str = Field(min_length=1)
    amount: Annotated[Decimal, BeforeValidator(_decimal), Field(ge=0)]
    currency: Currency = "USD"
    account: str = Field("", description="A SubAccountId; empty for everything.")
    period: Literal["month", "quarter", "year"] = "month"
    where: Mapping[str, str] = Field(default_factory=dict, description='A scope: {team = "search"}.')


class ProgrammeSection(Section):
    """What FinOps itself costs, that savings are held against."""

    monthly_cost: Annotated[Decimal, BeforeValidator(_decimal), Field(ge=0)] = Decimal(0)
    currency: Currency = "USD"


class DriverEntry(Section):
    """A business figure by day, that costs are divided by: customers, orders."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_-]*$", description="How it is asked for: units metric=<name>.")
    source: str = Field(description="A CSV file, an https:// address (JSON list or CSV), or a database's URL.")
    column: str = Field("", description="The column of the figure; the name if empty.")
    day: str = Field("day", description="The column of the date.")
    query: str = Field("", description="A database's SELECT, one row a day.")
    token: str = Field("", description="The environment variable with a bearer token for an address.")


class PlannedEntry(Section):
    """A change of cost that is planned: what forecasts are asked to reckon with."""

    name: str = Field(min_length=1)
    amount: Annotated[Decimal, BeforeValidator(_decimal)] = Field(description="A month; negative for a saving.")
    currency: Currency = "USD"
    begins: str = Field(pattern=r"^\d{4}-\d{2}$", description="The first month, like 2027-01.")
    ends: str = Field("", pattern=r"^(\d{4}-\d{2})?$", description="The last month; empty for ever.")


class ExclusionEntry(Section):
    """Costs that are known to jump: no anomaly is told of them until a day."""

    account: str = Field("", description="An account's name; empty for any.")
    service: str = Field("", description="A service's name; empty for any.")
    tag: str = Field("", pattern="^([^=]+=.+)?$", description="key=value: what so tagged resources cost.")
    until: date = Field(description="The last day it holds: every exclusion ends.")
    why: str = Field(min_length=1)

    @model_validator(mode="after")
    def _of_something(self) -> ExclusionEntry:
        if not self.account and not self.service and not self.tag:
            raise ValueError("an exclusion names an account, a service, or a tag")
        return self


class CommitmentsSection(Section):
    """What a purchase of commitments may promise, where your own commitments do not tell."""

    discount: Mapping[str, Share] = Field(
        default_factory=dict, description="The one-year discount without upfront payment, by ProviderName."
    )
    hourly_floor: Annotated[Decimal, BeforeValidator(_decimal)] | None = Field(
        None, gt=0, le=1, description="The part of a day's mean that runs in each of its hours; bills are daily."
    )


class AlertRouteEntry(Section):
    """Where alerts go that fit: the first entry decides, and what fits none goes to the practitioner."""

    to: Sequence[str] = Field(min_length=1, description='Routes; {team} is the owner: "slack:#team-{team}".')
    team: str = Field("", description="The owner, as allocation names it; * and ? are allowed, empty is any.")
    account: str = ""
    service: str = ""
    kind: Literal["", "anomaly", "budget", "commitment", "silence"] = ""


class AlertsSection(Section):
    """What is worth an alert, and who hears it."""

    least: Amount = Field(Decimal(50), description="An anomaly costs at least so much beyond what was expected.")
    urgent_from: Amount = Field(Decimal(1000), description="From so much on an anomaly does not wait for morning.")
    grows_by: Annotated[Decimal, BeforeValidator(_decimal), Field(gt=0)] = Field(
        Decimal("0.5"), description="Its thread is told when it has grown by this part of what was last told."
    )
    drops: bool = Field(False, description="Whether what costs less than expected is told too.")
    budget_at: Sequence[int] = Field((50, 80, 100), description="Percent of a budget, each told once a period.")
    silent_days: int = Field(3, ge=1, description="Complete days without billed rows that are worth an alert.")
    most_a_day: int = Field(20, ge=1, description="Messages in a channel; what is more goes into one summary.")
    routes: Sequence[AlertRouteEntry] = ()

    def rules(self) -> AlertRules:
        """What is worth an alert."""
        return AlertRules(
            self.least,
            self.urgent_from,
            self.grows_by,
            tuple(self.budget_at),
            self.silent_days,
            self.drops,
            self.most_a_day,
        )


class QuietSection(Section):
    """When nothing is said that can wait: alerts but the urgent ones, and digests, come when it is over."""

    hours: str = Field("", description="Like 20:00-07:00; empty for none.")
    timezone: TimeZone | None = Field(None, description="report.timezone unless another is named.")

    @model_validator(mode="after")
    def _are_hours(self) -> QuietSection:
        try:
            QuietHours.read(self.hours, "UTC")
        except FinOpsError:
            raise ValueError(f"{self.hours!r} are no hours; write 20:00-07:00") from None
        return self


class FindingsSection(Section):
    """How findings are told and taken back."""

    own_message_from: Annotated[Decimal, BeforeValidator(_decimal), Field(ge=0)] = Field(
        Decimal(100), description="What a new finding is worth a month, in report.currency, that gets its own message."
    )
    own_messages: int = Field(5, ge=0, le=20, description="At most, after one assessment; the list has all of them.")
    undo_minutes: int = Field(60, ge=1, le=1440, description="How long a change can be taken back.")


class TeamEntry(Section):
    """A team: who is asked, and where."""

    people: Sequence[Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]] = Field(
        (), description="E-mail addresses; the first is asked first."
    )
    channel: str = Field("", description="A route, like slack:#search.")


class OwnersSection(Section):
    """Whose findings are. Of the patterns that match, the last one decides, as in a CODEOWNERS file."""

    rules: Mapping[str, str] = Field(
        default_factory=dict,
        description="A pattern of account/region/name, or of the name alone = a team, or an e-mail address.",
    )
    teams: Mapping[str, TeamEntry] = Field(default_factory=dict, description="[owners.teams.NAME], see below.")


class RemindersSection(Section):
    """When owners are reminded of what waits: once a week at most, in their own working hours."""

    after_days: int = Field(7, ge=1, description="The owner alone.")
    team_after_days: int = Field(14, ge=1, description="The team's channel.")
    escalate_after_days: int = Field(21, ge=1, description="The practitioner's view.")
    from_hour: int = Field(9, ge=0, le=23, description="On the owner's own clock, Monday to Friday.")
    to_hour: int = Field(17, ge=1, le=24)
    enabled: bool = True

    def patience(self) -> Patience:
        """After how many days who hears of it."""
        return Patience(self.after_days, self.team_after_days, self.escalate_after_days)

    @model_validator(mode="after")
    def _hours_in_order(self) -> RemindersSection:
        if self.from_hour >= self.to_hour:
            raise ValueError("from_hour is before to_hour")
        return self


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


class ScopeEntry(Section):
    """A part of the company that is private: to everybody who is not named here it does not exist."""

    name: str = Field(min_length=1, description="What the log and doctor call it; people are never told.")
    of: Sequence[str] = Field(
        min_length=1,
        description='What lies in it, in the words of a scope: ["account=merlin-*", "team=merlin"]. Any of the lines;'
        " a line of several words means all of them.",
    )
    people: Sequence[Annotated[str, Field(pattern=r"^(slack|teams|page|slack-group|entra-group|role):\S+$")]] = Field(
        (), description="Who may see it: slack:U…, teams:<object id>, slack-group:S…, entra-group:<id>, role:admin."
    )
    routes: Sequence[str] = Field(
        (), description="Channels that may hold it: slack:#merlin, slack:C…, teams:Team/Channel."
    )

    @model_validator(mode="after")
    def _is_understood(self) -> ScopeEntry:
        for line in self.of:
            clause_of(shlex.split(line))
        for one in self.people:
            if one.startswith(ROLE) and one.removeprefix(ROLE) not in set(Permission):
                raise ValueError(
                    f"{one!r} is no permission; there are {', '.join(f'{ROLE}{may}' for may in Permission)}"
                )
        return self

    def scope(self) -> Scope:
        """It, as it is asked."""
        return Scope(
            self.name, tuple(clause_of(shlex.split(line)) for line in self.of), tuple(self.people), tuple(self.routes)
        )


class ScheduleEntry(Section):
    """What the clock asks, and who hears it: exactly what a person would type."""

    name: str = Field(min_length=1)
    cron: Cron
    ask: str = Field(min_length=1)
    to: Sequence[str] = ()
    post: Literal["news", "always"] = "news"
    timezone: TimeZone | None = None


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
        for route in chain.from_iterable(scope.routes for scope in self.scopes):
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
            ask = schedule.ask.replace("{persona}", next(iter(personas)))
            commands[(words_of(ask) or ["help"])[0]]
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


def overridden(raw: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    """The file's values with those of the environment on top; ``__`` goes one level down, lists by number."""
    out: dict[str, Any] = _copied(raw)
    for variable in sorted(environ):
        if not variable.startswith(ENVIRONMENT) or "__" not in variable:
            continue
        *path, last = variable.removeprefix(ENVIRONMENT).lower().split("__")
        target: Any = out
        for step in path:
            target = _step(target, step, variable)
        if isinstance(target, list):
            raise BadConfig(f"{variable}: a list's entries are set one key at a time, like {variable}__KEY")
        target[_present(target, last)] = _value(environ[variable])
    return out


def _copied(value: Any) -> Any:  # noqa: ANN401 (whatever TOML holds)
    if isinstance(value, Mapping):
        return {key: _copied(inner) for key, inner in value.items()}
    return [_copied(inner) for inner in value] if isinstance(value, list) else value


def _step(target: Any, step: str, variable: str) -> Any:  # noqa: ANN401 (a table or a list)
    if isinstance(target, list):
        if not step.isdigit() or int(step) >= len(target):
            raise BadConfig(f"{variable}: there is no entry {step!r}; entries are counted from 0 to {len(target) - 1}")
        return target[int(step)]
    inner = target.setdefault(_present(target, step), {})
    if not isinstance(inner, dict | list):
        raise BadConfig(f"{variable}: {step} is a value, nothing can be set inside it")
    return inner


def _present(table: Mapping[str, Any], name: str) -> str:
    """The key as the file writes it: the environment knows neither capitals nor hyphens."""
    known = [*table, *(discover_checks())]
    return next((key for key in known if key.lower().replace("-", "_") == name), name)


def _value(text: str) -> Any:  # noqa: ANN401
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def line_of(text: str, where: Sequence[str | int]) -> int:
    """The line on which a key of a TOML text stands: the deepest part of its path that is found.

    A path of one word that is no key stands where the word first does.
    """
    wanted = [str(part) for part in where if part not in KINDS_OF_PROVIDER]
    best, depth = 1, 0
    for number, path in _paths(text):
        if len(path) > depth and path == wanted[: len(path)]:
            best, depth = number, len(path)
    if not depth and wanted and wanted[0]:
        best = next((number for number, line in enumerate(text.splitlines(), 1) if wanted[0] in line), 1)
    return best


def _paths(text: str) -> Iterator[tuple[int, list[str]]]:
    """Each line that opens a table or sets a key, with the path it has in the parsed file."""
    header: list[str] = []
    entries: Counter[str] = Counter()
    for number, line in enumerate(text.splitlines(), 1):
        if table := TABLE_LINE.match(line):
            header = table["name"].replace('"', "").split(".")
            if table["many"]:
                header.append(str(entries[table["name"]]))
                entries[table["name"]] += 1
            yield number, header
        elif key := KEY_LINE.match(line):
            yield number, [*header, key["name"]]


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


def secret(name: str, environ: Mapping[str, str]) -> str:
    """A secret from the environment, or from the file that ``<name>_FILE`` names; empty if there is neither.

    Raises:
        BadConfig: the file cannot be read.
    """
    if value := environ.get(name, "").strip():
        return value
    if not (path := environ.get(f"{name}_FILE", "")):
        return ""
    try:
        return Path(path).read_text("utf-8").strip()
    except OSError as error:
        raise BadConfig(f"{name}_FILE: {path} cannot be read ({error.strerror})") from None


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


def environment() -> Mapping[str, str]:
    """The process's environment: read here and nowhere else."""
    return os.environ


def zone(name: str) -> ZoneInfo:
    """A time zone that was checked before."""
    return ZoneInfo(name)
