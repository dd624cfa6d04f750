"""Connections: the Azure SDK's own clients, by an identity that may only read, each made once."""

from __future__ import annotations

import base64
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import RLock
from time import perf_counter
from typing import Any, Literal, TypeVar
from urllib.parse import urlsplit

from azure.core.credentials import TokenCredential
from azure.core.exceptions import AzureError, ClientAuthenticationError, DecodeError, HttpResponseError
from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.storage.blob import BlobClient, ContainerClient

from analysis.errors import BadConfig, NotAllowed
from providers.azure.permissions import BLOBS, asked
from providers.azure.retry import BlobPatience, Pace, Patience

PRODUCT = "finops-pitcrew"
TIMEOUT = 60  # seconds
C = TypeVar("C")
Kind = Literal["auto", "managed", "workload", "secret", "certificate", "cli"]


@dataclass(frozen=True, slots=True)
class Cloud:
    """The addresses of one Azure cloud: the public one, or a sovereign one."""

    arm: str = "https://management.azure.com"
    authority: str = "https://login.microsoftonline.com"
    metrics: str = "https://{region}.metrics.monitor.azure.com"
    blobs: str = "https://{account}.blob.core.windows.net"
    prices: str = "https://prices.azure.com"  # the public price list, for which nobody signs in
    audience: str = ""  # of tokens for ``arm``, where it is another address

    @property
    def scope(self) -> str:
        """What tokens for Azure Resource Manager are asked for."""
        return f"{(self.audience or self.arm).rstrip('/')}/.default"

    def knows(self, url: str) -> bool:
        """Whether an address is this cloud's: no token is ever sent elsewhere, whatever a link to a next page says."""
        host = urlsplit(url)
        found = f"{host.scheme}://{host.netloc}"
        return found == self.arm.rstrip("/") or bool(re.fullmatch(_template(self.metrics), found))

    def keeps(self, url: str) -> bool:
        """Whether an address is a blob's in this cloud."""
        return bool(re.match(f"{_template(self.blobs)}(?:/|$)", url))


CLOUDS: Mapping[str, Cloud] = {
    "public": Cloud(),
    "us-government": Cloud(
        "https://management.usgovcloudapi.net",
        "https://login.microsoftonline.us",
        "https://{region}.metrics.monitor.azure.us",
        "https://{account}.blob.core.usgovcloudapi.net",
        audience="https://management.core.usgovcloudapi.net",
    ),
    "china": Cloud(
        "https://management.chinacloudapi.cn",
        "https://login.chinacloudapi.cn",
        "https://{region}.metrics.monitor.azure.cn",
        "https://{account}.blob.core.chinacloudapi.cn",
    ),
}


def _template(text: str) -> str:
    return re.sub(r"\\\{[a-z]+\\\}", "[a-z0-9-]+", re.escape(text.rstrip("/")))


@dataclass(frozen=True, slots=True)
class Identity:
    """Who Pitcrew is to Azure; secrets come from the environment and are not told.

    ``auto`` takes what there is: environment variables, workload identity, managed identity, the Azure CLI.
    """

    kind: Kind = "auto"
    tenant: str = ""
    client: str = ""
    secret: str = field(default="", repr=False)
    certificate: Path | None = None
    password: str = field(default="", repr=False)

    def credential(self, cloud: Cloud) -> TokenCredential:
        """The credential of azure-identity.

        Raises:
            BadConfig: it lacks a tenant, a client id, or a secret.
        """
        from azure import identity

        try:
            match self.kind:
                case "managed":
                    return identity.ManagedIdentityCredential(client_id=self.client or None)
                case "workload":
                    named = {"tenant_id": self.tenant, "client_id": self.client}
                    given = {name: value for name, value in named.items() if value}
                    return identity.WorkloadIdentityCredential(**given, **_authority(cloud.authority))
                case "secret":
                    return identity.ClientSecretCredential(
                        self.tenant, self.client, self.secret, **_authority(cloud.authority)
                    )
                case "certificate":
                    return identity.CertificateCredential(
                        self.tenant,
                        self.client,
                        str(self.certificate or ""),
                        password=self.password or None,
                        **_authority(cloud.authority),
                    )
                case "cli":
                    return identity.AzureCliCredential(tenant_id=self.tenant)
                case "auto":
                    return identity.DefaultAzureCredential(
                        **_authority(cloud.authority),
                        managed_identity_client_id=self.client or None,
                        exclude_shared_token_cache_credential=True,
                        exclude_visual_studio_code_credential=True,
                        exclude_developer_cli_credential=True,
                        exclude_powershell_credential=True,
                    )
        except (ValueError, OSError) as wrong:
            raise BadConfig(f"Azure identity {self.kind!r}: {wrong}; {NEEDS[self.kind]}") from None


