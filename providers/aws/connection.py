"""Connections: clients of every account of an organization, by roles that may only read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, partial
from threading import RLock, local
from time import perf_counter
from typing import Any

import boto3
from botocore.config import Config
from botocore.credentials import RefreshableCredentials
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import get_session
from botocore.utils import parse_timestamp

from analysis.errors import NotAllowed, NotReadable
from providers.aws.acting import Acting, Whoever
from providers.aws.permissions import allowed
from providers.aws.plain import as_it_comes

HOME = "us-east-1"  # where Cost Explorer, Organizations and all global services answer
SESSION_NAME = "pitcrew"
ATTEMPTS = 5  # botocore's standard mode waits longer each time, with jitter
TIMEOUT = 20  # seconds
NOT_REPEATED = Config(
    retries={"mode": "standard", "max_attempts": ATTEMPTS},
    connect_timeout=TIMEOUT,
    read_timeout=TIMEOUT,
    parameter_validation=False,  # AWS does it again; here it takes longer than to sign and send
)


@dataclass(frozen=True, slots=True)
class Role:
    """A role that is taken on; ``{account}`` in its name stands for the account it is in."""

    arn: str
    external_id: str = ""

    def inside(self, account: str) -> str:
        """Its ARN in one account."""
        return self.arn.replace("{account}", account)


@dataclass
class Connection:
    """Clients by service, account and region, each made once.

    ``hub`` is taken on for everything that the whole organization is asked of (empty: the credentials that are there),
    ``member`` for each other account. ``profile`` names one of the AWS configuration files.
    """

    hub: Role | None = None
    member: Role | None = None
    profile: str = ""
    config: Config = NOT_REPEATED

    calls: Counter[str] = field(default_factory=Counter)  # "ec2:DescribeVolumes" to how often
    codes: Counter[tuple[str, str]] = field(default_factory=Counter)  # the same and its status, each try by itself
    told: Callable[[str, str, float], None] = lambda _op, _code, _seconds: None  # who hears of each try
    _began: local = field(default_factory=local)
    _clients: dict[tuple[str, str, bool], Any] = field(default_factory=dict)  # by service, region, whether of members
    _sessions: dict[bool, boto3.Session] = field(default_factory=dict)  # the hub's, and that of all members
    _taken: dict[str, RefreshableCredentials] = field(default_factory=dict)  # by account
    _locks: dict[str, RLock] = field(default_factory=dict)  # by account: roles are taken on side by side
    _making: RLock = field(default_factory=RLock)
    _home: str = ""

    def client(self, service: str, *, account: str = "", region: str = HOME) -> Any:  # noqa: ANN401
        """The client of a service; ``account`` empty for the hub.

        Raises:
            NotReadable: there are no credentials for it.
        """
        if account in ("", self._home):
            return self._client(service, region, of_members=False)
        self._credentials(account)  # a role that cannot be taken on is told before anything is asked
        return Acting(self._client(service, region, of_members=True), account)

    def identity(self) -> str:
        """The account of the hub.

        Raises:
            NotReadable: the credentials are missing, expired or refused; the message says what to do.
        """
        if not self._home:
            try:
                self._home = str(self.client("sts").get_caller_identity()["Account"])
            except (ClientError, BotoCoreError) as error:
                raise NotReadable("AWS", refusal(error)) from None
        return self._home

    def _client(self, service: str, region: str, *, of_members: bool) -> Any:  # noqa: ANN401
        key = (service, region, of_members)
        with self._making:
            if key not in self._clients:
                client = self._session(of_members=of_members).client(service, region_name=region, config=self.config)
                client.meta.events.register("before-call", self._counted)
                client.meta.events.register("before-send", self._begun)
                client.meta.events.register("before-parse.cloudwatch.GetMetricData", as_it_comes)
                client.meta.events.register("response-received", partial(self._heard, service))
                self._clients[key] = client
            return self._clients[key]

    def _session(self, *, of_members: bool) -> boto3.Session:
        if of_members not in self._sessions:
            made = get_session()
            made.register_component("data_loader", _models())
            if of_members:
                made._credentials = Whoever(self._credentials)
            elif self.hub is not None:
                made._credentials = self._taken_on(self.hub.arn, self.hub.external_id, self._own())
            elif self.profile:
                made.set_config_variable("profile", self.profile)
            made.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=moment)
            self._sessions[of_members] = boto3.Session(botocore_session=made, region_name=HOME)
        return self._sessions[of_members]

    def _own(self) -> Any:  # noqa: ANN401
        """The STS of the credentials that the process has."""
        session = boto3.Session(profile_name=self.profile or None, region_name=HOME)
        return session.client("sts", region_name=HOME, config=self.config)

    def _credentials(self, account: str) -> RefreshableCredentials:
        """Those of a member account.

        Raises:
            NotReadable: its role cannot be taken on.
        """
        with self._locks.setdefault(account, RLock()):
            if account not in self._taken:
                if self.member is None:
                    why = "no role for member accounts is configured: set member_role"
                    raise NotReadable(f"account {account}", why)
                sts = self._client("sts", HOME, of_members=False)
                self._taken[account] = self._taken_on(self.member.inside(account), self.member.external_id, sts)
            return self._taken[account]

    def _taken_on(self, arn: str, external_id: str, sts: Any) -> RefreshableCredentials:  # noqa: ANN401
        """Credentials of a role, taken on anew before they end."""
        asked = {"RoleArn": arn, "RoleSessionName": SESSION_NAME} | ({"ExternalId": external_id} if external_id else {})

        def taken_on() -> Mapping[str, str]:
            given = sts.assume_role(**asked)["Credentials"]
            return {
                "access_key": given["AccessKeyId"],
                "secret_key": given["SecretAccessKey"],
                "token": given["SessionToken"],
                "expiry_time": given["Expiration"].isoformat(),
            }

        try:
            return RefreshableCredentials.create_from_metadata(taken_on(), taken_on, "sts-assume-role")
        except (ClientError, BotoCoreError) as error:
            raise NotReadable(arn, refusal(error)) from None

    def _counted(self, model: Any, **_: Any) -> None:  # noqa: ANN401
        """Count what is sent, and send nothing that is not listed as a read."""
        service = model.service_model.service_name
        if not allowed(service, model.name):
            raise NotAllowed(f"Pitcrew does not ask {service} for {model.name}: it is not on the list of what it reads")
        self.calls[f"{model.service_model.service_name}:{model.name}"] += 1

    def _heard(self, service: str, event_name: str, **came: Any) -> None:  # noqa: ANN401
        """Count what came back of each try: an HTTP status, 429 for throttling whatever its status, or nothing."""
        said = str((came.get("parsed_response") or {}).get("Error", {}).get("Code", ""))
        status = str((came.get("response_dict") or {}).get("status_code", BROKEN))
        code = THROTTLED if said in THROTTLES else status
        op = f"{service}:{event_name.rpartition('.')[2]}"
        self.codes[op, code] += 1
        self.told(op, code, perf_counter() - getattr(self._began, "at", perf_counter()))

    def _begun(self, **_: Any) -> None:  # noqa: ANN401
        self._began.at = perf_counter()


@cache
def _models() -> Any:  # noqa: ANN401
    """The descriptions of services, read once for all sessions: they are what takes longest of making a client."""
    return get_session().get_component("data_loader")


def moment(value: str | float) -> datetime:
    """A moment as AWS writes it; botocore's own parser asks for the local time zone at each of a hundred thousand."""
    if isinstance(value, (int, float)):
        return datetime.fromtimestamp(value, UTC)
    try:
        said = datetime.fromisoformat(value)
    except ValueError:
        said = parse_timestamp(value)
    return said if said.tzinfo else said.replace(tzinfo=UTC)


