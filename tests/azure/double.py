"""Azure on loopback: Azure Resource Manager, Entra's token endpoint and the metrics endpoint, over TLS.

One server for all addresses. The SDK's own clients talk to it by their own policies, since its certificate is made at
the start and trusted through ``REQUESTS_CA_BUNDLE``. What it answers is told route by route; it fails as it is told,
counts, and remembers what nobody had foreseen (``unforeseen``).
"""

from __future__ import annotations

import base64
import ipaddress
import json
import re
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import parse_qs, urlsplit

from azure.core.credentials import AccessToken
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from providers.azure.connection import Cloud, Connection
from providers.azure.retry import Pace, Time

TENANT = "72f988bf-86f1-41af-91ab-2d7cd011db47"
CLIENT = "11111111-1111-4111-8111-111111111111"
OBJECT = "22222222-2222-4222-8222-222222222222"
BORN, ENDS = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
ISSUER = f"https://sts.windows.net/{TENANT}/"
QPU = "x-ms-ratelimit-microsoft.costmanagement-qpu-retry-after"
KINDS: Mapping[str, tuple[int, str]] = {  # of faults: HTTP status and Azure's code
    "throttled": (429, "TooManyRequests"),
    "error500": (500, "InternalServerError"),
    "error502": (502, "BadGateway"),
    "error503": (503, "ServiceUnavailable"),
    "denied": (403, "AuthorizationFailed"),
    "unauthorized": (401, "Unauthorized"),
    "expired": (401, "ExpiredAuthenticationToken"),
    "gone": (404, "SubscriptionNotFound"),
    "nothing": (204, ""),
    "reset": (0, ""),
}


@dataclass(frozen=True, slots=True)
class Call:
    """What was asked; ``body`` is the JSON that was sent."""

    method: str
    path: str
    query: Mapping[str, str]
    body: Any
    headers: Mapping[str, str]
    at: float = 0.0  # by the watch

    @property
    def scope(self) -> str:
        """What stands before ``/providers/``, in lower case."""
        return self.path.lower().rpartition("/providers/")[0]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that is not simply JSON."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


Answer: TypeAlias = Mapping[str, Any] | Sequence[Any] | Reply | Callable[[Call], Any]


@dataclass
class Fault:
    """What goes wrong, where, and how often (``None``: always)."""

    kind: str
    path: re.Pattern[str]
    method: str = ""
    times: int | None = 1
    headers: Mapping[str, str] = field(default_factory=dict)

    def strikes(self, call: Call) -> bool:
        """Whether it is this request's turn."""
        if (self.method and call.method != self.method) or not self.path.search(call.path):
            return False
        if self.times is None:
            return True
        self.times -= 1
        return self.times >= 0


class Watch:
    """A clock that goes on only when somebody sleeps: by it no test waits."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.slept: list[float] = []
        self.lock = threading.Lock()

    def now(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        with self.lock:
            self.seconds += seconds
            self.slept.append(seconds)

    @property
    def time(self) -> Time:
        """As a connection takes it."""
        return Time(self.now, self.sleep, lambda: 0.5)


class Static:
    """A credential that is there without being asked for."""

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        return AccessToken(token(scopes[0].removesuffix("/.default")), int(ENDS.timestamp()))


@dataclass
class Double:
    """Azure Resource Manager that knows what it was told and nothing else."""

    url: str = ""
    certificate: Path = Path()
    key: Path = Path()
    calls: list[Call] = field(default_factory=list)
    unforeseen: list[Call] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    routes: list[tuple[str, re.Pattern[str], Answer]] = field(default_factory=list)
    watch: Watch = field(default_factory=Watch)
    latency: float = 0.0
    blobs: str = "https://127.0.0.1:1/{account}"  # azurite's address, if it runs
    lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    @contextmanager
    def running(cls, folder: Path) -> Iterator[Double]:
        """Start it on a free port, with a certificate in ``folder``."""
        double = cls(certificate=folder / "azure.pem", key=folder / "azure.key")
        _certify(double.certificate, double.key)
        server = ThreadingHTTPServer(("127.0.0.1", 0), type("Serving", (Handler,), {"double": double}))
        server.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(double.certificate, double.key)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        double.url = f"https://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield double
        finally:
            server.shutdown()
            server.server_close()

    @property
    def environment(self) -> Mapping[str, str]:
        """What makes any process trust its certificate."""
        return {"REQUESTS_CA_BUNDLE": str(self.certificate), "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}

    @property
    def cloud(self) -> Cloud:
        """Its addresses, as a connection takes them."""
        return Cloud(self.url, self.url, self.url, self.blobs, self.url)

    def connection(self, **said: Any) -> Connection:
        """A connection to it, that waits by its watch."""
        return Connection(**{"credential": Static(), "cloud": self.cloud, "pace": Pace(self.watch.time), **said})

    def reset(self) -> None:
        """Know nothing again."""
        self.calls.clear()
        self.unforeseen.clear()
        self.faults.clear()
        self.routes.clear()
        self.watch = Watch()
        self.latency = 0.0

    def on(self, method: str, path: str, answer: Answer) -> None:
        """Answer a method at a path (a regular expression, found anywhere in it, capitals do not count).

        The route that was told last counts first.
        """
        self.routes.insert(0, (method, re.compile(path, re.IGNORECASE), answer))

    def pages(self, method: str, path: str, pages: Sequence[Any], *, key: str = "value") -> None:
        """Answer page by page through ``nextLink``."""

        def page(call: Call) -> Any:
            number = int(call.query.get("$skiptoken", "0"))
            more = number + 1 < len(pages)
            link = f"{self.url}{call.path}?api-version=2025-03-01&$skiptoken={number + 1}"
            return {key: pages[number]} | ({"nextLink": link} if more else {})

        self.on(method, path, page)

    def operation(self, path: str, result: Any, *, polls: int = 1, place: str = "costDetailsOperationResults") -> None:
        """Answer a POST by a long-running operation that is done after so many looks at it."""
        left: dict[str, int] = {}

        def begun(call: Call) -> Reply:
            name = f"operation-{len(left) + 1}"
            left[name] = polls
            base = call.path.rpartition("/")[0]
            where = f"{self.url}{base}/{place}/{name}?api-version=2025-03-01"
            return Reply(202, None, {"Location": where, "Retry-After": "0"})

        def looked(call: Call) -> Any:
            name = call.path.rpartition("/")[2]
            left[name] -= 1
            if left[name] >= 0:
                return Reply(202, None, {"Location": f"{self.url}{call.path}?api-version=2025-03-01"})
            return result(call) if callable(result) else result

        self.on("POST", path, begun)
        self.on("GET", f"/{place}/operation-", looked)

    def fault(
        self,
        path: str,
        kind: str = "throttled",
        *,
        times: int | None = 1,
        method: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Fail where a path (a regular expression) is asked for."""
        assert kind in KINDS
        self.faults.append(Fault(kind, re.compile(path, re.IGNORECASE), method, times, headers or {}))

    def counted(self, path: str) -> int:
        """How often a path was asked for, failures included."""
        return sum(bool(re.search(path, call.path, re.IGNORECASE)) for call in self.calls)

    def answered(self, call: Call) -> Reply | None:
        """What is said to a request; ``None`` to hang up."""
        with self.lock:
            self.calls.append(call)
            fault = next((one for one in self.faults if one.strikes(call)), None)
        if fault is not None:
            status, code = KINDS[fault.kind]
            return Reply(status, _error(code, call), fault.headers) if status else None
        found = next((one for one in self.routes if one[0] == call.method and one[1].search(call.path)), None)
        if found is None:
            if (own := _own(self, call)) is not None:
                return own
            self.unforeseen.append(call)
            return Reply(404, _error("NotForeseen", call))
        said = found[2](call) if callable(found[2]) else found[2]
        return said if isinstance(said, Reply) else Reply(200, said)