PUBLIC_AUTHORITY = re.compile(r"https://login\.(?:microsoftonline\.(?:com|us)|chinacloudapi\.cn)")
NEEDS: Mapping[str, str] = {
    "auto": "set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, give it a managed identity, or `az login`",
    "managed": "give the machine or the container a managed identity",
    "workload": "the pod needs the label azure.workload.identity/use and a service account with a client id",
    "secret": "set tenant and client in the deployment file, and AZURE_CLIENT_SECRET in the environment",
    "certificate": "set tenant and client in the deployment file, and AZURE_CLIENT_CERTIFICATE_PATH in the environment",
    "cli": "install the Azure CLI and `az login`",
}


def _authority(url: str) -> dict[str, Any]:
    """Where tokens are given; a cloud that Microsoft's own list does not know is not looked for in it."""
    return {"authority": url} | (
        {} if PUBLIC_AUTHORITY.fullmatch(url.rstrip("/")) else {"disable_instance_discovery": True}
    )


@dataclass
class Connection:
    """Clients by their class, each made once, that only read, keep to Azure's pace and count what they ask."""

    credential: TokenCredential
    cloud: Cloud = field(default_factory=Cloud)
    pace: Pace = field(default_factory=Pace)

    calls: Counter[str] = field(default_factory=Counter)  # "Microsoft.CostManagement/query" to how often
    codes: Counter[tuple[str, str]] = field(default_factory=Counter)  # the same and its status, each try by itself
    told: Callable[[str, str, float], None] = lambda _op, _code, _seconds: None  # who hears of each try
    _clients: dict[tuple[Any, ...], Any] = field(default_factory=dict)
    _lock: RLock = field(default_factory=RLock)

    def client(self, kind: Callable[..., C], *about: str) -> C:
        """A client of Azure Resource Manager, like ``connection.client(CostManagementClient)``.

        ``about`` is what its class wants to know besides: most want a subscription's id.
        """
        return self._once(
            (kind, about),
            lambda: kind(
                self.credential,
                *about,
                base_url=self.cloud.arm,
                credential_scopes=[self.cloud.scope],
                **self._policies(),
            ),
        )

    def measuring(self, kind: Callable[..., C], region: str) -> C:
        """A client of the metrics of one region, like ``connection.measuring(MetricsClient, "westeurope")``."""
        endpoint = self.cloud.metrics.replace("{region}", region)
        return self._once(
            (kind, endpoint),
            lambda: kind(
                endpoint, self.credential, audience=self.cloud.metrics.replace("{region}.", ""), **self._policies()
            ),
        )

    def container(self, account: str, name: str) -> ContainerClient:
        """A blob container, by the same identity."""
        url = self.cloud.blobs.replace("{account}", account)
        return self._once(
            (ContainerClient, account, name),
            lambda: ContainerClient(url, name, credential=self.credential, **self._blob_policies()),
        )

    def blob(self, signed: str) -> BlobClient:
        """A blob by a signed link, as Cost Management gives for its reports.

        Raises:
            NotAllowed: the link leads out of this cloud.
        """
        if not self.cloud.keeps(signed):
            raise NotAllowed(f"{urlsplit(signed).netloc} is no storage account of this cloud: nothing is fetched there")
        return BlobClient.from_blob_url(signed, **self._blob_policies())

    def who(self) -> Mapping[str, str]:
        """What its token says of the identity: ``oid`` (its object id), ``appid``, ``tid`` (the tenant).

        Raises:
            ClientAuthenticationError: there is no token to be had.
        """
        token = self.credential.get_token(self.cloud.scope).token
        try:
            body = token.split(".")[1]
            said: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        except (IndexError, ValueError):
            return {}
        return {name: str(said[name]) for name in ("oid", "appid", "tid") if name in said}

    def _once(self, key: tuple[Any, ...], make: Callable[[], C]) -> C:
        with self._lock:
            if key not in self._clients:
                self._clients[key] = make()
            found: C = self._clients[key]
            return found

    def _policies(self) -> dict[str, Any]:
        return {
            "retry_policy": Patience(self.pace),
            "per_retry_policies": [Gate(self)],
            "connection_timeout": TIMEOUT,
            "read_timeout": TIMEOUT,
            "user_agent": PRODUCT,
        }

    def _blob_policies(self) -> dict[str, Any]:
        return {
            "retry_policy": BlobPatience(self.pace.time),
            "raw_request_hook": self._fetched,
            "raw_response_hook": self._blob_heard,
            "connection_timeout": TIMEOUT,
            "read_timeout": TIMEOUT,
            "user_agent": PRODUCT,
        }

    def counted(self, name: str) -> None:
        """Write down one request."""
        with self._lock:
            self.calls[name] += 1

    def heard(self, name: str, code: str, seconds: float = 0.0) -> None:
        """Write down what came back of one try, and after how long."""
        with self._lock:
            self.codes[name, code] += 1
        self.told(name, code, seconds)

    def _blob_heard(self, response: PipelineResponse[Any, Any]) -> None:
        self.heard(f"blob/{response.http_request.method}", str(response.http_response.status_code))

    def _fetched(self, request: PipelineRequest[Any]) -> None:
        method = request.http_request.method
        if method not in BLOBS:
            raise NotAllowed(f"Pitcrew only reads blobs: {method} is not sent")
        self.counted(f"blob/{method}")