def refusal(error: Exception) -> str:
    """What AWS refused and what to do about it, in one line without secrets."""
    if isinstance(error, ClientError):
        code = str(error.response.get("Error", {}).get("Code", "unknown"))
        operation = error.operation_name
        if advice := REMEDIES.get(code):
            return f"{code} at {operation}: {advice}"
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", "")
        return f"{code} at {operation} (HTTP {status})"
    name = type(error).__name__
    return f"{name}: {REMEDIES.get(name, 'AWS could not be reached')}"


THROTTLES = frozenset(
    ("ThrottlingException", "Throttling", "RequestLimitExceeded", "TooManyRequestsException", "SlowDown")
)
THROTTLED, BROKEN = "429", "broken"  # as HTTP has it; a connection that broke, or never was
ROLE_ADVICE = "the role lacks the permission; compare it with deploy/aws, and look for a service control policy"
REMEDIES: Mapping[str, str] = {
    "AccessDenied": ROLE_ADVICE,
    "AccessDeniedException": ROLE_ADVICE,
    "UnauthorizedOperation": ROLE_ADVICE,
    "ExpiredToken": "the credentials have expired: renew them",
    "ExpiredTokenException": "the credentials have expired: renew them",
    "RequestExpired": "the credentials have expired, or this machine's clock is wrong",
    "InvalidClientTokenId": "the access key does not exist any more: renew the credentials",
    "UnrecognizedClientException": "the access key does not exist any more: renew the credentials",
    "AuthFailure": "the credentials are refused: the access key is wrong, or the region is not switched on",
    "OptInRequired": "the region or the service is not switched on in this account",
    "SignatureDoesNotMatch": "the secret key is wrong, or this machine's clock is",
    "ThrottlingException": "throttled, five tries in a row",
    "Throttling": "throttled, five tries in a row",
    "RequestLimitExceeded": "throttled, five tries in a row",
    "LimitExceededException": "throttled, five tries in a row",
    "NoCredentialsError": "there are no AWS credentials: give the process a role, or set AWS_PROFILE",
    "PartialCredentialsError": "the AWS credentials are incomplete",
    "ProfileNotFound": "the AWS configuration files have no such profile",
    "EndpointConnectionError": "the endpoint cannot be reached: look at the network, or the region's name",
    "ConnectTimeoutError": "the endpoint did not answer in time",
    "ReadTimeoutError": "the endpoint did not answer in time",
    "ResponseParserError": "something between here and AWS answered in its place: a proxy?",
    "ConnectionClosedError": "the connection was closed, five tries in a row",
}