class Handler(BaseHTTPRequestHandler):
    """One request."""

    double: Double
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_PUT(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def _answer(self) -> None:
        parts = urlsplit(self.path)
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        call = Call(self.command, parts.path, query, _read(raw), dict(self.headers), self.double.watch.now())
        if self.double.latency:
            threading.Event().wait(self.double.latency)
        reply = self.double.answered(call)
        if reply is None:
            self._hang_up()
            return
        body = b"" if reply.body is None or reply.status == 204 else _written(reply.body)
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if "Content-Type" not in reply.headers:
            self.send_header("Content-Type", "application/json; charset=utf-8")
        if reply.status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _hang_up(self) -> None:
        """Reset the connection under the client's feet."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.wfile = self.rfile = _Nothing()  # type: ignore[assignment]

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing."""

    def handle(self) -> None:
        try:
            super().handle()
        except (OSError, ValueError):  # a client that went away
            self.close_connection = True


class _Nothing:
    closed = True

    def flush(self) -> None: ...

    def close(self) -> None: ...


def token(audience: str) -> str:
    """A bearer token as Entra would write it; its signature is nobody's."""
    said = {
        "aud": audience,
        "iss": ISSUER,
        "iat": int(BORN.timestamp()),
        "nbf": int(BORN.timestamp()),
        "exp": int(ENDS.timestamp()),
        "appid": CLIENT,
        "oid": OBJECT,
        "tid": TENANT,
    }
    parts = ({"typ": "JWT", "alg": "RS256", "kid": "double"}, said)
    return ".".join([*(_b64(json.dumps(part).encode()) for part in parts), _b64(b"not signed")])


def _own(double: Double, call: Call) -> Reply | None:
    """Entra's part: where tokens are given, and the token."""
    if call.path.endswith("/.well-known/openid-configuration"):
        base = f"{double.url}/{TENANT}"
        return Reply(
            200,
            {
                "token_endpoint": f"{base}/oauth2/v2.0/token",
                "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                "issuer": f"{base}/v2.0",
            },
        )
    if call.path.endswith("/oauth2/v2.0/token"):
        audience = str(call.body.get("scope", "")).split("/.default")[0]
        return Reply(200, {"token_type": "Bearer", "expires_in": 3599, "access_token": token(audience)})
    return None


def _read(raw: bytes) -> Any:
    if not raw:
        return None
    try:
        return json.loads(raw)
    except ValueError:
        return {name: values[0] for name, values in parse_qs(raw.decode("utf-8", "replace")).items()}


def _written(body: Any) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body).encode()


def _error(code: str, call: Call) -> Any:
    return {"error": {"code": code, "message": f"{code} at {call.method} {call.path}"}}


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _certify(certificate: Path, key: Path) -> None:
    """A certificate for 127.0.0.1 that signs itself."""
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Azure on loopback")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(BORN)
        .not_valid_after(ENDS)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(private, hashes.SHA256())
    )
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