BEGAN = "pitcrew began"
BROKEN = "broken"  # instead of a status: a connection that broke, or never was


class Gate(SansIOHTTPPolicy[Any, Any]):
    """Sends nothing that is not listed as a read, nothing to strangers, and nothing too fast."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def on_request(self, request: PipelineRequest[Any]) -> None:
        """Before each try.

        Raises:
            NotAllowed: it is no read, or it would leave this cloud.
        """
        sent = request.http_request
        if not self.connection.cloud.knows(sent.url):
            raise NotAllowed(f"{urlsplit(sent.url).netloc} is not this Azure cloud: nothing is sent there")
        known = asked(sent.method, urlsplit(sent.url).path)
        if known is None:
            path = urlsplit(sent.url).path
            raise NotAllowed(f"Pitcrew does not send {sent.method} {path}: it is not on the list of what it reads")
        sent.headers["ClientType"] = PRODUCT  # without it all callers of a tenant share one small budget
        if known.read.costly:
            self.connection.pace.turn(known.scope.lower())
        self.connection.counted(known.read.name)
        request.context[BEGAN] = perf_counter()

    def on_response(self, request: PipelineRequest[Any], response: PipelineResponse[Any, Any]) -> None:
        """After each try that was answered."""
        self._heard(request, str(response.http_response.status_code))

    def on_exception(self, request: PipelineRequest[Any]) -> None:
        """After each try that was not."""
        self._heard(request, BROKEN)

    def _heard(self, request: PipelineRequest[Any], code: str) -> None:
        sent = request.http_request
        if known := asked(sent.method, urlsplit(sent.url).path):
            now = perf_counter()
            self.connection.heard(known.read.name, code, now - request.context.get(BEGAN, now))


def refusal(error: Exception) -> str:
    """What Azure refused and what to do about it, in one line without secrets."""
    if isinstance(error, ClientAuthenticationError) and error.response is None:
        return _unknown(str(error.message))
    if isinstance(error, HttpResponseError) and not isinstance(error, DecodeError):
        code = code_of(error)
        if advice := REMEDIES.get(code):
            return f"{code}: {advice}"
        return f"{code} (HTTP {error.status_code})"
    if type(error) is AzureError:  # of our own
        return str(error)
    name = type(error).__name__
    return f"{name}: {REMEDIES.get(name, 'Azure could not be reached')}"


def code_of(error: HttpResponseError) -> str:
    """Azure's own code of an error; its HTTP status where it names none."""
    if error.status_code == TOO_MANY:
        return "throttled"
    named = getattr(error.error, "code", "") or getattr(error, "error_code", "")
    return str(named or STATUSES.get(error.status_code or 0, "") or f"HTTP {error.status_code}")


def _unknown(message: str) -> str:
    """Why there is no token, by the codes of Microsoft Entra."""
    for code, advice in SIGN_IN.items():
        if code in message:
            return f"{code}: {advice}"
    if known := re.search(r"AADSTS\d+", message):
        return f"{known[0]}: Microsoft Entra refuses the identity; its sign-in log says why"
    return f"no Azure credentials: {NEEDS['auto']}"


TOO_MANY = 429
ROLE_ADVICE = "a role is missing there, `pitcrew doctor azure` names it"
STATUSES = {401: "Unauthorized", 403: "AuthorizationFailed", 404: "NotFound"}
SIGN_IN: Mapping[str, str] = {
    "AADSTS7000222": "the client secret has expired: make a new one and set AZURE_CLIENT_SECRET",
    "AADSTS7000215": "the client secret is wrong (it is its value that counts, not its id)",
    "AADSTS700016": "the tenant knows no such application: look at client and tenant",
    "AADSTS90002": "there is no such tenant: look at tenant",
    "AADSTS700027": "the certificate is not that of the application, or has expired",
    "AADSTS70021": "no federated credential of the application fits this pod's service account",
    "AADSTS53003": "a conditional access policy keeps the identity out",
}
REMEDIES: Mapping[str, str] = {
    "AuthorizationFailed": ROLE_ADVICE,
    "AuthorizationPermissionMismatch": "the identity lacks Storage Blob Data Reader on the container",
    "AuthorizationFailure": "the storage account's firewall keeps this network out, or the identity lacks a role",
    "RBACAccessDenied": ROLE_ADVICE,
    "Unauthorized": "the bill may not be seen: an identity without a role, or an agreement that hides charges "
    "(EA: 'view charges' must be on)",
    "InvalidAuthenticationToken": "the token is refused: it has expired, or it is of another tenant",
    "ExpiredAuthenticationToken": "the token has expired: renew the credentials",
    "SubscriptionNotFound": "there is no such subscription, or the identity may not see it",
    "InvalidSubscriptionId": "there is no such subscription",
    "throttled": "asked for ten minutes, refused each time; the next assessment tries again",
    "ServiceRequestError": "the address cannot be reached: look at the network, or at arm_url",
    "ServiceRequestTimeoutError": "no answer in time, four tries in a row",
    "ServiceResponseTimeoutError": "no answer in time, four tries in a row",
    "ServiceResponseError": "the connection was closed, four tries in a row",
    "ContainerNotFound": "there is no such container",
    "DecodeError": "something between here and Azure answered in its place: a proxy?",
    "CredentialUnavailableError": NEEDS["auto"],
}
UNREADABLE = (AzureError,)
